"""Zoho's invoices, bills, credits, expenses, journals, orders and payments to rows of ``ledger/document``.

What a list row says of the header (status, balance) wins over a kept detail, since the detail is asked for only when the stamp is
new; lines come from the detail alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from ml_connector_dagster.ledger.document import DocumentLine
from ml_connector_dagster.ledger.money import CENT, ZERO, cents
from ml_connector_dagster.ledger.version_hash import version_hash
from ml_connector_dagster.sources.zoho_books.reading import (
    NO_TRACKING,
    ONE,
    Record,
    day,
    flag,
    known,
    modified_at,
    money,
    need,
    optional_day,
    parts,
    rate_of,
    text,
    tracking,
    untrusted,
)

_OWED = {"open": True, "overdue": True, "partially_paid": True, "unpaid": True, "paid": True}
_WAITING = {"draft": False, "pending_approval": False, "rejected": False, "void": False}
_CREDIT = {"open": True, "closed": True, "draft": False, "pending_approval": False, "void": False}
_MONEY = {"": True, "paid": True, "success": True, "draft": False, "void": False}
STATUSES: Mapping[str, Mapping[str, bool]] = {
    "invoices": {**_OWED, **_WAITING, "sent": True, "viewed": True, "approved": False},
    "bills": {**_OWED, **_WAITING},
    "credit_notes": _CREDIT,
    "vendor_credits": _CREDIT,
    "expenses": dict.fromkeys(("unbilled", "invoiced", "reimbursed", "non-billable", "nonbillable", "billable"), True),
    "journals": {"draft": False, "published": True},
    "customer_payments": _MONEY,
    "vendor_payments": _MONEY,
    "purchase_orders": dict.fromkeys(
        (
            "draft",
            "pending_approval",
            "open",
            "issued",
            "partially_billed",
            "billed",
            "closed",
            "cancelled",
            "canceled",
            "void",
        ),
        False,
    ),
}
"""Entity to status to whether the document stands in the ledger; a status that is not here sets its record aside."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What differs between kinds of documents."""

    kind: str
    id_field: str
    number_field: str
    party_field: str
    has_details: bool = True


SHAPES: Mapping[str, Shape] = {
    "invoices": Shape("invoice", "invoice_id", "invoice_number", "customer_id"),
    "bills": Shape("bill", "bill_id", "bill_number", "vendor_id"),
    "credit_notes": Shape("credit_note", "creditnote_id", "creditnote_number", "customer_id"),
    "vendor_credits": Shape("vendor_credit", "vendor_credit_id", "vendor_credit_number", "vendor_id"),
    "expenses": Shape("bank_transaction", "expense_id", "reference_number", "vendor_id"),
    "journals": Shape("journal", "journal_id", "entry_number", "customer_id"),
    "purchase_orders": Shape("purchase_order", "purchaseorder_id", "purchaseorder_number", "vendor_id"),
    "customer_payments": Shape("payment", "payment_id", "payment_number", "customer_id", has_details=False),
    "vendor_payments": Shape("payment", "payment_id", "payment_number", "vendor_id", has_details=False),
}
DATE_FIELDS: Mapping[str, str] = {"journals": "journal_date"}


@dataclass(frozen=True, slots=True)
class Line:
    """What a document line has to itself."""

    line_id: str
    ledger_account_id: str
    description: str
    net: Decimal
    tax: Decimal
    tracking: str
    linked_id: str = ""


def date_field(entity: str) -> str:
    """Name the field of the posting date."""
    return DATE_FIELDS.get(entity, "date")


def posts(entity: str, row: Record) -> bool:
    """Answer whether a document stands in the ledger.

    Raises:
        RecordRefused: Its status is not known.
    """
    found: bool = known(STATUSES[entity], _status(entity, row), "status")
    return found and text(row, "journal_type") != "cash"


def needs_detail(entity: str, row: Record) -> bool:
    """Answer whether the lines matter: a draft or void document posts nothing, an order that nothing is left of neither."""
    if entity == "purchase_orders":
        return text(row, "status").casefold() not in ("draft", "pending_approval")
    return SHAPES[entity].has_details and posts(entity, row)


def stamp_of(entity: str, row: Record) -> str:
    """Answer what moves when the lines of a document may have: the modified stamp, and what else the list row shows of it."""
    shown = (
        text(row, name) for name in ("last_modified_time", "total", "bcy_total", "exchange_rate", date_field(entity))
    )
    return "|".join(shown)


