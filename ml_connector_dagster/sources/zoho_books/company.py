"""One Zoho Books organization, opened for reading: every entity, control and check of the contract."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cached_property, partial
from typing import Any

from ml_connector_dagster.errors import RecordRefused, RequestRejected
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.ledger.posting import Company, ControlBalance
from ml_connector_dagster.sources.contract.answers import Changes, Finding, Page, RefusedRecord
from ml_connector_dagster.sources.contract.entity import LEDGER_LINES, Entity, EntityKind
from ml_connector_dagster.sources.contract.reader import StagedReader
from ml_connector_dagster.sources.contract.session import CompanySession
from ml_connector_dagster.sources.zoho_books import parse_reference as parse
from ml_connector_dagster.sources.zoho_books.client import OLDEST_FIRST, Answered, Listing, ZohoApi, id_of
from ml_connector_dagster.sources.zoho_books.commitments import commitment_pages
from ml_connector_dagster.sources.zoho_books.control import Control
from ml_connector_dagster.sources.zoho_books.documents import Documents
from ml_connector_dagster.sources.zoho_books.entities import ACCOUNT_TRANSACTIONS
from ml_connector_dagster.sources.zoho_books.ledger_feed import CHART, read_feed
from ml_connector_dagster.sources.zoho_books.organizations import company_of, organizations
from ml_connector_dagster.sources.zoho_books.parse_documents import SHAPES
from ml_connector_dagster.sources.zoho_books.postings import ledger_pages
from ml_connector_dagster.sources.zoho_books.reading import Record, choices, need, parts, refuse, text

Rows = Callable[[Record], Sequence[Any]]
ALL = (("filter_by", "Status.All"),)
REFERENCES: Mapping[str, tuple[Listing, Rows]] = {
    "ledger_accounts": (CHART, lambda record: (parse.account_row(record),)),
    "customers": (
        Listing("contacts", (("contact_type", "customer"), *ALL, *OLDEST_FIRST)),
        lambda record: (parse.party_row(record),) if parse.is_of(record, "customer") else (),
    ),
    "vendors": (
        Listing("contacts", (("contact_type", "vendor"), *ALL, *OLDEST_FIRST)),
        lambda record: (parse.party_row(record),) if parse.is_of(record, "vendor") else (),
    ),
    "items": (
        Listing("items", (*ALL, ("sort_column", "name"), ("sort_order", "A"))),
        lambda record: (parse.item_row(record),),
    ),
}
RETAINED_EARNINGS = "retained_earnings"
"""Residual class: a year's result, carried to equity on the next year's first day without a posting."""
WITH_CUSTOM_FIELDS = ("invoices", "bills", "purchaseorders", "expenses")
TAGS, LOCATIONS, PROJECTS = Listing("reportingtags"), Listing("locations", is_paged=False), Listing("projects")


class ZohoCompany:
    """Reads one organization; what it needs to know of the organization itself is asked for once and kept."""

    def __init__(self, session: CompanySession) -> None:
        """Keep the session; no call is made."""
        self.session = session
        self.api = ZohoApi(session)
        self.documents = Documents(self.api, session.details)
        self.books = Control(self.api)

    @cached_property
    def _organization(self) -> Company:
        found = [one for one in organizations(self.api) if text(one, "organization_id") == self.session.company_id]
        if not found:
            raise RequestRejected(
                f"This consent does not reach the organization {self.session.company_id}.",
                "Figures of another company would be loaded, so nothing was read.",
                "Correct company_id in the connection's settings, or consent as a user of that organization.",
            )
        return company_of(found[0])

    def company(self) -> Company:
        """Answer the organization; one call, made once."""
        return self._organization

    def read(self, entity: Entity, period: Period) -> Iterator[Page]:
        """Yield the pages of an entity; see the contract."""
        if entity.name == ACCOUNT_TRANSACTIONS.name:
            return read_feed(self.api, period)
        if entity.kind is EntityKind.COMMITMENT:
            return commitment_pages(self.documents, period)
        if entity.kind is EntityKind.DOCUMENT:
            return self.documents.read(entity, period)
        if entity.name == "tracking":
            return self._tracking()
        listing, make = REFERENCES[entity.name]
        return self._references(listing, make)

    def read_ids(self, entity: Entity, record_ids: Sequence[str]) -> Iterator[Page]:
        """Fetch documents by id, one call each; ids that were deleted are absent.

        A posting has no address of its own: once it left its period, the account transactions of its new one show it.
        """
        return iter(()) if entity.name == ACCOUNT_TRANSACTIONS.name else self.documents.read_ids(entity, record_ids)

    def derive(self, entity: Entity, period: Period, staged: StagedReader) -> Iterator[Page]:
        """Yield the ledger lines of the period: the staged account transactions, with what documents know of them."""
        del entity
        return ledger_pages(period, staged)

    def control(self, period: Period, *, measure_basis: str = "accrual") -> Sequence[ControlBalance]:
        """Answer what Zoho says of every account by another way than the lines were read; see ``control``."""
        del measure_basis
        return self.books.read(period, period.fiscal_year_start(self.company().fiscal_year_end_month))

    def residuals(self, period: Period, staged: StagedReader) -> Mapping[str, Mapping[str, Decimal]]:
        """Answer the last year's result where the balance sheet carries it forward: Zoho's ledger shows every other posting.

        One call in a fiscal year's first month, none in any other.
        """
        year_end = self.company().fiscal_year_end_month
        if period != period.fiscal_year_start(year_end):
            return {}
        lines: dict[str, Decimal] = defaultdict(Decimal)
        for table in staged.batches(LEDGER_LINES, period, ("ledger_account_id", "amount")):
            for account, amount in zip(*(table.column(place).to_pylist() for place in (0, 1)), strict=True):
                lines[account] += amount
        rolled = self.books.rolled(period, period.previous().fiscal_year_start(year_end), lines)
        return {RETAINED_EARNINGS: rolled} if rolled else {}

    def changes(self, since: datetime, staged: StagedReader) -> Changes:
        """Ask what moved since the watermark; see ``changes``."""
        from ml_connector_dagster.sources.zoho_books.changes import read_changes

        return read_changes(self, since, staged)

    def checks(self) -> Iterator[Finding]:
        """Probe organization, scopes, report and quota: one small call each."""
        from ml_connector_dagster.sources.zoho_books.checks import findings

        return findings(self)

    def close(self) -> None:
        """Give the transport's connections back."""
        self.session.http.close()

    def _references(self, listing: Listing, make: Rows) -> Iterator[Page]:
        for answered in self.api.pages(listing):
            yield _page(listing.path, answered, make)

    def _tracking(self) -> Iterator[Page]:
        for answered in self.api.pages(TAGS):
            yield _page(TAGS.path, answered, self._options)
        for listing, make in ((LOCATIONS, parse.location_row), (PROJECTS, parse.project_row)):
            yield from self._references(listing, partial(_alone, make))
        yield from self._custom_fields()

    def _custom_fields(self) -> Iterator[Page]:
        """Yield the values of custom fields on the newest documents of each kind: Zoho lists no field's values.

        All of them stand on one page, since two fields may have a value in common.
        """
        found: dict[tuple[str, str], Any] = {}
        for path in WITH_CUSTOM_FIELDS:
            answered = self.api.page(Listing(path))
            for name, label, value in (one for record in answered.records for one in choices(record)):
                found.setdefault((name, value), parse.choice_row(name, label, value))
            is_last = path == WITH_CUSTOM_FIELDS[-1]
            rows = list(found.values()) if is_last else []
            yield Page(rows=rows, read=len(rows), raw=answered.content)

    def _options(self, tag: Record) -> Sequence[Any]:
        """Answer the options of a tag; a list that shows none is followed by one call a tag."""
        options = parse.options_of(tag)
        if options is None:
            _, body = self.api.get(f"{TAGS.path}/{need(tag, 'tag_id')}/options/all")
            options = next((parts(body, key) for key in ("results", "options", "tag_options") if key in body), [])
        return parse.tag_rows(tag, options)


def _alone(make: Callable[[Record], Any], record: Record) -> Sequence[Any]:
    return (make(record),)


def _page(path: str, answered: Answered, make: Rows) -> Page:
    rows: list[Any] = []
    refused: list[RefusedRecord] = []
    for record in answered.records:
        try:
            rows.extend(make(record))
        except RecordRefused as error:
            refused.append(refuse(id_of(path, record), error.happened, record))
    return Page(rows=rows, read=len(answered.records), refused=refused, raw=answered.content)


def count_of(session: CompanySession, period: Period) -> Mapping[str, int]:
    """Count the accounts, and the documents of a period that have details; one call for each page of their lists."""
    api = ZohoApi(session)
    documents = Documents(api, session.details)
    counts = {name: documents.count(name, period) for name, shape in SHAPES.items() if shape.has_details}
    return {**counts, "ledger_accounts": sum(len(answered.records) for answered in api.once(CHART))}
