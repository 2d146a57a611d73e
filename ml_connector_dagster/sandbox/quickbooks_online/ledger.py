"""The company's general ledger: one posting a transaction, home-currency cents, debit +. Every report is a view of it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple


class Leg(NamedTuple):
    """One leg with the names and tags that the general ledger shows beside it."""

    account_id: str
    amount: int
    name_id: str = ""
    customer_id: str = ""
    class_id: str = ""
    department_id: str = ""
    memo: str = ""


@dataclass(slots=True)
class Posting:
    """What one transaction posted. kind is the report's word; shown is False for what no feed and no entity tells of."""

    txn_id: str
    day: date
    kind: str
    legs: Sequence[Leg]
    number: str = ""
    currency: str = "USD"
    rate: int = 1_000_000
    created_at: int = 0
    updated_at: int = 0
    shown: bool = True


class OutOfBalance(ValueError):  # noqa: N818 - the word of the trade
    """Legs that do not sum to 0.00; nothing was posted."""


class Ledger:
    """Postings by transaction id. A changed transaction is posted anew in place: the report shows no reversals."""

    def __init__(self) -> None:
        self._postings: dict[str, Posting] = {}

    def post(self, posting: Posting) -> None:
        """Post, or post anew; raises OutOfBalance."""
        out = sum(leg.amount for leg in posting.legs)
        if out:
            raise OutOfBalance(f"{posting.kind} {posting.txn_id} is out by {out} cents.")
        self._postings[posting.txn_id] = posting

    def withdraw(self, txn_id: str) -> None:
        self._postings.pop(txn_id, None)

    def find(self, txn_id: str) -> Posting | None:
        return self._postings.get(txn_id)

    def between(self, first: date, last: date) -> Iterator[Posting]:
        """Postings of the days, both included, in no order."""
        return (posting for posting in self._postings.values() if first <= posting.day <= last)

    def movement(self, first: date, last: date, *, shown_only: bool = False) -> dict[str, int]:
        """Cents by account between two days, both included."""
        return total(
            leg for posting in self.between(first, last) if posting.shown or not shown_only for leg in posting.legs
        )


def total(legs: Iterable[Leg]) -> dict[str, int]:
    """Cents by account."""
    found: dict[str, int] = {}
    for leg in legs:
        found[leg.account_id] = found.get(leg.account_id, 0) + leg.amount
    return found
