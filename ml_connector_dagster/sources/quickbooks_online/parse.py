"""QuickBooks' documents to rows of ``ledger/``: one record in, its rows out, or a RecordRefused that says why.

An account is the line's own (a sales line carries the account it was posted to, which is not always its item's of today); an
item's account stands in only where the line has none, and nothing else ever does. Amounts are the truth: a document is voided
where everything on it is 0 and its note begins with "Voided"; the note alone means nothing. A purchase order posts nothing; it
counts as standing until it is voided, so that a register shows its amounts.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from ml_connector_dagster.ledger.document import DocumentLine
from ml_connector_dagster.ledger.money import ZERO
from ml_connector_dagster.ledger.version_hash import version_hash
from ml_connector_dagster.sources.quickbooks_online.context import Context
from ml_connector_dagster.sources.quickbooks_online.fields import (
    Record,
    calendar_date,
    figure,
    modified_at,
    part,
    parts,
    ref,
    text,
    tracking_of,
    untrusted,
)

ONE = Decimal(1)
RATE_PLACES = Decimal("1E-10")
STATEMENT_CHARGE = "StatementCharge"
_NO_LINE_DETAILS = {"SubTotalLineDetail", "DescriptionOnly"}
_KINDS = {
    "Invoice": "invoice",
    "Bill": "bill",
    "Payment": "payment",
    "BillPayment": "payment",
    "SalesReceipt": "bank_transaction",
    "RefundReceipt": "credit_note",
    "Deposit": "bank_transaction",
    "Transfer": "transfer",
    "Purchase": "bank_transaction",
    "PurchaseOrder": "purchase_order",
    "CreditMemo": "credit_note",
    "VendorCredit": "vendor_credit",
    "JournalEntry": "journal",
}


class Line(NamedTuple):
    """What a line has to itself."""

    line_id: str
    account: str
    description: str
    net: Decimal
    tax: Decimal = ZERO
    tracking: str = "{}"
    linked: str = ""


def document_rows(word: str, record: Record, context: Context) -> list[DocumentLine]:
    """Answer the rows of a document; one row without line where it has none.

    Args:
        word: QuickBooks' word for it: Invoice, Bill …
        record: As it came.
        context: What it does not say itself.

    Raises:
        RecordRefused: Something of it cannot be read, a line has no account, or the lines do not foot to the total.
    """
    record_id = text(record, "Id")
    if not record_id:
        raise untrusted(f"A {word} has no Id.")
    lines = list(_LINES[word](word, record, context))
    total = _total(word, record, lines)
    _must_foot(word, record, lines, total)
    currency = ref(record, "CurrencyRef") or context.base_currency
    rate = _rate(record, currency, context)
    on, due = calendar_date(text(record, "TxnDate")), text(record, "DueDate")
    voided = _is_voided(record, lines, total)
    party, bank = _party(word, record), _bank(word, record)
    open_amount = figure(record, "UnappliedAmt" if word == "Payment" else "Balance")
    mark = version_hash(word, on, party, bank, currency, rate, total, voided, *lines)
    credited = word == "Purchase" and record.get("Credit") is True
    head = (record_id, "vendor_credit" if credited else _KINDS[word], _subkind(word, record), text(record, "DocNumber"))
    dates = (on, calendar_date(due) if due else None, _status(word, record, open_amount, voided=voided), not voided)
    money = (party, currency, rate, total, open_amount)
    stamp = modified_at(record)
    return [
        DocumentLine._make((*head, *dates, *money, *line[:6], line.linked, bank, stamp, mark, ZERO))
        for line in lines or [Line("", "", "", ZERO)]
    ]


def _sales_lines(word: str, record: Record, context: Context) -> Iterator[Line]:
    header = _tracking(record, record)
    for number, line in enumerate(_flattened(record), start=1):
        kind, line_id = text(line, "DetailType"), text(line, "Id") or f"n{number}"
        detail = part(line, kind)
        if kind == "SalesItemLineDetail":
            account = ref(detail, "ItemAccountRef") or context.sold_to(ref(detail, "ItemRef"))
            yield Line(
                line_id, account, text(line, "Description"), figure(line, "Amount"), ZERO, _tracking(detail, record)
            )
        elif kind == "DiscountLineDetail":
            account = ref(detail, "DiscountAccountRef")
            yield Line(line_id, account, text(line, "Description"), -figure(line, "Amount"), ZERO, header)
        elif kind not in _NO_LINE_DETAILS:
            raise untrusted(f"A line of {word} {record['Id']} is of the kind {kind!r}, which is not known.")
    yield from _tax_line(record, header)


def _purchase_lines(word: str, record: Record, context: Context) -> Iterator[Line]:
    for number, line in enumerate(_flattened(record), start=1):
        kind, line_id = text(line, "DetailType"), text(line, "Id") or f"n{number}"
        detail = part(line, kind)
        if kind in _NO_LINE_DETAILS:
            continue
        if kind == "AccountBasedExpenseLineDetail":
            account = ref(detail, "AccountRef")
        elif kind == "ItemBasedExpenseLineDetail":
            account = context.bought_to(ref(detail, "ItemRef"))
        else:
            raise untrusted(f"A line of {word} {record['Id']} is of the kind {kind!r}, which is not known.")
        yield Line(line_id, account, text(line, "Description"), figure(line, "Amount"), ZERO, _tracking(detail, record))
    yield from _tax_line(record, _tracking(record, record))


def _journal_lines(word: str, record: Record, context: Context) -> Iterator[Line]:
    del context
    signs = {"Debit": 1, "Credit": -1}
    for number, line in enumerate(parts(record, "Line"), start=1):
        kind = text(line, "DetailType")
        if kind in _NO_LINE_DETAILS:
            continue
        detail = part(line, kind)
        sign = signs.get(text(detail, "PostingType"))
        if kind != "JournalEntryLineDetail" or sign is None:
            raise untrusted(f"A line of {word} {record['Id']} is neither debit nor credit.")
        line_id, net = text(line, "Id") or f"n{number}", sign * figure(line, "Amount")
        account = ref(detail, "AccountRef")
        yield Line(line_id, account, text(line, "Description"), net, ZERO, _tracking(detail, {**record, **detail}))
    yield from _tax_line(record, "{}")


def _settling_lines(word: str, record: Record, context: Context) -> Iterator[Line]:
    """Yield what a payment was put against: neither it nor its lines touch income or cost."""
    del word, context
    account = ref(record, "ARAccountRef") or ref(record, "APAccountRef")
    for number, line in enumerate(parts(record, "Line"), start=1):
        yield Line(text(line, "Id") or f"n{number}", account, "", figure(line, "Amount"), linked=_linked(line))


def _deposit_lines(word: str, record: Record, context: Context) -> Iterator[Line]:
    del context
    for number, line in enumerate(parts(record, "Line"), start=1):
        detail, linked = part(line, "DepositLineDetail"), _linked(line)
        account = ref(detail, "AccountRef")
        if not account and not linked:
            raise untrusted(f"A line of {word} {record['Id']} names neither an account nor a payment.")
        line_id, told = text(line, "Id") or f"n{number}", text(line, "Description")
        yield Line(line_id, account, told, figure(line, "Amount"), ZERO, _tracking(detail, record), linked)
    cash = part(record, "CashBack")
    if figure(cash, "Amount"):
        yield Line("cash_back", ref(cash, "AccountRef"), text(cash, "Memo"), -figure(cash, "Amount"))


def _transfer_lines(word: str, record: Record, context: Context) -> Iterator[Line]:
    del word, context
    yield Line("n1", ref(record, "ToAccountRef"), text(record, "PrivateNote"), figure(record, "Amount"))


_LINES = {
    "Invoice": _sales_lines,
    "SalesReceipt": _sales_lines,
    "CreditMemo": _sales_lines,
    "RefundReceipt": _sales_lines,
    "Bill": _purchase_lines,
    "VendorCredit": _purchase_lines,
    "Purchase": _purchase_lines,
    "PurchaseOrder": _purchase_lines,
    "JournalEntry": _journal_lines,
    "Payment": _settling_lines,
    "BillPayment": _settling_lines,
    "Deposit": _deposit_lines,
    "Transfer": _transfer_lines,
}
_FOOTING = frozenset({"Invoice", "SalesReceipt", "CreditMemo", "RefundReceipt", "Bill", "VendorCredit", "Purchase"})


def _flattened(record: Record) -> Iterator[Record]:
    """Yield lines, those of a bundle in its place: the bundle's own amount repeats them."""
    for line in parts(record, "Line"):
        if text(line, "DetailType") == "GroupLineDetail":
            yield from parts(part(line, "GroupLineDetail"), "Line")
        else:
            yield line


