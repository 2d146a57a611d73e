"""FreshBooks' documents to rows of ``ledger/``: one record in, its rows out, or a RecordRefused that says why.

Amounts are in the document's currency. An invoice line carries no account and its taxes are percentages: what its total holds
beyond lines and discount is tax, shared among the taxed lines. A deleted document keeps its amounts and does not post; an
archived one posts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from ml_connector_dagster.ledger.document import DocumentLine
from ml_connector_dagster.ledger.money import ZERO, cents
from ml_connector_dagster.ledger.version_hash import version_hash
from ml_connector_dagster.sources.freshbooks.context import Context
from ml_connector_dagster.sources.freshbooks.dates import calendar_date, eastern, utc
from ml_connector_dagster.sources.freshbooks.fields import (
    NO_TRACKING,
    Record,
    currency_of,
    exact,
    is_deleted,
    link,
    money,
    optional_money,
    project_tracking,
    record_id,
    text,
    untrusted,
)

DELETED = "deleted"
_NOT_POSTED = frozenset({"draft"})
"""``created`` (finalised, not sent) posts."""
_PAYMENT_CREDIT = "Credit"


class Line(NamedTuple):
    """The columns of a row that a line has to itself, in ``DocumentLine``'s order."""

    line_id: str
    ledger_account_id: str = ""
    description: str = ""
    net_amount: Decimal = ZERO
    tax_amount: Decimal = ZERO
    tracking: str = NO_TRACKING


class Head(NamedTuple):
    """What a document says of itself, whatever its kind."""

    document_id: str
    kind: str
    subkind: str
    number: str
    on: date
    due: date | None
    status: str
    posts: bool
    party_id: str
    currency: str
    total: Decimal
    amount_due: Decimal = ZERO
    linked_id: str = ""
    modified_at: datetime | None = None


def rows_of(head: Head, lines: Sequence[Line], context: Context) -> list[DocumentLine]:
    """Answer a document's rows; one without lines has one with an empty line id."""
    mark = version_hash(*head[:-1], *(part for line in lines for part in line))
    before = (*head[:10], context.rate(head.currency), head.total, head.amount_due)
    after = (head.linked_id, "", head.modified_at, mark, ZERO)
    return [DocumentLine._make((*before, *line, *after)) for line in lines or [Line("")]]


def invoice_rows(invoice: Record, context: Context) -> list[DocumentLine]:
    """Answer the lines of an invoice; its discount is a line of its own.

    Raises:
        RecordRefused: A date, an amount or its lines cannot be trusted.
    """
    deleted = is_deleted(invoice)
    status = text(invoice, "v3_status") or text(invoice, "display_status") or "unknown"
    total, discount = money(invoice, "amount"), optional_money(invoice, "discount_total")
    head = Head(
        document_id=record_id(invoice, "id", "invoiceid"),
        kind="invoice",
        subkind="invoice",
        number=text(invoice, "invoice_number"),
        on=calendar_date(invoice.get("create_date")),
        due=_day(invoice.get("due_date")),
        status=DELETED if deleted else status,
        posts=not deleted and status not in _NOT_POSTED,
        party_id=link(invoice.get("customerid")),
        currency=currency_of(invoice, "amount"),
        total=total,
        amount_due=optional_money(invoice, "outstanding"),
        modified_at=eastern(invoice.get("updated")),
    )
    return rows_of(head, _priced(invoice, total, discount), context)


def credit_note_rows(note: Record, context: Context) -> list[DocumentLine]:
    """Answer the lines of a credit note, as positive as FreshBooks prints them."""
    deleted = is_deleted(note)
    status = text(note, "display_status") or text(note, "status") or "unknown"
    total = money(note, "amount")
    head = Head(
        document_id=record_id(note, "creditid", "id"),
        kind="credit_note",
        subkind=text(note, "credit_type") or "credit_note",
        number=text(note, "credit_number"),
        on=calendar_date(note.get("create_date")),
        due=None,
        status=DELETED if deleted else status,
        posts=not deleted and status not in _NOT_POSTED,
        party_id=link(note.get("clientid")),
        currency=currency_of(note, "amount"),
        total=total,
        amount_due=total - optional_money(note, "paid"),
        modified_at=eastern(note.get("updated")),
    )
    return rows_of(head, _priced(note, total, ZERO), context)


