"""One FreshBooks account, opened for reading: every entity, control and check of the contract."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ml_connector_dagster.errors import ConnectorError, CredentialRefused, RecordRefused, RequestRejected
from ml_connector_dagster.ledger.document import DocumentLine
from ml_connector_dagster.ledger.money import ZERO
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.ledger.posting import Company, ControlBalance
from ml_connector_dagster.sources.contract.answers import Changes, Finding, Page, RefusedRecord
from ml_connector_dagster.sources.contract.entity import LEDGER_LINES, Entity, EntityKind
from ml_connector_dagster.sources.contract.reader import StagedReader
from ml_connector_dagster.sources.contract.session import CompanySession
from ml_connector_dagster.sources.freshbooks import decode, parse, parse_reference, reports
from ml_connector_dagster.sources.freshbooks.client import (
    DELETED,
    LINES,
    Answered,
    FreshBooksApi,
    Listing,
    without_secrets,
)
from ml_connector_dagster.sources.freshbooks.context import Chart, Context
from ml_connector_dagster.sources.freshbooks.dates import calendar_date
from ml_connector_dagster.sources.freshbooks.decode import Decoded
from ml_connector_dagster.sources.freshbooks.entities import (
    BY_DATE,
    CUSTOMERS,
    JOURNAL_ENTRIES,
    LEDGER_ACCOUNTS,
    TRACKING,
)
from ml_connector_dagster.sources.freshbooks.entries import Entries
from ml_connector_dagster.sources.freshbooks.fields import text
from ml_connector_dagster.sources.freshbooks.identity import Business, chosen, company_of, memberships
from ml_connector_dagster.sources.freshbooks.shapes import SHAPES

if TYPE_CHECKING:
    from ml_connector_dagster.transport.client import VendorHttp

REFERENCE_ROWS = {
    "ledger_accounts": parse_reference.account_row,
    "customers": parse_reference.client_row,
    "vendors": parse_reference.vendor_row,
    "tracking": parse_reference.project_row,
}
UNREPORTED = "unreported"
"""Residual class of a plan without a trial balance: what documents post to accounts that no report shows."""
NO_LEDGER = "no_ledger"
PLAN_ANSWER = b'{"response":{"result":{"journal_entry_details":[],"plan_has_no_ledger":true}}}'
"""Kept in place of an answer where the plan refuses entries."""


class FreshBooksCompany:
    """Reads one account; what it needs to know of the company itself is asked for once and kept."""

    def __init__(self, session: CompanySession) -> None:
        """Keep the session; no call is made."""
        self.session = session
        self.api = FreshBooksApi(session)

    @cached_property
    def business(self) -> Business:
        """The configured business with all three of its ids; one call, made once.

        Raises:
            RequestRejected: The consent does not reach it.
        """
        return chosen(memberships(self.session.http, self.session.api_url), self.session.company_id)

    @cached_property
    def base_currency(self) -> str:
        """The currency of the company's own books; one call, made once."""
        return reports.base_currency(self)

    @cached_property
    def chart_answer(self) -> bytes:
        """The chart as FreshBooks answers it, kept with what is read by it; one call, made once."""
        (page,) = self.api.pages(self.listings(LEDGER_ACCOUNTS, None)[0])
        return page.content

    @cached_property
    def context(self) -> Context:
        """What records do not say themselves: 3 calls, made once."""
        company = self.company()
        records = decode.decode_page(SHAPES["ledger_accounts"], self.chart_answer).records
        return Context(company.base_currency, Chart.of(records))

    def company(self) -> Company:
        """Answer the company; 2 calls, made once.

        Raises:
            RequestRejected: The consent does not reach it.
        """
        return company_of(self.business, self.base_currency)

    def is_plan_refusal(self, refused: ConnectorError) -> bool:
        """Answer whether a refusal is the plan's: a 403 that names no scope, and FreshBooks says that the plan lacks it."""
        is_forbidden = isinstance(refused, CredentialRefused) and refused.context.get("status") == 403
        return is_forbidden and not refused.context.get("lacks_scope") and self.business.plan_lacks_ledger

    def read(self, entity: Entity, period: Period) -> Iterator[Page]:
        """Yield the pages of an entity; see the contract."""
        listings = self.listings(entity, period)
        context = self.context if entity.kind is EntityKind.DOCUMENT else Context()
        answers = (answered for listing in listings for answered in self.api.whole(listing))
        pages = self.pages_of(entity, period, answers, context)
        if entity == JOURNAL_ENTRIES:
            pages = self._unless_plan_refuses(pages, period)
        for number, page in enumerate(pages):
            reads_with_chart = number == 0 and entity.kind is EntityKind.DOCUMENT
            yield replace(page, read_with=(self.chart_answer,)) if reads_with_chart else page

    def pages_of(self, entity: Entity, period: Period, answers: Iterable[Answered], context: Context) -> Iterator[Page]:
        """Yield the pages of answers, whether they were read now or kept.

        Of a list without a date filter, pages that hold nothing of the period are left out.
        """
        if entity == JOURNAL_ENTRIES:
            yield from _entry_pages(answers, context, period)
            return
        for number, answered in enumerate(answers):
            page = _page(entity, answered, period, context)
            if number == 0 or page.read or entity.date_filter or entity.kind is EntityKind.REFERENCE:
                yield page

    def read_ids(self, entity: Entity, record_ids: Sequence[str]) -> Iterator[Page]:
        """Fetch documents by id, one a call; deleted ones, which FreshBooks still answers, are gone.

        An entry has no address of its own: the feed shows it in the month where it now stands.
        """
        if entity == JOURNAL_ENTRIES:
            return
        for record_id in record_ids:
            found = self._by_id(entity, record_id)
            if found is not None:
                page = _page(entity, Answered(found, found.records), None, self.context)
                rows: list[Any] = list(page.rows)
                yield replace(page, rows=[row for row in rows if row.status != parse.DELETED])

    def derive(self, entity: Entity, period: Period, staged: StagedReader) -> Iterator[Page]:
        """Yield the ledger lines of the period: from the feed, or from documents where the plan has none."""
        del entity
        from ml_connector_dagster.sources.freshbooks.postings import ledger_pages
        from ml_connector_dagster.sources.freshbooks.stand_ins import document_pages

        return document_pages(period, staged) if plan_has_no_ledger(period, staged) else ledger_pages(period, staged)

    def control(self, period: Period, *, measure_basis: str = "accrual") -> Sequence[ControlBalance]:
        """Answer FreshBooks' trial balance of the period; profit and loss where the plan has none. 3 calls."""
        del measure_basis
        try:
            return reports.read_balances(self, period)
        except CredentialRefused as refused:
            if not self.is_plan_refusal(refused):
                raise
            return reports.read_results(self, period)

    def residuals(self, period: Period, staged: StagedReader) -> Mapping[str, Mapping[str, Decimal]]:
        """Answer what the books hold and no line shows: nothing, since the feed shows every posting.

        For a plan without a trial balance, what documents post to accounts that no report shows is the class
        ``unreported``: negative, since it stands in the lines and in no report.
        """
        if not plan_has_no_ledger(period, staged):
            return {}
        reported = {balance.ledger_account_id for balance in self.control(period)}
        unreported: dict[str, Decimal] = defaultdict(lambda: ZERO)
        for batch in staged.batches(LEDGER_LINES, period, ["ledger_account_id", "amount"]):
            for row in batch.to_pylist():
                if row["ledger_account_id"] not in reported:
                    unreported[row["ledger_account_id"]] -= row["amount"]
        return {UNREPORTED: {account: amount for account, amount in unreported.items() if amount}}

    def changes(self, since: datetime, staged: StagedReader) -> Changes:
        """Ask what moved since the watermark; see ``changes``."""
        from ml_connector_dagster.sources.freshbooks.changes import read_changes

        return read_changes(self, since, staged)

    def checks(self) -> Iterator[Finding]:
        """Probe identity, each family of paths, scopes and plan: one small call each."""
        from ml_connector_dagster.sources.freshbooks.checks import findings

        return findings(self)

    def close(self) -> None:
        """Give the transport's connections back."""
        self.session.http.close()

    def path_of(self, entity: Entity) -> str:
        """Answer an entity's path: each family has an id of its own."""
        if entity == LEDGER_ACCOUNTS:
            return f"accounting/businesses/{self.business.business_uuid}/{entity.endpoint}"
        if entity == TRACKING:
            return f"projects/business/{self.business.business_id}/{entity.endpoint}"
        return self.api.accounting(entity.endpoint.partition(",")[0])

    def listings(self, entity: Entity, period: Period | None) -> tuple[Listing, ...]:
        """Answer the lists that hold an entity's records: of a period where the endpoint can narrow, else all."""
        shape, path = SHAPES[entity.name], self.path_of(entity)
        if entity == CUSTOMERS:
            return Listing(path, shape, passes=_not_deleted), Listing(path, shape, DELETED, passes=_deleted)
        if entity.kind is EntityKind.REFERENCE:
            return (Listing(path, shape, paged=bool(entity.page_size)),)
        lines = LINES if entity.name in ("invoices", "bills", "credit_notes") else ()
        if period is None or not entity.date_filter:
            return (Listing(path, shape, lines),)
        first, last = str(period.first_on), str(period.last_on)
        names = ("search[date_min]", "search[date_max]")
        if entity.date_filter != BY_DATE:
            names = ("search[start_date]", "search[end_date]")
        dates = ((names[0], first), (names[1], last))
        return (Listing(path, shape, (*dates, *lines), passes=lambda one: _stands_in(entity, one, period)),)

    def _by_id(self, entity: Entity, record_id: str) -> Decoded | None:
        listing = self.listings(entity, None)[0]
        try:
            content = self.api.get(f"{listing.path}/{record_id}", dict(listing.params)).content
            return decode.decode_single(listing.shape, without_secrets(content))
        except RequestRejected as rejected:
            if rejected.status != 404:
                raise
            return None

    def _unless_plan_refuses(self, pages: Iterator[Page], period: Period) -> Iterator[Page]:
        """Say in the staged entries themselves that the plan has none, so that lines are made from documents."""
        try:
            yield from pages
        except CredentialRefused as refused:
            if not self.is_plan_refusal(refused):
                raise
            yield plan_page(period)


