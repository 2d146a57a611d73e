"""Xero's documents with lines to rows of ``ledger/``: one record in, its rows out, or a RecordRefused that says why.

Nothing is guessed. A status, a type or a tax treatment that is not known here, a posting line without an account, a document
whose lines do not foot to its totals: the record is refused whole. Voided and deleted documents keep their amounts on the
wire; their rows keep them too and carry ``posts = False``.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from ml_connector_dagster.ledger.document import Document, DocumentLine
from ml_connector_dagster.ledger.money import ZERO, cents
from ml_connector_dagster.sources.xero import wire
from ml_connector_dagster.sources.xero.context import (
    MONEY_STATUS,
    NO_TRACKING,
    ONE,
    Context,
    LineParts,
    base_rate,
    fingerprint,
    known,
    untrusted,
)
from ml_connector_dagster.sources.xero.dates import calendar_date, optional_date, optional_moment

ROUNDING_BOUND = Decimal("0.10")
"""Most that Xero's opt-in RoundingAmount moves a total; lists show it in Total alone."""

_INCLUSIVE = {"Exclusive": False, "NoTax": False, "Inclusive": True}
_INVOICE_STATUS = {
    "AUTHORISED": True,
    "PAID": True,
    "DRAFT": False,
    "SUBMITTED": False,
    "VOIDED": False,
    "DELETED": False,
}
_JOURNAL_STATUS = {"POSTED": True, "DRAFT": False, "VOIDED": False, "DELETED": False, "ARCHIVED": False}


class Kind(NamedTuple):
    """What a vendor's type word means here."""

    kind: str
    is_purchase: bool
    """Only a purchase can carry tax that is not recoverable."""


_KINDS: dict[type[Any], dict[str, Kind]] = {
    wire.Invoice: {"ACCREC": Kind("invoice", False), "ACCPAY": Kind("bill", True)},
    wire.CreditNote: {"ACCRECCREDIT": Kind("credit_note", False), "ACCPAYCREDIT": Kind("vendor_credit", True)},
    wire.Prepayment: {
        "RECEIVE-PREPAYMENT": Kind("prepayment", False),
        "ARPREPAYMENT": Kind("prepayment", False),
        "SPEND-PREPAYMENT": Kind("prepayment", True),
        "APPREPAYMENT": Kind("prepayment", True),
    },
    wire.Overpayment: {
        "RECEIVE-OVERPAYMENT": Kind("overpayment", False),
        "AROVERPAYMENT": Kind("overpayment", False),
        "SPEND-OVERPAYMENT": Kind("overpayment", True),
        "APOVERPAYMENT": Kind("overpayment", True),
    },
    wire.BankTransaction: {
        f"{way}{what}": Kind("bank_transaction", way == "SPEND")
        for way in ("RECEIVE", "SPEND")
        for what in ("", "-PREPAYMENT", "-OVERPAYMENT", "-TRANSFER")
    },
}
_STATUSES: dict[type[Any], dict[str, bool]] = {
    wire.Invoice: _INVOICE_STATUS,
    wire.CreditNote: _INVOICE_STATUS,
    wire.Prepayment: _INVOICE_STATUS,
    wire.Overpayment: _INVOICE_STATUS,
    wire.BankTransaction: MONEY_STATUS,
}
MAY_LACK_LINES = (wire.Prepayment, wire.Overpayment)
"""Their money posts as a bank transaction, whose lines are complete."""


def document_rows(document: Any, context: Context) -> list[DocumentLine]:
    """Answer the rows of an invoice, bill, credit note, prepayment, overpayment or bank transaction.

    Raises:
        RecordRefused: As ``folded_document`` does.
    """
    return folded_document(document, context).rows()


def folded_document(document: Any, context: Context) -> Document:
    """Answer an invoice, bill, credit note, prepayment, overpayment or bank transaction, its header once.

    Raises:
        RecordRefused: Its type, status, tax treatment, rate, date, account or totals cannot be trusted.
    """
    shape = type(document)
    kind, is_purchase = known(_KINDS[shape], document.type, "type")
    posts = known(_STATUSES[shape], document.status, "status")
    currency = document.currency_code or context.base_currency
    is_bank = shape is wire.BankTransaction
    lines = _lines(document, document.line_items, context, is_purchase=is_purchase)
    if posts and (lines or shape not in MAY_LACK_LINES) and not document.type.endswith("-TRANSFER"):
        _must_foot(document, lines)
    on = calendar_date(document.date_string or document.date)
    party = document.contact.contact_id if document.contact else ""
    bank = _bank(document, posts=posts) if is_bank else ""
    rate = base_rate(document.currency_rate, currency, context.base_currency)
    mark = fingerprint(lines, document.type, on, party, currency, rate, document.total, bank, posts)
    header = (
        document.record_id,
        kind,
        document.type,
        document.number or "",
        on,
        optional_date(document.due_date_string or document.due_date),
        document.status,
        posts,
        party,
        currency,
        rate,
        document.total,
        document.open_amount,
    )
    linked = (document.prepayment_id or document.overpayment_id) if is_bank else ""
    footer = (
        linked,
        bank,
        optional_moment(document.updated_date_utc),
        mark,
        document.total if is_bank else ZERO,
    )
    return Document(header, lines or [_NO_LINE], footer)


def _bank(transaction: wire.BankTransaction, *, posts: bool) -> str:
    if transaction.bank_account:
        return transaction.bank_account.account_id
    if posts:
        raise untrusted(f"The bank transaction {transaction.record_id} names no bank account.")
    return ""


