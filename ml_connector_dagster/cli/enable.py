"""``enable`` and ``disable``: whether schedules and sensors may start runs for a connection."""

from __future__ import annotations

import click

from ml_connector_dagster.cli.output import say
from ml_connector_dagster.connections.enablement import set_enabled
from ml_connector_dagster.connections.opening import Connector


@click.command()
@click.argument("connections", nargs=-1, required=True)
def enable(connections: tuple[str, ...]) -> None:
    """Let schedules and sensors start runs for these CONNECTIONS; their settings must be right."""
    _set(connections, enabled=True)


@click.command()
@click.argument("connections", nargs=-1, required=True)
def disable(connections: tuple[str, ...]) -> None:
    """Keep schedules and sensors from starting runs for these CONNECTIONS; runs under way go on."""
    _set(connections, enabled=False)


def _set(names: tuple[str, ...], *, enabled: bool) -> None:
    with Connector.of_process() as connector:
        opened = [connector.connection(name) for name in names]
        for connection in opened:
            set_enabled(connection, enabled=enabled)
            say(f"{connection.name}: schedules and sensors {'may start runs' if enabled else 'start nothing'}.")


COMMANDS: tuple[click.Command, ...] = (enable, disable)
