"""``mapping``: crosswalks as CSV: export all records, let the model's own members be suggested, import after a check."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ml_connector_dagster.cli.output import json_option, say, table
from ml_connector_dagster.connections.opening import Connector

if TYPE_CHECKING:
    from ml_connector_dagster.mapping.crosswalk import CrosswalkRow

ROW = ("source_id", "source_code", "source_name", "member")


@click.group()
def mapping() -> None:
    """Export, suggest and import crosswalks from source ids to Anaplan members."""


@mapping.command()
@click.argument("connection")
@click.argument("dimension")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write a CSV there instead of a table.")
@json_option
def export(connection: str, dimension: str, out: Path | None, as_json: bool) -> None:
    """Show every record of DIMENSION (ledger_account, customer, tracking.Region …) with its member, or none."""
    from ml_connector_dagster.flows.crosswalks import exported_rows

    with Connector.of_process() as connector:
        rows = exported_rows(connector.connection(connection), dimension)
    _show(rows, out, as_json, f"{connection}: {dimension}")


@mapping.command()
@click.argument("connection")
@click.argument("dimension")
@click.option(
    "--own-codes", is_flag=True, help="Where no member fits, suggest the record's own code: for a first chart."
)
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the filled CSV there, to look over."
)
@json_option
def suggest(connection: str, dimension: str, own_codes: bool, out: Path | None, as_json: bool) -> None:
    """Fill empty members of DIMENSION from the members that the Anaplan list has, by code, then by name."""
    from ml_connector_dagster.flows.crosswalks import suggested_rows
    from ml_connector_dagster.mapping.crosswalk import write_crosswalk

    with Connector.of_process() as connector:
        rows, reasons = suggested_rows(connector.connection(connection), dimension, own_codes=own_codes)
    if out is not None:
        write_crosswalk(out, rows)
        say(f"Look over {out}, then: ml-connector mapping import {connection} {dimension} {out}")
    found = [{str(key): value for key, value in row.items()} for row in reasons.to_dict("records")]
    table(found, (*ROW, "because"), as_json, title=f"{connection}: suggestions for {dimension}")


@mapping.command("import")
@click.argument("connection")
@click.argument("dimension")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
def import_(connection: str, dimension: str, file: Path, as_json: bool) -> None:
    """Check FILE and put it in place as the crosswalk of DIMENSION; periods that meet a changed line become due."""
    from ml_connector_dagster.flows.crosswalks import import_crosswalk

    with Connector.of_process() as connector:
        done = import_crosswalk(connector.connection(connection), dimension, file)
    table([asdict(done)], ("file", "rows", "changed", "open_rows"), as_json, title="Imported")
    if done.open_rows:
        say(
            f"{done.open_rows} records have no member yet: a period that meets one of them waits, and is never sent without "
            f"it. Fill them in {file} and import it again."
        )


def _show(rows: Iterable[CrosswalkRow], out: Path | None, as_json: bool, title: str) -> None:
    from ml_connector_dagster.mapping.crosswalk import write_crosswalk

    kept = list(rows)
    if out is not None:
        write_crosswalk(out, kept)
        say(f"{len(kept)} records written to {out}; fill the member column, then: ml-connector mapping import … {out}")
        return
    table([asdict(row) for row in kept], ROW, as_json, title=title)


COMMANDS = (mapping,)
