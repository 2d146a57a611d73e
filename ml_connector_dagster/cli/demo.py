"""``demo`` loads the demo companies through real queued runs and shows the tie-out; ``ui`` leaves everything running."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from itertools import groupby
from pathlib import Path

import click

from ml_connector_dagster.cli.dagster_graphql import DagsterGraphql, Run, dagster_at
from ml_connector_dagster.cli.demo_credentials import enter_credentials, invite_machines
from ml_connector_dagster.cli.demo_journal import ReadBack, post_and_read_back
from ml_connector_dagster.cli.local_stack import dagster_running, local_stack, serve_running
from ml_connector_dagster.cli.output import json_option, progress, say, table
from ml_connector_dagster.connections.opening import Connector
from ml_connector_dagster.errors import FiguresDiffer, LoadIncomplete
from ml_connector_dagster.flows.tie_out import TieOut, newest_tie_outs
from ml_connector_dagster.ledger.period import Period, periods_between

HOME = Path(".home") / "demo"
SECONDS_BETWEEN_LOOKS = 1.0
SECONDS_BETWEEN_CALLS = 5.0
"""How often a machine of the sandbox calls us; a real one does every quarter of an hour."""
SECONDS_A_SLICE = 120
"""Patience for one company and period; the whole demo waits for the sum."""


@dataclass(frozen=True, slots=True, order=True)
class Slice:
    """One company, period and module whose three totals must agree."""

    connection: str
    period: str
    target: str


@dataclass
class Watch:
    """What the demo waits for, and what went wrong so far."""

    wanted: set[Slice]
    read_runs: Mapping[str, tuple[str, str]]
    began_at: datetime
    holds: set[Slice] = field(default_factory=set)
    failed: dict[str, str] = field(default_factory=dict)


@click.command()
@click.option("--periods", default="3", show_default=True, help="How many of the newest periods to load, or 'all'.")
@json_option
def demo(periods: str, as_json: bool) -> None:
    """Load the demo companies into the sandbox's Anaplan and show books = staged = Anaplan per period."""
    say("Starting the accounting systems, an Anaplan and a Dagster on this machine; a quarter of a minute.")
    with local_stack(HOME) as stack:
        say(f"Sandbox: {stack.sandbox_url} (the accounting systems and Anaplan, on loopback)")
        with Connector.of_process() as connector:
            enter_credentials(connector)
        with dagster_running(stack), serve_running(stack), Connector.of_process() as connector:
            say(f"Dagster: {stack.dagster_url} (headless; it stops when the demo ends)")
            say(f"Inbound: {stack.serve_url} (called by machines that nobody can ask)")
            invite_machines(connector, stack.serve_url, SECONDS_BETWEEN_CALLS)
            with dagster_at(stack.dagster_url) as dagster:
                watch = start_reads(dagster, connector, periods)
                say(f"{len(watch.read_runs)} reads are queued, one per company and month; each load follows by itself.")
                wait_for(watch, dagster, connector)
                posted = [one.row() for one in _journals(dagster, connector, watch)]
            rows = tie_out_rows(connector, watch)
    if as_json:
        table(rows, {"company": "company", **_COLUMNS}, as_json)
    else:
        say("\nBooks = staged + postings in no document (revaluation, rounding); staged = Anaplan.")
        for company, own in groupby(rows, lambda row: str(row["company"])):
            table(own, _COLUMNS, title=company)
        table(posted, _POSTED, title="Posted into the books, and read back from them")
    say(WHERE_NEXT.format(home=HOME))
    _judge(watch, rows)


@click.command()
@click.option("--port", default=3000, show_default=True, help="Loopback port of the Dagster UI.")
@click.option("--sandbox-port", default=8700, show_default=True, help="Loopback port of the sandbox.")
def ui(port: int, sandbox_port: int) -> None:
    """Run the sandbox and the Dagster UI on loopback until Ctrl-C, connected and ready to materialize."""
    say("Starting the sandbox and Dagster; a quarter of a minute. What an earlier make ui left is forgotten.")
    with local_stack(HOME, dagster_port=port, sandbox_port=sandbox_port) as stack:
        with Connector.of_process() as connector:
            enter_credentials(connector)
        with dagster_running(stack), serve_running(stack):
            with Connector.of_process() as connector:
                invite_machines(connector, stack.serve_url, SECONDS_BETWEEN_CALLS)
            say(f"\nDagster UI: {stack.dagster_url}   sandbox: {stack.sandbox_url}   stop with Ctrl-C\n")
            say(
                f"1. Open {stack.dagster_url}/jobs/calder_uk_read, Launchpad… or Materialize all, and choose a month.\n"
                "2. Its loads follow by themselves, seconds after the read: watch them under Runs.\n"
                "3. Open calder_uk / anaplan / actuals_module: Partitions for the month, Checks for its tie-out.\n"
                "4. Do the same with brackenridge_read: it ends without a figure, and a second run reads what the machine answered."
            )
            try:
                while True:
                    time.sleep(3600)
            except KeyboardInterrupt:
                say("Stopping.")


def _journals(dagster: DagsterGraphql, connector: Connector, watch: Watch) -> Iterator[ReadBack]:
    """Post journals where everything before went well: a journal is not the demo's first worry."""
    if watch.wanted <= watch.holds:
        newest = max(one.period for one in watch.wanted)
        yield from post_and_read_back(dagster, connector, newest, HOME)


