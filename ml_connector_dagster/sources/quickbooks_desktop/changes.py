"""What moved since a moment: transactions by their stamp, those deleted, and list elements that went or changed.

One reading asks for everything: one row of every changed transaction, of whatever type, with the day it stands on now; where it
stood before is known from staging. A void moves the stamp and keeps the transaction, but posts nothing, and whether such a one
is among the rows of all types is not known: the types that are read as documents, checks and deposits are asked for besides. A
deletion is told for 90 days alone, so an older watermark marks every open month. An account, class, customer or vendor that was
deleted or merged marks the months whose lines name it, since a merge need not move any transaction's stamp.

No query tells of a deleted transfer or paycheck, nor of the cost of goods that QuickBooks restates in later months when goods
are entered into an earlier one: those are found where the month is read again, as every open one is each day.

Stamps are the workstation's clock, with an offset that is wrong in summer: they are compared as clock times, the question
reaches back 70 minutes more, and the watermark is the newest stamp seen, never our own clock's; a stamp of the future does not
take it there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pyarrow.compute as pc

from ml_connector_dagster.errors import HeldForPerson, RecordRefused
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sources.contract.answers import Changes
from ml_connector_dagster.sources.contract.entity import LEDGER_LINES
from ml_connector_dagster.sources.contract.later import CHANGES
from ml_connector_dagster.sources.contract.reader import StagedReader
from ml_connector_dagster.sources.quickbooks_desktop.entities import DOCUMENT_OF, LIST_OF
from ml_connector_dagster.sources.quickbooks_desktop.fields import (
    Record,
    as_local,
    as_utc,
    calendar_date,
    local_time,
    text,
)
from ml_connector_dagster.sources.quickbooks_desktop.pages import answer_in
from ml_connector_dagster.transport.redaction import logger

if TYPE_CHECKING:
    from ml_connector_dagster.sources.quickbooks_desktop.company import DesktopCompany
    from ml_connector_dagster.sources.quickbooks_desktop.readings import Request

LOG = logger(__name__)
OVERLAP = timedelta(minutes=70)
"""Covers a clock that slipped by daylight saving's hour; what is seen twice costs a read and changes nothing."""
LOOK_BACK = timedelta(days=88)
"""QuickBooks names deletions for 90 days."""
MONTHS_BACK = 120
"""How many months are looked through for what is staged; those that are not cost nothing."""
DELETED_TYPES = (
    "ARRefundCreditCard", "Bill", "BillPaymentCheck", "BillPaymentCreditCard", "BuildAssembly", "Charge", "Check",
    "CreditCardCharge", "CreditCardCredit", "CreditMemo", "Deposit", "InventoryAdjustment", "Invoice", "ItemReceipt",
    "JournalEntry", "ReceivePayment", "SalesReceipt", "SalesTaxPaymentCheck", "VendorCredit",
)  # fmt: skip
"""Every type that posts; only those named are told."""
KEPT_WHEN_VOID = {**DOCUMENT_OF, "Check": "checks", "Deposit": "deposits"}
"""QuickBooks' word for a type to the question that answers its voids too."""
_ASKED_BY_TYPE = {name: kind for kind, name in KEPT_WHEN_VOID.items()}
_COLUMNS = {"Account": "ledger_account_id", "Class": "tracking", "Customer": "customer_id", "Vendor": "vendor_id"}
"""QuickBooks' word for a list to the column of the lines that names its elements."""


@dataclass
class _Found:
    """What the feed said so far."""

    dirty: dict[str, set[Period]] = field(default_factory=lambda: defaultdict(set))
    changed: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """QuickBooks' word for a type to the ids of transactions that changed or went."""
    gone: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """QuickBooks' word for a list to the ids of elements that went."""
    stamps: list[datetime] = field(default_factory=list)
    """Clock times of the workstation."""


def read_changes(company: DesktopCompany, since: datetime, staged: StagedReader) -> Changes:
    """Ask the feeds; see ``CompanyReader.changes``.

    Raises:
        AnswerAwaited: They were asked and have not answered in full. The answer is put away by whoever noted what it said.
    """
    now = datetime.now(UTC)
    found = _Found()
    if now - since > LOOK_BACK:
        return _too_old(company, since, now)
    for name, _, content in list(company.answers(CHANGES, _questions(as_local(since - OVERLAP, company.zone)))):
        for record in answer_in(content).iterchildren():
            _note(name, record, found, Period.of(now.date()))
    _mark_where_they_stood(found, staged, Period.of(now.date()))
    newest = max((as_utc(stamp, company.zone) for stamp in found.stamps), default=since)
    return _answer(found, max(since, min(newest, now)))


