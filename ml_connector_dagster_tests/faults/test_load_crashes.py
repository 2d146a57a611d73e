"""A load killed at every step, and resumed: at most one known task, the figures right, nothing lost."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

from ml_connector_dagster.anaplan.actions import Route
from ml_connector_dagster.audit.trail import verify
from ml_connector_dagster.errors import ConnectorError
from ml_connector_dagster.flows.desk import Desk
from ml_connector_dagster.flows.file_plan import FilePlan
from ml_connector_dagster.flows.load import load_target
from ml_connector_dagster.flows.load_rows import SETTLED
from ml_connector_dagster.flows.send import notice_tasks
from ml_connector_dagster.sandbox.server import Running
from ml_connector_dagster.store.engine import Store
from ml_connector_dagster.store.faultpoints import planted
from ml_connector_dagster_tests.faults.forked import KILLED, ended, fork
from ml_connector_dagster_tests.flows.office import ACCOUNTS, CUSTOMERS, Office, money, office

BEFORE_START = (
    "load.planned", "load.before_upload", "upload.chunk.0", "upload.chunk.1", "load.uploaded", "load.intended",
)  # fmt: skip
AFTER_START = ("load.before_started", "load.started", "load.dump_kept", "load.finished", "load.verified")
STEPS = (*BEFORE_START, *AFTER_START)
KNOWN_FACTS: dict = {}
A = {("200", "UK-a"): "1200.50", ("400", "UK-b"): "99.99"}
B = {("200", "UK-a"): "7.00", ("260", "UK-b"): "-3.10", ("400", "UK-b"): 0}


def work(desk: Office, plan: FilePlan, name: str = "uk") -> int:
    """Load in a child; a refusal in words is a clean end."""
    try:
        load_target(desk.connection(name, chunk_bytes=60), plan, run_id="child")
    except ConnectorError:
        return 1
    return 0


def killed_at(desk: Office, plan: FilePlan, step: str, name: str = "uk") -> int:
    return ended(fork(lambda: work(desk, plan, name), die_at=step))


class Killed(BaseException):
    """Ends a load where it stands, as a kill would; nothing of the product catches it."""


def interrupted_at(desk: Office, plan: FilePlan, step: str, name: str) -> None:
    """Like ``killed_at`` without a process of its own: cheaper, and the lock is freed by unwinding."""

    def hook(reached: str) -> None:
        if reached == step:
            raise Killed

    with planted(hook), suppress(Killed):
        work(desk, plan, name)


def assert_nothing_is_lost(desk: Office) -> None:
    """Every load is settled, owns one task at most, and every task of the model is accounted for."""
    rows = desk.rows()
    assert {row.state for row in rows} <= set(SETTLED)
    known = desk.known_tasks()
    owned = Counter(row.task_id for row in rows if row.task_id and row.state != "skipped")
    assert all(times == 1 for times in owned.values())
    assert set(owned) <= set(known)
    assert {task.id for task in desk.tasks} <= set(known)
    assert verify(desk.store) == []


@pytest.mark.parametrize("step", STEPS)
def test_a_load_killed_at_any_step_is_resumed_and_right(desk: Office, step: str) -> None:
    assert killed_at(desk, desk.plan(A), step) == KILLED
    outcome = load_target(desk.connection(), desk.plan(A), run_id="second")
    assert desk.figures() == money(A)
    assert_nothing_is_lost(desk)
    started_before = step in AFTER_START
    assert (outcome.state, len(desk.tasks)) == ("skipped" if started_before else "verified", 1)


@pytest.mark.postgres
@pytest.mark.parametrize("step", ["load.uploaded", "load.before_started", "load.started", "load.finished"])
def test_a_load_killed_beside_postgres_is_resumed_and_right(
    planning_server: Running, postgres_store: Store, tmp_path: Path, step: str
) -> None:
    with office(planning_server, postgres_store, tmp_path) as desk:
        assert killed_at(desk, desk.plan(A), step) == KILLED
        load_target(desk.connection(), desk.plan(A), run_id="second")
        assert (desk.figures(), len(desk.tasks)) == (money(A), 1)
        assert_nothing_is_lost(desk)


@pytest.mark.parametrize("step", ["load.uploaded", "load.intended", "load.before_started", "load.started"])
def test_protocol_06_another_connections_load_settles_what_a_killed_run_left(desk: Office, step: str) -> None:
    assert killed_at(desk, desk.plan(A), step) == KILLED
    load_target(desk.connection("ie"), desk.plan(B, connection="ie"), run_id="other company")
    left = desk.rows()[0]
    assert left.state == ("verified" if step in AFTER_START else "refused")
    assert desk.figures() == (money(A) if step in AFTER_START else {})
    assert desk.figures(entity="IE") == money(B)
    assert left.state == "verified" or left.retry_at is not None


def test_protocol_06_a_killed_runs_task_is_waited_for_before_the_next_upload(
    planning_server: Running, sqlite_store: Store, tmp_path: Path
) -> None:
    with office(planning_server, sqlite_store, tmp_path, task_seconds=0.3) as desk:
        assert killed_at(desk, desk.plan(A), "load.started") == KILLED
        load_target(desk.connection(), desk.plan(B), run_id="second")
        log = [event.event for event in desk.model.log.events()]
        second_upload = [index for index, event in enumerate(log) if event == "file_opened"][1]
        assert log.index("task_ended") < second_upload
        assert desk.figures() == money(B)
        assert_nothing_is_lost(desk)


@pytest.mark.parametrize("step", ["load.before_started", "load.started", "load.finished"])
def test_protocol_09_a_verified_then_b_crashed_then_a_again_is_right(desk: Office, step: str) -> None:
    """Skipping A because "it was loaded already" would leave B in the model."""
    load_target(desk.connection(), desk.plan(A), run_id="first")
    assert killed_at(desk, desk.plan(B), step) == KILLED
    outcome = load_target(desk.connection(), desk.plan({**A, ("260", "UK-b"): 0}), run_id="third")
    assert outcome.sent
    assert desk.figures() == money(A)


def test_protocol_09_the_very_file_of_a_is_sent_again_after_b_crashed_unsettled(desk: Office) -> None:
    load_target(desk.connection(), desk.plan(A), run_id="first")
    desk.plant(fail="internalError")
    assert killed_at(desk, desk.plan(B), "load.started") == KILLED
    outcome = load_target(desk.connection(), desk.plan(A), run_id="third")
    assert (outcome.state, outcome.sent) == ("verified", True)


@pytest.mark.parametrize("seed", range(int(os.environ.get("ML_CONNECTOR_SEEDS", "200"))))
def test_any_plan_of_crashes_and_lost_answers_ends_right(
    planning_server: Running, sqlite_store: Store, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    with office(planning_server, sqlite_store, tmp_path) as desk:
        desk.facts = KNOWN_FACTS
        wanted: dict[str, dict] = {}
        sent: dict[str, set] = {"uk": set(), "ie": set()}
        for _ in range(chance.choice([1, 1, 2])):
            name = chance.choice(["uk", "uk", "ie"])
            wanted[name] = some_cells(chance, sent[name])
            misfortune(desk, chance)
            kill = killed_at if seed % 2 else interrupted_at
            kill(desk, desk.plan(wanted[name], connection=name), chance.choice(STEPS), name)
            desk.clear_misfortune()
        for name, cells in wanted.items():
            load_target(
                desk.connection(name), desk.plan(cells, connection=name), run_id="last", force=chance.random() < 0.3
            )
        for name, cells in wanted.items():
            assert desk.figures(entity=name.upper()) == money(cells)
        notice_what_is_left(desk)
        assert_nothing_is_lost(desk)


def notice_what_is_left(desk: Office) -> None:
    """What the next load of the action would do first: account for tasks that came late."""
    connection = desk.connection()
    row = desk.rows()[-1]
    seat = Desk(connection.model(), desk.book, connection.blobs, lambda: None)
    notice_tasks(seat, row, Route.of(row.route["action"]))


def some_cells(chance: random.Random, before: set) -> dict:
    """A slice with zero rows for every cell sent before and now gone."""
    cells: dict = dict.fromkeys(sorted(before), 0)
    for _ in range(chance.randint(1, 4)):
        cell = (chance.choice(ACCOUNTS), chance.choice(CUSTOMERS))
        cells[cell] = f"{chance.randint(-9999, 9999) / 100:.2f}"
    before |= set(cells)
    return cells


def misfortune(desk: Office, chance: random.Random) -> None:
    """Sometimes the start's answer is lost, before or after Anaplan took it."""
    kind = chance.choice(["", "", "answer_lost", "drop", "late"])
    if kind == "late":
        desk.plant(late_seconds=0.05)
        kind = "answer_lost"
    if kind:
        desk.fault("/tasks$", method="POST", kind=kind)


