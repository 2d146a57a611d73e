"""A double-entry ledger: entries that balance, reversals instead of changes, balances from postings alone."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple


class EntryLine(NamedTuple):
    """One leg: base-currency cents, debit + and credit −; document_amount in the document's currency, same sign."""

    account_id: str
    amount: int
    document_amount: int
    line_id: str = ""
    tracking: tuple[str, ...] = ()
    description: str = ""


@dataclass(slots=True)
class Entry:
    """One posting of one source. shown is False where no document of the vendor's API tells of it."""

    number: int
    posted_on: date
    source_kind: str
    source_id: str
    lines: Sequence[EntryLine]
    created_ms: int
    shown: bool = True
    reversed: bool = False
    """True for an entry that was taken back and for the one that took it back: together they are nothing."""


class OutOfBalance(ValueError):  # noqa: N818 - the word of the trade
    """An entry whose legs do not sum to 0.00; nothing was posted."""


class Ledger:
    """The general ledger of one company. Entries are never changed: a change is a reversal and a new entry."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self._by_source: dict[str, list[Entry]] = {}
        self._days: dict[str, dict[date, int]] = {}
        self._next_number = 1

    def post(
        self,
        posted_on: date,
        source_kind: str,
        source_id: str,
        lines: Sequence[EntryLine],
        *,
        created_ms: int,
        shown: bool = True,
    ) -> Entry:
        """Post one entry; legs of 0 are welcome, legs that do not balance raise OutOfBalance."""
        if sum(line[1] for line in lines) != 0:
            raise OutOfBalance(f"{source_kind} {source_id} is out by {sum(line.amount for line in lines)} cents.")
        entry = Entry(self._next_number, posted_on, source_kind, source_id, lines, created_ms, shown)
        self._book(entry)
        self._by_source.setdefault(source_id, []).append(entry)
        return entry

    def withdraw(self, source_id: str, created_ms: int) -> None:
        """Reverse what stands from this source, on its own dates, as Xero does for an edit and for a void."""
        for entry in self._by_source.pop(source_id, []):
            entry.reversed = True
            lines = [line._replace(amount=-line.amount, document_amount=-line.document_amount) for line in entry.lines]
            self._book(
                Entry(
                    self._next_number,
                    entry.posted_on,
                    entry.source_kind,
                    source_id,
                    lines,
                    created_ms,
                    entry.shown,
                    reversed=True,
                )
            )

    def standing(self, source_id: str) -> list[Entry]:
        """What stands from one source."""
        return list(self._by_source.get(source_id, ()))

    def all_standing(self) -> Iterator[Entry]:
        """Every entry that was not taken back."""
        return (entry for entry in self.entries if not entry.reversed)

    def movement(self, first: date | None, last: date) -> dict[str, int]:
        """Cents by account between two days, both included; from the beginning where first is None."""
        start = first or date.min
        return {
            account_id: sum(cents for day, cents in days.items() if start <= day <= last)
            for account_id, days in self._days.items()
        }

    def first_day(self) -> date:
        """The earliest day with a posting."""
        return min(day for days in self._days.values() for day in days)

    def tracked_movement(self, first: date, last: date, options: frozenset[str]) -> dict[str, int]:
        """Like movement, only of the legs that carry every one of the tracking options."""
        found: defaultdict[str, int] = defaultdict(int)
        for entry in self.entries:
            if first <= entry.posted_on <= last:
                for line in entry.lines:
                    if options <= set(line.tracking):
                        found[line.account_id] += line.amount
        return dict(found)

    def _book(self, entry: Entry) -> None:
        # every 97th number is left out: Xero's journal numbers have gaps, and readers must not count them
        self._next_number += 2 if self._next_number % 97 == 0 else 1
        self.entries.append(entry)
        day = entry.posted_on
        for line in entry.lines:
            days = self._days.get(line[0])
            if days is None:
                days = self._days[line[0]] = {}
            days[day] = days.get(day, 0) + line[1]
