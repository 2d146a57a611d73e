from __future__ import annotations

from datetime import date

import pytest

from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.flows.changes import dirty_periods, open_period
from ml_connector_dagster.flows.register import (
    PeriodState,
    held_slices,
    period_states,
    release,
    state_of,
    update_register,
)
from ml_connector_dagster.flows.translate import translate
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster_tests.flows.little_company import little

OCT = "2026-10"


@pytest.mark.parametrize(
    ("period", "lock_on", "state"),
    [
        ("2026-11", None, PeriodState.OPEN),
        ("2026-09", None, PeriodState.OPEN),
        ("2026-08", None, PeriodState.SOFT_CLOSED),
        ("2026-09", date(2026, 9, 30), PeriodState.LOCKED),
        ("2026-10", date(2026, 10, 30), PeriodState.OPEN),
    ],
)
def test_where_a_period_stands(period, lock_on, state):
    assert state_of(Period.parse(period), Period(2026, 11), 3, lock_on) is state


def test_the_register_knows_every_period_from_the_start_to_the_open_one(october):
    assert update_register(october) == ()
    states = period_states(october)
    assert min(states) == "2026-09"
    assert max(states) == str(open_period(october))
    assert states[max(states)] is PeriodState.OPEN


def test_a_lock_date_that_moved_reads_the_period_once_more_after_the_close(october):
    update_register(october)
    october.books.lock_on = date(2026, 10, 31)
    assert update_register(october) == ("2026-09", OCT)
    dirty = dirty_periods(october)
    assert {(one.entity, one.period) for one in dirty} == {
        ("invoices", OCT),
        ("bills", OCT),
    }  # September was never read
    assert "locked" in dirty[0].reason
    assert update_register(october) == ()


def test_a_period_that_was_locked_when_first_read_is_known_to_be_and_not_read_again(sqlite_store, tmp_path):
    """Reading by hand is enough: no schedule has to run before a change in a locked period is held."""
    connection = little(sqlite_store, tmp_path)
    connection.books.lock_on = date(2026, 10, 31)
    connection.pull(OCT)
    assert period_states(connection)[OCT] is PeriodState.LOCKED
    assert dirty_periods(connection) == ()
    assert update_register(connection) == ()


def test_a_lock_that_was_taken_back_opens_the_period(october):
    october.books.lock_on = date(2026, 10, 31)
    update_register(october)
    october.books.lock_on = None
    update_register(october)
    assert period_states(october)[OCT] is not PeriodState.LOCKED


def test_the_lock_date_is_not_asked_for_where_the_connection_says_so(sqlite_store, tmp_path):
    opened = little(sqlite_store, tmp_path, periods={"start": OCT, "open_months": 1, "lock_from_source": False})
    opened.books.lock_on = date(2026, 10, 31)
    update_register(opened)
    assert PeriodState.LOCKED not in period_states(opened).values()


def test_nothing_is_released_that_does_not_wait(october):
    with pytest.raises(SettingWrong, match="Nothing of uk waits for actuals 2026-10"):
        release(october, "actuals", OCT, by="ann")


def test_an_unmapped_account_cannot_be_waved_through(october):
    october.map_accounts({})
    translate(october, "actuals", OCT, ask_model=False)
    with pytest.raises(SettingWrong, match="silently smaller"):
        release(october, "actuals", OCT, by="ann")


@pytest.mark.parametrize("period", ["", OCT])
def test_a_list_that_is_held_is_released_whatever_the_period(october, period):
    october.books.chart["acc-429"] = ("4291", "General", "expense")
    october.pull(OCT, "ledger_accounts")
    assert translate(october, "accounts", OCT, ask_model=False).held
    assert release(october, "accounts", period, by="ann").may_be_released
    assert translate(october, "accounts", "2026-09", ask_model=False).held == ()
    assert held_slices(october) == ()