def member_companies(http: VendorHttp, api_url: str) -> Sequence[Company]:
    """Answer the businesses of a consent; the currency stays empty where FreshBooks refuses to say it."""
    found = []
    for business in memberships(http, api_url):
        company = FreshBooksCompany(CompanySession(http, api_url, business.account_id, business.time_zone))
        company.__dict__["business"] = business
        try:
            found.append(company.company())
        except (CredentialRefused, RequestRejected):
            found.append(company_of(business, ""))
    return found


def plan_page(period: Period) -> Page:
    """Answer the page that stands for entries which the plan refuses: one row that posts nothing."""
    head = parse.Head(NO_LEDGER, "journal", "journal", "", period.first_on, None, NO_LEDGER, False, "", "", ZERO)
    return Page(rows=parse.rows_of(head, [], Context()), read=1, raw=PLAN_ANSWER)


def plan_has_no_ledger(period: Period, staged: StagedReader) -> bool:
    """Answer whether the staged entries say that the plan has none."""
    return any(
        NO_LEDGER in batch["status"].to_pylist() for batch in staged.batches(JOURNAL_ENTRIES.name, period, ["status"])
    )


def _entry_pages(answers: Iterable[Answered], context: Context, period: Period) -> Iterator[Page]:
    """Yield every answer as it comes, and the entries with the last: their lines may stand on several pages."""
    entries, held = Entries(context), None
    for answered in answers:
        if answered.page.content == PLAN_ANSWER:
            yield plan_page(period)
            return
        if held is not None:
            yield Page(rows=[], read=0, raw=held.page.content, unknown_fields=held.drift)
        for record in answered.records:
            entries.add(record)
        held = answered
    rows, refused, read = entries.finish()
    if held is not None:
        yield Page(rows=rows, read=read, refused=refused, raw=held.page.content, unknown_fields=held.drift)


