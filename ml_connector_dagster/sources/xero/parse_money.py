"""Xero's payments and bank transfers to rows of ``ledger/``: money that moves without lines of its own."""

from __future__ import annotations

from collections.abc import Mapping

from ml_connector_dagster.ledger.document import DocumentLine
from ml_connector_dagster.ledger.money import ZERO
from ml_connector_dagster.sources.xero import wire
from ml_connector_dagster.sources.xero.context import (
    MONEY_STATUS,
    NO_TRACKING,
    ONE,
    RATE_PLACES,
    Context,
    base_rate,
    fingerprint,
    known,
    untrusted,
)
from ml_connector_dagster.sources.xero.dates import calendar_date, optional_moment

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


def payment_rows(payment: wire.Payment, context: Context) -> list[DocumentLine]:
    """Answer a payment as one line on its bank account, linked to the document it settles.

    A base-currency payment carries CurrencyRate 0: it means 1, and nothing is ever divided by it.

    Raises:
        RecordRefused: Its type, status, date, bank account, document or rate cannot be trusted.
    """
    known(PAYMENT_ENTITY, payment.payment_type, "payment type")
    posts = known({"AUTHORISED": True, "DELETED": False}, payment.status, "status")
    linked, currency, party = _settled(payment)
    bank = payment.account.account_id if payment.account else ""
    _must_say(payment, {"document": linked, "bank account": bank} if posts else {}, currency)
    on = calendar_date(payment.date)
    rate = base_rate(payment.currency_rate, currency, context.base_currency)
    moved = payment.amount if payment.bank_amount is None else payment.bank_amount
    mark = fingerprint((), payment.payment_type, on, party, currency, rate, payment.amount, bank, linked, moved, posts)
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
            version_hash=mark,
            bank_amount=moved,
        )
    ]


def _must_say(payment: wire.Payment, needed: Mapping[str, str], currency: str) -> None:
    for what, named in needed.items():
        if not named:
            raise untrusted(f"The payment {payment.record_id} names no {what}.")
    if not currency:
        raise untrusted(f"The payment {payment.record_id} does not say in which currency its document is.")


def transfer_rows(transfer: wire.BankTransfer, context: Context) -> list[DocumentLine]:
    """Answer a bank transfer as two lines: out of the one account (negative), into the other.

    Raises:
        RecordRefused: Its status, date, or an account cannot be trusted.
    """
    posts = known(MONEY_STATUS, transfer.status, "status")
    out, into = transfer.from_bank_account, transfer.to_bank_account
    if not (out.account_id and into.account_id):
        raise untrusted(f"The bank transfer {transfer.record_id} does not name both its accounts.")
    currency = out.currency_code or context.base_currency
    on = calendar_date(transfer.date_string or transfer.date)
    rate = transfer.currency_rate or ONE
    lines = [
        ("from", out.account_id, "", -transfer.amount, ZERO, context.tracking(transfer.from_tracking)),
        ("to", into.account_id, "", transfer.amount, ZERO, context.tracking(transfer.to_tracking)),
    ]
    mark = fingerprint(lines, "TRANSFER", on, currency, rate, posts)
    header = (transfer.record_id, "transfer", "TRANSFER", transfer.reference or "", on, None, transfer.status, posts)
    money = ("", currency, rate.quantize(RATE_PLACES) if rate != ONE else ONE, transfer.amount, ZERO)
    return [DocumentLine._make((*header, *money, *line, "", line[1], None, mark, line[3])) for line in lines]


def _settled(payment: wire.Payment) -> tuple[str, str, str]:
    """Answer (document id, currency, contact id) of what a payment settles; refunds of credits stand under Invoice too."""
    invoice = payment.invoice
    if invoice and invoice.invoice_id:
        return invoice.invoice_id, invoice.currency_code, invoice.contact.contact_id if invoice.contact else ""
    for credit in (payment.credit_note, payment.prepayment, payment.overpayment):
        if credit and credit.record_id:
            return credit.record_id, credit.currency_code, credit.contact.contact_id if credit.contact else ""
    return "", "", ""
