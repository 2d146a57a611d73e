"""One Xero organisation, opened for reading: every entity, control and check of the contract."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ml_connector_dagster.errors import RecordRefused, RequestRejected, TemporarilyRefused
from ml_connector_dagster.ledger.document import DocumentLine, DocumentLines
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.ledger.posting import Company, ControlBalance
from ml_connector_dagster.sources.contract.answers import Changes, Finding, Page, RefusedRecord
from ml_connector_dagster.sources.contract.entity import Entity, EntityKind
from ml_connector_dagster.sources.contract.reader import StagedReader
from ml_connector_dagster.sources.contract.session import CompanySession
from ml_connector_dagster.sources.xero import parse, parse_money, parse_reference
from ml_connector_dagster.sources.xero.client import IDS_A_CALL, Answered, Listing, XeroApi, within
from ml_connector_dagster.sources.xero.context import Context
from ml_connector_dagster.sources.xero.dates import moment, optional_date, since_header
from ml_connector_dagster.sources.xero.decode import Decoded, refuse
from ml_connector_dagster.sources.xero.seen import SeenIds

if TYPE_CHECKING:
    from ml_connector_dagster.ledger.trial_balance import TrialBalances

Rows = Callable[[Any, Context], Iterable[Any]]

MAX_PASSES = 3
"""How often a list that shrank or grew while it was paged is read again."""
ARCHIVED = (("includeArchived", "true"),)
INVOICE_TYPES = {"invoices": "ACCREC", "bills": "ACCPAY"}
CREDIT_ENDPOINTS = ("CreditNotes", "Prepayments", "Overpayments")
ALLOCATIONS = "allocations"

_ROWS: Mapping[str, Rows] = {
    "ledger_accounts": lambda record, _: (parse_reference.account_row(record),),
    "customers": lambda record, _: (
        (parse_reference.party_row(record),) if record.is_customer or not record.is_supplier else ()
    ),
    "vendors": lambda record, _: (
        (parse_reference.party_row(record),) if record.is_supplier or not record.is_customer else ()
    ),
    "tracking": lambda record, _: parse_reference.option_rows(record),
    "invoices": parse.folded_document,
    "bills": parse.folded_document,
    "credit_notes": parse.folded_document,
    "prepayments": parse.folded_document,
    "overpayments": parse.folded_document,
    "bank_transactions": parse.folded_document,
    "payments": parse_money.payment_rows,
    "bank_transfers": parse_money.transfer_rows,
    "manual_journals": parse.journal_rows,
}


class XeroCompany:
    """Reads one organisation; what it needs to know of the company itself is asked for once and kept."""

    def __init__(self, session: CompanySession) -> None:
        """Keep the session; no call is made."""
        self.session = session
        self.api = XeroApi(session)
        self._reports: dict[Period, TrialBalances] = {}
        self._fetched: list[bytes] = []
        """What the derivation under way had to ask for by id."""

    @cached_property
    def _answered(self) -> Answered:
        return self.api.one("Organisation")

    @property
    def organisation(self) -> Any:
        """The organisation as Xero writes it; one call, made once."""
        return self._answered.page.records[0]

    @cached_property
    def _organisation(self) -> Company:
        return company_of(self.organisation, self.session.time_zone)

    @cached_property
    def context_answers(self) -> tuple[Answered, Answered, Answered]:
        """Tracking categories, tax rates and the organisation: 3 calls, made once, kept with what is read by them."""
        categories = self.api.one("TrackingCategories", dict(ARCHIVED))
        return categories, self.api.one("TaxRates"), self._answered

    @cached_property
    def context(self) -> Context:
        """What records do not say themselves."""
        categories, rates, organisation = (answered.page.records for answered in self.context_answers)
        shares = {rate.record_id: parse_reference.share_not_recoverable(rate) for rate in rates}
        return Context(
            base_currency=organisation[0].base_currency,
            options={
                (category.record_id.lower(), option.name): option.record_id
                for category in categories
                for option in category.options
            },
            not_recoverable={tax_type: share for tax_type, share in shares.items() if share},
        )

    def company(self) -> Company:
        """Answer the organisation; the consent must be for the one that is configured.

        Raises:
            RequestRejected: Xero answered another organisation than the one asked for.
        """
        found = self._organisation
        if found.company_id.lower() != self.session.company_id.lower():
            raise RequestRejected(
                f"Xero answered the organisation {found.company_id} ({found.name}), not {self.session.company_id}.",
                "Figures of another company would be loaded.",
                "Correct company_id in the connection's settings.",
            )
        return found

    def read(self, entity: Entity, period: Period) -> Iterator[Page]:
        """Yield the pages of an entity; see the contract."""
        listings = _allocation_listings(period) if entity.name == ALLOCATIONS else (_listing(entity, period),)
        answers = (answered for listing in listings for answered in self._whole(listing))
        return self.pages_of(entity, period, answers)

    def pages_of(self, entity: Entity, period: Period, answers: Iterable[Answered]) -> Iterator[Page]:
        """Yield the pages of answers, whether they were read now or kept; documents say what they were read with."""
        for number, answered in enumerate(answers):
            page = (
                self._allocated(answered, period, self.context)
                if entity.name == ALLOCATIONS
                else self._page(entity, answered, period)
            )
            if number == 0 and entity.kind is EntityKind.DOCUMENT:
                page = replace(page, read_with=tuple(one.content for one in self.context_answers))
            yield page

    def read_ids(self, entity: Entity, record_ids: Sequence[str]) -> Iterator[Page]:
        """Fetch records by id: 40 a call for invoices and bills, one a call for the others; ids that are gone are absent.

        An allocation has no address of its own: once it left its period it is gone.
        """
        if entity.name == ALLOCATIONS:
            return
        for answered in self.by_ids(entity, record_ids):
            yield self._page(entity, answered, None)

    def by_ids(self, entity: Entity, record_ids: Sequence[str]) -> Iterator[Answered]:
        """Yield typed records by id; unlike ``read_ids`` without making rows of them."""
        for answered in self._asked_by_ids(entity, record_ids):
            self._fetched.append(answered.content)
            yield answered

    def _asked_by_ids(self, entity: Entity, record_ids: Sequence[str]) -> Iterator[Answered]:
        if entity.endpoint == "Invoices":
            for start in range(0, len(record_ids), IDS_A_CALL):
                ids = ",".join(record_ids[start : start + IDS_A_CALL])
                yield from self.api.pages(Listing("Invoices", extra=(("IDs", ids),)))
            return
        for record_id in record_ids:
            try:
                yield self.api.one(entity.endpoint, record_id=record_id)
            except RequestRejected as rejected:
                if rejected.status != 404:
                    raise

    def records(self, listing: Listing) -> Iterator[Any]:
        """Yield the typed records of a whole list, each once; what cannot be read is left to the pull that stages it."""
        for answered in self._whole(listing):
            yield from answered.page.records

    def derive(self, entity: Entity, period: Period, staged: StagedReader) -> Iterator[Page]:
        """Yield the ledger lines of the period from the staged documents, by posting rules."""
        from ml_connector_dagster.sources.xero.postings import ledger_pages

        del entity
        self._fetched = []
        yield from ledger_pages(self, period, staged)
        if self._fetched:
            yield Page(rows=[], read=0, read_with=tuple(self._fetched))

    def control(self, period: Period, *, measure_basis: str = "accrual") -> Sequence[ControlBalance]:
        """Answer Xero's trial balance of the period; 2 calls, 3 in the first month of a fiscal year."""
        del measure_basis
        from ml_connector_dagster.sources.xero.reports import read_trial_balances

        self._reports[period] = read_trial_balances(self.api, self.company(), period)
        return self._reports[period].balances

    def residuals(self, period: Period, staged: StagedReader) -> Mapping[str, Mapping[str, Decimal]]:
        """Answer what the books hold and no document shows; uses the reports that ``control`` read, where it did."""
        from ml_connector_dagster.sources.xero.residuals import residual_classes

        if period not in self._reports:
            self.control(period)
        return residual_classes(self, self._reports[period], period, staged)

    def changes(self, since: datetime, staged: StagedReader) -> Changes:
        """Ask what moved since the watermark; one call a feed and page."""
        from ml_connector_dagster.sources.xero.changes import read_changes

        return read_changes(self, since, staged)

    def checks(self) -> Iterator[Finding]:
        """Probe tenant, scopes and roles: one small call each."""
        from ml_connector_dagster.sources.xero.checks import findings

        return findings(self)

    def close(self) -> None:
        """Give the transport's connections back."""
        self.session.http.close()

    def _whole(self, listing: Listing) -> Iterator[Answered]:
        """Yield a list's pages with each record once, although the list may move while it is paged.

        A record edited meanwhile moves to the end and comes twice (the first version is kept; the change feed reports it
        again); one that leaves the list lets another slip over a page's edge unseen. Then the list is read again.
        """
        seen = SeenIds()
        for _ in range(MAX_PASSES):
            pages: list[Decoded] = []
            for answered in self.api.pages(listing):
                is_first = not seen
                fresh = without(answered.page, seen.again(answered.page.ids))
                if fresh.records or fresh.refused or is_first:
                    yield Answered(answered.content, fresh)
                pages = [*pages[:1], answered.page]
            if not _moved(pages[0], pages[-1], len(seen)):
                return
        raise TemporarilyRefused(
            f"Xero's list of {listing.endpoint} moved each of {MAX_PASSES} times it was read.",
            "A record may be missing, so nothing of it was published.",
            "It is tried again by itself; choose a quieter hour for the schedule if it stays.",
            endpoint=listing.endpoint,
        )

    def _page(self, entity: Entity, answered: Answered, period: Period | None) -> Page:
        make, context = _ROWS[entity.name], self._context_of(entity)
        decoded = answered.page
        rows: Any = DocumentLines() if make is parse.folded_document else []
        refused = list(decoded.refused)
        for record in decoded.records:
            try:
                rows.extend(make(record, context))
            except RecordRefused as error:
                refused.append(refuse(record.record_id, error.happened, record))
        if period and entity.kind is EntityKind.DOCUMENT:
            _must_be_as_asked(entity, rows, period)
        return Page(
            rows=rows,
            read=len(decoded.records) + len(decoded.refused),
            refused=refused,
            raw=answered.content,
            unknown_fields=decoded.unknown_fields,
        )

    def _context_of(self, entity: Entity) -> Context:
        return self.context if entity.kind is EntityKind.DOCUMENT else Context("")

    def _allocated(self, answered: Answered, period: Period, context: Context) -> Page:
        found: list[list[DocumentLine]] = []
        refused: list[RefusedRecord] = list(answered.page.refused)
        for credit in answered.page.records:
            try:
                found.extend(
                    lines
                    for lines in parse.allocation_rows(credit, context)
                    if period.first_on <= lines[0].document_date < period.end_on
                )
            except RecordRefused as error:
                refused.append(refuse(credit.record_id, error.happened, credit))
        return Page(
            rows=[row for lines in found for row in lines],
            read=len(found) + len(refused),
            refused=refused,
            raw=answered.content,
            unknown_fields=answered.page.unknown_fields,
        )