def _page(entity: Entity, answered: Answered, period: Period | None, context: Context) -> Page:
    rows: list[Any] = []
    refused: list[RefusedRecord] = []
    read = 0
    for record in answered.records:
        if not isinstance(record, dict):
            refused.append(decode.refuse(answered.page.shape, record, "It is no object."))
            continue
        if period is not None and entity.kind is EntityKind.DOCUMENT and not _stands_in(entity, record, period):
            continue
        try:
            made = _rows(entity, record, context)
        except RecordRefused as error:
            refused.append(decode.refuse(answered.page.shape, record, error.happened))
            continue
        rows.extend(made)
        read += 1
    return Page(
        rows=rows,
        read=read + len(refused),
        refused=refused,
        raw=answered.page.content,
        unknown_fields=answered.drift,
    )


def _rows(entity: Entity, record: Any, context: Context) -> Sequence[Any]:
    if entity.kind is EntityKind.REFERENCE:
        return [REFERENCE_ROWS[entity.name](record)]
    rows: list[DocumentLine] = parse.DOCUMENT_ROWS[entity.name](record, context)
    return rows


def _stands_in(entity: Entity, record: Any, period: Period) -> bool:
    """Answer whether a record's own date lies in the period; one that cannot be read passes, and is refused by its parser."""
    if not isinstance(record, dict):
        return True
    try:
        return Period.of(calendar_date(record.get(parse.DATE_FIELDS[entity.name]))) == period
    except RecordRefused:
        return True


def _deleted(record: Any) -> bool:
    return isinstance(record, dict) and text(record, "vis_state") == "1"


def _not_deleted(record: Any) -> bool:
    return not _deleted(record)
