"""Postings that no document of the API shows: conversion balances, currency revaluation at month end, stray cents.

They are what makes a trial balance more than the sum of its documents, and each names its class:
`conversion` on the day before the books begin, `fx_revaluation` on UNREALISEDCURRENCYGAIN and BANKCURRENCYGAIN at each
month's end with its reversal on the next day, `rounding` on ROUNDING where a settled foreign document leaves cents.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta

from ml_connector_dagster.sandbox.books.cents import RATE_ONE, to_base
from ml_connector_dagster.sandbox.books.ledger import EntryLine, Ledger
from ml_connector_dagster.sandbox.books.rates import Market
from ml_connector_dagster.sandbox.books.records import Company, Document
from ml_connector_dagster.sandbox.books.scribe import FirmProfile, month_end, next_month
from ml_connector_dagster.sandbox.xero.posting import Posting

CONVERSION = "conversion"
FX_REVALUATION = "fx_revaluation"
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


def revaluations(
    company: Company, ledger: Ledger, market: Market, profile: FirmProfile, first: date, today: date
) -> Iterator[Posting]:
    """Open foreign receivables and the foreign bank account at each month's closing rate, taken back a day later."""
    receivable, unrealised = company.system("DEBTORS").account_id, company.system("UNREALISEDCURRENCYGAIN").account_id
    bank = [account for account in company.accounts.values() if account.kind == "BANK"][2]
    bank_gain = company.system("BANKCURRENCYGAIN").account_id
    gains = _receivable_gains(company, market, profile.base, today)
    held = _held_by_month(ledger, bank.account_id)
    units = carried = 0
    month = first
    while month_end(month) <= today:
        end = month_end(month)
        units, carried = units + held[month][0], carried + held[month][1]
        bank_change = to_base(units, market.rate(bank.currency, profile.base, end)) - carried
        for name, gain, account_id, against in (
            ("receivables", gains[end], receivable, unrealised),
            ("bank", bank_change, bank.account_id, bank_gain),
        ):
            yield from _there_and_back(f"{FX_REVALUATION}-{name}-{end}", end, today, gain, account_id, against)
        month = next_month(month)


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


def _there_and_back(
    source_id: str, end: date, today: date, gain: int, account_id: str, against: str
) -> Iterator[Posting]:
    if gain:
        lines = [EntryLine(account_id, gain, 0), EntryLine(against, -gain, 0)]
        yield Posting(end, FX_REVALUATION, source_id, lines)
        if end < today:
            back = [EntryLine(account_id, -gain, 0), EntryLine(against, gain, 0)]
            yield Posting(end + timedelta(days=1), FX_REVALUATION, f"{source_id}-reversed", back)


def _receivable_gains(company: Company, market: Market, base: str, today: date) -> defaultdict[date, int]:
    """Gain by month end over the open part of every foreign sales invoice."""
    gains: defaultdict[date, int] = defaultdict(int)
    for invoice in company.documents.values():
        if invoice.type != "ACCREC" or invoice.rate == RATE_ONE or invoice.status not in {"AUTHORISED", "PAID"}:
            continue
        end = month_end(invoice.day)
        while end <= today:
            open_amount = _open_on(invoice, end)
            if open_amount == 0:
                break
            rate = market.rate(invoice.currency, base, end)
            gains[end] += to_base(open_amount, rate) - to_base(open_amount, invoice.rate)
            end = month_end(end + timedelta(days=1))
    return gains


def _open_on(invoice: Document, day: date) -> int:
    paid = sum(entry.amount for entry in invoice.payments if entry.status == "AUTHORISED" and entry.day <= day)
    return invoice.total - paid - sum(entry.amount for entry in invoice.allocations if entry.allocated_on <= day)


def _held_by_month(ledger: Ledger, bank_id: str) -> defaultdict[date, list[int]]:
    """Foreign cents and base cents that moved through the foreign bank account, by month."""
    held: defaultdict[date, list[int]] = defaultdict(lambda: [0, 0])
    for entry in ledger.all_standing():
        for line in entry.lines:
            if line.account_id == bank_id:
                month = held[entry.posted_on.replace(day=1)]
                month[0] += line.document_amount
                month[1] += line.amount
    return held
