"""Xero's records to rows of ``ledger/``: one record in, its rows out, or a RecordRefused that says why.

Nothing is guessed. A status, a type or a tax treatment that is not known here, a posting line without an account, a document
whose lines do not foot to its totals: the record is refused whole. Voided and deleted documents keep their amounts on the
wire; their rows keep them too and carry ``posts = False``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from ml_connector_dagster.errors import RecordRefused
from ml_connector_dagster.ledger.document import DocumentLine
from ml_connector_dagster.ledger.ledger_account import AccountClass, LedgerAccount
from ml_connector_dagster.ledger.money import ZERO, cents
from ml_connector_dagster.ledger.party import Party, TrackingOption
from ml_connector_dagster.sources.xero import wire
from ml_connector_dagster.sources.xero.dates import calendar_date, optional_date, optional_moment

ROUNDING_BOUND = Decimal("0.10")
"""Most that Xero's opt-in RoundingAmount moves a total; lists show it in Total alone."""
RATE_PLACES = Decimal("1E-10")
NO_TRACKING = "{}"
ONE = Decimal(1)

_CLASSES = {
    "ASSET": AccountClass.ASSET,
    "LIABILITY": AccountClass.LIABILITY,
    "EQUITY": AccountClass.EQUITY,
    "REVENUE": AccountClass.INCOME,
    "EXPENSE": AccountClass.EXPENSE,
}
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
_MONEY_STATUS = {"AUTHORISED": True, "DELETED": False, "VOIDED": False}


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
    wire.BankTransaction: _MONEY_STATUS,
}
PAYMENT_ENTITY = {
    "ACCRECPAYMENT": "invoices",
    "ACCPAYPAYMENT": "bills",
    "ARCREDITPAYMENT": "credit_notes",
    "APCREDITPAYMENT": "credit_notes",
    "AROVERPAYMENTPAYMENT": "overpayments",
    "APOVERPAYMENTPAYMENT": "overpayments",
    "ARPREPAYMENTPAYMENT": "prepayments",
    "APPREPAYMENTPAYMENT": "prepayments",
}
"""Payment type to the entity of the document it settles or refunds."""


LineParts = tuple[str, str, str, Decimal, Decimal, str]
"""(line_id, account, description, net, recoverable tax, tracking)."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a record does not say itself: the company's currency, its tracking options, and its tax rates."""

    base_currency: str
    options: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """(category id, option name) to option id, archived options included."""
    not_recoverable: Mapping[str, Decimal] = field(default_factory=dict)
    """Tax type to the share of its tax that stays in cost; only those with a share."""
    tracking_texts: dict[tuple[tuple[str, str, str], ...], str] = field(default_factory=dict)
    """Remembered results, since a few combinations stand on nearly all lines."""

    def tracking(self, values: Sequence[wire.LineTracking]) -> str:
        """Answer the canonical JSON of a line's tracking.

        Raises:
            RecordRefused: An option is in no category that Xero answered.
        """
        if not values:
            return NO_TRACKING
        key = tuple((one.tracking_category_id, one.option, one.tracking_option_id) for one in values)
        text = self.tracking_texts.get(key)
        if text is None:
            chosen = {one.tracking_category_id.lower(): self._option_id(one) for one in values}
            text = json.dumps(chosen, sort_keys=True, separators=(",", ":"))
            self.tracking_texts[key] = text
        return text

    def _option_id(self, value: wire.LineTracking) -> str:
        if value.tracking_option_id:
            return value.tracking_option_id.lower()
        found = self.options.get((value.tracking_category_id.lower(), value.option))
        if found is None:
            raise RecordRefused(
                f"The tracking option {value.option!r} of {value.name!r} is in no category that Xero answers.",
                "Its line cannot be given a member.",
                "Restore the option in Xero, or choose another on the line; then read the period again.",
            )
        return found


