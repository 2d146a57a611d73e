"""``load`` sends one period through the same queue as the UI: the pool shows it, the lease guards it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click
import sqlalchemy as sa

from ml_connector_dagster.cli.dagster_graphql import ENDED, DagsterGraphql, dagster_at
from ml_connector_dagster.cli.output import json_option, progress, say, table
from ml_connector_dagster.connections.opening import Connector
from ml_connector_dagster.errors import LoadIncomplete
from ml_connector_dagster.flows.file_plan import FROM_MODEL_TAG
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.store import tables

if TYPE_CHECKING:
    from ml_connector_dagster.connections.opening import OpenConnection

SECONDS_BETWEEN_LOOKS = 1.0


@click.command()
@click.argument("connection")
@click.argument("period")
@click.option("--dagster", default="http://127.0.0.1:3000", show_default=True, help="Address of the Dagster webserver.")
@click.option("--read/--no-read", default=False, help="Read the period from the accounting system first.")
@click.option(
    "--from-model",
    is_flag=True,
    help="After a restore, or to force: zero what Anaplan shows and the books do not have, and send in any case.",
)
@click.option("--yes", is_flag=True, help="Do not ask before figures of the model are set to 0.")
@json_option
def load(connection: str, period: str, *, dagster: str, read: bool, from_model: bool, yes: bool, as_json: bool) -> None:
    """Load every list and module of CONNECTION for PERIOD (2026-10) as queued runs, and wait for them."""
    with Connector.of_process() as connector, dagster_at(dagster) as webserver:
        opened = connector.connection(connection)
        asked = str(Period.parse(period))
        if read:
            _run(webserver, f"{opened.name}_read", asked)
        if from_model:
            _show_first(opened, asked, yes=yes)
        _run(webserver, f"{opened.name}_load", asked, {FROM_MODEL_TAG: "yes"} if from_model else None)
        columns = (
            "target",
            "state",
            "verdict",
            "rows",
            "total",
            "rows_rejected",
            "rows_ignored",
            "task_id",
            "verified_at",
        )
        table(_newest_loads(connector, opened.name, asked), columns, as_json, title=f"{opened.name} {asked}")


def _show_first(opened: OpenConnection, period: str, *, yes: bool) -> None:
    """Say on standard error which figures of the model the load takes out, and ask; nothing was started yet."""
    from ml_connector_dagster.flows.translate import translate  # slow to import
    from ml_connector_dagster.flows.zeroes import says_zeroes

    plans = [translate(opened, module.name, period, from_model=True) for module in opened.settings.modules]
    said = [says for plan in plans if (says := says_zeroes(plan))]
    for says in said:
        say(says)
    if said and not yes:
        click.confirm(
            f"Every figure: ml-connector preview {opened.name} {period} --from-model. Load now?", abort=True, err=True
        )


def _run(webserver: DagsterGraphql, job: str, period: str, tags: Mapping[str, str] | None = None) -> None:
    run_id = webserver.launch(job, period, tags={"mlc/trigger": "command line", **(tags or {})})
    with progress(f"{job} {period}") as step:
        while (status := webserver.status(run_id)) not in ENDED:
            step(f"{job} {period}: {status.lower()}")
            time.sleep(SECONDS_BETWEEN_LOOKS)
    if status != "SUCCESS":
        raise LoadIncomplete(
            f"Run {run_id} of {job} for {period} ended as {status.lower()}: {webserver.why_failed(run_id)}",
            "The period is not in Anaplan as a whole.",
            "Follow what the failed step says; the newest loads are listed by ml-connector audit show.",
        )


def _newest_loads(connector: Connector, name: str, period: str) -> list[dict[str, object]]:
    row = tables.load
    newest = (
        sa.select(sa.func.max(row.c.id)).where(row.c.connection == name, row.c.period == period).group_by(row.c.target)
    )
    with connector.store.read() as database:
        found = database.execute(sa.select(row).where(row.c.id.in_(newest)).order_by(row.c.id)).mappings().all()
    return [dict(one) for one in found]


COMMANDS = (load,)
