"""A journal: lines that sum to 0.00, posted once, corrected by a reversal and a new entry."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from ml_connector_dagster.errors import RecordRefused
from ml_connector_dagster.ledger.money import CENT, ZERO

MOST_LINES = 200
"""Lines of one entry in the books; a longer journal is cut into entries that each balance."""


REVERSAL = " reversal"
"""What the key of a correction's reversal ends in, where that is a journal of its own."""


@dataclass(frozen=True, slots=True)
class JournalLine:
    """One debit or credit."""

    ledger_account_id: str
    amount: Decimal
    """Base currency, debit + and credit −."""
    tracking_id: str = ""
    """The class or other reporting dimension's option id; empty for none."""
    memo: str = ""
    ledger_account: str = ""
    """The account's name as people know it, for messages; the id decides."""
    tracking: str = ""


@dataclass(frozen=True, slots=True)
class Journal:
    """What is to stand in the books: its key makes it the same journal, whenever it is sent again."""

    key: str
    """Chosen by whoever writes the journal, unique in its company."""
    posting_date: date
    lines: tuple[JournalLine, ...]
    is_adjustment: bool = False
    """An accountant's adjustment, where the accounting system marks those."""

    @property
    def balance(self) -> Decimal:
        """Debits less credits; 0.00 in every journal that may be posted."""
        return sum((line.amount for line in self.lines), ZERO)

    @property
    def debits(self) -> Decimal:
        """The total of one side."""
        return sum((line.amount for line in self.lines if line.amount > 0), ZERO)

    @property
    def content_hash(self) -> str:
        """The hash of what would stand in the books; two journals of one key and hash are the same.

        Names of accounts and classes are not in it, since a renamed account is the same account.
        """
        lines = [
            [line.ledger_account_id, f"{line.amount.quantize(CENT)}", line.tracking_id, line.memo]
            for line in self.lines
        ]
        content = [self.key, self.posting_date.isoformat(), self.is_adjustment, lines]
        return hashlib.sha256(json.dumps(content, separators=(",", ":")).encode()).hexdigest()

    def checked(self) -> Journal:
        """Answer the journal without its zero lines, cents written out.

        Raises:
            RecordRefused: It does not balance, has fractions of a cent, or posts nothing.
        """
        for line in self.lines:
            if line.amount != line.amount.quantize(CENT):
                raise _refused(self.key, f"has a line of {line.amount:f}, a fraction of a cent")
        if self.balance:
            raise _refused(self.key, f"does not balance: debits less credits are {self.balance:.2f}")
        lines = tuple(replace(line, amount=line.amount.quantize(CENT)) for line in self.lines if line.amount)
        if not lines:
            raise _refused(self.key, "has no line with an amount")
        return replace(self, lines=lines)


def reversal(journal: Journal, *, key: str, posting_date: date) -> Journal:
    """Answer the journal that takes another back: the same lines with the sides exchanged."""
    lines = tuple(replace(line, amount=-line.amount) for line in journal.lines)
    return replace(journal, key=key, posting_date=posting_date, lines=lines)


def correction(posted: Journal, wanted: Journal, *, key: str) -> tuple[Journal, ...]:
    """Answer what turns a posted journal into the wanted one, so that no crash leaves half of it.

    One journal holds reversal and new lines where both have one date; else a pair in order, reversal first.
    """
    taken_back = reversal(posted, key=f"{key}{REVERSAL}", posting_date=posted.posting_date)
    if posted.posting_date == wanted.posting_date:
        return (replace(wanted, key=key, lines=taken_back.lines + wanted.lines),)
    return taken_back, replace(wanted, key=key)


def entries(journal: Journal, most_lines: int = MOST_LINES) -> tuple[tuple[JournalLine, ...], ...]:
    """Cut a checked journal into entries that each balance and have at most so many lines.

    Lines keep their order within an entry. Where a cut needs it, one line is parted over two entries, so the total of
    every account and class is what it was, to the cent.
    """
    if len(journal.lines) <= most_lines:
        return (journal.lines,)
    return tuple(
        tuple(replace(journal.lines[index], amount=amounts[index]) for index in sorted(amounts))
        for amounts in _parted(journal.lines, most_lines)
    )


def _parted(lines: Sequence[JournalLine], most_lines: int) -> Iterator[dict[int, Decimal]]:
    """Yield {index of a line: the part of its amount} of each entry."""
    current: dict[int, Decimal] = {}
    for debit, credit, amount in _pairs(lines):
        added = {debit, credit} - current.keys()
        if len(current) + len(added) > most_lines:
            yield current
            current = {}
        current[debit] = current.get(debit, ZERO) + amount
        current[credit] = current.get(credit, ZERO) - amount
    yield current


def _pairs(lines: Sequence[JournalLine]) -> Iterator[tuple[int, int, Decimal]]:
    """Yield (debit line, credit line, amount): which part of a debit stands against which part of a credit."""
    debits = [(index, line.amount) for index, line in enumerate(lines) if line.amount > 0]
    credits_ = [(index, -line.amount) for index, line in enumerate(lines) if line.amount < 0]
    debit, credit = debits.pop(0), credits_.pop(0)
    while True:
        amount = min(debit[1], credit[1])
        yield debit[0], credit[0], amount
        debit, credit = (debit[0], debit[1] - amount), (credit[0], credit[1] - amount)
        if not debit[1]:
            if not debits:
                return
            debit = debits.pop(0)
        if not credit[1]:
            credit = credits_.pop(0)


def _refused(key: str, why: str) -> RecordRefused:
    return RecordRefused(
        f"The journal {key!r} {why}.",
        "Nothing of it was posted.",
        "Correct its lines, then post it again.",
        journal=key,
    )