def document_rows(entity: str, row: Record, detail: Record | None) -> list[DocumentLine]:
    """Answer the rows of a document.

    Args:
        entity: Our name of its kind.
        row: As the list shows it, or the detail once more where it was asked for by id.
        detail: With its lines; None where the list says everything that is needed.

    Raises:
        RecordRefused: A status is not known, a figure is none, or the lines do not add up to the total.
    """
    shape = SHAPES[entity]
    does_post = posts(entity, row)
    lines = _LINES[entity](row, detail) if detail is not None or not shape.has_details else _without_lines(row)
    currency = text(row, "currency_code") or text(detail or {}, "currency_code")
    rate = rate_of(row, detail or {}) or _rate_by_base(row)
    total = money(row, "total") if "total" in row else money(row, "amount")
    bank, party = _bank(shape, row, detail), _party(entity, row)
    on, record_id = day(row, date_field(entity)), need(row, shape.id_field)
    version = version_hash(
        record_id, str(on), party, does_post, currency, rate, total,
        [(line.line_id, line.ledger_account_id, line.net, line.tax, line.tracking) for line in lines],
    )  # fmt: skip
    return [
        DocumentLine(
            document_id=record_id,
            kind=shape.kind,
            subkind=_SUBKINDS.get(entity, ""),
            number=text(row, shape.number_field),
            document_date=on,
            due_date=optional_day(row, "due_date" if entity != "purchase_orders" else "delivery_date"),
            status=_status(entity, row),
            posts=does_post,
            party_id=party,
            currency=currency,
            rate=rate,
            total=total,
            amount_due=_amount_due(row),
            line_id=line.line_id,
            ledger_account_id=line.ledger_account_id,
            description=line.description,
            net_amount=line.net,
            tax_amount=line.tax,
            tracking=line.tracking,
            linked_id=line.linked_id,
            bank_account_id=bank,
            modified_at=modified_at(row),
            version_hash=version,
            bank_amount=total if bank else ZERO,
        )
        for line in lines
    ]


def _bank(shape: Shape, row: Record, detail: Record | None) -> str:
    """Answer the account that money went through; empty where a document moves none."""
    paid_through = text(detail or row, "paid_through_account_id")
    return paid_through or (text(row, "account_id") if shape.kind == "payment" else "")


def _party(entity: str, row: Record) -> str:
    """Answer whom it is with; an expense without a vendor may be billable to a customer."""
    return text(row, SHAPES[entity].party_field) or (text(row, "customer_id") if entity == "expenses" else "")


_SUBKINDS = {"expenses": "expense", "customer_payments": "customer_payment", "vendor_payments": "vendor_payment"}


def _status(entity: str, row: Record) -> str:
    if entity == "customer_payments":
        return text(row, "payment_status") or text(row, "status")
    return text(row, "status") or (text(row, "order_status") if entity == "purchase_orders" else "")


def _amount_due(row: Record) -> Decimal:
    return next((money(row, name) for name in ("balance", "balance_due", "unused_amount") if text(row, name)), ZERO)


def _rate_by_base(row: Record) -> Decimal:
    """Payments may show no rate: then what they show in both currencies is one."""
    for name, base in (("amount", "bcy_amount"), ("total", "bcy_total")):
        shown, in_base_currency = money(row, name), money(row, base)
        if shown and in_base_currency:
            return (in_base_currency / shown).quantize(Decimal("1E-10"))
    return ONE


def _without_lines(row: Record) -> list[Line]:
    total = money(row, "total")
    return [Line("", "", "", total, ZERO, tracking(row, location=text(row, "location_id")))]


def _item_lines(row: Record, detail: Record | None) -> list[Line]:
    """Answer the lines of a document that is made of items, net of tax, header discounts spread over them."""
    document = detail or row
    inclusive = flag(document, "is_inclusive_tax")
    items = [item for item in parts(document, "line_items") if text(item, "line_item_category") != "header"]
    taxes = [_line_tax(item, inclusive=inclusive) for item in items]
    nets = [money(item, "item_total") - (tax if inclusive else ZERO) for item, tax in zip(items, taxes, strict=True)]
    nets = _less_discount(nets, document)
    taxes = _as_stated(taxes, document)
    lines = [
        Line(
            line_id=need(item, "line_item_id"),
            ledger_account_id=text(item, "account_id"),
            description=text(item, "description") or text(item, "name"),
            net=net,
            tax=tax,
            tracking=_line_tracking(document, item),
        )
        for item, net, tax in zip(items, nets, taxes, strict=True)
    ]
    lines += _charges(document)
    _must_add_up(lines, document, row)
    return lines or _without_lines(row)


def _line_tracking(document: Record, item: Record) -> str:
    location = text(item, "location_id") or text(document, "location_id")
    project = text(item, "project_id") or text(document, "project_id")
    return tracking(document, item, location=location, project=project)


def _line_tax(item: Record, *, inclusive: bool) -> Decimal:
    listed = parts(item, "line_item_taxes")
    if listed:
        return sum((money(tax, "tax_amount") for tax in listed), ZERO)
    if text(item, "tax_amount"):
        return money(item, "tax_amount")
    share, total = money(item, "tax_percentage"), money(item, "item_total")
    return cents(total - total / (1 + share / 100)) if inclusive else cents(total * share / 100)


def _as_stated(taxes: list[Decimal], document: Record) -> list[Decimal]:
    """Give the last line what the document's own tax total says beyond the lines' rounded taxes."""
    if not taxes or not text(document, "tax_total"):
        return taxes
    return [*taxes[:-1], taxes[-1] + money(document, "tax_total") - sum(taxes, ZERO)]


