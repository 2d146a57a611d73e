"""Loads that meet other people's tasks, lost answers, and a lost lease (protocols 5, 7, 8)."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from ml_connector_dagster.anaplan.tasks import Task
from ml_connector_dagster.anaplan.verdict import Verdict, judge
from ml_connector_dagster.audit.trail import verify
from ml_connector_dagster.errors import OutcomeUnknown
from ml_connector_dagster.flows import judgement
from ml_connector_dagster.flows.load import LoadOutcome, load_target
from ml_connector_dagster.flows.settle import settle_model
from ml_connector_dagster.sandbox.anaplan.demo_model import MODEL_ID
from ml_connector_dagster.sandbox.server import Running
from ml_connector_dagster.store.engine import Store
from ml_connector_dagster.store.faultpoints import planted
from ml_connector_dagster.store.locks import LockBusy, LockLost, Locks
from ml_connector_dagster_tests.flows.office import Office, money, office

A = {("200", "UK-a"): "1200.50", ("400", "UK-b"): "99.99"}
B = {("200", "UK-a"): "7.00", ("400", "UK-b"): 0, ("429", "UK-b"): "-3.10"}


def at(step: str, act) -> object:
    """Run ``act`` once, when the load reaches the step."""
    done: list[str] = []

    def hook(name: str) -> None:
        if name == step and not done:
            done.append(name)
            act()

    return planted(hook)


def test_a_lost_start_answer_is_looked_for_and_adopted(desk: Office) -> None:
    fault = desk.fault("/tasks$", method="POST", kind="answer_lost")
    outcome = load_target(desk.connection(), desk.plan(A), run_id="r")
    assert desk.world.faults.hits(fault) == 1
    assert (outcome.adopted, len(desk.tasks), desk.known_tasks()) == (True, 1, {outcome.task_id: "adopted"})
    assert desk.figures() == money(A)


def test_a_start_that_never_arrived_is_sent_again_after_three_looks(desk: Office) -> None:
    desk.fault("/tasks$", method="POST", kind="drop")
    outcome = load_target(desk.connection(), desk.plan(A), run_id="r")
    assert (outcome.adopted, len(desk.tasks), desk.rows()[0].starts) == (False, 1, 2)
    assert sum(desk.hurry.slept) >= 30


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_server_error_at_the_start_is_a_lost_answer_and_no_refusal(desk: Office, status: int) -> None:
    desk.fault("/tasks$", method="POST", status=status)
    assert load_target(desk.connection(), desk.plan(A), run_id="r").state == "verified"
    assert len(desk.tasks) == 1


def test_two_lost_starts_without_a_trace_leave_the_load_unsettled(desk: Office) -> None:
    desk.fault("/tasks$", method="POST", kind="drop", times=2)
    with pytest.raises(OutcomeUnknown, match=r"no task of it appeared"):
        load_target(desk.connection(), desk.plan(A), run_id="r")
    row = desk.rows()[0]
    assert (row.state, row.retry_at is not None) == ("intended", True)
    assert load_target(desk.connection(), desk.plan(A), run_id="r").state == "verified"
    assert [one.state for one in desk.rows()] == ["refused", "verified"]


def test_protocol_07_a_foreign_click_is_adopted_only_until_its_rows_prove_wrong(desk: Office) -> None:
    """The builder's private file holds other rows; his click shows in the same task list.

    The model holds the figures from an earlier load, so the read-back agrees: the number of rows alone tells.
    """
    load_target(desk.connection(), desk.plan(A), run_id="before")
    builder = "builder@calderfinch.example"
    desk.model.files.write(desk.model.imports[desk.import_id].file.id, builder, file_of("IE", ("200", "UK-a", "1")))
    desk.fault("/tasks$", method="POST", kind="drop", times=1)
    with at("load.start_lost", lambda: desk.click(builder)):
        outcome = load_target(desk.connection(), desk.plan(A), run_id="r", force=True)
    assert (outcome.state, outcome.adopted) == ("verified", False)
    assert desk.figures() == money(A)
    assert sorted(desk.known_tasks().values()) == ["foreign", "started", "started"]


def test_protocol_07_an_adopted_click_with_as_many_rows_is_found_by_the_read_back(desk: Office) -> None:
    builder = "builder@calderfinch.example"
    rows = file_of("UK", ("200", "UK-a", "1"), ("400", "UK-b", "2"))
    desk.model.files.write(desk.model.imports[desk.import_id].file.id, builder, rows)
    desk.fault("/tasks$", method="POST", kind="drop", times=1)
    with at("load.start_lost", lambda: desk.click(builder)):
        outcome = load_target(desk.connection(), desk.plan(A), run_id="r")
    assert (outcome.state, desk.figures()) == ("verified", money(A))
    assert desk.rows()[0].starts == 2


def test_protocol_08_a_late_duplicate_is_found_recorded_and_changes_no_cell(desk: Office) -> None:
    """The first start arrives only after the looks, so a second one was sent meanwhile."""
    desk.fault("/tasks$", method="POST", kind="drop", times=1)
    load_target(desk.connection(), desk.plan(A), run_id="r")
    late = desk.click("demo@calderfinch.example")  # the delayed request, with this login's own file
    assert desk.figures() == money(A)
    load_target(desk.connection(), desk.plan(B), run_id="r")
    assert desk.figures() == money(B)
    assert desk.known_tasks()[late] == "late_duplicate"
    assert sorted(desk.known_tasks().values()) == ["late_duplicate", "started", "started"]
    assert verify(desk.store) == []


@pytest.mark.parametrize("whose", ["the late duplicate", "another import by somebody else"])
def test_protocol_08_a_task_that_still_runs_is_waited_for_before_the_upload(
    desk: Office, monkeypatch: pytest.MonkeyPatch, whose: str
) -> None:
    """It appears when the lease is taken and nothing more is asked of the model: only the load itself can wait."""
    desk.fault("/tasks$", method="POST", kind="drop", times=1)
    load_target(desk.connection(), desk.plan(A), run_id="r")
    running: list[str] = []

    def appears(connection: Any, lease: Any) -> Any:
        monkeypatch.setattr(desk.world, "task_seconds", 20.0)
        running.append(desk.click("demo@calderfinch.example") if whose == "the late duplicate" else balances(desk))
        monkeypatch.setattr(desk.world, "task_seconds", 0.0)
        return settle_model(connection, lease)

    def sleep(seconds: float) -> None:
        desk.hurry.at += seconds
        desk.world.clock.advance(seconds)

    monkeypatch.setattr("ml_connector_dagster.flows.load.settle_model", appears)
    monkeypatch.setattr(desk.hurry, "sleep", sleep)
    load_target(desk.connection(), desk.plan(B), run_id="r")
    assert ended_at(desk, running[0]) <= uploads_at(desk)[1]
    assert desk.figures() == money(B)


def balances(desk: Office) -> str:
    """Somebody else runs another import of the model."""
    importing = desk.model.import_named("Balances from Xero").id
    return str(desk.tenant.tasks(desk.model).start("imports", importing, "builder@calderfinch.example", {}).id)


def test_a_late_duplicate_that_runs_after_another_slice_was_uploaded_changes_no_cell(desk: Office) -> None:
    """It imports whatever file the login has: the other slice's, whole, which is then imported once more."""
    desk.fault("/tasks$", method="POST", kind="drop", times=1)
    load_target(desk.connection(), desk.plan(A), run_id="r")
    with at("load.uploaded", lambda: desk.click("demo@calderfinch.example")):
        load_target(desk.connection("ie"), desk.plan(B, connection="ie"), run_id="r")
    assert (desk.figures(), desk.figures(entity="IE")) == (money(A), money(B))


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("step", "left", "sent_on"),
    [
        ("load.before_upload", "planned", 0),
        ("upload.chunk.0", "planned", 1),
        ("load.uploaded", "uploaded", 0),
        ("load.started", "started", 0),
        ("load.finished", "finished", 0),
    ],
)
def test_protocol_05_a_lease_whose_session_the_database_ended_stops_the_run(
    planning_server: Running, postgres_store: Store, tmp_path: Path, step: str, left: str, sent_on: int
) -> None:
    """Anaplan hears nothing more of the run; only the chunk that was on its way when the session ended."""
    with office(planning_server, postgres_store, tmp_path) as desk:
        lost_at: list[int] = []
        with at(step, lambda: lost_at.append(lose_the_lease(desk))), pytest.raises(LockLost):
            load_target(desk.connection(chunk_bytes=60), desk.plan(A), run_id="loses its lease")
        assert desk.world.log.count(after=lost_at[0]) == sent_on
        row = desk.rows()[0]
        assert (row.state, row.retry_at is not None) == (left, True)
        assert load_target(desk.connection(), desk.plan(A), run_id="next").state in {"verified", "skipped"}
        assert desk.figures() == money(A)
        assert len(desk.tasks) == 1


