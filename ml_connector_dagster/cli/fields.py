"""``fields``: every name that ``columns:`` may use, tracking categories of the company included."""

from __future__ import annotations

from dataclasses import asdict

import click

from ml_connector_dagster.cli.output import json_option, say, table
from ml_connector_dagster.connections.opening import Connector


@click.command()
@click.argument("connection")
@json_option
def fields(connection: str, as_json: bool) -> None:
    """List the fields that file columns of CONNECTION may carry."""
    from ml_connector_dagster.flows.reference import tracking_table
    from ml_connector_dagster.mapping.columns import available_fields

    with Connector.of_process() as connector:
        found = available_fields(tracking_table(connector.connection(connection)))
    table([asdict(field) for field in found], ("name", "grain", "says"), as_json, title=f"Fields of {connection}")
    say('A constant is written with "=": Entity: "=UK".')


COMMANDS = (fields,)