def document_rows(document: Any, context: Context) -> list[DocumentLine]:
    """Answer the lines of an invoice, bill, credit note, prepayment, overpayment or bank transaction.

    Raises:
        RecordRefused: Its type, status, tax treatment, rate, date, account or totals cannot be trusted.
    """
    shape = type(document)
    kind, is_purchase = _known(_KINDS[shape], document.type, "type")
    posts = _known(_STATUSES[shape], document.status, "status")
    currency = document.currency_code or context.base_currency
    is_bank = shape is wire.BankTransaction
    lines = _lines(document, document.line_items, context, is_purchase=is_purchase)
    if posts and not (shape in (wire.Prepayment, wire.Overpayment) and not lines):
        _must_foot(document, lines)
    on = calendar_date(document.date_string or document.date)
    party = document.contact.contact_id if document.contact else ""
    bank = document.bank_account.account_id if is_bank and document.bank_account else ""
    if posts and is_bank and not bank:
        raise _refused(f"The bank transaction {document.record_id} names no bank account.")
    rate = base_rate(document.currency_rate, currency, context.base_currency)
    fingerprint = _fingerprint(document.type, on, party, currency, rate, document.total, bank, posts=posts, lines=lines)
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
        fingerprint,
        document.total if is_bank else ZERO,
    )
    return [DocumentLine(*header, *line, *footer) for line in lines or [_NO_LINE]]


_NO_LINE = ("", "", "", ZERO, ZERO, NO_TRACKING)


def allocation_rows(credit: Any, context: Context) -> list[list[DocumentLine]]:
    """Answer the rows of each allocation of a credit note, prepayment or overpayment, dated by the allocation itself.

    A prepayment stands on the accounts of its lines until it is allocated, so its allocation carries those lines, as far
    as they are allocated; the others carry one line without account. The rate is the credit's own.

    Raises:
        RecordRefused: The credit's type, status, rate or lines cannot be trusted, or an allocation names no id or document.
    """
    kind, is_purchase = _known(_KINDS[type(credit)], credit.type, "type")
    posts = _known(_INVOICE_STATUS, credit.status, "status")
    if not credit.allocations:
        return []
    currency = credit.currency_code or context.base_currency
    rate = base_rate(credit.currency_rate, currency, context.base_currency)
    party = credit.contact.contact_id if credit.contact else ""
    lines = _lines(credit, credit.line_items, context, is_purchase=is_purchase) if kind == "prepayment" else []
    found = []
    for one in credit.allocations:
        if not (one.allocation_id and one.invoice and one.invoice.invoice_id):
            raise _refused(f"An allocation of {credit.record_id} names no id or no document.")
        on = calendar_date(one.date)
        stands = posts and not one.is_deleted
        linked = one.invoice.invoice_id
        part = _allocated(lines, one.amount, credit.total)
        mark = _fingerprint(credit.type, on, party, currency, rate, one.amount, linked, posts=stands, lines=part)
        header = (one.allocation_id, "allocation", credit.type, credit.number or "", on, None, credit.status, stands)
        money = (party, currency, rate, one.amount, ZERO)
        footer = (linked, "", optional_moment(credit.updated_date_utc), mark, ZERO)
        found.append([DocumentLine(*header, *money, *line, *footer) for line in part or [_NO_LINE]])
    return found


def journal_rows(journal: wire.ManualJournal, context: Context) -> list[DocumentLine]:
    """Answer the lines of a manual journal: base currency, debit positive; the narration is its number.

    Raises:
        RecordRefused: Its status, tax treatment, date or an account cannot be trusted.
    """
    posts = _known(_JOURNAL_STATUS, journal.status, "status")
    lines = _lines(journal, journal.journal_lines, context, is_purchase=True, numbered=True)
    on = calendar_date(journal.date)
    if posts and any((line[3] or line[4]) and not line[1] for line in lines):
        raise _refused(f"A line of the manual journal {journal.record_id} names no account.")
    base = context.base_currency
    fingerprint = _fingerprint("MANUALJOURNAL", on, "", base, ONE, ZERO, "", posts=posts, lines=lines)
    total = sum((line[3] + line[4] for line in lines if line[3] > 0), ZERO)
    header = (journal.record_id, "journal", "MANUALJOURNAL", journal.narration, on, None, journal.status, posts)
    footer = ("", "", optional_moment(journal.updated_date_utc), fingerprint, ZERO)
    return [DocumentLine(*header, "", base, ONE, total, ZERO, *line, *footer) for line in lines or [_NO_LINE]]


