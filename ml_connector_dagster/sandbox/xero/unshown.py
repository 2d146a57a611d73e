"""Postings that no document of the API shows: conversion balances and stray cents; revaluation has a file of its own.

They are what makes a trial balance more than the sum of its documents, and each names its class: `conversion` on the day
before the books begin, `rounding` on ROUNDING where a settled foreign document leaves cents.
"""

from datetime import date, timedelta

from ml_connector_dagster.sandbox.books.cents import RATE_ONE, to_base
from ml_connector_dagster.sandbox.books.ledger import EntryLine, Ledger
from ml_connector_dagster.sandbox.books.records import Company, Document
from ml_connector_dagster.sandbox.books.scribe import FirmProfile
from ml_connector_dagster.sandbox.xero.posting import Posting

CONVERSION = "conversion"
ROUNDING = "rounding"
PLANTED = "planted"

_ALLOCATED = {"ACCREC": -1, "ACCPAY": 1, "ACCRECCREDIT": 1, "ACCPAYCREDIT": -1}
_OPENING = (
    ("bank", 420_000_000),
    ("reserve", 150_000_000),
    ("710", 18_000_000),
    ("720", 46_000_000),
    ("711", -6_000_000),
    ("721", -19_000_000),
    ("820", -41_000_000),
    ("900", -60_000_000),
    ("970", -10_000_000),
)


def conversion(company: Company, profile: FirmProfile, first: date) -> Posting:
    """The balances the firm brought along; what they lack goes to retained earnings."""
    banks = [account for account in company.accounts.values() if account.kind == "BANK"]
    by_code = {account.code: account.account_id for account in company.accounts.values() if account.code}
    by_code |= {"bank": banks[0].account_id, "reserve": banks[1].account_id}
    share = profile.headcount
    lines = [EntryLine(by_code[code], cents * share // 200, cents * share // 200) for code, cents in _OPENING]
    rest = -sum(line.amount for line in lines)
    lines.append(EntryLine(company.system("RETAINEDEARNINGS").account_id, rest, rest))
    return Posting(first - timedelta(days=1), CONVERSION, f"conversion-{profile.tenant_id}", lines)


def stray_cents(company: Company, ledger: Ledger, document: Document) -> Posting | None:
    """What rounding left on receivables or payables when a foreign document was settled, cleared to ROUNDING."""
    if document.rate == RATE_ONE or document.status != "PAID" or document.type not in _ALLOCATED:
        return None
    control = company.system("DEBTORS" if document.type.startswith("ACCREC") else "CREDITORS").account_id
    left = sum(
        line.amount
        for source_id in _settling(document)
        for entry in ledger.standing(source_id)
        for line in entry.lines
        if line.account_id == control
    )
    # an allocation at one rate posts nothing, yet each side is lighter by its part
    left += sum(_ALLOCATED[document.type] * to_base(part.amount, document.rate) for part in document.allocations)
    if not left:
        return None
    lines = [EntryLine(control, -left, 0), EntryLine(company.system("ROUNDING").account_id, left, 0)]
    return Posting(_settled_on(document), ROUNDING, stray_source(document), lines)


def stray_source(document: Document) -> str:
    """The source id under which a document's stray cents stand."""
    return f"{ROUNDING}-{document.doc_id}"


def _settling(document: Document) -> list[str]:
    return [document.doc_id, *(payment.payment_id for payment in document.payments)]


def _settled_on(document: Document) -> date:
    days = [payment.day for payment in document.payments if payment.status == "AUTHORISED"]
    days += [allocation.allocated_on for allocation in document.allocations]
    return max(days)