_NO_LINE = ("", "", "", ZERO, ZERO, NO_TRACKING)


def allocation_rows(credit: Any, context: Context) -> list[list[DocumentLine]]:
    """Answer the rows of each allocation of a credit note, prepayment or overpayment, dated by the allocation itself.

    A prepayment stands on the accounts of its lines until it is allocated, so its allocation carries those lines, as far
    as they are allocated; the others carry one line without account. The rate is the credit's own.

    Raises:
        RecordRefused: The credit's type, status, rate or lines cannot be trusted, or an allocation names no id or document.
    """
    kind, is_purchase = known(_KINDS[type(credit)], credit.type, "type")
    posts = known(_INVOICE_STATUS, credit.status, "status")
    if not credit.allocations:
        return []
    currency = credit.currency_code or context.base_currency
    rate = base_rate(credit.currency_rate, currency, context.base_currency)
    party = credit.contact.contact_id if credit.contact else ""
    lines = _lines(credit, credit.line_items, context, is_purchase=is_purchase) if kind == "prepayment" else []
    found = []
    for one in credit.allocations:
        if not (one.allocation_id and one.invoice and one.invoice.invoice_id):
            raise untrusted(f"An allocation of {credit.record_id} names no id or no document.")
        on = calendar_date(one.date)
        stands = posts and not one.is_deleted
        linked = one.invoice.invoice_id
        part = _allocated(lines, one.amount, credit.total)
        mark = fingerprint(part, credit.type, on, party, currency, rate, one.amount, linked, stands)
        header = (one.allocation_id, "allocation", credit.type, credit.number or "", on, None, credit.status, stands)
        money = (party, currency, rate, one.amount, ZERO)
        footer = (linked, "", optional_moment(credit.updated_date_utc), mark, ZERO)
        found.append([DocumentLine._make((*header, *money, *line, *footer)) for line in part or [_NO_LINE]])
    return found


def journal_rows(journal: wire.ManualJournal, context: Context) -> list[DocumentLine]:
    """Answer the lines of a manual journal: base currency, debit positive; the narration is its number.

    Raises:
        RecordRefused: Its status, tax treatment, date or an account cannot be trusted.
    """
    posts = known(_JOURNAL_STATUS, journal.status, "status")
    lines = _lines(journal, journal.journal_lines, context, is_purchase=True, numbered=True)
    on = calendar_date(journal.date)
    if posts and any((line[3] or line[4]) and not line[1] for line in lines):
        raise untrusted(f"A line of the manual journal {journal.record_id} names no account.")
    base = context.base_currency
    mark = fingerprint(lines, "MANUALJOURNAL", on, posts)
    total = sum((line[3] + line[4] for line in lines if line[3] > 0), ZERO)
    header = (journal.record_id, "journal", "MANUALJOURNAL", journal.narration, on, None, journal.status, posts)
    money = ("", base, ONE, total, ZERO)
    footer = ("", "", optional_moment(journal.updated_date_utc), mark, ZERO)
    return [DocumentLine._make((*header, *money, *line, *footer)) for line in lines or [_NO_LINE]]


def _lines(
    document: Any, lines: Sequence[wire.Line], context: Context, *, is_purchase: bool, numbered: bool = False
) -> list[LineParts]:
    """Answer (line_id, account, description, net, recoverable tax, tracking) of each line."""
    inclusive = known(_INCLUSIVE, document.line_amount_types, "tax treatment")
    not_recoverable = context.not_recoverable if is_purchase else {}
    rows = []
    for position, line in enumerate(lines, start=1):
        net, tax = line.line_amount, line.tax_amount or ZERO
        if inclusive:
            net -= tax
        if not_recoverable and tax:
            lost = cents(tax * not_recoverable.get(line.tax_type or "", ZERO))
            net, tax = net + lost, tax - lost
        line_id = line.line_item_id or (str(position) if numbered else "")
        rows.append((line_id, line.account_id, line.description or "", net, tax, context.tracking(line.tracking)))
    return rows


def _allocated(lines: Sequence[LineParts], amount: Decimal, total: Decimal) -> list[LineParts]:
    """Answer the lines as far as ``amount`` of ``total`` is allocated; the last figure takes what rounding leaves."""
    if amount == total or not lines:
        return list(lines)
    part = [
        (line_id, account, text, cents(net * amount / total), cents(tax * amount / total), tracking)
        for line_id, account, text, net, tax, tracking in lines
    ]
    rest = amount - sum(net + tax for _, _, _, net, tax, _ in part)
    line_id, account, text, net, tax, tracking = part[-1]
    part[-1] = (line_id, account, text, net if tax else net + rest, tax + rest if tax else tax, tracking)
    return part


def _must_foot(document: Any, lines: Sequence[LineParts]) -> None:
    """Refuse a posting document whose lines are incomplete or do not add up to what its header says."""
    whole = ZERO
    for line_id, account, _, net, tax, _ in lines:
        if not line_id:
            raise untrusted(f"A line of {document.record_id} has no LineItemID.")
        if not account and (net or tax):
            raise untrusted(f"The line {line_id} of {document.record_id} names no account.")
        whole += net + tax
    if whole != document.sub_total + document.total_tax:
        raise untrusted(
            f"The lines of {document.record_id} add up to {whole}, its totals to {document.sub_total + document.total_tax}."
        )
    if abs(document.total - whole) > ROUNDING_BOUND:
        cis = " It carries a CIS deduction, which is not supported." if document.cis_deduction else ""
        raise untrusted(f"The total of {document.record_id} is {document.total}, its lines and tax are {whole}.{cis}")