def company_of(organisation: Any, time_zone: str) -> Company:
    """Turn Xero's organisation into ours; the zone is the connection's, since Xero's own is no IANA name."""
    locks = [optional_date(organisation.period_lock_date), optional_date(organisation.end_of_year_lock_date)]
    return Company(
        company_id=organisation.record_id,
        name=organisation.name,
        base_currency=organisation.base_currency,
        fiscal_year_end_month=organisation.financial_year_end_month,
        time_zone=time_zone,
        lock_on=max((day for day in locks if day), default=None),
        opened_on=optional_date(organisation.created_date_utc),
    )


def feed_listing(endpoint: str, since: datetime) -> Listing:
    """Answer the list of what an endpoint changed since a moment."""
    extra = ARCHIVED if endpoint == "Contacts" else _DELETED if endpoint == "BankTransfers" else ()
    size = 0 if endpoint in ("Accounts", "BankTransfers") else Listing("").page_size
    return Listing(endpoint, since=since_header(since), extra=extra, page_size=size)


_DELETED = (("includeDeleted", "true"),)


def _listing(entity: Entity, period: Period) -> Listing:
    if entity.kind is EntityKind.REFERENCE:
        extra = () if entity.name == "ledger_accounts" else ARCHIVED
        return Listing(entity.endpoint, extra=extra, page_size=entity.page_size)
    of_type = (f'Type=="{INVOICE_TYPES[entity.name]}"',) if entity.name in INVOICE_TYPES else ()
    extra = _DELETED if entity.name == "bank_transfers" else ()
    return Listing(entity.endpoint, where=within(period, *of_type), extra=extra, page_size=entity.page_size)


