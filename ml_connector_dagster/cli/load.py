"""``load`` sends one period through the same queue as the UI: the pool shows it, the lease guards it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click
import sqlalchemy as sa

from ml_connector_dagster.cli.dagster_graphql import ENDED, Cause, DagsterGraphql, dagster_at
from ml_connector_dagster.cli.output import EXIT_CODES, json_option, progress, say, table
from ml_connector_dagster.connections.opening import Connector
from ml_connector_dagster.errors import AnswerAwaited, ConnectorError, LoadIncomplete
from ml_connector_dagster.flows.file_plan import FROM_MODEL_TAG
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.store.tables.loads import load as load_table

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
    """Load every list and module of CONNECTION for PERIOD (2026-10) as queued runs, and wait for them.

    The exit code is that of what stopped a run (3 credential refused, 5 quota spent, 8 held for a person …), and 6 where
    steps of it failed for different reasons.
    """
    with Connector.of_process() as connector, dagster_at(dagster) as webserver:
        opened = connector.connection(connection)
        asked = str(Period.parse(period))
        if read:
            _say_budget(opened, asked)
            _run(webserver, f"{opened.name}_read", asked)
            _refuse_unanswered(opened, asked)
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


def _say_budget(opened: OpenConnection, period: str) -> None:
    """Say on standard error how many calls the read makes, where the vendor counts a day's; nothing was asked yet."""
    from ml_connector_dagster.connections.budget import budget_of_period  # slow to import

    if budget := budget_of_period(opened, Period.parse(period)):
        say(budget.says)


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


def _refuse_unanswered(opened: OpenConnection, period: str) -> None:
    """Load nothing of a period that was only asked for.

    Raises:
        AnswerAwaited: Its answer has not come, or has not been read.
    """
    from ml_connector_dagster.flows.awaited import EVERY_PERIOD, asked_for

    missing = sorted(entity for entity, of in asked_for(opened) if of in (period, EVERY_PERIOD))
    if missing:
        raise AnswerAwaited(
            f"{period} of {opened.name} was asked for: {', '.join(missing)}.",
            "The machine where the books are has not answered, so nothing was loaded.",
            "The load follows by itself when the answer comes; ml-connector check says when the machine was last seen.",
        )


def _run(webserver: DagsterGraphql, job: str, period: str, tags: Mapping[str, str] | None = None) -> None:
    run_id = webserver.launch(job, period, tags={"mlc/trigger": "command line", **(tags or {})})
    with progress(f"{job} {period}") as step:
        while (status := webserver.status(run_id)) not in ENDED:
            step(f"{job} {period}: {status.lower()}")
            time.sleep(SECONDS_BETWEEN_LOOKS)
    if status != "SUCCESS":
        raise _failed(f"Run {run_id} of {job} for {period} ended as {status.lower()}", webserver.causes(run_id))


def _failed(run: str, causes: Sequence[Cause]) -> ConnectorError:
    """Answer the error of a run that failed: of the class of its causes where they are of one, so that its exit code tells."""
    kinds = {kind.__name__: kind for kind in EXIT_CODES}
    errors = {kinds.get(cause.error, LoadIncomplete) for cause in causes}
    kind = errors.pop() if len(errors) == 1 else LoadIncomplete
    means = "The period is not in Anaplan as a whole."
    if len(set(causes)) == 1 and causes[0].do:
        return kind(f"{run}: {causes[0].says.removesuffix(causes[0].do).rstrip()}", means, causes[0].do)
    why = "\n".join(dict.fromkeys(cause.says for cause in causes)) or "no step said why."
    do = "Follow what the failed steps say; the newest loads are listed by ml-connector audit show."
    return kind(f"{run}: {why}", means, do)


def _newest_loads(connector: Connector, name: str, period: str) -> list[dict[str, object]]:
    newest = (
        sa.select(sa.func.max(load_table.c.id))
        .where(load_table.c.connection == name, load_table.c.period == period)
        .group_by(load_table.c.target)
    )
    with connector.store.read() as database:
        found = (
            database.execute(sa.select(load_table).where(load_table.c.id.in_(newest)).order_by(load_table.c.id))
            .mappings()
            .all()
        )
    return [dict(one) for one in found]


COMMANDS = (load,)
