"""Loads launched at once by every way there is, and a load whose run is killed: what must hold on either database."""

from __future__ import annotations

import json
from pathlib import Path

import sqlalchemy as sa
import yaml

from ml_connector_dagster.cli.dagster_graphql import ENDED
from ml_connector_dagster.connections.enablement import set_enabled
from ml_connector_dagster.flows.due import model_is_busy
from ml_connector_dagster.store.tables.loads import load, tie_out
from ml_connector_dagster_tests.end_to_end.stack import Stack, overlapping, until

FIRST, SECOND = "2024-09", "2024-10"
TASK_SECONDS = 300
"""Of the sandbox's clock, which the test moves on."""
LOADS = ("anaplan/accounts_list", "anaplan/customers_list", "anaplan/regions_list", "anaplan/actuals_module")
EVERY_WAY = {("calder_ie", FIRST), ("calder_ie", SECOND), ("calder_uk", FIRST), ("calder_uk", SECOND)}


def actuals_alone(connections: Path) -> None:
    """Leave each company its lists and the module of actuals: every module takes the same way, and a test has minutes."""
    for path in connections.rglob("defs.yaml"):
        settings = yaml.safe_load(path.read_text(encoding="utf-8"))
        attributes = settings["attributes"]
        attributes["modules"] = [one for one in attributes["modules"] if one["name"] == "actuals"]
        path.write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")


def enable(stack: Stack, *names: str) -> None:
    """Let the sensor start runs for these companies, and for no other."""
    for name in stack.connector.names():
        set_enabled(stack.connector.connection(name), enabled=name in names)


def read(stack: Stack, *slices: tuple[str, str]) -> None:
    """Read companies and periods through queued runs, and wait."""
    runs = [stack.dagster.launch(f"{name}_read", period) for name, period in slices]
    until("the periods are read", lambda: all(stack.dagster.status(run) in ENDED for run in runs))
    failed = [stack.dagster.why_failed(run) for run in runs if stack.dagster.status(run) != "SUCCESS"]
    assert failed == []


def check_launches_of_every_way_at_once(stack: Stack) -> None:
    """Daemon, command line and GraphQL start loads of one model in the same second; in the model they follow one another."""
    enable(stack)
    read(stack, *sorted(EVERY_WAY))
    before = len(stack.model_log()["intervals"])
    enable(stack, "calder_ie")  # the daemon: its sensor finds two periods due
    command = stack.command("load", "calder_uk", FIRST, "--dagster", stack.local.dagster_url, "--json")
    clicked = stack.materialize("calder_uk", LOADS, SECOND)
    code, printed = stack.answer_of(command)
    assert code == 0, printed
    until("everything is loaded", stack.is_quiet)
    assert stack.dagster.status(clicked) == "SUCCESS", stack.dagster.why_failed(clicked)
    assert_serial(stack, before, at_least=len(EVERY_WAY))
    assert actuals_verified(stack) >= EVERY_WAY
    assert {run.tags["dagster/partition"] for run in stack.load_runs("calder_ie")} == {FIRST, SECOND}
    assert len(stack.load_runs("calder_ie")) == 2, "one load run a company and period"


def check_a_run_killed_while_its_task_goes_on(stack: Stack) -> None:
    """The successor settles the dead run's load first: its interval ends there, and nothing is loaded twice."""
    enable(stack)
    read(stack, ("calder_ie", SECOND))
    load_by_command(stack, "calder_ie", SECOND)
    stack.happens("late-document", tenant="ie", date=f"{SECOND}-15", amount="77.00", account="429")
    read(stack, ("calder_ie", SECOND))
    stack.sandbox("POST", "anaplan/plans", json={"object": "Actuals from Xero", "seconds": TASK_SECONDS})
    before = stack.model_log()
    seen = len(before["events"])
    killed = stack.materialize("calder_ie", LOADS[-1:], SECOND)
    task = until("the task runs in Anaplan", lambda: _task_since(stack, seen))
    stack.kill_worker(killed)
    until("Dagster notices", lambda: stack.dagster.status(killed) == "FAILURE")
    assert not model_is_busy(stack.connector.connection("calder_ie")), "a killed run frees the lease"
    command = stack.command("load", "calder_ie", SECOND, "--dagster", stack.local.dagster_url, "--json")
    until("the successor runs while the task goes on: the pool is free too", lambda: _command_line_runs(stack))
    assert "task_ended" not in {one["event"] for one in stack.model_log()["events"][seen:]}
    stack.sandbox("POST", "clock", json={"advance_seconds": TASK_SECONDS})
    code, printed = stack.answer_of(command)
    assert code == 0, printed
    events = stack.model_log()["events"][seen:]
    assert [one["task_id"] for one in events if one["event"] == "task_created"] == [task], "nothing was started twice"
    assert load_states(stack, killed) == ["verified"]
    assert_serial(stack, len(before["intervals"]), at_least=1)
    rows = {row["target"]: row["state"] for row in json.loads(printed[printed.index("[") :])}
    assert rows["actuals"] == "skipped"


def load_by_command(stack: Stack, name: str, period: str) -> None:
    """Load a company and period by the command line, and wait."""
    code, printed = stack.answer_of(stack.command("load", name, period, "--dagster", stack.local.dagster_url, "--json"))
    assert code == 0, printed


def assert_serial(stack: Stack, before: int, *, at_least: int) -> None:
    """By the model's own log no two loads were in it at once."""
    intervals = stack.model_log()["intervals"]
    assert len(intervals) - before >= at_least
    assert overlapping(intervals) == []


def actuals_verified(stack: Stack) -> set[tuple[str, str]]:
    """Answer company and period of each slice of actuals whose newest tie-out holds."""
    table = tie_out
    with stack.connector.store.read() as database:
        rows = database.execute(sa.select(table).order_by(table.c.id)).mappings().all()
    newest = {(row["connection"], row["period"]): row["holds"] and row["anaplan"] is not None for row in rows}
    return {one for one, holds in newest.items() if holds}


def load_states(stack: Stack, run_id: str) -> list[str]:
    """Answer how the loads of a run stand."""
    query = sa.select(load.c.state).where(load.c.run_id == run_id)
    with stack.connector.store.read() as database:
        return list(database.execute(query).scalars())


def _command_line_runs(stack: Stack) -> list[str]:
    """Answer the runs that the command line launched and that are at work now."""
    return [
        run.run_id for run in stack.runs() if run.tags.get("mlc/trigger") == "command line" and run.status == "STARTED"
    ]


def _task_since(stack: Stack, seen: int) -> str:
    created = [one for one in stack.model_log()["events"][seen:] if one["event"] == "task_created"]
    return str(created[0]["task_id"]) if created else ""
