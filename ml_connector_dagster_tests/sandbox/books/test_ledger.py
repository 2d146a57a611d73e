"""The double-entry engine: it balances or it does not post; it reverses and never changes."""

from datetime import date

import pytest

from ml_connector_dagster.sandbox.books.ledger import EntryLine, Ledger, OutOfBalance

DAY = date(2026, 10, 7)
SALE = [EntryLine("receivable", 120, 120), EntryLine("sales", -100, -100), EntryLine("tax", -20, -20)]


def posted():
    ledger = Ledger()
    ledger.post(DAY, "ACCREC", "invoice-1", SALE, created_ms=1)
    return ledger


def test_an_entry_that_does_not_balance_is_not_posted():
    ledger = Ledger()
    with pytest.raises(OutOfBalance, match="out by 1 cents"):
        ledger.post(DAY, "ACCREC", "x", [EntryLine("a", 100, 0), EntryLine("b", -99, 0)], created_ms=1)
    assert ledger.entries == []


def test_movement_counts_both_days_of_the_span():
    ledger = posted()
    assert ledger.movement(DAY, DAY)["sales"] == -100
    assert ledger.movement(date(2026, 10, 8), date(2026, 10, 31))["sales"] == 0
    assert ledger.movement(None, date(2026, 10, 6))["sales"] == 0


def test_a_withdrawal_is_a_reversal_on_the_first_entrys_own_day():
    ledger = posted()
    ledger.withdraw("invoice-1", 2)
    assert [entry.posted_on for entry in ledger.entries] == [DAY, DAY]
    assert set(ledger.movement(None, DAY).values()) == {0}
    assert ledger.standing("invoice-1") == []
    assert list(ledger.all_standing()) == []


def test_what_was_withdrawn_can_be_posted_again():
    ledger = posted()
    ledger.withdraw("invoice-1", 2)
    ledger.post(DAY, "ACCREC", "invoice-1", SALE, created_ms=3)
    assert len(ledger.standing("invoice-1")) == 1
    assert ledger.movement(None, DAY)["receivable"] == 120


def test_tracked_movement_asks_for_every_option():
    ledger = Ledger()
    lines = [EntryLine("cost", 10, 10, tracking=("north", "data")), EntryLine("bank", -10, -10)]
    ledger.post(DAY, "SPEND", "s", lines, created_ms=1)
    assert ledger.tracked_movement(DAY, DAY, frozenset({"north", "data"})) == {"cost": 10}
    assert ledger.tracked_movement(DAY, DAY, frozenset({"north", "cyber"})) == {}


def test_journal_numbers_have_gaps_and_never_go_back():
    ledger = Ledger()
    for number in range(200):
        ledger.post(DAY, "SPEND", str(number), [EntryLine("a", 1, 1), EntryLine("b", -1, -1)], created_ms=1)
    numbers = [entry.number for entry in ledger.entries]
    assert numbers == sorted(set(numbers))
    assert numbers[-1] > 200


def test_the_first_day_is_the_earliest_posting():
    assert posted().first_day() == DAY