def payment_rows(payment: Record, context: Context) -> list[DocumentLine]:
    """Answer a payment of an invoice; applied credit is no cash and says so in its subkind."""
    deleted, total = is_deleted(payment), money(payment, "amount")
    from_credit = payment.get("from_credit") is True or text(payment, "type") == _PAYMENT_CREDIT
    head = Head(
        document_id=record_id(payment, "id", "logid"),
        kind="payment",
        subkind=_PAYMENT_CREDIT if from_credit else text(payment, "type") or "payment",
        number=text(payment, "transactionid"),
        on=calendar_date(payment.get("date")),
        due=None,
        status=DELETED if deleted else "received",
        posts=not deleted,
        party_id=link(payment.get("clientid")),
        currency=currency_of(payment, "amount"),
        total=total,
        linked_id=link(payment.get("invoiceid")),
        modified_at=eastern(payment.get("updated")),
    )
    return rows_of(head, [Line("1", net_amount=total, description=text(payment, "note"))], context)


def expense_rows(expense: Record, context: Context) -> list[DocumentLine]:
    """Answer an expense: its number is the vendor's name, its party the client that it is billed on to.

    The amount holds its taxes. Neither ``isduplicate`` nor a possible match with a bill drops it: the ledger feed decides.
    """
    deleted, total = is_deleted(expense), money(expense, "amount")
    tax = optional_money(expense, "taxAmount1") + optional_money(expense, "taxAmount2")
    category = link(expense.get("categoryid"))
    head = Head(
        document_id=record_id(expense, "id", "expenseid"),
        kind="expense",
        subkind="expense",
        number=text(expense, "vendor").strip(),
        on=calendar_date(expense.get("date")),
        due=None,
        status=DELETED if deleted else text(expense, "status") or "unknown",
        posts=not deleted,
        party_id=link(expense.get("clientid")),
        currency=currency_of(expense, "amount"),
        total=total,
        linked_id=link(expense.get("invoiceid")),
        modified_at=eastern(expense.get("updated")),
    )
    line = Line(
        line_id="1",
        ledger_account_id=context.chart.of_category.get(category, ""),
        description=text(expense, "notes"),
        net_amount=total - tax,
        tax_amount=tax,
        tracking=project_tracking(expense.get("modern_projectid") or expense.get("projectid")),
    )
    return rows_of(head, [line], context)


def bill_rows(bill: Record, context: Context) -> list[DocumentLine]:
    """Answer the lines of a bill; a line's place is its id, since FreshBooks promises no other.

    Raises:
        RecordRefused: Lines and tax do not add up to the total, or something cannot be read.
    """
    deleted, total = is_deleted(bill), money(bill, "total_amount")
    lines = [_bill_line(place, line, context) for place, line in enumerate(_lines(bill), start=1)]
    head = Head(
        document_id=record_id(bill, "id"),
        kind="bill",
        subkind="bill",
        number=text(bill, "bill_number"),
        on=calendar_date(bill.get("issue_date")),
        due=_day(bill.get("due_date")),
        status=DELETED if deleted else text(bill, "status") or "unknown",
        posts=not deleted,
        party_id=link(bill.get("vendorid")),
        currency=currency_of(bill, "total_amount", "amount"),
        total=total,
        amount_due=optional_money(bill, "outstanding"),
        modified_at=utc(bill.get("updated_at")),
    )
    _must_foot(head, lines)
    return rows_of(head, lines, context)


def bill_payment_rows(payment: Record, context: Context) -> list[DocumentLine]:
    """Answer a payment of a bill."""
    deleted, total = is_deleted(payment), money(payment, "amount")
    head = Head(
        document_id=record_id(payment, "id"),
        kind="payment",
        subkind=text(payment, "payment_type") or "bill_payment",
        number="",
        on=calendar_date(payment.get("paid_date")),
        due=None,
        status=DELETED if deleted else "paid",
        posts=not deleted,
        party_id="",
        currency=currency_of(payment, "amount"),
        total=total,
        linked_id=link(payment.get("billid")),
    )
    return rows_of(head, [Line("1", net_amount=total, description=text(payment, "note"))], context)


