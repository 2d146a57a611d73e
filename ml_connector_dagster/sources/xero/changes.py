"""What moved since a moment: If-Modified-Since on every feed, with both the period a record left and the one it stands in.

The watermark is the server's own time of the first answer, less an overlap, never this machine's clock. Tracking categories have
no stamp, recodes may move none, a removed allocation is seen at its credit alone: the schedule's full read of the open
periods sees those.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ml_connector_dagster.errors import RecordRefused, RequestRejected
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sources.contract.answers import Changes
from ml_connector_dagster.sources.contract.reader import StagedReader
from ml_connector_dagster.sources.xero.dates import calendar_date, moment

if TYPE_CHECKING:
    from ml_connector_dagster.sources.xero.company import XeroCompany

OVERLAP = timedelta(minutes=5)
DOCUMENT_FEEDS = {
    "Invoices": "",
    "CreditNotes": "credit_notes",
    "Payments": "payments",
    "Prepayments": "prepayments",
    "Overpayments": "overpayments",
    "BankTransactions": "bank_transactions",
    "BankTransfers": "bank_transfers",
    "ManualJournals": "manual_journals",
}
REFERENCE_FEEDS = {"Accounts": ("ledger_accounts",), "Contacts": ("customers", "vendors")}
INVOICE_ENTITIES = {"ACCREC": "invoices", "ACCPAY": "bills"}


def read_changes(company: XeroCompany, since: datetime, staged: StagedReader) -> Changes:
    """Ask every feed; see ``CompanyReader.changes``."""
    asked_since = since - OVERLAP
    dirty: dict[str, set[Period]] = defaultdict(set)
    server_times: list[datetime] = []
    for endpoint in DOCUMENT_FEEDS:
        changed: dict[str, set[str]] = defaultdict(set)
        for record, server_time in _changed(company, endpoint, asked_since):
            server_times.append(server_time)
            if record is not None:
                _note(endpoint, record, dirty, changed)
        for entity, ids in changed.items():
            dirty[entity] |= _stood_in(staged, entity, ids)
    for endpoint, entities in REFERENCE_FEEDS.items():
        for record, server_time in _changed(company, endpoint, asked_since):
            server_times.append(server_time)
            for entity in entities if record is not None else ():
                dirty[entity].add(Period.of(server_time.date()))
    return Changes({name: frozenset(periods) for name, periods in dirty.items() if periods}, min(server_times))


def _changed(company: XeroCompany, endpoint: str, since: datetime) -> Iterator[tuple[Any, datetime]]:
    """Yield each changed record with the server's time of its page; an empty answer yields its time alone."""
    from ml_connector_dagster.sources.xero.company import feed_listing

    for answered in company.api.pages(feed_listing(endpoint, since)):
        server_time = moment(answered.page.server_time)
        yield None, server_time
        for record in answered.page.records:
            _must_be_newer(endpoint, record, since)
            yield record, server_time


def _note(endpoint: str, record: Any, dirty: dict[str, set[Period]], changed: dict[str, set[str]]) -> None:
    entity = DOCUMENT_FEEDS[endpoint] or INVOICE_ENTITIES.get(record.type, "")
    if not entity:
        return
    changed[entity].add(record.record_id)
    period = _period(getattr(record, "date_string", "") or record.date)
    if period:
        dirty[entity].add(period)
    for allocation in getattr(record, "allocations", ()):
        allocated_in = _period(allocation.date)
        if allocated_in:
            dirty["allocations"].add(allocated_in)


def _period(written: str) -> Period | None:
    try:
        return Period.of(calendar_date(written))
    except RecordRefused:
        return None


def _stood_in(staged: StagedReader, entity: str, record_ids: set[str]) -> set[Period]:
    stood = staged.find(entity, sorted(record_ids))
    return {Period.of(day) for day in set(stood["document_date"].to_pylist())}


def _must_be_newer(endpoint: str, record: Any, since: datetime) -> None:
    """Xero ignores a header it cannot read and answers everything: that is no delta and would cost the whole quota."""
    stamp = getattr(record, "updated_date_utc", "")
    if stamp and moment(stamp) < since - timedelta(seconds=1):
        raise RequestRejected(
            f"Xero answered {endpoint} {record.record_id}, changed before {since:%Y-%m-%d %H:%M:%S} UTC, as a change since then.",
            "It ignored If-Modified-Since, so what changed is not known.",
            "Report it; the schedule's full read of the open periods still sees every change.",
            endpoint=endpoint,
        )
