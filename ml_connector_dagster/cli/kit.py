"""``kit``: sample files and one page for the person who builds the Anaplan imports."""

from __future__ import annotations

from pathlib import Path

import click

from ml_connector_dagster.cli.output import json_option, table
from ml_connector_dagster.connections.opening import Connector


@click.command()
@click.argument("connection")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder; default: kit_<connection>.")
@click.option(
    "--as-built", is_flag=True, help="Ask Anaplan how each import's file is cut, and cut its sample the same."
)
@json_option
def kit(connection: str, out: Path | None, *, as_built: bool, as_json: bool) -> None:
    """Write sample CSVs per list and module of CONNECTION, and a page that says how to build each import."""
    from ml_connector_dagster.flows.kit import write_kit

    with Connector.of_process() as connector:
        written = write_kit(connector.connection(connection), out or Path(f"kit_{connection}"), as_built=as_built)
    table([{"file": str(path)} for path in (written.page, *written.samples)], ("file",), as_json, title="Kit")


COMMANDS = (kit,)