@pytest.mark.postgres
def test_protocol_05_a_lease_lost_before_the_dump_leaves_the_dump_to_the_next(
    planning_server: Running, postgres_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next holder's task overwrites a dump, so what is read without the lease may be another load's."""
    with office(planning_server, postgres_store, tmp_path) as desk:
        lost_at: list[int] = []

        def judged(task: Task) -> Verdict:
            lost_at.append(lose_the_lease(desk))
            return judge(task)

        monkeypatch.setattr(judgement, "judge", judged)
        with pytest.raises(LockLost):
            load_target(desk.connection(), desk.plan({("no such account", "UK-a"): 1}), run_id="loses its lease")
        assert desk.world.log.count(after=lost_at[0]) == 0
        assert desk.rows()[0].state == "started"
        monkeypatch.undo()
        (settled,) = settle_model(desk.connection())
        assert (settled.state, desk.rows()[0].rows_rejected) == ("refused", 1)


def lose_the_lease(desk: Office) -> int:
    """End the lease's session; answers the number of the last request until then."""
    end_lock_sessions(desk.store)
    return desk.world.log.last_number()


def end_lock_sessions(store: Store) -> None:
    """What a restart, a network break or an administrator does to the session that holds the lease."""
    engine = create_engine(store.environment.database_url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        ended = connection.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
                 " AND pid <> pg_backend_pid() AND database = (SELECT oid FROM pg_database WHERE datname = current_database())")
        ).all()  # fmt: skip
    assert ended