def start_reads(dagster: DagsterGraphql, connector: Connector, periods: str) -> Watch:
    """Queue one read run per company and period; the loads follow by the sensor."""
    began_at = datetime.now(UTC)
    runs, wanted = {}, set()
    for name in connector.names():
        settings = connector.connection(name).settings
        for period in newest_periods(settings.periods.start, periods, began_at):
            runs[dagster.launch(f"{name}_read", period, tags={"mlc/trigger": "demo"})] = (name, period)
            wanted |= {Slice(name, period, module.name) for module in settings.modules if module.read_back}
    return Watch(wanted, runs, began_at)


def newest_periods(start: str, wanted: str, now: datetime) -> list[str]:
    """Answer the newest periods from ``start`` to the open month; ``all`` for every one."""
    every = [str(period) for period in periods_between(Period.parse(start), Period.of(now.date()).next())]
    return every if wanted == "all" else every[-int(wanted) :]


def wait_for(watch: Watch, dagster: DagsterGraphql, connector: Connector) -> None:
    """Look until every slice holds, or what failed has no run left that could mend it; shows progress.

    Raises:
        LoadIncomplete: Some slices did not arrive; the message holds what the failed runs said.
    """
    began = time.monotonic()
    deadline = began + 120 + SECONDS_A_SLICE * len(watch.read_runs)
    said = ""
    with progress("reading and loading", total=len(watch.wanted)) as step:
        while watch.wanted - watch.holds and time.monotonic() < deadline:
            time.sleep(SECONDS_BETWEEN_LOOKS)
            arrived = _holding(connector, watch) - watch.holds
            watch.holds |= arrived
            runs = dagster.runs()
            _report(arrived, step, began)
            if said != (said := _moving(runs, watch)):
                say(f"{time.monotonic() - began:5.0f} s  {said}")
            if _nothing_moves(runs, watch, dagster):
                break


def tie_out_rows(connector: Connector, watch: Watch) -> list[dict[str, object]]:
    """Answer the newest tie-out of each slice, company by company and period by period."""
    rows = []
    for one, found in sorted(_newest_tie_outs(connector, watch).items()):
        figures = {name: getattr(found, name) for name in ("books", "staged", "anaplan", "unexplained")}
        named = sum(found.residuals.values(), Decimal(0))
        rows.append({"company": one.connection, "period": one.period, "module": one.target, **figures, "named": named})
    return rows


def _holding(connector: Connector, watch: Watch) -> set[Slice]:
    return {one for one, found in _newest_tie_outs(connector, watch).items() if found.holds} & watch.wanted


def _newest_tie_outs(connector: Connector, watch: Watch) -> dict[Slice, TieOut]:
    targets = {one.target for one in watch.wanted}
    return {
        Slice(name, period, target): found
        for name in connector.names()
        for (target, period), found in newest_tie_outs(
            connector.connection(name), targets, since=watch.began_at
        ).items()
    }


def _nothing_moves(runs: Iterable[Run], watch: Watch, dagster: DagsterGraphql) -> bool:
    """True once a run failed and no other is queued or running; the next attempt is minutes away then."""
    known = list(runs)
    for run in known:
        if run.status == "FAILURE" and run.run_id not in watch.failed:
            watch.failed[run.run_id] = dagster.why_failed(run.run_id)
    return bool(watch.failed) and all(run.ended for run in known)


def _report(arrived: Iterable[Slice], step: Callable[[str], None], began: float) -> None:
    for one in sorted(arrived):
        step(f"{one.connection} {one.period} {one.target} holds")
        say(f"{time.monotonic() - began:5.0f} s  {one.connection} {one.period} {one.target}: tied out to the cent")


def _moving(runs: Iterable[Run], watch: Watch) -> str:
    """Say how far the reads are and how many loads have ended, as people wait minutes for the first figure."""
    known = list(runs)
    read = sum(run.ended for run in known if run.run_id in watch.read_runs)
    loads = [run for run in known if run.run_id not in watch.read_runs]
    return f"{read} of {len(watch.read_runs)} reads ended, {sum(run.ended for run in loads)} of {len(loads)} loads"


def _judge(watch: Watch, rows: Sequence[Mapping[str, object]]) -> None:
    missing = sorted(watch.wanted - watch.holds)
    if any(row["unexplained"] for row in rows):
        raise FiguresDiffer(
            "Some periods do not tie out.", "Anaplan is not what the books say there.", "Look at the rows above."
        )
    if missing:
        said = "\n".join(dict.fromkeys(watch.failed.values())) or "No run failed; the time was up."
        raise LoadIncomplete(
            f"{len(missing)} slices did not arrive: {', '.join(f'{s.connection} {s.period} {s.target}' for s in missing)}.",
            f"What the failed runs said: {said}",
            f"Read {HOME}/dagster.log, or run make ui and look at the failed runs.",
        )


_COLUMNS = {
    "period": "period",
    "module": "module",
    "books": "books",
    "staged": "staged",
    "anaplan": "Anaplan",
    "named": "in no document",
    "unexplained": "unexplained",
}
_POSTED = {
    "company": "company",
    "key": "journal",
    "number": "number",
    "posting_date": "date",
    "debits": "debits",
    "state": "state",
    "transaction_id": "id in the books",
    "says": "the month since",
}
WHERE_NEXT = """
Where to look next:
  make ui                            the Dagster UI on loopback: materialize, backfill, look at the checks
  ml_connector_dagster/defs/demo/    the demo companies, one YAML file each
  ML_CONNECTOR_HOME={home} .venv/bin/ml-connector audit show --connection calder_uk
                                     what was read and loaded, step by step
  ML_CONNECTOR_HOME={home} .venv/bin/ml-connector journals show brackenridge
                                     the journal entry that was posted into its books"""

COMMANDS = (demo, ui)
