"""Tasks are started once, found again, and followed to their end."""

from __future__ import annotations

from itertools import islice

import pytest

from ml_connector_dagster.anaplan.actions import FileLayout, Route
from ml_connector_dagster.anaplan.patience import Patience
from ml_connector_dagster.anaplan.tasks import SeenTask, candidates, follow, newest_tasks, start
from ml_connector_dagster.errors import OutcomeUnknown, RequestRejected, TemporarilyRefused
from ml_connector_dagster.store.locks import LockLost
from ml_connector_dagster_tests.anaplan.fake_http import model_with

ROUTE = Route("imports", "112000000001", "Import", "113000000001", FileLayout(("A",)), ("112000000001",))
TASKS = "imports/112000000001/tasks"


def states(*found):
    """Answers one look after the other; the last one repeats."""
    left = list(found)

    def answer(_sent):
        one = left.pop(0) if len(left) > 1 else left[0]
        return (
            one
            if isinstance(one, Exception)
            else {"task": {"taskId": "T", "taskState": one, "result": {"successful": True}}}
        )

    return {f"{TASKS}/T": answer}


def test_looks_grow_from_one_second_to_thirty() -> None:
    waits = list(islice(Patience().waits(), 12))
    assert waits[:3] == [1.0, 4.0, 5.0]
    assert waits == sorted(waits)
    assert waits[-1] == 30.0


def test_the_longest_run_is_all_waits_together() -> None:
    assert Patience().longest_run_seconds == 30 + 300 + 1200 + 3600


@pytest.mark.parametrize("body", [{"taskId": "T1"}, {"task": {"taskId": "T1"}}])
def test_a_start_answers_bare_or_wrapped(body: dict) -> None:
    assert start(model_with({TASKS: body}), ROUTE) == "T1"


def test_a_start_without_a_task_id_is_an_unknown_outcome() -> None:
    with pytest.raises(OutcomeUnknown, match=r"without a task id"):
        start(model_with({TASKS: {}}), ROUTE)


@pytest.mark.parametrize("end", ["COMPLETE", "CANCELLED"])
def test_a_task_is_followed_to_either_end(end: str) -> None:
    model = model_with(states("NOT_STARTED", "IN_PROGRESS", "CANCELLING", "SOMETHING_NEW", end))
    assert follow(model, ROUTE, "T", lambda: None).state == end
    assert model.ticks.slept[:4] == [1.0, 4.0, 5.0, 6.5]


def test_a_refused_look_is_not_the_end() -> None:
    refused = TemporarilyRefused("503.", "Later.", "Wait.")
    assert follow(model_with(states(refused, refused, "COMPLETE")), ROUTE, "T", lambda: None).ended


def test_a_task_that_is_not_known_yet_is_looked_at_again() -> None:
    unknown = RequestRejected("404.", "Gone.", "Look.", status=404)
    assert follow(model_with(states(unknown, unknown, "COMPLETE")), ROUTE, "T", lambda: None).ended
    with pytest.raises(RequestRejected):
        follow(model_with(states(unknown)), ROUTE, "T", lambda: None)


def test_a_look_that_is_refused_for_good_is_an_error() -> None:
    with pytest.raises(RequestRejected):
        follow(model_with(states(RequestRejected("400.", "No.", "Mend.", status=400))), ROUTE, "T", lambda: None)


def test_a_deadline_leaves_the_task_and_says_its_state() -> None:
    model = model_with(states("IN_PROGRESS"), task_deadline_seconds=100.0)
    with pytest.raises(OutcomeUnknown, match=r"T of 'Import' is still IN_PROGRESS after 100 seconds") as caught:
        follow(model, ROUTE, "T", lambda: None)
    assert caught.value.context == {"task_id": "T"}
    assert model.ticks.at <= 100


def test_a_lost_lease_ends_the_following_before_the_look() -> None:
    def lost() -> None:
        raise LockLost("Lost.", "Stop.", "Nothing.")

    model = model_with(states("COMPLETE"))
    with pytest.raises(LockLost):
        follow(model, ROUTE, "T", lost)
    assert model.http.asked == []


def test_the_newest_tasks_come_first_whatever_the_order_of_the_answer() -> None:
    listed = [
        {"taskId": "old", "creationTime": 5, "taskState": "COMPLETE"},
        {"taskId": "new", "creationTime": "9"},
        {"taskId": "odd"},
    ]
    model = model_with({TASKS: {"tasks": listed}})
    assert [one.task_id for one in newest_tasks(model, ROUTE)] == ["new", "old", "odd"]
    assert newest_tasks(model_with({TASKS: {}}), ROUTE) == []


def test_only_tasks_nobody_knows_and_not_older_than_the_last_seen_are_candidates() -> None:
    tasks = [
        SeenTask("ours", 11, "COMPLETE"),
        SeenTask("seen", 10, "COMPLETE"),
        SeenTask("known", 12, "COMPLETE"),
        SeenTask("older", 3, "COMPLETE"),
    ]
    assert [one.task_id for one in candidates(tasks, {"seen": 10}, frozenset({"known"}))] == ["ours"]
