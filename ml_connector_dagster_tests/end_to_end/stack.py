"""Everything as a person runs it, in processes of its own: the sandbox, Dagster's webserver, daemon and code server."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import httpx
import sqlalchemy as sa

from ml_connector_dagster.cli.dagster_graphql import DagsterGraphql, Run
from ml_connector_dagster.cli.demo_credentials import enter_credentials
from ml_connector_dagster.cli.local_stack import LocalStack, dagster_running, local_stack
from ml_connector_dagster.connections.opening import Connector
from ml_connector_dagster.store.engine import Store
from ml_connector_dagster.transport.client import VendorHttp
from ml_connector_dagster_tests.connections.sandboxed import DEMO
from ml_connector_dagster_tests.end_to_end.close_at_hand import without_limits

MODEL_POOL = "anaplan_model_B5C0D3F7A1E94C2B8D6F0A1B2C3D4E5F"
PATIENCE_SECONDS = 600.0
FORKED = Path(__file__).parent / "forked"
_BACKFILL = """
mutation Backfill($params: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $params) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on PythonError { message }
  }
}
"""
_BACKFILL_STATUS = """
query Backfill($id: String!) { partitionBackfillOrError(backfillId: $id) { ... on PartitionBackfill { status } } }
"""
_UNFINISHED = """
query Unfinished {
  runsOrError(filter: {statuses: [QUEUED, NOT_STARTED, STARTING, STARTED, CANCELING, MANAGED]}, limit: 1) {
    ... on Runs { results { runId } }
  }
}
"""
_SAID = """
query Said($id: ID!) {
  logsForRun(runId: $id, limit: 1000) { ... on EventConnection { events { ... on MessageEvent { message } } } }
}
"""


@dataclass
class Stack:
    """A running stack and everything a test does to it."""

    local: LocalStack
    connections: Path
    dagster: DagsterGraphql
    connector: Connector
    printed: list[str] = field(default_factory=list)
    """What commands printed, for the search for secrets."""
    started: list[subprocess.Popen[str]] = field(default_factory=list)
    """Every command, so that none outlives a test that failed."""

    # ── the sandbox ───────────────────────────────────────────────────────────────────────────────────────────────────
    def sandbox(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        """Speak to the sandbox's control API."""
        answer = httpx.request(method, f"{self.local.sandbox_url}/_control/{path}", timeout=60, **more)
        assert answer.is_success, answer.text
        return dict(answer.json())

    def happens(self, act: str, **body: Any) -> dict[str, Any]:
        """Change the books behind Xero's back."""
        return self.sandbox("POST", f"xero/{act}", json=body)

    def anaplan_calls(self) -> int:
        """How many requests Anaplan has had so far."""
        counters = self.sandbox("GET", "counters")["counters"]
        return sum(count for name, count in counters.items() if name.startswith("anaplan "))

    def model_log(self) -> dict[str, Any]:
        """The model's own log: events and intervals."""
        return self.sandbox("GET", "anaplan/log")

    # ── runs ──────────────────────────────────────────────────────────────────────────────────────────────────────────
    def materialize(self, connection: str, names: Sequence[str], period: str) -> str:
        """Press the UI's button: queue a run over these assets of a connection."""
        return self.dagster.launch("__ASSET_JOB", period, assets=[[connection, *name.split("/")] for name in names])

    def backfill(self, connection: str, names: Sequence[str], periods: Sequence[str]) -> str:
        """Launch a backfill over these assets and periods as the UI does."""
        params = {
            "assetSelection": [{"path": [connection, *name.split("/")]} for name in names],
            "partitionNames": list(periods),
            "tags": [],
        }
        answer = self.ask(_BACKFILL, {"params": params})["launchPartitionBackfill"]
        assert answer["__typename"] == "LaunchBackfillSuccess", answer
        return str(answer["backfillId"])

    def backfill_status(self, backfill: str) -> str:
        """Answer where a backfill stands."""
        return str(self.ask(_BACKFILL_STATUS, {"id": backfill})["partitionBackfillOrError"]["status"])

    def runs(self) -> list[Run]:
        """Every run so far."""
        return self.dagster.runs(limit=1000)

    def load_runs(self, connection: str) -> list[Run]:
        """The runs that the sensor started for a connection."""
        return [
            run
            for run in self.runs()
            if run.tags.get("mlc/trigger") == "loads_due" and run.tags.get("mlc/connection") == connection
        ]

    def command(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command of the command line; end it with ``answer_of``."""
        line = [sys.executable, "-m", "ml_connector_dagster.cli", *arguments]
        self.started.append(
            subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=dict(os.environ))
        )
        return self.started[-1]

    def end_commands(self) -> None:
        """End what a failed test left waiting."""
        for command in self.started:
            if command.poll() is None:
                command.kill()
                command.communicate()

    def answer_of(self, command: subprocess.Popen[str], seconds: float = PATIENCE_SECONDS) -> tuple[int, str]:
        """Wait for a command; answers its exit code and what it printed."""
        printed, _ = command.communicate(timeout=seconds)
        self.printed.append(printed)
        return command.returncode, printed

    def kill_worker(self, run_id: str) -> None:
        """SIGKILL the process of a run, as the machine's memory watch would."""
        pids = (re.search(r"pid: (\d+)", line) for line in self.said(run_id))
        found = next(match for match in pids if match)
        os.kill(int(found[1]), signal.SIGKILL)

    def said(self, run_id: str) -> list[str]:
        """Answer the lines of a run's log."""
        events = self.ask(_SAID, {"id": run_id})["logsForRun"]["events"]
        return [event.get("message") or "" for event in events]

    def is_quiet(self) -> bool:
        """True where no run is queued or running and nothing is due."""
        from ml_connector_dagster.flows.due import loads_due

        unfinished = self.ask(_UNFINISHED, {})["runsOrError"]["results"]
        return not unfinished and not any(loads_due(self.connector.connection(name)) for name in self.connector.names())

    def ask(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Ask the webserver's GraphQL."""
        answer = httpx.post(
            f"{self.local.dagster_url}/graphql",
            json={"query": query, "variables": dict(variables)},
            timeout=60,
            verify=False,
        ).json()
        assert not answer.get("errors"), answer["errors"]
        return dict(answer["data"])


def until(what: str, happened: Callable[[], Any], seconds: float = PATIENCE_SECONDS) -> Any:
    """Look until something happened, and answer it: soon at first, then once a second, for looking takes time from it."""
    deadline, pause = time.monotonic() + seconds, 0.1
    while time.monotonic() < deadline:
        if found := happened():
            return found
        time.sleep(pause)
        pause = min(pause * 1.5, 1.0)
    raise AssertionError(f"not within {seconds:g} seconds: {what}")


@contextmanager
def stack_running(
    folder: Path, *, database_url: str = "", shape: Callable[[Path], None] | None = None
) -> Iterator[Stack]:
    """Start a stack over a copy of the two Xero companies' connections; ``shape`` may change the copies first."""
    connections = folder / "connections"
    for company in sorted(DEMO.glob("calder_*")):
        shutil.copytree(company, connections / company.name)
    if shape is not None:
        shape(connections)
    variables = {"ML_CONNECTOR_CONNECTIONS": str(connections), "PYTHONPATH": _forked_first()}
    if database_url:
        variables["ML_CONNECTOR_DATABASE_URL"] = database_url
    with mock.patch.dict(os.environ, variables), local_stack(folder / "home") as local:
        without_limits_at(local.sandbox_url)
        with Connector.of_process() as connector:
            enter_credentials(connector)
        with (
            dagster_running(local),
            Connector.of_process() as connector,
            minutes_kept_open(connector.store),
            closing(VendorHttp("dagster")) as http,
        ):
            stack = Stack(local, connections, DagsterGraphql(local.dagster_url, http), connector)
            try:
                yield stack
            finally:
                stack.end_commands()


def _forked_first() -> str:
    """Answer the search path under which the processes of runs are forked: see ``forked/sitecustomize.py``."""
    return os.pathsep.join(filter(None, (str(FORKED), os.environ.get("PYTHONPATH", ""))))


def without_limits_at(sandbox_url: str) -> None:
    """Lift the vendors' call limits in a sandbox process."""

    class At:
        base_url = sandbox_url

    without_limits(At)


@contextmanager
def minutes_kept_open(store: Store) -> Iterator[None]:
    """Forget what was asked this minute, again and again: months of calls fit into a test, pacing has its own."""
    stopped = threading.Event()

    def forget() -> None:
        while not stopped.wait(0.5):
            with store.engine.connect() as connection:
                connection.execute(sa.text("DELETE FROM rate_limit WHERE name LIKE '%:minute:%'"))
                connection.commit()

    thread = threading.Thread(target=forget, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


def months_before(month: str, count: int) -> list[str]:
    """Answer the months up to and with this one, oldest first."""
    from ml_connector_dagster.ledger.period import Period

    last = Period.parse(month)
    number = last.year * 12 + last.month - 1
    return [f"{n // 12}-{n % 12 + 1:02d}" for n in range(number - count + 1, number + 1)]


def overlapping(intervals: Iterable[Mapping[str, Any]]) -> list[tuple[Any, Any]]:
    """Answer the pairs of loads that were in the model at once; an interval is first chunk … read-back."""
    ordered = sorted(intervals, key=lambda one: one["began_at"])
    return [
        (earlier, later)
        for earlier, later in itertools.combinations(ordered, 2)
        if later["began_at"] < earlier["ended_at"]
    ]
