"""QuickBooks' transactions to rows of ``ledger/``: one record in, its rows out, or a RecordRefused that says why.

A line of an invoice names an item, never an account: only the ledger lines know the account. A void keeps its transaction with
amounts of 0; it is known by those and by the "VOID:" that QuickBooks writes before the memo, since the memo alone means nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ml_connector_dagster.ledger.document import DocumentLine
from ml_connector_dagster.ledger.money import ZERO
from ml_connector_dagster.ledger.version_hash import version_hash
from ml_connector_dagster.sources.quickbooks_desktop.entities import CLASS
from ml_connector_dagster.sources.quickbooks_desktop.facts import currency_code
from ml_connector_dagster.sources.quickbooks_desktop.fields import (
    Record,
    calendar_date,
    figure,
    flag,
    modified_at,
    ref,
    text,
    untrusted,
)

ONE = Decimal(1)
RATE_PLACES = Decimal("1E-10")
VOIDED = "VOID"


class Line(NamedTuple):
    """What a line has to itself."""

    line_id: str
    account: str
    description: str
    net: Decimal
    tax: Decimal = ZERO
    class_id: str = ""
    linked: str = ""


class Shape(NamedTuple):
    """What differs between the types of transactions."""

    kind: str
    party: str
    """Element that names the customer or vendor; empty where the document has none."""
    bank: str
    totals: tuple[str, ...]
    """Elements that add up to the document's total; none for a journal, whose debits do."""
    open_amount: str
    """Element that says what is not settled; empty where nothing stays open."""
    lines: Callable[[Record], Iterator[Line]]


@dataclass(frozen=True, slots=True)
class Context:
    """What a transaction does not say itself."""

    base_currency: str
    zone: ZoneInfo
    """The company's, which the workstation is set to."""


def document_rows(record: Record, context: Context) -> list[DocumentLine]:
    """Answer the rows of a transaction; one row without line where it has none.

    Args:
        record: InvoiceRet, BillRet …
        context: What it does not say itself.

    Raises:
        RecordRefused: Something of it cannot be read, or its lines do not add up to what its header says.
    """
    shape, record_id = SHAPES[record.tag], text(record, "TxnID")
    if not record_id:
        raise untrusted(f"A {record.tag} has no TxnID.")
    lines = list(shape.lines(record))
    total = _total(shape, record, lines)
    open_amount = _open_amount(shape, record, total)
    voided = _is_voided(record, lines, total)
    party, bank = (ref(record, name) if name else "" for name in (shape.party, shape.bank))
    on, due = calendar_date(text(record, "TxnDate")), text(record, "DueDate")
    currency, rate = _currency(record, context)
    number, status = text(record, "RefNumber"), _status(record, voided=voided)
    mark = version_hash(record.tag, on, party, bank, currency, rate, total, open_amount, number, status, *lines)
    head = (record_id, shape.kind, record.tag.removesuffix("Ret"), number)
    dates = (on, calendar_date(due) if due else None, status, not voided)
    money, stamp = (party, currency, rate, total, open_amount), modified_at(record, context.zone)
    return [
        DocumentLine._make((*head, *dates, *money, *line[:5], _tracking(line), line.linked, bank, stamp, mark, ZERO))
        for line in lines or [Line("", "", "", ZERO)]
    ]


@lru_cache(maxsize=4096)
def tracking_of(class_id: str) -> str:
    """Answer a line's one reporting dimension as canonical JSON."""
    return json.dumps({CLASS: class_id}, separators=(",", ":")) if class_id else "{}"


def _tracking(line: Line) -> str:
    return tracking_of(line.class_id)


def _item_lines(record: Record, single: str, group: str) -> Iterator[Line]:
    """Yield item lines, those of a group in its place: the group's own amount repeats them."""
    whole = ref(record, "ClassRef")
    for element in record.iterchildren(single, group):
        for one in element.iterfind(single) if element.tag == group else (element,):
            class_id = ref(one, "ClassRef") or whole
            yield Line(_line_id(one), "", text(one, "Desc"), figure(one, "Amount"), class_id=class_id)


def _invoice_lines(record: Record) -> Iterator[Line]:
    """Yield the lines that make the subtotal, and the sales tax as a line of its own.

    A subtotal item repeats the amounts above it; its line has neither quantity nor rate, and is left out where the invoice's
    own subtotal says that it is one.
    """
    lines = list(_item_lines(record, "InvoiceLineRet", "InvoiceLineGroupRet"))
    repeats = sum((line.net for line in lines), ZERO) != figure(record, "Subtotal")
    yield from _without_subtotals(lines) if repeats else lines
    tax = figure(record, "SalesTaxTotal")
    if tax:
        yield Line("tax", "", "", ZERO, tax, ref(record, "ClassRef"))


def _without_subtotals(lines: list[Line]) -> list[Line]:
    kept: list[Line] = []
    since = ZERO
    for line in lines:
        if line.net and line.net == since:
            since = ZERO
        else:
            kept.append(line)
            since += line.net
    return kept


