"""``ml-connector audit``: what was loaded, what Anaplan refused, what stands behind a figure, and whether the trail holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import click

from ml_connector_dagster.cli.output import json_option, say, table
from ml_connector_dagster.connections.opening import Connector
from ml_connector_dagster.errors import FiguresDiffer, SettingWrong

_LOADS = (
    "id",
    "connection",
    "target",
    "period",
    "state",
    "verdict",
    "rows",
    "total",
    "rows_rejected",
    "task_id",
    "error",
)


@click.group()
def audit() -> None:
    """Show and prove what was loaded."""


@audit.command()
@click.argument("load", type=int, required=False)
@click.option("--connection", "name", help="Loads of this connection alone.")
@click.option("--period", help="Loads of this period alone (2026-10).")
@click.option(
    "--cell",
    "cells",
    multiple=True,
    metavar="COLUMN=MEMBER",
    help="The lines of the books behind these cells of LOAD, or of what --connection, --target and --period hold in Anaplan now.",
)
@click.option("--target", help="Loads of this list or module alone.")
@click.option("--events", is_flag=True, help="The trail of LOAD, event by event.")
@json_option
def show(
    *,
    load: int | None,
    name: str | None,
    target: str | None,
    period: str | None,
    cells: tuple[str, ...],
    events: bool,
    as_json: bool,
) -> None:
    """List loads; or of one LOAD its rejected rows with their remedies, its events, or the lines behind its cells."""
    with Connector.of_process() as connector:
        if cells:
            slice_ = _slice(name, target, period) if load is None else load
            _show_cells(connector, slice_, dict(_pairs(cells)), as_json)
        elif load is None:
            table(_loads(connector, connection=name, target=target, period=period), _LOADS, as_json)
        elif events:
            _show_events(connector, load, as_json)
        else:
            _show_rejected(connector, load, as_json)


@audit.command()
@click.argument("name", required=False, metavar="[CONNECTION]")
@json_option
def verify(name: str | None, as_json: bool) -> None:
    """Prove that no event of the trail, and no load it vouches for, was changed, removed or inserted."""
    from ml_connector_dagster.audit import trail  # slow to import

    with Connector.of_process() as connector:
        breaks = trail.verify(connector.store, name)
        found = [{"connection": one.connection, "event": one.sequence, "says": one.says} for one in breaks]
        if found or as_json:
            table(found, ("connection", "event", "says"), as_json)
        say(f"{trail.count(connector.store, name)} events checked, {len(breaks)} broken.")
    if breaks:
        raise FiguresDiffer(
            f"The audit trail is broken in {len(breaks)} place{'s' if len(breaks) > 1 else ''}.",
            "Somebody or something changed what was written down after the fact.",
            "Compare the database with a backup; the first break says where the change began.",
        )


def _slice(name: str | None, target: str | None, period: str | None) -> tuple[str, str, str]:
    if name is None or target is None or period is None:
        raise SettingWrong(
            "A cell was named without the load, or the slice, that it belongs to.",
            "Nothing can be shown.",
            "Name a load by its number, or --connection, --target and --period.",
        )
    return name, target, period


def _loads(connector: Connector, **narrowed: str | None) -> list[Mapping[str, Any]]:
    from sqlalchemy import select  # slow to import

    from ml_connector_dagster.store.tables.loads import load

    query = select(load).order_by(load.c.id)
    for column, wanted in narrowed.items():
        if wanted is not None:
            query = query.where(load.c[column] == wanted)
    with connector.store.read() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def _show_rejected(connector: Connector, load_id: int, as_json: bool) -> None:
    from sqlalchemy import select

    from ml_connector_dagster.flows.replay import find_load
    from ml_connector_dagster.store.tables.loads import rejected_row

    row = find_load(connector.store, load_id)
    say(
        f"Load {row.id}: {row.connection}/{row.target} {row.period}, {row.state} {row.verdict}, {row.rows:,} rows. {row.error}"
    )
    query = select(rejected_row).where(rejected_row.c.load_id == load_id).order_by(rejected_row.c.file_row)
    with connector.store.read() as connection:
        rows = [dict(one) for one in connection.execute(query).mappings()]
    columns = ("file_row", "status", "reason", "row", "source_lines")
    table(rows, columns, as_json, title=f"Rows Anaplan refused of load {load_id}")


def _show_events(connector: Connector, load_id: int, as_json: bool) -> None:
    from ml_connector_dagster.audit import trail
    from ml_connector_dagster.flows.replay import find_load

    row = find_load(connector.store, load_id)
    found = trail.events(connector.store, row.connection, load_id=load_id)
    rows = [
        {"sequence": one.sequence, "at": one.at, "event": one.event, "facts": one.facts, "hash": one.hash}
        for one in found
    ]
    table(rows, ("sequence", "at", "event", "facts", "hash"), as_json)


def _show_cells(connector: Connector, of: int | tuple[str, str, str], where: Mapping[str, str], as_json: bool) -> None:
    from ml_connector_dagster.audit.explain import explain_cells, explain_load
    from ml_connector_dagster.flows.replay import find_load

    if isinstance(of, int):
        row = find_load(connector.store, of)
        found = explain_load(connector.blobs, row.id, (row.cells_blob, row.sidecar_blob), where)
    else:
        found = explain_cells(connector.store, connector.blobs, of, where)
    rows = [
        {**one.cell, "file_row": one.file_row, "amount": line.amount, "entity": line.entity, "record_id": line.record_id,
         "line_id": line.line_id}
        for one in found for line in one.lines
    ]  # fmt: skip
    for one in found:
        where_it_is = ", ".join(f"{column} {member}" for column, member in one.cell.items())
        adds_up = "=" if one.holds else "is NOT"
        say(f"{where_it_is}: {one.amount:,} {adds_up} Σ of {len(one.lines)} lines")
    table(rows, ("file_row", "amount", "entity", "record_id", "line_id"), as_json)


def _pairs(cells: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for one in cells:
        column, equals, member = one.partition("=")
        if not equals:
            raise SettingWrong(f"{one!r} names no cell.", "Nothing can be shown.", "Write it as Column=Member.")
        yield column, member


COMMANDS: tuple[click.Command, ...] = (audit,)