def _tax_line(record: Record, tracking: str) -> Iterator[Line]:
    """Yield the document's tax as a line of its own: QuickBooks does not say which account it stands on."""
    tax = figure(part(record, "TxnTaxDetail"), "TotalTax")
    if tax:
        yield Line("tax", "", "", ZERO, tax, tracking)


def _tracking(detail: Record, record: Record) -> str:
    """Answer canonical JSON: the line's class, else the document's; the department stands on the document alone."""
    return tracking_of(ref(detail, "ClassRef") or ref(record, "ClassRef"), ref(record, "DepartmentRef"))


def _linked(line: Record) -> str:
    return next((text(one, "TxnId") for one in parts(line, "LinkedTxn")), "")


def _party(word: str, record: Record) -> str:
    return (
        ref(record, "CustomerRef")
        or ref(record, "VendorRef")
        or (ref(record, "EntityRef") if word == "Purchase" else "")
    )


def _bank(word: str, record: Record) -> str:
    """Answer the bank account that money moved on; empty where a payment waits in Undeposited Funds."""
    if word == "BillPayment":
        paid = ref(part(record, "CheckPayment"), "BankAccountRef")
        return paid or ref(part(record, "CreditCardPayment"), "CCAccountRef")
    name = {"Purchase": "AccountRef", "Transfer": "FromAccountRef"}.get(word, "DepositToAccountRef")
    return ref(record, name)


