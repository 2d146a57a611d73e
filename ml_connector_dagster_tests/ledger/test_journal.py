"""Journals: balanced to the cent, cut into balanced entries, corrected without a crash leaving half of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_connector_dagster.errors import RecordRefused
from ml_connector_dagster.ledger.journal import Journal, JournalLine, correction, entries, reversal

DAY = date(2026, 11, 30)


def journal(*amounts: str, key: str = "A", day: date = DAY) -> Journal:
    lines = tuple(JournalLine(f"acc{place}", Decimal(text)) for place, text in enumerate(amounts))
    return Journal(key, day, lines)


@pytest.mark.parametrize(
    ("amounts", "why"),
    [
        (("10.00", "-9.99"), "does not balance: debits less credits are 0.01"),
        (("10.005", "-10.005"), "a fraction of a cent"),
        (("0.00",), "no line with an amount"),
    ],
)
def test_a_journal_that_may_not_stand_in_books_is_refused(amounts: tuple[str, ...], why: str) -> None:
    with pytest.raises(RecordRefused, match=why):
        journal(*amounts).checked()


def test_zero_lines_are_dropped_and_cents_are_written_out() -> None:
    checked = journal("10", "0", "-10").checked()
    assert [f"{line.amount}" for line in checked.lines] == ["10.00", "-10.00"]
    assert (checked.debits, checked.balance) == (Decimal("10.00"), 0)


def test_the_hash_is_of_what_would_stand_in_the_books() -> None:
    one = journal("10.00", "-10.00")
    renamed = replace(one, lines=tuple(replace(line, ledger_account="new name") for line in one.lines))
    assert renamed.content_hash == journal("10", "-10").content_hash == one.content_hash
    changed = (
        journal("10.01", "-10.01"), replace(one, posting_date=date(2026, 12, 1)), replace(one, is_adjustment=True),
        replace(one, key="B"), replace(one, lines=tuple(replace(line, memo="m") for line in one.lines)),
    )  # fmt: skip
    assert len({one.content_hash, *(other.content_hash for other in changed)}) == 6


def test_201_lines_are_two_balanced_entries() -> None:
    """One big credit against 200 debits: the credit is parted, no account's total moves."""
    whole = journal(*["1.00"] * 200, "-200.00").checked()
    cut = entries(whole)
    assert [len(lines) for lines in cut] == [200, 2]
    assert all(sum(line.amount for line in lines) == 0 for lines in cut)
    assert totals(line for lines in cut for line in lines) == totals(whole.lines)


def test_a_short_journal_is_one_entry_as_it_stands() -> None:
    whole = journal("-5.00", "7.00", "-2.00")
    assert entries(whole) == (whole.lines,)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(-(10**6), 10**6).filter(bool), min_size=1, max_size=40), st.integers(2, 9))
def test_entries_balance_keep_every_total_and_the_limit(cents: list[int], most: int) -> None:
    closing = [-sum(cents)] if sum(cents) else []
    lines = tuple(
        JournalLine(f"acc{place % 7}", Decimal(amount) / 100) for place, amount in enumerate([*cents, *closing])
    )
    cut = entries(Journal("A", DAY, lines), most)
    assert all(sum(line.amount for line in part) == 0 for part in cut)
    assert all(len(part) <= most and all(line.amount for line in part) for part in cut)
    assert totals(line for part in cut for line in part) == totals(lines)


def test_protocol_20_one_journal_holds_reversal_and_new_lines() -> None:
    (made,) = correction(journal("10.00", "-10.00"), journal("12.00", "-12.00"), key="A correction 1")
    assert [line.amount for line in made.lines] == [Decimal(text) for text in ("-10.00", "10.00", "12.00", "-12.00")]
    assert (made.key, made.posting_date, made.balance) == ("A correction 1", DAY, 0)


def test_protocol_20_two_dates_are_an_ordered_pair_reversal_first() -> None:
    wanted = journal("12.00", "-12.00", day=date(2026, 12, 1))
    back, new = correction(journal("10.00", "-10.00"), wanted, key="A correction 1")
    assert (back.key, back.posting_date) == ("A correction 1 reversal", DAY)
    assert (new.key, new.posting_date) == ("A correction 1", date(2026, 12, 1))
    assert reversal(back, key="A", posting_date=DAY) == journal("10.00", "-10.00")


def totals(lines: object) -> Counter:
    found: Counter = Counter()
    for line in lines:
        found[line.ledger_account_id] += line.amount
    return Counter({account: amount for account, amount in found.items() if amount})
