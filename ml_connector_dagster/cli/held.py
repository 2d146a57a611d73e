"""``held``: what waits for a person, and letting it go."""

from __future__ import annotations

import getpass
from dataclasses import asdict

import click

from ml_connector_dagster.cli.output import json_option, say, table
from ml_connector_dagster.connections.opening import Connector


@click.group()
def held() -> None:
    """Show and release loads that wait for a person."""


@held.command("list")
@click.argument("connection", required=False)
@json_option
def list_held(connection: str | None, as_json: bool) -> None:
    """List what waits, of CONNECTION or of all."""
    from ml_connector_dagster.flows.register import held_slices

    with Connector.of_process() as connector:
        rows = [
            {"connection": name, **asdict(one)}
            for name in ((connection,) if connection else connector.names())
            for one in held_slices(connector.connection(name))
        ]
    columns = ("connection", "id", "target", "period", "delta", "may_be_released", "held_at", "reason")
    table(rows, columns, as_json, title="Held")


@held.command()
@click.argument("connection")
@click.argument("target")
@click.argument("period", default="")
@click.option("--by", default=getpass.getuser, help="Who decides; kept with the release. Default: you.")
def release(connection: str, target: str, period: str, by: str) -> None:
    """Release what is held for TARGET of CONNECTION and PERIOD (none for a list): this content alone, then it loads."""
    from ml_connector_dagster.flows.register import release as release_slice

    with Connector.of_process() as connector:
        released = release_slice(connector.connection(connection), target, period, by=by)
    say(f"Released by {by}: {released.target} {released.period}, {released.delta:,.2f}. It is loaded at the next look.")


COMMANDS = (held,)