def payment_rows(payment: wire.Payment, context: Context) -> list[DocumentLine]:
    """Answer a payment as one line on its bank account, linked to the document it settles.

    A base-currency payment carries CurrencyRate 0: it means 1, and nothing is ever divided by it.

    Raises:
        RecordRefused: Its type, status, date, bank account, document or rate cannot be trusted.
    """
    _known(PAYMENT_ENTITY, payment.payment_type, "payment type")
    posts = _known({"AUTHORISED": True, "DELETED": False}, payment.status, "status")
    linked, currency, party = _settled(payment)
    bank = payment.account.account_id if payment.account else ""
    if posts and not (linked and bank):
        missing = "bank account" if linked else "document"
        raise _refused(f"The payment {payment.record_id} names no {missing}.")
    if not currency:
        raise _refused(f"The payment {payment.record_id} does not say in which currency its document is.")
    on = calendar_date(payment.date)
    rate = base_rate(payment.currency_rate, currency, context.base_currency)
    moved = payment.amount if payment.bank_amount is None else payment.bank_amount
    fingerprint = _fingerprint(
        payment.payment_type, on, party, currency, rate, payment.amount, f"{bank} {linked} {moved}", posts=posts
    )
    return [
        DocumentLine(
            document_id=payment.record_id,
            kind="payment",
            subkind=payment.payment_type,
            number=payment.reference or "",
            document_date=on,
            due_date=None,
            status=payment.status,
            posts=posts,
            party_id=party,
            currency=currency,
            rate=rate,
            total=payment.amount,
            amount_due=ZERO,
            line_id="",
            ledger_account_id="",
            description="",
            net_amount=payment.amount,
            tax_amount=ZERO,
            tracking=NO_TRACKING,
            linked_id=linked,
            bank_account_id=bank,
            modified_at=optional_moment(payment.updated_date_utc),
            version_hash=fingerprint,
            bank_amount=moved,
        )
    ]


def transfer_rows(transfer: wire.BankTransfer, context: Context) -> list[DocumentLine]:
    """Answer a bank transfer as two lines: out of the one account (negative), into the other.

    Raises:
        RecordRefused: Its status, date, or an account cannot be trusted.
    """
    posts = _known(_MONEY_STATUS, transfer.status, "status")
    out, into = transfer.from_bank_account, transfer.to_bank_account
    if not (out.account_id and into.account_id):
        raise _refused(f"The bank transfer {transfer.record_id} does not name both its accounts.")
    currency = out.currency_code or context.base_currency
    on = calendar_date(transfer.date_string or transfer.date)
    rate = transfer.currency_rate or ONE
    lines = [
        ("from", out.account_id, "", -transfer.amount, ZERO, context.tracking(transfer.from_tracking)),
        ("to", into.account_id, "", transfer.amount, ZERO, context.tracking(transfer.to_tracking)),
    ]
    fingerprint = _fingerprint("TRANSFER", on, "", currency, rate, transfer.amount, "", posts=posts, lines=lines)
    header = (transfer.record_id, "transfer", "TRANSFER", transfer.reference or "", on, None, transfer.status, posts)
    return [
        DocumentLine(
            *header,
            "",
            currency,
            rate.quantize(RATE_PLACES) if rate != ONE else ONE,
            transfer.amount,
            ZERO,
            *line,
            "",
            line[1],
            None,
            fingerprint,
            line[3],
        )
        for line in lines
    ]


def account_row(account: wire.Account) -> LedgerAccount:
    """Answer a line of the chart; an unknown class stays empty, and loads refuse it."""
    return LedgerAccount(
        ledger_account_id=account.record_id,
        code=account.number,
        name=account.name,
        account_class=_CLASSES.get(account.account_class, ""),
        account_type=account.type,
        system_role=account.system_account or "",
        currency=account.currency_code,
        active=account.status == "ACTIVE",
        modified_at=optional_moment(account.updated_date_utc),
        version_hash=_hash(account.record_id, account.number, account.name, account.account_class, account.status),
    )


def party_row(contact: wire.Contact) -> Party:
    """Answer a contact; a merged one names its survivor and is inactive."""
    merged = contact.merged_to_contact_id or ""
    return Party(
        party_id=contact.record_id,
        name=contact.name,
        code=contact.account_number or contact.contact_number or "",
        active=contact.contact_status == "ACTIVE" and not merged,
        merged_into=merged,
        modified_at=optional_moment(contact.updated_date_utc),
        version_hash=_hash(contact.record_id, contact.name, contact.contact_status, merged),
    )


