"""What reports are made of: legs between two days that pass the report's filters, and balances as of a day."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from lxml import etree

from ml_connector_dagster.sandbox.quickbooks_desktop.cash import cash_ledger
from ml_connector_dagster.sandbox.quickbooks_desktop.company import Company
from ml_connector_dagster.sandbox.quickbooks_desktop.filters import chosen, macro_days, times
from ml_connector_dagster.sandbox.quickbooks_desktop.ledger import Ledger, Leg, Posting, total
from ml_connector_dagster.sandbox.quickbooks_desktop.lists_wire import BALANCE_TYPES
from ml_connector_dagster.sandbox.quickbooks_desktop.refusals import Refused
from ml_connector_dagster.sandbox.quickbooks_desktop.request import text, texts

Matrix = dict[str, dict[str, int]]
"""Cents by row and column."""


@dataclass(frozen=True)
class Asked:
    """Which legs a report is about. shown_only leaves out what only balances show."""

    company: Company
    ledger: Ledger
    first: date
    last: date
    basis: str
    accounts: set[str] | None
    classes: set[str] | None
    parties: set[str] | None
    kinds: frozenset[str]
    modified: Callable[[str], bool]

    @classmethod
    def read(cls, company: Company, request: etree._Element) -> "Asked":
        """The filters of a report's request."""
        first, last = _period(company, request)
        basis = text(request, "ReportBasis") or "Accrual"
        return cls(
            company,
            cash_ledger(company) if basis == "Cash" else company.ledger,
            first,
            last,
            basis,
            chosen(request.find("ReportAccountFilter"), ["Account"], company),
            chosen(request.find("ReportClassFilter"), ["Class"], company),
            chosen(request.find("ReportEntityFilter"), ["Customer", "Vendor"], company),
            frozenset(texts(request, "ReportTxnTypeFilter/TxnTypeFilter")) - {"All"},
            _modified(company, request),
        )

    def legs(self, *, shown_only: bool = False) -> Iterator[tuple[Posting, Leg]]:
        """The legs, each with its posting."""
        for posting in self.ledger.between(self.first, self.last):
            if shown_only and (not posting.shown or posting.txn_id in self.company.unfed):
                continue
            if self._has(posting):
                yield from ((posting, leg) for leg in posting.legs if self._wants(leg))

    def _has(self, posting: Posting) -> bool:
        txn = self.company.txns.get(posting.txn_id)
        if self.kinds and (txn is None or txn.kind not in self.kinds):
            return False
        return self.modified(posting.txn_id)

    def _wants(self, leg: Leg) -> bool:
        return (
            (self.accounts is None or leg.account_id in self.accounts)
            and (self.classes is None or leg.class_id in self.classes)
            and (self.parties is None or leg.name_id in self.parties)
        )

    def matrix(self, row: Callable[[Posting, Leg], str], column: Callable[[Posting, Leg], str]) -> Matrix:
        """Cents, debit +, by row and column."""
        found: Matrix = {}
        for posting, leg in self.legs():
            cells = found.setdefault(row(posting, leg), {})
            key = column(posting, leg)
            cells[key] = cells.get(key, 0) + leg.amount
        return found


def _period(company: Company, request: etree._Element) -> tuple[date, date]:
    period, today = request.find("ReportPeriod"), company.now().date()
    if macro := text(request, "ReportDateMacro"):
        return macro_days(macro, today)
    if period is None:
        return macro_days("ThisMonthToDate", today)
    first, last = text(period, "FromReportDate"), text(period, "ToReportDate")
    found = date.fromisoformat(first) if first else date.min, date.fromisoformat(last) if last else today
    if found[0] > found[1]:
        raise Refused(3030, f"The report period from {first} to {last} is invalid.")
    return found


def _modified(company: Company, request: etree._Element) -> Callable[[str], bool]:
    element = request.find("ReportModifiedDateRangeFilter")
    if element is None:
        return lambda _txn_id: True
    since, until = times(element, "FromReportModifiedDate", "ToReportModifiedDate")
    return lambda txn_id: txn_id in company.txns and since <= company.txns[txn_id].modified_at <= until


def year_start(company: Company, day: date) -> date:
    """The first day of the fiscal year that a day belongs to."""
    month = company.preferences.fiscal_month
    return date(day.year if day.month >= month else day.year - 1, month, 1)


def trial_balance(company: Company, last: date, ledger: Ledger | None = None) -> dict[str, int]:
    """Balances as of a day, debit +: income and expense of the fiscal year alone, earlier profit within retained earnings."""
    ledger = ledger or company.ledger
    start = year_start(company, last)
    standing = ledger.balance(last)
    this_year = total(leg for posting in ledger.between(start, last) for leg in posting.legs)
    earlier, found = 0, dict[str, int]()
    for account, cents in standing.items():
        if company.lists["Account"][account].account_type in BALANCE_TYPES:
            found[account] = cents
        else:
            found[account] = this_year.get(account, 0)
            earlier += cents - found[account]
    kept = company.special("RetainedEarnings")
    found[kept] = found.get(kept, 0) + earlier
    return found
