"""What earlier runs left behind is settled first, whoever's it was; and how long a failed load waits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from ml_connector_dagster.errors import (
    ConnectorError,
    CredentialRefused,
    QuotaExhausted,
    RequestRejected,
    SettingWrong,
    TemporarilyRefused,
)
from ml_connector_dagster.flows.load import load_target
from ml_connector_dagster.flows.load_rows import MOST_ATTEMPTS, LoadRow, retry_seconds
from ml_connector_dagster.flows.settle import settle_model
from ml_connector_dagster.store.faultpoints import planted
from ml_connector_dagster.store.locks import LockLost
from ml_connector_dagster_tests.flows.office import Office

A = {("200", "UK-a"): "1200.50", ("400", "UK-b"): "99.99"}
BUILDER = "builder@calderfinch.example"


class Stopped(BaseException):
    """Ends a load at a step; nothing of the product catches it."""


def stopped(desk: Office, step: str, cells: dict = A) -> LoadRow:
    """Leave a load behind at a step."""

    def hook(name: str) -> None:
        if name == step:
            raise Stopped

    with planted(hook), pytest.raises(Stopped):
        load_target(desk.connection(), desk.plan(cells), run_id="stops")
    return desk.rows()[-1]


def test_an_uploaded_load_is_ended_and_due_at_once(desk: Office) -> None:
    stopped(desk, "load.uploaded")
    (told,) = settle_model(desk.connection("ie"))
    assert (told.state, told.connection, told.target, told.task_id) == ("refused", "uk", "actuals", "")
    assert "before anything was started" in told.says
    assert desk.rows()[0].retry_at <= datetime.now(UTC)


def test_a_started_load_is_followed_judged_and_verified(desk: Office) -> None:
    row = stopped(desk, "load.started")
    (told,) = settle_model(desk.connection("ie"))
    assert (told.state, told.task_id, told.says) == ("verified", row.task_id, "2 rows, read back and equal")


def test_a_started_load_that_was_rejected_in_part_is_settled_as_incomplete(desk: Office) -> None:
    stopped(desk, "load.started", {**A, ("999", "UK-a"): "1"})
    (told,) = settle_model(desk.connection())
    assert told.state == "refused"
    assert "1 of 3 rows rejected" in told.says
    assert desk.rows()[0].retry_at is None


def test_a_task_anaplan_has_forgotten_is_settled_by_the_figures(desk: Office) -> None:
    stopped(desk, "load.started")
    desk.tenant.tasks(desk.model).settle()
    desk.tenant.tasks(desk.model)._tasks.clear()
    (told,) = settle_model(desk.connection())
    assert (told.state, desk.rows()[0].verdict) == ("verified", "FORGOTTEN")


def test_a_look_that_is_refused_for_good_leaves_the_load_unsettled(desk: Office) -> None:
    row = stopped(desk, "load.started")
    desk.fault(f"/tasks/{row.task_id}", status=400, times=0)
    with pytest.raises(RequestRejected):
        settle_model(desk.connection())
    assert desk.rows()[0].state == "started"


def test_an_adopted_click_that_does_not_fit_is_disowned_and_the_load_due_again(desk: Office) -> None:
    stopped(desk, "load.intended")
    theirs = desk.click(BUILDER)  # his own file: there is none, so his task fails
    (told,) = settle_model(desk.connection())
    assert (told.state, told.task_id) == ("refused", "")
    assert "other people's" in told.says
    assert desk.known_tasks() == {theirs: "foreign"}
    assert load_target(desk.connection(), desk.plan(A), run_id="r").state == "verified"


def test_of_two_new_tasks_the_newer_is_adopted_and_the_other_noted(desk: Office) -> None:
    stopped(desk, "load.before_started")
    theirs = desk.click("demo@calderfinch.example")
    (told,) = settle_model(desk.connection())
    assert (told.state, told.task_id) == ("verified", theirs)
    assert sorted(desk.known_tasks().values()) == ["adopted", "foreign"]


def test_a_start_long_ago_is_looked_for_once(desk: Office) -> None:
    row = stopped(desk, "load.intended")
    desk.book.note(row, "aged", intended_at=row.intended_at - timedelta(minutes=5))
    desk.hurry.slept.clear()
    settle_model(desk.connection())
    assert desk.hurry.slept == []


def test_a_start_a_moment_ago_is_looked_for_until_it_would_have_shown(desk: Office) -> None:
    stopped(desk, "load.intended")
    desk.hurry.slept.clear()
    settle_model(desk.connection())
    assert sum(desk.hurry.slept) == 30


def test_tasks_that_are_always_other_peoples_end_the_load_for_now(desk: Office) -> None:
    desk.fault("/tasks$", method="POST", kind="drop", times=0)

    def click(name: str) -> None:
        if name == "load.start_lost":
            desk.click(BUILDER)

    with planted(click), pytest.raises(TemporarilyRefused, match=r"were other people's"):
        load_target(desk.connection(), desk.plan(A), run_id="r")
    row = desk.rows()[0]
    assert (row.state, row.retry_at is not None, set(desk.known_tasks().values())) == ("planned", True, {"foreign"})


def test_a_model_that_stays_busy_ends_the_load_for_now(desk: Office) -> None:
    desk.fault("/status$", method="GET", status=200, times=0, body='{"requestStatus": {"currentStep": "Processing ..."}}',
               headers={"Content-Type": "application/json"})  # fmt: skip
    with pytest.raises(TemporarilyRefused, match=r"still busy after 300 seconds \(Processing"):
        load_target(desk.connection(), desk.plan(A), run_id="r")
    assert (desk.rows()[0].state, desk.tasks) == ("planned", [])


def test_a_locked_model_at_the_start_is_tried_again_and_nothing_was_started(desk: Office) -> None:
    desk.fault("/tasks$", method="POST", status=423, body="{}", times=0)
    with pytest.raises(TemporarilyRefused, match=r"locked"):
        load_target(desk.connection(), desk.plan(A), run_id="r")
    row = desk.rows()[0]
    assert (row.state, row.retry_at is not None, row.task_id) == ("refused", True, None)


def test_a_row_another_run_moved_on_stops_this_one(desk: Office) -> None:
    row = stopped(desk, "load.uploaded")
    desk.book.move(row, "refused")
    with pytest.raises(LockLost, match=r"no longer uploaded"):
        desk.book.move(row, "intended")
    for act in (lambda: desk.book.own_task(row, "T", adopted=False), lambda: desk.book.disown_task(row)):
        with pytest.raises(LockLost):
            act()


def test_a_task_is_noted_once(desk: Office) -> None:
    row = stopped(desk, "load.uploaded")
    desk.book.note_task(row.model_id, "T", row)
    desk.book.note_task(row.model_id, "T", None)
    assert desk.known_tasks() == {"T": "late_duplicate"}


def test_waits_double_from_a_minute_to_an_hour() -> None:
    assert [retry_seconds(attempt) for attempt in (1, 2, 3, 7, 8)] == [60, 120, 240, 3600, 3600]


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (TemporarilyRefused("a", "b", "c", retry_after_seconds=600.0), 600),
        (TemporarilyRefused("a", "b", "c", retry_after_seconds=5.0), 60),
        (QuotaExhausted("a", "b", "c"), 60),
    ],
)
def test_a_load_waits_as_long_as_it_was_asked_to(desk: Office, error: ConnectorError, seconds: float) -> None:
    row = stopped(desk, "load.planned")
    began = desk.store.now()
    kept = desk.book.fail(row.id, error)
    assert kept.state == "planned"
    assert began + timedelta(seconds=seconds) <= kept.retry_at <= desk.store.now() + timedelta(seconds=seconds)


def test_a_spent_quota_waits_until_it_opens(desk: Office) -> None:
    opens_at = desk.store.now() + timedelta(hours=5)
    row = stopped(desk, "load.planned")
    assert desk.book.fail(row.id, QuotaExhausted("a", "b", "c", opens_at=opens_at)).retry_at == opens_at


def test_an_error_no_time_mends_refuses_an_unsent_load_but_never_one_in_flight(desk: Office) -> None:
    refused = CredentialRefused("a", "b", "c")
    unsent = desk.book.fail(stopped(desk, "load.planned").id, refused)
    assert (unsent.state, unsent.retry_at, unsent.error) == ("refused", None, "a b c")
    flying = desk.book.fail(stopped(desk, "load.started").id, refused)
    assert (flying.state, flying.retry_at is not None) == ("started", True)
    assert desk.book.fail(unsent.id, SettingWrong("d", "e", "f")).error == "a b c"


def test_the_last_attempt_leaves_no_retry_time(desk: Office) -> None:
    row = stopped(desk, "load.started")
    spent = desk.book.note(row, "tried", attempt=MOST_ATTEMPTS)
    assert desk.book.retry_at(spent, TemporarilyRefused("a", "b", "c")) is None
    assert desk.book.find(999) is None
    assert row.total == Decimal("1300.49")
