"""``make demo`` is this command: it loads real periods through queued runs, shows the tie-out, and leaves nothing running."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from ml_connector_dagster.cli.demo_journal import FILE
from ml_connector_dagster.connections.settings import find_connections, load_connection
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.store.engine import Store
from ml_connector_dagster.store.environment import Environment
from ml_connector_dagster_tests.connections.sandboxed import DEMO
from ml_connector_dagster_tests.end_to_end.stack import minutes_kept_open, months_before, until

COMPANIES = tuple(find_connections(DEMO))
MODULES = {(name, one.name) for name, path in find_connections(DEMO).items() for one in load_connection(path).modules}
PERIODS = 1
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800), pytest.mark.xdist_group("demo")]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """The demo, run once in a folder of its own; only the vendors' minutes are not waited for."""
    folder = tmp_path_factory.mktemp("demo")
    demo = subprocess.Popen(
        _demo("--periods", str(PERIODS), "--json"),
        cwd=folder,
        env=_variables(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        with _no_minute_waited_for(folder, demo):
            printed, said = demo.communicate(timeout=1700)
    finally:
        demo.terminate()
    return folder, subprocess.CompletedProcess(demo.args, demo.returncode, printed, said)


def test_the_demo_ties_out_every_company_period_and_module(ran):
    _, demo = ran
    assert demo.returncode == 0, demo.stderr[-3000:]
    rows = json.loads(demo.stdout)
    months = months_before(str(Period.of(datetime.now(UTC).date())), PERIODS)
    wanted = {(company, month, module) for company, module in MODULES for month in months}
    assert {(row["company"], row["period"], row["module"]) for row in rows} == wanted
    assert len(rows) == len(wanted)
    assert {row["unexplained"] for row in rows} == {"0.00"}
    assert all(row["staged"] == row["anaplan"] for row in rows)
    assert "Where to look next" in demo.stderr
    assert "stands in the books as" in demo.stderr
    (journal,) = [row for row in rows if row["company"] == "brackenridge" and row["module"] == "actuals"]
    assert Decimal(journal["named"]) == Decimal(1250)


def test_one_full_read_of_a_company_and_period_starts_one_load_run(ran):
    folder, _ = ran
    (runs,) = (folder / ".home" / "demo" / "dagster").rglob("runs.db")
    with sqlite3.connect(runs) as database:
        found = database.execute(
            "SELECT pipeline_name, partition FROM runs WHERE pipeline_name LIKE '%_load'"
        ).fetchall()
    counts = Counter((name, partition) for name, partition in found)
    assert len(counts) == len(COMPANIES) * PERIODS
    posted_into = {f"{name}_load" for name, path in find_connections(DEMO).items() if (path.parent / FILE).exists()}
    assert {count for (name, _), count in counts.items() if name not in posted_into} == {1}, counts
    assert {count for (name, _), count in counts.items() if name in posted_into} <= {1, 2}, (
        "the journal moved its month"
    )


def test_the_demo_leaves_nothing_running(ran):
    folder, _ = ran
    assert _processes_of(folder) == []


def test_a_demo_that_is_ended_stops_what_it_started(tmp_path):
    demo = subprocess.Popen(
        _demo(), cwd=tmp_path, env=_variables(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        until("the sandbox is up", lambda: any(" sandbox --port " in line for line in _processes_of(tmp_path)), 240)
        time.sleep(1.0)
    finally:
        demo.send_signal(signal.SIGTERM)
    assert demo.wait(300) == 128 + signal.SIGTERM
    until("nothing is left running", lambda: not _processes_of(tmp_path), 60)


@contextmanager
def _no_minute_waited_for(folder: Path, demo: subprocess.Popen[str]) -> Iterator[None]:
    """Lift Zoho's calls a minute in the demo's sandbox and forget what was asked: a month of its company would take four."""
    home = folder / ".home" / "demo"
    until("Dagster is started", lambda: demo.poll() is not None or (home / "dagster.log").exists(), 240)
    assert demo.poll() is None, demo.communicate()
    (sandbox,) = [line.split() for line in _processes_of(folder) if " sandbox --port " in line]
    settings = f"http://127.0.0.1:{sandbox[-1]}/_control/zoho_books/settings"
    httpx.post(settings, json={"minute": 1_000_000}).raise_for_status()
    with (
        closing(Store.open(Environment.read({"ML_CONNECTOR_HOME": str(home)}))) as store,
        minutes_kept_open(store),
    ):
        yield


def _demo(*options: str) -> list[str]:
    return [sys.executable, "-m", "ml_connector_dagster.cli", "demo", *options]


def _variables() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("ML_CONNECTOR_", "DAGSTER_"))}


def _processes_of(folder: Path) -> list[str]:
    """Answer the command lines of all processes that work below a folder: by their working folder or their home."""
    return sorted(_command_lines(folder))


def _command_lines(folder: Path) -> Iterator[str]:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            variables = (process / "environ").read_bytes()
            where = (process / "cwd").readlink()
            line = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:  # it has ended, or belongs to somebody else
            continue
        if line and (where == folder or f"ML_CONNECTOR_HOME={folder}".encode() in variables):
            yield line