@pytest.mark.slow
@pytest.mark.parametrize("step", ["load.uploaded", "load.before_started", "load.started"])
@pytest.mark.parametrize("profile", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_a_true_kill_frees_the_lease_at_once_and_the_load_is_resumed(
    planning_server: Running, request: pytest.FixtureRequest, tmp_path: Path, step: str, profile: str
) -> None:
    store = request.getfixturevalue(f"{profile}_store")
    with office(planning_server, store, tmp_path) as desk:
        reached, plan = tmp_path / "reached", desk.plan(A)

        def wait_to_be_killed(name: str) -> None:
            if name == step:
                reached.touch()
                time.sleep(60)

        def child() -> int:
            with planted(wait_to_be_killed):
                return work(desk, plan)

        pid = fork(child)
        deadline = time.monotonic() + 120
        while not reached.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        assert reached.exists()
        os.kill(pid, signal.SIGKILL)
        assert ended(pid) == -signal.SIGKILL
        outcome = load_target(
            desk.connection(patience=desk.hurry.patience(lease_wait_seconds=2.0)), desk.plan(A), run_id="second"
        )
        assert outcome.state in ("verified", "skipped")
        assert (desk.figures(), len(desk.tasks)) == (money(A), 1)
        assert_nothing_is_lost(desk)
