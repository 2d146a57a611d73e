"""Revaluation at each month's end: what is open in a foreign currency is worth the closing rate, and is taken back a day later.

Receivables and payables move against UNREALISEDCURRENCYGAIN, document by document; every foreign bank account moves against
BANKCURRENCYGAIN. No document of the API shows any of it: only reports do.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta

from ml_connector_dagster.sandbox.books.cents import RATE_ONE, to_base
from ml_connector_dagster.sandbox.books.ledger import EntryLine, Ledger
from ml_connector_dagster.sandbox.books.rates import Market
from ml_connector_dagster.sandbox.books.records import Account, Company, Document
from ml_connector_dagster.sandbox.books.scribe import FirmProfile, month_end
from ml_connector_dagster.sandbox.xero.posting import Posting

FX_REVALUATION = "fx_revaluation"
RECEIVABLE_SIGNS = {"ACCREC": 1, "ACCRECCREDIT": -1, "RECEIVE-OVERPAYMENT": -1}
PAYABLE_SIGNS = {"ACCPAY": -1, "ACCPAYCREDIT": 1, "SPEND-OVERPAYMENT": 1}
_STANDS = {"AUTHORISED", "PAID"}


def revaluations(
    company: Company, ledger: Ledger, market: Market, profile: FirmProfile, first: date, today: date
) -> Iterator[Posting]:
    """Receivables, payables and each foreign bank account at every month's end, the running month's at today's rate."""
    ends = list(_month_ends(first, today))
    unrealised = company.system("UNREALISEDCURRENCYGAIN").account_id
    for name, role, signs in (
        ("receivables", "DEBTORS", RECEIVABLE_SIGNS),
        ("payables", "CREDITORS", PAYABLE_SIGNS),
    ):
        gains = _gains(company, market, profile.base, today, signs)
        for end in ends:
            yield from _there_and_back(name, end, gains[end], company.system(role).account_id, unrealised)
    bank_gain = company.system("BANKCURRENCYGAIN").account_id
    banks = foreign_banks(company, profile.base)
    held = _held_by_month(ledger, {bank.account_id for bank in banks})
    for bank in banks:
        units = booked = 0
        for end in ends:
            units, booked = units + held[bank.account_id, end][0], booked + held[bank.account_id, end][1]
            gain = to_base(units, market.rate(bank.currency, profile.base, end)) - booked
            yield from _there_and_back(bank.account_id, end, gain, bank.account_id, bank_gain)


def foreign_banks(company: Company, base: str) -> list[Account]:
    """The bank accounts kept in another currency than the company's."""
    return [account for account in company.accounts.values() if account.kind == "BANK" and account.currency != base]


def open_on(document: Document, day: date) -> int:
    """What was still due, or unused of a credit, when a day ended; in the document's currency, never negative."""
    if document.status not in _STANDS or document.day > day:
        return 0
    paid = sum(entry.amount for entry in document.payments if entry.status == "AUTHORISED" and entry.day <= day)
    return document.total - paid - sum(entry.amount for entry in document.allocations if entry.allocated_on <= day)


def _month_ends(first: date, today: date) -> Iterator[date]:
    end, last = month_end(first), month_end(today)
    while end <= last:
        yield end
        end = month_end(end + timedelta(days=1))


def _gains(company: Company, market: Market, base: str, today: date, signs: dict[str, int]) -> defaultdict[date, int]:
    """Gain by month end over the open part of every foreign document of one side."""
    gains: defaultdict[date, int] = defaultdict(int)
    for document in company.documents.values():
        if document.rate == RATE_ONE or document.type not in signs or document.status not in _STANDS:
            continue
        for end, amount in _open_at_ends(document, today):
            rate = market.rate(document.currency, base, end)
            gains[end] += signs[document.type] * (to_base(amount, rate) - to_base(amount, document.rate))
    return gains


def _open_at_ends(document: Document, today: date) -> Iterator[tuple[date, int]]:
    """What was open at each month's end until nothing was: ``open_on`` for many days in one walk."""
    settled = [(entry.day, entry.amount) for entry in document.payments if entry.status == "AUTHORISED"]
    settled += [(entry.allocated_on, entry.amount) for entry in document.allocations]
    total = document.total
    for end in _month_ends(document.day, today):
        amount = total - sum(part for day, part in settled if day <= end)
        if amount == 0:
            return
        yield end, amount


def _held_by_month(ledger: Ledger, bank_ids: set[str]) -> defaultdict[tuple[str, date], list[int]]:
    """Foreign cents and base cents that were booked on foreign bank accounts, by account and month's end."""
    held: defaultdict[tuple[str, date], list[int]] = defaultdict(lambda: [0, 0])
    for entry in ledger.all_standing():
        for line in entry.lines:
            if line[0] in bank_ids and entry.source_kind != FX_REVALUATION:
                month = held[line[0], month_end(entry.posted_on)]
                month[0] += line.document_amount
                month[1] += line.amount
    return held


def _there_and_back(what: str, end: date, gain: int, account_id: str, against: str) -> Iterator[Posting]:
    if gain:
        source_id = f"{FX_REVALUATION}-{what}-{end}"
        lines = [EntryLine(account_id, gain, 0), EntryLine(against, -gain, 0)]
        yield Posting(end, FX_REVALUATION, source_id, lines)
        back = [EntryLine(account_id, -gain, 0), EntryLine(against, gain, 0)]
        yield Posting(end + timedelta(days=1), FX_REVALUATION, f"{source_id}-reversed", back)