def _bill_lines(record: Record) -> Iterator[Line]:
    whole = ref(record, "ClassRef")
    for one in record.iterfind("ExpenseLineRet"):
        account, class_id = ref(one, "AccountRef"), ref(one, "ClassRef") or whole
        if not account:
            raise untrusted(f"A line of Bill {text(record, 'TxnID')} names no account.")
        yield Line(_line_id(one), account, text(one, "Memo"), figure(one, "Amount"), ZERO, class_id)
    yield from _item_lines(record, "ItemLineRet", "ItemGroupLineRet")


def _journal_lines(record: Record) -> Iterator[Line]:
    left = ZERO
    for one in record.iterchildren("JournalDebitLine", "JournalCreditLine"):
        net = figure(one, "Amount") * (1 if one.tag == "JournalDebitLine" else -1)
        left += net
        account = ref(one, "AccountRef")
        if net and not account:
            raise untrusted(f"A line of JournalEntry {text(record, 'TxnID')} names no account.")
        yield Line(_line_id(one), account, text(one, "Memo"), net, ZERO, ref(one, "ClassRef"))
    if left:
        raise untrusted(f"The lines of JournalEntry {text(record, 'TxnID')} leave {left}.")


def _settling_lines(account: str) -> Callable[[Record], Iterator[Line]]:
    """Yield what a payment was put against: neither it nor its lines touch income or cost."""

    def lines(record: Record) -> Iterator[Line]:
        control = ref(record, account)
        for one in record.iterfind("AppliedToTxnRet"):
            linked = text(one, "TxnID")
            yield Line(linked, control, text(one, "TxnType"), figure(one, "Amount"), linked=linked)

    return lines


def _total(shape: Shape, record: Record, lines: list[Line]) -> Decimal:
    if not shape.totals:
        return sum((line.net for line in lines if line.net > 0), ZERO)
    total = sum((figure(record, name) for name in shape.totals), ZERO)
    whole = sum((line.net + line.tax for line in lines), ZERO)
    if lines and shape.kind in ("invoice", "bill") and total != whole:
        raise untrusted(f"The lines of {record.tag} {text(record, 'TxnID')} add up to {whole}, its total is {total}.")
    return total


def _open_amount(shape: Shape, record: Record, total: Decimal) -> Decimal:
    """Answer what is not settled; of a bill QuickBooks may leave it out, and says then whether it is paid."""
    if shape.open_amount and record.find(shape.open_amount) is None and shape.kind == "bill":
        return ZERO if flag(record, "IsPaid") else total
    return figure(record, shape.open_amount) if shape.open_amount else ZERO


SHAPES: Mapping[str, Shape] = {
    "InvoiceRet": Shape(
        "invoice", "CustomerRef", "", ("Subtotal", "SalesTaxTotal"), "BalanceRemaining", _invoice_lines
    ),
    "BillRet": Shape("bill", "VendorRef", "", ("AmountDue",), "OpenAmount", _bill_lines),
    "ReceivePaymentRet": Shape(
        "payment",
        "CustomerRef",
        "DepositToAccountRef",
        ("TotalAmount",),
        "UnusedPayment",
        _settling_lines("ARAccountRef"),
    ),
    "BillPaymentCheckRet": Shape(
        "payment", "PayeeEntityRef", "BankAccountRef", ("Amount",), "", _settling_lines("APAccountRef")
    ),
    "JournalEntryRet": Shape("journal", "", "", (), "", _journal_lines),
}
"""By the element of an answer."""


def _line_id(line: Record) -> str:
    found = text(line, "TxnLineID")
    if not found:
        raise untrusted("A line has no TxnLineID.")
    return found


def _is_voided(record: Record, lines: list[Line], total: Decimal) -> bool:
    return not total and not any(line.net or line.tax for line in lines) and _memo(record).startswith(VOIDED)


def _memo(record: Record) -> str:
    """Answer the memo; a journal has none of its own, so that of its first line."""
    written = text(record, "Memo") or text(record, "JournalDebitLine/Memo") or text(record, "JournalCreditLine/Memo")
    return written.upper()


def _status(record: Record, *, voided: bool) -> str:
    """Answer what QuickBooks' screens say: a transaction carries no status of its own."""
    if voided:
        return "Voided"
    if record.tag not in ("InvoiceRet", "BillRet"):
        return ""
    return "Paid" if flag(record, "IsPaid") else "Open"


def _currency(record: Record, context: Context) -> tuple[str, Decimal]:
    """Answer currency and rate: home units per unit of it; base = document amount × rate.

    Raises:
        RecordRefused: A document in another currency carries no rate.
    """
    named = text(record, "CurrencyRef/FullName")
    currency = currency_code(named) if named else context.base_currency
    if currency == context.base_currency:
        return currency, ONE
    rate = figure(record, "ExchangeRate")
    if rate <= 0:
        raise untrusted(f"{record.tag} {text(record, 'TxnID')} in {named} carries no exchange rate.")
    return currency, rate.quantize(RATE_PLACES)