def _less_discount(nets: list[Decimal], document: Record) -> list[Decimal]:
    """Spread a discount of the whole document over its lines, to the cent: the largest remainders get the odd cents."""
    discount = money(document, "discount_total") or money(document, "discount_amount")
    if text(document, "discount_type") != "entity_level" or not discount or not sum(nets, ZERO):
        return nets
    if document.get("is_discount_before_tax") in (False, "false"):
        return nets
    whole = sum(nets, ZERO)
    exact = [discount * net / whole for net in nets]
    floors = [part.quantize(CENT, rounding="ROUND_FLOOR") for part in exact]
    odd = int((discount - sum(floors, ZERO)) / CENT)
    largest = sorted(range(len(nets)), key=lambda place: (floors[place] - exact[place], place))[:odd]
    return [
        net - floor - (CENT if place in largest else ZERO)
        for place, (net, floor) in enumerate(zip(nets, floors, strict=True))
    ]


def _charges(document: Record) -> list[Line]:
    """Answer shipping and adjustment as lines of their own, where there are any."""
    found = (
        ("shipping", text(document, "shipping_charge_account_id"), money(document, "shipping_charge")),
        ("adjustment", text(document, "adjustment_account_id"), money(document, "adjustment")),
    )
    return [Line(name, account, name, value, ZERO, NO_TRACKING) for name, account, value in found if value]


def _must_add_up(lines: Sequence[Line], document: Record, row: Record) -> None:
    """Refuse a document whose lines are not its total, a cent a line apart.

    A discount after tax lowers the total alone, and a bill's total may be net of tax withheld.
    """
    total = money(row, "total") if "total" in row else money(document, "total")
    found = sum((line.net + line.tax for line in lines), ZERO)
    if document.get("is_discount_before_tax") in (False, "false") and text(document, "discount_type") == "entity_level":
        found -= money(document, "discount_total") or money(document, "discount_amount")
    allowed = CENT * (len(lines) + 1)
    if all(abs(found - withheld - total) > allowed for withheld in (ZERO, money(row, "tds_total"))):
        raise untrusted(f"The lines add up to {found}, but the total is {total}.")


def _expense_lines(row: Record, detail: Record | None) -> list[Line]:
    document = detail or row
    inclusive = flag(document, "is_inclusive_tax")
    items = parts(document, "line_items") or [
        {**document, "item_total": document.get("sub_total") or document.get("total")}
    ]
    lines = []
    for number, item in enumerate(items, 1):
        amount = money(item, "item_total") if text(item, "item_total") else money(item, "amount")
        tax = money(item, "tax_amount")
        inside = inclusive and len(parts(document, "line_items")) > 0
        lines.append(
            Line(
                line_id=text(item, "line_item_id") or str(number),
                ledger_account_id=text(item, "account_id"),
                description=text(item, "description"),
                net=amount - tax if inside else amount,
                tax=tax,
                tracking=_line_tracking(document, item),
            )
        )
    return lines


def _journal_lines(row: Record, detail: Record | None) -> list[Line]:
    """Answer a journal's lines, debits positive and credits negative.

    Raises:
        RecordRefused: They do not sum to nought.
    """
    document = detail or row
    lines = [
        Line(
            line_id=need(item, "line_id"),
            ledger_account_id=need(item, "account_id"),
            description=text(item, "description"),
            net=known(_SIDES, text(item, "debit_or_credit"), "side of a line") * money(item, "amount"),
            tax=ZERO,
            tracking=_line_tracking(document, item),
        )
        for item in parts(document, "line_items")
    ]
    left = sum((line.net for line in lines), ZERO)
    if left:
        raise untrusted(f"Debits and credits differ by {left}.")
    return lines or _without_lines(row)


_SIDES = {"debit": 1, "credit": -1}


def _payment_lines(row: Record, detail: Record | None) -> list[Line]:
    """Answer one line for each invoice or bill that a payment settled, and one for what was not used."""
    document = detail or row
    applied = parts(document, "applied_invoices") or parts(document, "invoices") or parts(document, "bills")
    settled = [(text(one, "invoice_id") or text(one, "bill_id"), money(one, "amount_applied")) for one in applied]
    amount = money(row, "amount")
    used = sum((value for _, value in settled), ZERO)
    if not settled or not all(linked and value for linked, value in settled) or abs(used) > abs(amount):
        linked = settled[0][0] if len(settled) == 1 else ""
        return [Line("", "", text(row, "description"), amount, ZERO, NO_TRACKING, linked)]
    left = amount - used
    lines = [Line(linked, "", "", value, ZERO, NO_TRACKING, linked) for linked, value in settled]
    return [*lines, *([Line("unused", "", "", left, ZERO, NO_TRACKING)] if left else [])]


_LINES: Mapping[str, Callable[[Record, Record | None], list[Line]]] = {
    "invoices": _item_lines,
    "bills": _item_lines,
    "credit_notes": _item_lines,
    "vendor_credits": _item_lines,
    "purchase_orders": _item_lines,
    "expenses": _expense_lines,
    "journals": _journal_lines,
    "customer_payments": _payment_lines,
    "vendor_payments": _payment_lines,
}