def other_income_rows(income: Record, context: Context) -> list[DocumentLine]:
    """Answer income outside invoices; its taxes are percentages of what its amount holds."""
    deleted, total = is_deleted(income), money(income, "amount")
    head = Head(
        document_id=record_id(income, "incomeid", "id"),
        kind="other_income",
        subkind=text(income, "category_name") or "other",
        number=text(income, "source"),
        on=calendar_date(income.get("date")),
        due=None,
        status=DELETED if deleted else "received",
        posts=not deleted,
        party_id="",
        currency=currency_of(income, "amount"),
        total=total,
        modified_at=eastern(income.get("updated_at")),
    )
    return rows_of(head, [Line("1", net_amount=total, description=text(income, "note"))], context)


DOCUMENT_ROWS: Mapping[str, Callable[[Record, Context], list[DocumentLine]]] = {
    "invoices": invoice_rows,
    "payments": payment_rows,
    "expenses": expense_rows,
    "bills": bill_rows,
    "bill_payments": bill_payment_rows,
    "credit_notes": credit_note_rows,
    "other_income": other_income_rows,
}
DATE_FIELDS = {
    "invoices": "create_date",
    "payments": "date",
    "expenses": "date",
    "bills": "issue_date",
    "bill_payments": "paid_date",
    "credit_notes": "create_date",
    "other_income": "date",
    "journal_entries": "user_entered_date",
}
"""The business date that puts a record into its period."""


def _priced(document: Record, total: Decimal, discount: Decimal) -> list[Line]:
    """Answer the lines of an invoice or a credit note; what the total holds beyond them is tax."""
    written = _lines(document)
    nets = [money(line, "amount") for line in written]
    tax = total - sum(nets, ZERO) - discount
    taxed = [_percent(line) for line in written]
    if tax and not any(taxed):
        raise untrusted(
            f"The lines add up to {sum(nets, ZERO) + discount}, the total is {total}, and no line is taxed."
        )
    shares = _shared(tax, [net if percent else ZERO for net, percent in zip(nets, taxed, strict=True)])
    found = [
        Line(
            line_id=link(line.get("lineid")) or str(place),
            description=text(line, "description") or text(line, "name"),
            net_amount=net,
            tax_amount=share,
            tracking=project_tracking(line.get("modern_project_id")),
        )
        for place, (line, net, share) in enumerate(zip(written, nets, shares, strict=True), start=1)
    ]
    return [*found, Line("discount", net_amount=discount)] if discount else found


def _shared(whole: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """Share an amount out by weight, to the cent; the last weighty part takes what rounding leaves."""
    total = sum(weights, ZERO)
    if not whole:
        return [ZERO] * len(weights)
    if not total:
        raise untrusted(f"{whole} of tax stands on lines that add up to nothing.")
    shares = [cents(whole * weight / total) for weight in weights]
    last = max(place for place, weight in enumerate(weights) if weight)
    shares[last] += whole - sum(shares, ZERO)
    return shares


def _bill_line(place: int, line: Record, context: Context) -> Line:
    category = line.get("category")
    category_id = link(line.get("categoryid")) or (
        link(category.get("categoryid")) if isinstance(category, dict) else ""
    )
    return Line(
        line_id=text(line, "list_index") or str(place),
        ledger_account_id=context.chart.of_category.get(category_id, ""),
        description=text(line, "description"),
        net_amount=money(line, "amount"),
        tax_amount=optional_money(line, "tax_amount1") + optional_money(line, "tax_amount2"),
    )


def _must_foot(head: Head, lines: Sequence[Line]) -> None:
    whole = sum((line.net_amount + line.tax_amount for line in lines), ZERO)
    if whole != head.total:
        raise untrusted(f"The lines of {head.kind} {head.document_id} add up to {whole}, its total is {head.total}.")


def _lines(document: Record) -> list[Any]:
    lines = document.get("lines")
    if not isinstance(lines, list) or not all(isinstance(line, dict) for line in lines):
        raise untrusted("The document came without its lines.")
    return lines


def _percent(line: Record) -> Decimal:
    return sum((exact(line[name]) for name in ("taxAmount1", "taxAmount2") if line.get(name) not in (None, "")), ZERO)


def _day(written: object) -> date | None:
    return calendar_date(written) if written else None
