"""What moved since a moment, from the lists' own stamps: both the period a document left and the one it stands in now.

Invoices, bills, orders, vendor payments and vendor credits take ``last_modified_time``; the other lists ignore it (journals take it
for *equals*), so a window of days is read and each row's stamp compared. The watermark is the newest stamp that Zoho showed,
never a clock of ours; what comes again with a stamp that was read already is no change. Hard deletes leave no trace: the read
of the open months finds them by the ids that are gone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ml_connector_dagster.errors import HeldForPerson, RecordRefused
from ml_connector_dagster.ledger.period import Period, periods_between
from ml_connector_dagster.sources.contract.answers import Changes
from ml_connector_dagster.sources.contract.reader import StagedReader
from ml_connector_dagster.sources.zoho_books.client import IDS, OLDEST_FIRST, Listing
from ml_connector_dagster.sources.zoho_books.documents import PATHS
from ml_connector_dagster.sources.zoho_books.entities import ACCOUNT_TRANSACTIONS, COMMITMENTS, PURCHASE_ORDERS
from ml_connector_dagster.sources.zoho_books.ledger_feed import CHART
from ml_connector_dagster.sources.zoho_books.parse_documents import date_field
from ml_connector_dagster.sources.zoho_books.parse_reference import is_of
from ml_connector_dagster.sources.zoho_books.reading import Record, modified_at, optional_day, text

if TYPE_CHECKING:
    from ml_connector_dagster.sources.zoho_books.company import ZohoCompany

OVERLAP = timedelta(minutes=5)
WINDOW = timedelta(days=60)
"""How far back in business days the lists without a filter are looked through."""
BY_STAMP = ("invoices", "bills", "purchase_orders", "vendor_payments", "vendor_credits")
BY_WINDOW = ("credit_notes", "customer_payments", "expenses", "journals")
CONTACTS = Listing("contacts", (("sort_column", "last_modified_time"), ("sort_order", "D")))


def read_changes(company: ZohoCompany, since: datetime, staged: StagedReader) -> Changes:
    """Ask every list; see ``CompanyReader.changes``."""
    asked_since = since - OVERLAP
    dirty: dict[str, set[Period]] = defaultdict(set)
    stamps = [since]
    for entity in (*BY_STAMP, *BY_WINDOW):
        changed = list(_changed(company, _listing(entity, asked_since), asked_since))
        stood = _staged(staged, entity, {text(row, IDS[PATHS[entity]]) for row, _ in changed})
        for row, stamp in changed:
            stamps.append(stamp)
            known = stood.get(text(row, IDS[PATHS[entity]]), {})
            if stamp not in known:
                for period in (_period(row, entity), *known.values()):
                    _note(dirty, entity, period)
    _follow_orders(dirty, max(stamps))
    newest = {entity: _newest(staged, entity) for entity in ("ledger_accounts", "customers", "vendors")}
    for entity, key, stamp in _references(company, asked_since):
        stamps.append(stamp)
        if newest[entity].get(key) != stamp:
            dirty[entity].add(Period.of(stamp.date()))
    return Changes({name: frozenset(periods) for name, periods in dirty.items() if periods}, max(stamps))


def _listing(entity: str, since: datetime) -> Listing:
    path = PATHS[entity]
    if entity in BY_STAMP:
        asked = (("last_modified_time", f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%S}+0000"),)
        return Listing(path, (*asked, *(OLDEST_FIRST if entity not in ("vendor_payments", "vendor_credits") else ())))
    return Listing(path, (("date_start", str((since - WINDOW).date())),))


def _changed(company: ZohoCompany, listing: Listing, since: datetime) -> Iterator[tuple[Record, datetime]]:
    """Yield the rows that changed since then; Zoho may have ignored the filter, so each row's own stamp decides."""
    for answered in company.api.pages(listing):
        for row in answered.records:
            stamp = _stamp(row)
            if stamp is not None and stamp >= since:
                yield row, stamp


def _references(company: ZohoCompany, since: datetime) -> Iterator[tuple[str, str, datetime]]:
    """Yield list, id and stamp of what changed; contacts come newest first, so the first page mostly suffices."""
    for row, stamp in _changed(company, CHART, since):
        yield "ledger_accounts", text(row, "account_id"), stamp
    for answered in company.api.pages(CONTACTS):
        stamped = [(row, found) for row in answered.records if (found := _stamp(row)) is not None]
        for row, stamp in stamped:
            for name in ("customers", "vendors") if stamp >= since else ():
                if is_of(row, name.removesuffix("s")):
                    yield name, text(row, "contact_id"), stamp
        context = answered.body.get("page_context")
        sorted_so = isinstance(context, dict) and context.get("sort_column") == "last_modified_time"
        if sorted_so and stamped and min(stamp for _, stamp in stamped) < since:
            return


def _note(dirty: dict[str, set[Period]], entity: str, period: Period | None) -> None:
    """A document that moved may have moved postings of its month; an order has none."""
    if period is not None:
        dirty[entity].add(period)
        if entity != PURCHASE_ORDERS.name:
            dirty[ACCOUNT_TRANSACTIONS.name].add(period)


def _follow_orders(dirty: dict[str, set[Period]], now: datetime) -> None:
    """An order or a bill that moved may change what was open at every month's end since."""
    moved = [*dirty.get(PURCHASE_ORDERS.name, ()), *dirty.get("bills", ())]
    if moved:
        dirty[COMMITMENTS.name].update(periods_between(min(moved), Period.of(now.date()).next()))


def _period(row: Record, entity: str) -> Period | None:
    try:
        found = optional_day(row, date_field(entity))
    except RecordRefused:
        return None
    return Period.of(found) if found else None


def _stamp(row: Record) -> datetime | None:
    try:
        return modified_at(row)
    except RecordRefused:
        return None


def _staged(staged: StagedReader, entity: str, record_ids: set[str]) -> dict[str, dict[datetime, Period]]:
    """Answer {id: {stamp it was read with: period it stands in}}: a stamp that was read already is no change."""
    found: dict[str, dict[datetime, Period]] = defaultdict(dict)
    rows = staged.find(entity, sorted(record_ids)).select(["document_id", "modified_at", "document_date"]).to_pylist()
    for row in rows:
        found[row["document_id"]][row["modified_at"]] = Period.of(row["document_date"])
    return found


def _newest(staged: StagedReader, entity: str) -> dict[str, datetime | None]:
    """Answer {id: stamp} of a list as it was read last; empty where it never was."""
    try:
        table = staged.newest(entity)
    except HeldForPerson:
        return {}
    return dict(zip(table.column(0).to_pylist(), table["modified_at"].to_pylist(), strict=True))