def _subkind(word: str, record: Record) -> str:
    finer = text(record, "PaymentType" if word == "Purchase" else "PayType")
    return f"{word} {finer}" if finer else word


def _total(word: str, record: Record, lines: list[Line]) -> Decimal:
    """Answer the document's total; a journal's TotalAmt is always 0, so its debits are summed."""
    if word == "JournalEntry":
        return sum((line.net for line in lines if line.net > 0), ZERO)
    return figure(record, "Amount" if word == "Transfer" else "TotalAmt")


def _must_foot(word: str, record: Record, lines: list[Line], total: Decimal) -> None:
    """Refuse a document whose lines are incomplete, or do not add up to what its header says."""
    whole = sum((line.net + line.tax for line in lines), ZERO)
    if word == "JournalEntry" and sum((line.net for line in lines), ZERO) != 0:
        raise untrusted(f"The lines of {word} {record['Id']} do not balance.")
    if word in _FOOTING and whole != total and not _is_statement_charge(record, lines):
        raise untrusted(f"The lines of {word} {record['Id']} add up to {whole}, its total is {total}.")
    if word not in ("Payment", "BillPayment") and any(line.net and not (line.account or line.linked) for line in lines):
        raise untrusted(f"A line of {word} {record['Id']} names no account.")


def _is_statement_charge(record: Record, lines: list[Line]) -> bool:
    """An invoice of statement charges shows a subtotal and no line: the charges posted before it."""
    return not lines and any(text(one, "TxnType") == STATEMENT_CHARGE for one in parts(record, "LinkedTxn"))


def _is_voided(record: Record, lines: list[Line], total: Decimal) -> bool:
    return not total and not any(line.net or line.tax for line in lines) and _note(record).startswith("Voided")


def _note(record: Record) -> str:
    return text(record, "PrivateNote")


def _status(word: str, record: Record, open_amount: Decimal, *, voided: bool) -> str:
    """Answer what QuickBooks' screens say: a document itself carries no status, only a purchase order does."""
    if voided:
        return "Voided"
    if word in ("Invoice", "Bill"):
        return "Open" if open_amount else "Paid"
    return text(record, "POStatus")


def _rate(record: Record, currency: str, context: Context) -> Decimal:
    """Answer home units per unit of the document's currency; base = document amount × rate.

    Raises:
        RecordRefused: A document in another currency carries no rate: no figure of it can be converted.
    """
    if currency == context.base_currency:
        return ONE
    rate = figure(record, "ExchangeRate")
    if rate <= 0:
        raise untrusted(
            f"{record['Id']} in {currency} carries the rate {rate}; the company's is {context.base_currency}."
        )
    return rate.quantize(RATE_PLACES)
