"""TransactionQuery: transactions of every kind, as summaries or leg by leg; no classes; a voided one has a leg of nothing."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from lxml import etree

from ml_connector_dagster.sandbox.quickbooks_desktop.answer import Answer, Child, cents, element, kept_children
from ml_connector_dagster.sandbox.quickbooks_desktop.company import Company
from ml_connector_dagster.sandbox.quickbooks_desktop.filters import (
    chosen,
    days,
    numbers,
    times,
    touched,
    wanted_elements,
)
from ml_connector_dagster.sandbox.quickbooks_desktop.iterators import Iterators, Record
from ml_connector_dagster.sandbox.quickbooks_desktop.ledger import Leg
from ml_connector_dagster.sandbox.quickbooks_desktop.lists_wire import ref
from ml_connector_dagster.sandbox.quickbooks_desktop.queries import Pages, Shelf
from ml_connector_dagster.sandbox.quickbooks_desktop.records import Txn
from ml_connector_dagster.sandbox.quickbooks_desktop.request import text, texts


def transaction_query(company: Company, iterators: Iterators, request: etree._Element) -> Answer:
    """One TransactionRet a leg. A page counts transactions, and never divides one."""
    shelf = Shelf(company.txns, company.hidden, "", _entered(company, request))
    level = text(request, "TransactionDetailLevelFilter") or "All"
    wanted = wanted_elements(request)

    def write(record: Record) -> str:
        assert isinstance(record, Txn)
        rows = (_row(company, record, place, leg) for place, leg in _legs(company, record, level))
        return "".join(element("TransactionRet", list(kept_children(row, wanted))) for row in rows)

    pages = Pages(shelf, iterators, request, write)
    return pages.by_key(texts(request, "TxnID")) if request.find("TxnID") is not None else pages.filtered()


def _legs(company: Company, txn: Txn, level: str) -> Iterable[tuple[int, Leg]]:
    posting = company.ledger.find(txn.txn_id)
    nothing = Leg(txn.account_id or next((line.account_id for line in txn.lines), ""), 0, "", txn.name_id, txn.memo)
    legs = list(enumerate(posting.legs if posting and posting.legs else [nothing]))
    return {"All": legs, "SummaryOnly": legs[:1], "AllExceptSummary": legs[1:]}[level]


def _row(company: Company, txn: Txn, place: int, leg: Leg) -> Iterator[Child]:
    yield "TxnType", txn.kind
    yield "TxnID", txn.txn_id
    yield "TxnLineID", f"{txn.txn_id.split('-')[0]}{place:02X}-{txn.txn_id.split('-')[1]}"
    yield "TimeCreated", txn.created_at
    yield "TimeModified", txn.modified_at
    yield ref("EntityRef", company, leg.name_id)
    yield ref("AccountRef", company, leg.account_id)
    yield "TxnDate", txn.day
    yield "RefNumber", txn.ref or None
    yield "Amount", cents(leg.amount)
    yield "Memo", leg.memo or None


def _entered(company: Company, request: etree._Element) -> Callable[[Any], bool]:
    since, until = times(request.find("TransactionModifiedDateRangeFilter"), "FromModifiedDate", "ToModifiedDate")
    first, last = days(request.find("TransactionDateRangeFilter"), "FromTxnDate", "ToTxnDate", company.now().date())
    parties = chosen(request.find("TransactionEntityFilter"), ["Customer", "Vendor"], company)
    accounts = chosen(request.find("TransactionAccountFilter"), ["Account"], company)
    classes = chosen(request.find("TransactionClassFilter"), ["Class"], company)
    kinds = set(texts(request, "TransactionTypeFilter/TxnTypeFilter")) - {"All"}
    numbered, exact = numbers(request), texts(request, "RefNumber") + texts(request, "RefNumberCaseSensitive")

    def matches(txn: Txn) -> bool:
        return (
            since <= txn.modified_at <= until
            and first <= txn.day <= last
            and (parties is None or txn.name_id in parties)
            and (accounts is None or bool(accounts & touched(txn, company)))
            and (classes is None or any(line.class_id in classes for line in txn.lines))
            and (not kinds or txn.kind in kinds)
            and numbered(txn)
            and (not exact or txn.ref in exact)
        )

    return matches
