"""``ml-connector replay``: send a load's file again after its cause was mended."""

from __future__ import annotations

from dataclasses import asdict

import click

from ml_connector_dagster.cli.output import json_option, say, table
from ml_connector_dagster.connections.opening import Connector


@click.command()
@click.argument("load", type=int)
@click.option(
    "--rejected", is_flag=True, help="Only if Anaplan rejected rows of it. The whole file is sent all the same."
)
@json_option
def replay(load: int, rejected: bool, as_json: bool) -> None:
    """Send the file of LOAD again, byte for byte, and read it back."""
    from ml_connector_dagster.flows.replay import find_load  # slow to import
    from ml_connector_dagster.flows.replay import replay as send_again

    with Connector.of_process() as connector:
        row = find_load(connector.store, load)
        outcome = send_again(connector.connection(row.connection), load, run_id="command line", rejected=rejected)
        say(outcome.says)
        shown = {**asdict(outcome), "connection": row.connection, "target": row.target, "period": row.period}
        columns = ("load_id", "connection", "target", "period", "state", "verdict", "rows", "task_id")
        table([shown], columns, as_json)


COMMANDS: tuple[click.Command, ...] = (replay,)
