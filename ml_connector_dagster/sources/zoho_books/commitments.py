"""What is ordered and not yet billed at a period's end, from purchase orders and the bills that came later.

Open remainder of a line = (quantity − quantity billed − quantity cancelled) × rate × the order's exchange rate. An order shows
what is billed by now, so what bills dated after the period's end took from it is given back. When something was cancelled or an
order was closed is not told: what is cancelled now counts as never ordered.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from ml_connector_dagster.errors import RecordRefused
from ml_connector_dagster.ledger.money import ZERO, cents
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.ledger.posting import LedgerLine
from ml_connector_dagster.ledger.version_hash import version_hash
from ml_connector_dagster.sources.contract.answers import Page, RefusedRecord
from ml_connector_dagster.sources.zoho_books.documents import Documents, detail_of, with_details
from ml_connector_dagster.sources.zoho_books.parse_documents import posts
from ml_connector_dagster.sources.zoho_books.reading import (
    ONE,
    Record,
    day,
    known,
    money,
    need,
    parts,
    rate_of,
    refuse,
    text,
    tracking,
)

ORDERED, SETTLED, NEVER = "open", "settled", "never"
STANDING: Mapping[str, str] = {
    "draft": NEVER,
    "pending_approval": NEVER,
    "cancelled": NEVER,
    "canceled": NEVER,
    "void": NEVER,
    "open": ORDERED,
    "issued": ORDERED,
    "partially_billed": ORDERED,
    "billed": SETTLED,
    "closed": SETTLED,
}


@dataclass(frozen=True, slots=True)
class BilledLater:
    """What bills dated after a period's end took from orders."""

    quantities: Mapping[str, Decimal]
    """By order line."""
    orders: frozenset[str]
    """The orders it was taken from."""


def commitment_pages(documents: Documents, period: Period) -> Iterator[Page]:
    """Yield the open remainder as of the period's end; one page a list page, in base currency, debit positive."""
    later, raws = _billed_later(documents, period)
    raw_first = tuple(raws)
    for answered in documents.listed("purchase_orders"):
        rows: list[LedgerLine] = []
        refused: list[RefusedRecord] = []
        orders = [order for order in answered.records if text(order, "date") <= str(period.last_on)]
        bodies = documents.bodies("purchase_orders", [one for one in orders if _may_be_open(one, later)])
        for order in orders:
            try:
                body = bodies.get(text(order, "purchaseorder_id"))
                rows += _lines(order, detail_of("purchase_orders", body) if body else None, later, period)
            except RecordRefused as error:
                refused.append(refuse(text(order, "purchaseorder_id"), error.happened, order))
        raw = with_details(answered.content, bodies)
        yield Page(rows=rows, read=len(orders), refused=refused, raw=raw, read_with=raw_first)
        raw_first = ()


def _may_be_open(order: Record, later: BilledLater) -> bool:
    standing = STANDING.get(_status(order), NEVER)
    return standing == ORDERED or (standing == SETTLED and text(order, "purchaseorder_id") in later.orders)


def _status(order: Record) -> str:
    return (text(order, "status") or text(order, "order_status")).casefold()


def _lines(order: Record, detail: Record | None, later: BilledLater, period: Period) -> list[LedgerLine]:
    """Answer the open lines of an order; one without a detail has none, or was deleted meanwhile."""
    is_settled = known(STANDING, _status(order), "status") == SETTLED
    day(order, "date")
    if detail is None:
        return []
    found = (_line(order, detail, item, later, period, is_settled=is_settled) for item in parts(detail, "line_items"))
    return [line for line in found if line is not None]


def _line(
    order: Record, detail: Record, item: Record, later: BilledLater, period: Period, *, is_settled: bool
) -> LedgerLine | None:
    line_id = need(item, "line_item_id")
    left = money(item, "quantity") - money(item, "quantity_billed") - money(item, "quantity_cancelled")
    open_quantity = (ZERO if is_settled else max(left, ZERO)) + later.quantities.get(line_id, ZERO)
    rate = rate_of(detail, order) or ONE
    own = cents(open_quantity * money(item, "rate"))
    base = cents(open_quantity * money(item, "rate") * rate)
    if not base:
        return None
    record_id, account, vendor = need(order, "purchaseorder_id"), need(item, "account_id"), text(order, "vendor_id")
    tags = tracking(
        detail,
        item,
        location=text(item, "location_id") or text(detail, "location_id"),
        project=text(item, "project_id"),
    )
    return LedgerLine(
        period=str(period),
        posting_date=period.last_on,
        ledger_account_id=account,
        amount=base,
        document_amount=own,
        currency=text(order, "currency_code"),
        rate=rate,
        customer_id="",
        vendor_id=vendor,
        tracking=tags,
        kind="purchase_order",
        record_id=record_id,
        line_id=line_id,
        version_hash=version_hash(record_id, line_id, account, base, own, vendor, tags),
    )


def _billed_later(documents: Documents, period: Period) -> tuple[BilledLater, list[bytes]]:
    """Answer what bills dated after the period's end took from each order line, and the answers that say so."""
    taken: dict[str, Decimal] = defaultdict(lambda: ZERO)
    orders: set[str] = set()
    raws: list[bytes] = []
    for answered in documents.listed("bills", after=period.last_on):
        bills = [bill for bill in answered.records if text(bill, "date") > str(period.last_on) and _counts(bill)]
        bodies = documents.bodies("bills", bills)
        raws.append(with_details(answered.content, bodies))
        for body in bodies.values():
            detail = detail_of("bills", body)
            orders.update(text(order, "purchaseorder_id") for order in parts(detail, "purchaseorders"))
            for item in parts(detail, "line_items"):
                orders.add(text(item, "purchaseorder_id"))
                taken[text(item, "purchaseorder_item_id")] += money(item, "quantity")
    return BilledLater(dict(taken), frozenset(orders)), raws


def _counts(bill: Record) -> bool:
    try:
        return posts("bills", bill)
    except RecordRefused:
        return False