def open_months(company: DesktopCompany, now: datetime) -> list[Period]:
    """Answer the months after the books' closing date, up to now."""
    locked = company.company().lock_on
    last = Period.of(now.date())
    months = [last.shift(-back) for back in range(MONTHS_BACK)]
    return [period for period in months if locked is None or period.last_on > locked]


def _questions(since: datetime) -> list[Request]:
    stamp = since.isoformat(timespec="seconds")
    changed = (*LIST_OF.values(), *KEPT_WHEN_VOID.values())
    return [
        ("changed_transactions", {"modified_from": stamp}),
        ("deleted_transactions", {"types": list(DELETED_TYPES), "deleted_from": stamp}),
        ("deleted_lists", {"types": list(LIST_OF), "deleted_from": stamp}),
        *((name, {"modified_from": stamp}) for name in changed),
    ]


def _note(name: str, record: Record, found: _Found, now: Period) -> None:
    stamp = text(record, "TimeModified") or text(record, "TimeDeleted")
    if stamp:
        found.stamps.append(local_time(stamp))
    if name == "changed_transactions" or name in _ASKED_BY_TYPE:
        _note_transaction(text(record, "TxnType") or _ASKED_BY_TYPE[name], record, found)
    elif name == "deleted_transactions":
        found.changed[text(record, "TxnDelType")].add(text(record, "TxnID"))
    elif name == "deleted_lists":
        kind = text(record, "ListDelType")
        found.gone[kind].add(text(record, "ListID"))
        found.dirty[LIST_OF.get(kind, LIST_OF["Account"])].add(now)
    else:
        found.dirty[name].add(now)


def _note_transaction(kind: str, record: Record, found: _Found) -> None:
    found.changed[kind].add(text(record, "TxnID"))
    try:
        period = Period.of(calendar_date(text(record, "TxnDate")))
    except RecordRefused:  # where it stood is still known from staging
        return
    found.dirty[LEDGER_LINES].add(period)
    if kind in DOCUMENT_OF:
        found.dirty[DOCUMENT_OF[kind]].add(period)


def _mark_where_they_stood(found: _Found, staged: StagedReader, last: Period) -> None:
    """Mark the months in which changed, deleted and merged records stand in staging."""
    for kind, ids in found.changed.items():
        if kind in DOCUMENT_OF:
            stood = staged.find(DOCUMENT_OF[kind], sorted(ids))["document_date"].to_pylist()
            found.dirty[DOCUMENT_OF[kind]].update(Period.of(day) for day in set(stood))
    changed = {record_id for ids in found.changed.values() for record_id in ids}
    if not changed and not any(found.gone.values()):
        return
    wanted = {"record_id": changed, **{_COLUMNS[kind]: ids for kind, ids in found.gone.items() if kind in _COLUMNS}}
    for back in range(MONTHS_BACK):
        period = last.shift(-back)
        if _names_any(wanted, _lines(staged, period, list(wanted))):
            found.dirty[LEDGER_LINES].add(period)


def _lines(staged: StagedReader, period: Period, columns: list[str]) -> Iterator[dict[str, set[str]]]:
    """Yield what stands in these columns of a month's lines; nothing where it was never read."""
    try:
        for table in staged.batches(LEDGER_LINES, period, columns):
            yield {name: set(pc.unique(table[name]).to_pylist()) for name in columns}
    except HeldForPerson:  # there is nothing to read again
        return


def _names_any(wanted: dict[str, set[str]], batches: Iterable[dict[str, set[str]]]) -> bool:
    return any(_overlap(ids, batch[name]) for batch in batches for name, ids in wanted.items())


def _overlap(ids: set[str], named: set[str]) -> bool:
    """Answer whether a column names one of them; a class stands within its line's tracking."""
    return bool(ids & named) or any(f'"{one}"' in other for other in named if other.startswith("{") for one in ids)


def _too_old(company: DesktopCompany, since: datetime, now: datetime) -> Changes:
    LOG.warning(
        "change feed too old",
        since=f"{since:%Y-%m-%d}",
        says="QuickBooks names deletions for 90 days, so every open month of every entity is read again.",
    )
    found = _Found()
    months = open_months(company, now)
    for name in (*DOCUMENT_OF.values(), LEDGER_LINES):
        found.dirty[name].update(months)
    for name in LIST_OF.values():
        found.dirty[name].add(months[0] if months else Period.of(now.date()))
    return _answer(found, now)


def _answer(found: _Found, watermark: datetime) -> Changes:
    return Changes({name: frozenset(months) for name, months in found.dirty.items() if months}, watermark)
