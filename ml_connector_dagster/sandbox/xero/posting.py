"""How Xero posts: an independent statement of its rules, from which the sandbox's ledger is made.

A foreign amount becomes base currency by division by the document's CurrencyRate, each line and each line's tax rounded
half-up on its own; the receivable, payable or bank leg is the sum of the rounded legs. A payment moves the receivable
at the document's rate and the bank at its own; the difference is realised gain. A prepayment posts its lines when the
money comes and takes them back when it is allocated. Drafts, voided and deleted documents post nothing.
"""

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from ml_connector_dagster.sandbox.books.cents import RATE_ONE, half_up, to_base
from ml_connector_dagster.sandbox.books.ledger import EntryLine
from ml_connector_dagster.sandbox.books.records import Allocation, Company, Document, Line, Payment, Transfer

_POSTS = {
    "Invoices": {"AUTHORISED", "PAID"},
    "CreditNotes": {"AUTHORISED", "PAID"},
    "Prepayments": {"AUTHORISED", "PAID"},
    "Overpayments": {"AUTHORISED", "PAID"},
    "BankTransactions": {"AUTHORISED"},
    "ManualJournals": {"POSTED"},
}
_LINE_SIGN = {
    "ACCREC": -1,
    "ACCPAY": 1,
    "ACCRECCREDIT": 1,
    "ACCPAYCREDIT": -1,
    "SPEND": 1,
    "RECEIVE": -1,
    "SPEND-PREPAYMENT": 1,
    "RECEIVE-PREPAYMENT": -1,
    "SPEND-OVERPAYMENT": 1,
    "RECEIVE-OVERPAYMENT": -1,
}
_RECEIVABLE = {"ACCREC", "ACCRECCREDIT", "RECEIVE-PREPAYMENT", "RECEIVE-OVERPAYMENT"}
_MONEY_IN = {"ACCRECPAYMENT", "APCREDITPAYMENT", "APOVERPAYMENTPAYMENT"}
_ON_RECEIVABLES = {"ACCRECPAYMENT", "ARCREDITPAYMENT", "AROVERPAYMENTPAYMENT"}
_SOURCE_TYPES = {
    "SPEND": "CASHPAID",
    "RECEIVE": "CASHREC",
    "SPEND-PREPAYMENT": "APPREPAYMENT",
    "RECEIVE-PREPAYMENT": "ARPREPAYMENT",
    "SPEND-OVERPAYMENT": "APOVERPAYMENT",
    "RECEIVE-OVERPAYMENT": "AROVERPAYMENT",
    "": "MANJOURNAL",
}


class Posting(NamedTuple):
    """One balanced entry, ready for the ledger."""

    posted_on: date
    source_kind: str
    source_id: str
    lines: list[EntryLine]


class PostingRules:
    """Xero's rules over one company's records."""

    def __init__(self, company: Company) -> None:
        self._company = company
        self._receivable = company.system("DEBTORS").account_id
        self._payable = company.system("CREDITORS").account_id
        self._tax = company.system("GST").account_id
        self._realised = company.system("REALISEDCURRENCYGAIN").account_id
        self._rounding = company.system("ROUNDING").account_id

    def document(self, document: Document) -> Posting | None:
        """The entry of a document with lines; None where its status posts nothing."""
        if document.status not in _POSTS[document.kind]:
            return None
        sign = _LINE_SIGN.get(document.type, 1)
        legs: list[EntryLine] = []
        for line in document.lines:
            legs.extend(self._legs(document, line, sign))
        if document.rounding:
            cents = sign * to_base(document.rounding, document.rate)
            legs.append(EntryLine(self._rounding, cents, sign * document.rounding))
        if document.kind != "ManualJournals":
            control = document.bank_id or (self._receivable if document.type in _RECEIVABLE else self._payable)
            legs.append(EntryLine(control, -sum(leg[1] for leg in legs), -sum(leg[2] for leg in legs)))
        kind = _SOURCE_TYPES.get(document.type, document.type)
        return Posting(document.day, kind, document.doc_id, legs)

    def payment(self, payment: Payment) -> Posting | None:
        """Bank at the payment's rate, receivable or payable at the document's, the difference as realised gain."""
        if payment.status != "AUTHORISED":
            return None
        target = self._company.documents[payment.target_id]
        bank = self._company.accounts[payment.bank_id]
        into = 1 if payment.type in _MONEY_IN else -1
        foreign_bank = payment.rate != RATE_ONE and bank.currency == target.currency
        cents = to_base(payment.bank_amount, payment.rate) if foreign_bank else payment.bank_amount
        settled = to_base(payment.amount, target.rate)
        control = self._receivable if payment.type in _ON_RECEIVABLES else self._payable
        legs = [
            EntryLine(payment.bank_id, into * cents, into * payment.bank_amount),
            EntryLine(control, -into * settled, -into * payment.amount),
        ]
        if cents != settled:
            legs.append(EntryLine(self._realised, into * (settled - cents), 0))
        return Posting(payment.day, payment.type, payment.payment_id, legs)

    def allocation(self, allocation: Allocation) -> Posting | None:
        """Nothing for a credit note or overpayment at one rate; a prepayment's lines go back and its tax with them."""
        credit = self._company.documents[allocation.credit_id]
        invoice = self._company.documents[allocation.invoice_id]
        control = self._receivable if invoice.type == "ACCREC" else self._payable
        into = -1 if invoice.type == "ACCREC" else 1
        settled = into * to_base(allocation.amount, invoice.rate)
        if credit.kind == "Prepayments":
            legs = self._taken_back(credit, allocation.amount)
            kind = _SOURCE_TYPES[credit.type]
        else:
            legs = [EntryLine(control, -into * to_base(allocation.amount, credit.rate), -into * allocation.amount)]
            kind = credit.type
        legs.append(EntryLine(control, settled, into * allocation.amount))
        gain = -sum(leg.amount for leg in legs)
        if gain:
            legs.append(EntryLine(self._realised, gain, 0))
        elif credit.kind != "Prepayments":
            return None
        return Posting(allocation.allocated_on, kind, allocation.allocation_id, legs)

    def transfer(self, transfer: Transfer) -> Posting | None:
        """From one bank account to another."""
        if transfer.status != "AUTHORISED":
            return None
        legs = [
            EntryLine(transfer.from_id, -transfer.amount, -transfer.amount),
            EntryLine(transfer.to_id, transfer.amount, transfer.amount),
        ]
        return Posting(transfer.day, "TRANSFER", transfer.transfer_id, legs)

    def _legs(self, document: Document, line: Line, sign: int) -> Iterator[EntryLine]:
        net, rate = document.net(line), document.rate
        yield EntryLine(
            line.account_id, sign * to_base(net, rate), sign * net, line.line_id, line.tracking, line.description
        )
        if line.tax:
            yield EntryLine(self._tax, sign * to_base(line.tax, rate), sign * line.tax, line.line_id)

    def _taken_back(self, credit: Document, amount: int) -> list[EntryLine]:
        """The prepayment's legs, turned round, as far as they are allocated; the last leg takes the rounding."""
        sign = -_LINE_SIGN[credit.type]
        legs = [leg for line in credit.lines for leg in self._legs(credit, line, sign)]
        if amount == credit.total:
            return legs
        part = [
            leg._replace(
                amount=half_up(leg.amount * amount, credit.total),
                document_amount=half_up(leg.document_amount * amount, credit.total),
            )
            for leg in legs
        ]
        rest = sign * amount - sum(leg.document_amount for leg in part)
        last = part[-1]
        part[-1] = last._replace(amount=last.amount + rest, document_amount=last.document_amount + rest)
        return part
