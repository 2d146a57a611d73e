"""A source that is answered later: what is asked is asked once, nothing is read by halves, nothing is lost on the way."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ml_connector_dagster.errors import AnswerAwaited
from ml_connector_dagster.flows.answered import answered_slices
from ml_connector_dagster.flows.awaited import heartbeat
from ml_connector_dagster.flows.changes import dirty_periods, note_changes, periods_to_read
from ml_connector_dagster.flows.ledger_totals import ledger_totals
from ml_connector_dagster.flows.pull import pull
from ml_connector_dagster.flows.slice_rows import SliceRows
from ml_connector_dagster.flows.slices import CurrentSnapshots, need_inputs
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sources.contract.later import CHANGES
from ml_connector_dagster.staging.snapshots import Staging
from ml_connector_dagster_tests.flows.later_company import answered_later

OCT, SEP = "2026-10", "2026-09"


@pytest.fixture
def company(sqlite_store, tmp_path):
    return answered_later(sqlite_store, tmp_path)


@pytest.fixture
def anywhere(store, tmp_path):
    """The company on either database."""
    return answered_later(store, tmp_path)


def ask(connection, entity, period=OCT, **more):
    with pytest.raises(AnswerAwaited):
        pull(connection, entity, period, **more)


def wanted(connection):
    return {(one.entity, one.period) for one in dirty_periods(connection)}


def current(connection, entity, period=OCT):
    return Staging(connection.store, connection.blobs).current(connection.name, entity, Period.parse(period))


def books_and_staged(connection):
    module, snapshots = connection.target("actuals"), CurrentSnapshots.of(connection)
    inputs = need_inputs(connection, module, OCT, snapshots)
    return ledger_totals(connection, module, SliceRows(connection, Period.parse(OCT), inputs, snapshots))


def test_what_is_asked_for_is_asked_once_and_stays_wanted_until_it_is_read(anywhere):
    connection, desk = anywhere
    ask(connection, "invoices")
    ask(connection, "invoices")
    assert desk.asked == [("invoices", OCT)]
    assert wanted(connection) == {("invoices", OCT)}
    assert periods_to_read(connection) == (), "asking again would bring nothing new"
    assert current(connection, "invoices") is None
    desk.answer(connection.reader())
    outcome = pull(connection, "invoices", OCT, run_id="run-2")
    assert (outcome.rows, outcome.calls, outcome.stale) == (3, 1, False)
    assert desk.put_away == [("invoices", OCT, "run-2")]
    assert wanted(connection) == set()
    assert desk.questions == {}


def test_lines_and_trial_balance_come_in_one_answer_which_the_tie_out_takes(company):
    connection, desk = company
    for entity in ("ledger_accounts", "customers", "tracking", "ledger_lines"):
        ask(connection, entity)
    desk.answer(connection.reader())
    for entity in ("ledger_accounts", "customers", "tracking", "ledger_lines"):
        pull(connection, entity, OCT)
    connection.books.invoice("inv-9", "2026-10-30", a200="9.00")
    shown = books_and_staged(connection)
    assert shown.differences == ()
    assert shown.books == shown.staged
    assert "when the machine answered last" in shown.note


def test_lines_that_contradict_their_own_trial_balance_are_not_read_again_and_again(company):
    connection, desk = company
    connection.books.post("hidden", "2026-10-11", {"acc-200": "-5", "acc-400": "5"})
    for entity in ("ledger_accounts", "customers", "tracking", "ledger_lines"):
        ask(connection, entity)
    desk.answer(connection.reader())
    for entity in ("ledger_accounts", "customers", "tracking", "ledger_lines"):
        pull(connection, entity, OCT)
    assert len(desk.asked) == 4
    assert [abs(one.unexplained) for one in books_and_staged(connection).differences] == [5, 5]


def test_one_answer_of_a_list_serves_every_month_that_waits_for_it(anywhere):
    connection, desk = anywhere
    ask(connection, "customers", SEP)
    ask(connection, "customers", OCT)
    assert desk.asked == [("customers", "")]
    desk.answer(connection.reader())
    assert [(one.entity, one.period) for one in answered_slices(connection)] == [
        ("customers", SEP),
        ("customers", OCT),
    ]
    first, second = pull(connection, "customers", SEP), pull(connection, "customers", OCT)
    assert second.reused
    assert second.digest == first.digest
    assert wanted(connection) == set()


def test_what_was_asked_for_while_the_machine_answered_already_is_asked_again(company):
    connection, desk = company
    ask(connection, "customers", SEP)
    desk.begin()
    ask(connection, "customers", OCT)
    desk.answer(connection.reader())
    pull(connection, "customers", SEP)
    ask(connection, "customers", OCT)
    assert desk.asked == [("customers", ""), ("customers", "")]


def test_an_answer_from_before_anybody_wanted_it_is_taken_and_asked_for_again(company):
    """The run that asked died before it noted so, and the answer lay there."""
    connection, desk = company
    with pytest.raises(AnswerAwaited):
        list(connection.reader().read(connection.source.entity("invoices"), Period.parse(OCT)))
    desk.answer(connection.reader())
    assert pull(connection, "invoices", OCT).rows == 3
    assert wanted(connection) == {("invoices", OCT)}
    ask(connection, "invoices")


def test_a_change_noted_while_the_answer_was_under_way_outlives_its_reading(company):
    connection, desk = company
    ask(connection, "invoices")
    desk.begin()
    Staging(connection.store, connection.blobs).mark_dirty("uk", "invoices", [Period.parse(OCT)], "a feed")
    desk.answer(connection.reader())
    pull(connection, "invoices", OCT)
    assert [(one.entity, one.period) for one in periods_to_read(connection)] == [("invoices", OCT)]


def test_a_run_that_died_after_publishing_is_followed_by_one_that_puts_the_answer_away(company, monkeypatch):
    connection, desk = company
    ask(connection, "invoices")
    desk.answer(connection.reader())
    (before,) = answered_slices(connection)
    with monkeypatch.context() as crash:
        crash.setattr("ml_connector_dagster.flows.pull.put_away", _die)
        with pytest.raises(KeyboardInterrupt):
            pull(connection, "invoices", OCT, run_id="run-1")
    assert desk.put_away == []
    desk.questions["invoices", OCT].began_at -= timedelta(minutes=11)
    (again,) = answered_slices(connection)
    assert again.run_key != before.run_key
    assert pull(connection, "invoices", OCT, run_id="run-2").stale
    assert desk.put_away == [("invoices", OCT, "run-2")]
    assert current(connection, "invoices").run_id == "run-1"


@pytest.mark.parametrize("other", ["bills", "customers"])
def test_an_answer_waits_for_the_others_of_its_month_but_not_for_ever(company, other):
    connection, desk = company
    ask(connection, "invoices")
    ask(connection, other)
    desk.answer(connection.reader(), "invoices")
    assert answered_slices(connection) == []
    desk.questions["invoices", OCT].began_at -= timedelta(seconds=61)
    assert [one.entity for one in answered_slices(connection)] == ["invoices"]


def test_the_change_feed_is_asked_noted_and_put_away(company):
    connection, desk = company
    ask(connection, "invoices")
    desk.answer(connection.reader())
    pull(connection, "invoices", OCT)
    with pytest.raises(AnswerAwaited):
        note_changes(connection)
    connection.books.changed = {"invoices": frozenset({Period.parse(OCT)})}
    desk.answer(connection.reader())
    assert [one.entity for one in answered_slices(connection)] == [CHANGES]
    assert [(one.entity, one.period) for one in note_changes(connection, run_id="run-3")] == [("invoices", OCT)]
    assert desk.put_away[-1] == (CHANGES, "", "run-3")


def test_a_change_of_a_month_whose_first_answer_is_under_way_is_noted(company):
    connection, desk = company
    ask(connection, "bills")
    desk.answer(connection.reader())
    pull(connection, "bills", OCT)
    ask(connection, "invoices")
    desk.begin()
    with pytest.raises(AnswerAwaited):
        note_changes(connection)
    connection.books.changed = {"invoices": frozenset({Period.parse(OCT)})}
    desk.answer(connection.reader(), CHANGES)
    note_changes(connection)
    desk.answer(connection.reader())
    pull(connection, "invoices", OCT)
    assert wanted(connection) == {("invoices", OCT)}


def test_records_that_left_a_month_stay_astray_until_they_are_answered(company):
    connection, desk = company
    ask(connection, "invoices")
    desk.answer(connection.reader())
    pull(connection, "invoices", OCT)
    connection.books.edit("inv-1", on=connection.books.docs["inv-0"].on)
    ask(connection, "invoices")
    desk.answer(connection.reader())
    assert pull(connection, "invoices", OCT).rows == 1
    assert Staging(connection.store, connection.blobs).astray("uk", "invoices") == ("inv-1",)


def test_a_question_that_waits_longer_than_figures_may_be_old_is_said(company):
    connection, desk = company
    assert [one.holds for one in heartbeat(connection)] == [True, True]
    ask(connection, "invoices")
    assert all(one.holds for one in heartbeat(connection))
    desk.questions["invoices", OCT].since -= timedelta(hours=25)
    late = heartbeat(connection)[-1]
    assert not late.holds
    assert "invoices 2026-10" in late.says


def _die(*_):
    raise KeyboardInterrupt