def option_rows(category: wire.TrackingCategory) -> list[TrackingOption]:
    """Answer the options of a tracking category; an option of an archived category is inactive."""
    return [
        TrackingOption(
            option_id=option.record_id,
            option=option.name,
            category_id=category.record_id,
            category=category.name,
            active=option.status == "ACTIVE" and category.status == "ACTIVE",
            version_hash=_hash(option.record_id, option.name, option.status, category.name, category.status),
        )
        for option in category.options
    ]


def share_not_recoverable(rate: wire.TaxRate) -> Decimal:
    """Answer which share of a tax type's tax stays in cost; a compound component taxes the others as well."""
    simple = sum((part.rate for part in rate.tax_components if not part.is_compound), Decimal(0))
    weights = [
        (part.rate * (100 + simple) / 100 if part.is_compound else part.rate, part.is_non_recoverable)
        for part in rate.tax_components
    ]
    total = sum((weight for weight, _ in weights), Decimal(0))
    return sum((weight for weight, lost in weights if lost), Decimal(0)) / total if total else Decimal(0)


def _lines(
    document: Any, lines: Sequence[wire.Line], context: Context, *, is_purchase: bool, numbered: bool = False
) -> list[LineParts]:
    """Answer (line_id, account, description, net, recoverable tax, tracking) of each line."""
    inclusive = _known(_INCLUSIVE, document.line_amount_types, "tax treatment")
    not_recoverable = context.not_recoverable if is_purchase else {}
    rows = []
    for position, line in enumerate(lines, start=1):
        tax = line.tax_amount or ZERO
        net = line.line_amount - tax if inclusive else line.line_amount
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
            raise _refused(f"A line of {document.record_id} has no LineItemID.")
        if not account and (net or tax):
            raise _refused(f"The line {line_id} of {document.record_id} names no account.")
        whole += net + tax
    if whole != document.sub_total + document.total_tax:
        raise _refused(
            f"The lines of {document.record_id} add up to {whole}, its totals to {document.sub_total + document.total_tax}."
        )
    if abs(document.total - whole) > ROUNDING_BOUND:
        cis = " It carries a CIS deduction, which is not supported." if document.cis_deduction else ""
        raise _refused(f"The total of {document.record_id} is {document.total}, its lines and tax are {whole}.{cis}")


def _settled(payment: wire.Payment) -> tuple[str, str, str]:
    """Answer (document id, currency, contact id) of what a payment settles; refunds of credits stand under Invoice too."""
    invoice = payment.invoice
    if invoice and invoice.invoice_id:
        return invoice.invoice_id, invoice.currency_code, invoice.contact.contact_id if invoice.contact else ""
    for credit in (payment.credit_note, payment.prepayment, payment.overpayment):
        if credit and credit.record_id:
            return credit.record_id, credit.currency_code, credit.contact.contact_id if credit.contact else ""
    return "", "", ""


def base_rate(rate: Decimal | None, currency: str, base_currency: str) -> Decimal:
    """Answer the document's rate; missing and 0 mean base currency, where the rate is 1.

    Raises:
        RecordRefused: A document in another currency has no rate: no figure of it can be converted.
    """
    if currency == base_currency:
        return ONE
    if not rate or rate < 0:
        raise _refused(f"A document in {currency} carries the rate {rate}; the company's currency is {base_currency}.")
    return rate.quantize(RATE_PLACES)


def _known(words: Mapping[str, Any], word: str, what: str) -> Any:
    try:
        return words[word]
    except KeyError:
        raise _refused(f"The {what} {word!r} is not known.") from None


def _refused(happened: str) -> RecordRefused:
    return RecordRefused(
        happened,
        "Its figures cannot be trusted, so none of them is used.",
        "Look at the record in Xero; if it is right there, update the connector. Then read the period again.",
    )


def _fingerprint(
    type_word: str,
    on: date,
    party: str,
    currency: str,
    rate: Decimal,
    total: Decimal,
    bank: str,
    *,
    posts: bool,
    lines: Sequence[LineParts] = (),
) -> str:
    """Answer the hash of what the books see: a payment received, a due date or a description moves none of it."""
    figures = [f"{line_id},{account},{net},{tax},{tracking}" for line_id, account, _, net, tax, tracking in lines]
    content = f"{type_word}|{on}|{party}|{currency}|{rate}|{total}|{bank}|{posts}|{';'.join(figures)}"
    return hashlib.sha256(content.encode()).hexdigest()


def _hash(*values: str) -> str:
    return hashlib.sha256("\x1f".join(values).encode()).hexdigest()
