"""The company's general ledger: one posting a transaction, whole cents, debit +. Documents and reports are views of it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

Month = tuple[int, int]


class Leg(NamedTuple):
    """One leg, with the names that a detail report shows beside it."""

    account_id: str
    amount: int
    class_id: str = ""
    name_id: str = ""
    memo: str = ""


@dataclass(slots=True)
class Posting:
    """What one transaction posted. shown is False for what balances show and no detail report and no query."""

    txn_id: str
    day: date
    legs: Sequence[Leg]
    shown: bool = True


class OutOfBalance(ValueError):  # noqa: N818 - the word of the trade
    """Legs that do not sum to 0.00; nothing was posted."""


class Ledger:
    """Postings by transaction, kept by month. A changed transaction is posted anew in place; QuickBooks shows no reversals."""

    def __init__(self) -> None:
        self._month_of: dict[str, Month] = {}
        self._months: dict[Month, dict[str, Posting]] = {}
        self._sums: dict[Month, dict[str, int]] = {}

    def post(self, posting: Posting) -> None:
        """Post, or post anew; raises OutOfBalance."""
        out = sum(leg[1] for leg in posting.legs)
        if out:
            raise OutOfBalance(f"{posting.txn_id} is out by {out} cents.")
        month = (posting.day.year, posting.day.month)
        before = self._month_of.get(posting.txn_id)
        if before is not None and before != month:
            self.withdraw(posting.txn_id)
        self._month_of[posting.txn_id] = month
        self._months.setdefault(month, {})[posting.txn_id] = posting
        self._sums.pop(month, None)

    def withdraw(self, txn_id: str) -> None:
        """Take a transaction out; one that posted nothing is no error."""
        month = self._month_of.pop(txn_id, None)
        if month is not None:
            del self._months[month][txn_id]
            self._sums.pop(month, None)

    def all(self) -> Iterator[Posting]:
        """Every posting, by month as they came."""
        return (posting for month in self._months.values() for posting in month.values())

    def find(self, txn_id: str) -> Posting | None:
        month = self._month_of.get(txn_id)
        return self._months[month][txn_id] if month else None

    def between(self, first: date, last: date) -> Iterator[Posting]:
        """Postings of the days, both included, by month."""
        since, until = (first.year, first.month), (last.year, last.month)
        for month in sorted(month for month in self._months if since <= month <= until):
            yield from (one for one in self._months[month].values() if first <= one.day <= last)

    def movement(self, first: date, last: date, *, shown_only: bool = False) -> dict[str, int]:
        """Cents by account between two days, both included."""
        legs = (one.legs for one in self.between(first, last) if one.shown or not shown_only)
        return total(leg for found in legs for leg in found)

    def balance(self, last: date) -> dict[str, int]:
        """Cents by account from the beginning up to a day, included; whole months are kept summed."""
        until, found = (last.year, last.month), dict[str, int]()
        for month in self._months:
            if month < until:
                for account, cents in self._sum(month).items():
                    found[account] = found.get(account, 0) + cents
        for account, cents in self.movement(last.replace(day=1), last).items():
            found[account] = found.get(account, 0) + cents
        return found

    def _sum(self, month: Month) -> dict[str, int]:
        if month not in self._sums:
            self._sums[month] = total(leg for posting in self._months[month].values() for leg in posting.legs)
        return self._sums[month]


def total(legs: Iterable[Leg]) -> dict[str, int]:
    """Cents by account."""
    found: dict[str, int] = {}
    for account, cents, *_ in legs:
        found[account] = found.get(account, 0) + cents
    return found