def _allocation_listings(period: Period) -> Iterator[Listing]:
    """Yield the lists that show what was allocated: any allocation moves its credit's stamp, so older credits are few."""
    end = period.end_on
    before = f"Date<DateTime({end.year},{end.month:02d},{end.day:02d})"
    since = f"{period.first_on:%Y-%m-%d}T00:00:00Z"
    for endpoint in CREDIT_ENDPOINTS:
        yield Listing(endpoint, where=before, since=since)


def _moved(first: Decoded, last: Decoded, seen: int) -> bool:
    """Answer whether a list moved between its first and its last page: another count, or a stamp of meanwhile at its end."""
    if first.pagination is None or last.pagination is None:
        return False
    if first.pagination.item_count != last.pagination.item_count or seen < last.pagination.item_count:
        return True
    stamp = _last_stamp(last)
    return last is not first and stamp is not None and stamp >= moment(first.server_time)


def _last_stamp(page: Decoded) -> datetime | None:
    """Answer the stamp of the last record that has one which can be read; one that cannot is quarantined, not asked here."""
    for record in reversed(page.records):
        written = getattr(record, "updated_date_utc", "")
        with suppress(RecordRefused):
            return moment(written) if written else None
    return None


def without(page: Decoded, seen: frozenset[str]) -> Decoded:
    """Answer the page without records that came before."""
    if not seen:
        return page
    return Decoded(
        [record for record in page.records if record.record_id not in seen],
        [one for one in page.refused if one.record_id not in seen],
        page.unknown_fields,
        page.pagination,
        page.server_time,
    )


def _must_be_as_asked(entity: Entity, rows: Sequence[Any], period: Period) -> None:
    """Refuse an answer that ignores its filter: other months' documents would be staged as this one's."""
    wanted = INVOICE_TYPES.get(entity.name)
    first, end = period.first_on, period.end_on
    documents = [document.head for document in rows.documents] if isinstance(rows, DocumentLines) else rows
    for subkind, on in {(one[2], one[4]) for one in documents}:
        if not first <= on < end or (wanted and subkind != wanted):
            raise RequestRejected(
                f"Xero answered {subkind} of {on} when asked for {entity.name} of {period}.",
                "It ignored the filter, so nothing of this answer was staged.",
                "Report it: the filter's form must change.",
                entity=entity.name,
                record_id=next(one[0] for one in documents if one[2] == subkind and one[4] == on),
            )