def test_two_loads_at_once_run_one_after_the_other(
    planning_server: Running, sqlite_store: Store, tmp_path: Path
) -> None:
    with office(planning_server, sqlite_store, tmp_path, task_seconds=0.05) as desk:
        outcomes: list[LoadOutcome] = []

        def run(name: str, cells: dict) -> None:
            patience = desk.hurry.patience(lease_wait_seconds=30.0)
            connection = desk.connection(name, patience=patience)
            outcomes.append(load_target(connection, desk.plan(cells, connection=name), run_id=name))

        threads = [threading.Thread(target=run, args=(name, cells)) for name, cells in (("uk", A), ("ie", B))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert [one.state for one in outcomes] == ["verified", "verified"]
        intervals = sorted((one.began_at, one.ended_at) for one in desk.model.log.intervals())
        assert intervals[0][1] <= intervals[1][0]


def test_settling_an_idle_model_finds_nothing(desk: Office) -> None:
    load_target(desk.connection(), desk.plan(A), run_id="r")
    assert settle_model(desk.connection()) == []


def test_settling_while_another_run_holds_the_model_is_refused(desk: Office) -> None:
    with Locks(desk.store).hold(f"anaplan_model_{MODEL_ID}", wait_seconds=0), pytest.raises(LockBusy):
        settle_model(desk.connection())


def ended_at(desk: Office, task_id: str) -> float:
    """When the task ended, by the model's own clock: it is noted when somebody looks next, which may be later."""
    return next(one.at for one in desk.model.log.events() if (one.event, one.task_id) == ("task_ended", task_id))


def uploads_at(desk: Office) -> list[float]:
    """When each upload began, by the model's own clock."""
    return [one.at for one in desk.model.log.events() if one.event == "file_opened"]


def file_of(entity: str, *rows: tuple[str, str, str]) -> bytes:
    """A file as somebody else would upload it."""
    lines = ["Entity,Version,Period,Account,Customer,Region,Amount"]
    lines += [
        f"{entity},Actual,2026-10-01,{account},{customer},unassigned,{amount}" for account, customer, amount in rows
    ]
    return ("\r\n".join(lines) + "\r\n").encode()
