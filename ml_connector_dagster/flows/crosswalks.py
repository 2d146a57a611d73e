"""The crosswalk files of a connection: exported with every record, filled by suggestions, imported after a check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ml_connector_dagster.anaplan.model_facts import dimension_id
from ml_connector_dagster.connections.opening import OpenConnection
from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.flows.reference import dimension_table
from ml_connector_dagster.mapping.crosswalk import (
    CrosswalkRow,
    export_crosswalk,
    read_crosswalk,
    suggest_members,
    write_crosswalk,
)


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import changed."""

    file: Path
    rows: int
    changed: int
    """Rows whose member is another than before, new ones included."""
    open_rows: int
    """Rows without a member: their lines hold the load, or go to suspense."""


def exported_rows(connection: OpenConnection, dimension: str) -> tuple[CrosswalkRow, ...]:
    """Answer every record of the dimension with the member it has, or none; records that vanished keep their line."""
    return export_crosswalk(dimension_table(connection, dimension), _standing(crosswalk_file(connection, dimension)))


def suggested_rows(
    connection: OpenConnection, dimension: str, *, own_codes: bool
) -> tuple[tuple[CrosswalkRow, ...], pd.DataFrame]:
    """Fill empty members from the members that the Anaplan list has already, by code, then by name.

    Args:
        connection: The opened connection.
        dimension: Field name.
        own_codes: Suggest the source's own code where nothing fits: for a first chart, whose list is empty yet.

    Returns:
        The rows, and a frame of what was filled, with the reason.
    """
    return suggest_members(
        exported_rows(connection, dimension), list_members(connection, dimension), own_codes=own_codes
    )


def import_crosswalk(connection: OpenConnection, dimension: str, source: Path) -> Imported:
    """Check a crosswalk that a person edited and put it in place; the periods that meet a changed line become due.

    Raises:
        SettingWrong: The file is wrong (with its line), or the connection names no file for the dimension.
    """
    target = crosswalk_file(connection, dimension)
    rows = read_crosswalk(source)
    before = {row.source_id: row.member for row in _standing(target)}
    write_crosswalk(target, rows)
    changed = sum(before.get(row.source_id) != row.member for row in rows) + len(
        before.keys() - {row.source_id for row in rows}
    )
    return Imported(target, len(rows), changed, sum(not row.member for row in rows))


def crosswalk_file(connection: OpenConnection, dimension: str) -> Path:
    """Answer the file beside defs.yaml.

    Raises:
        SettingWrong: ``mapping:`` names none for the dimension.
    """
    mapping = connection.settings.mapping.get(dimension)
    if mapping is None or not mapping.file:
        raise SettingWrong(
            f"mapping: of {connection.name!r} names no file for {dimension!r}.",
            "Its members follow from the source ids alone.",
            f"Write {dimension}: {{file: mapping/{dimension.replace('.', '_').lower()}.csv}} below mapping: in {connection.path}.",
        )
    return connection.folder / mapping.file


def list_members(connection: OpenConnection, dimension: str) -> Mapping[str, str]:
    """Answer code to name of the Anaplan list that a dimension's members are in; empty where no list is known to be it."""
    name = _list_name(connection, dimension)
    if not name:
        return {}
    model = connection.model()
    found = dimension_id(model, name)
    members = model.collect(model.address(f"lists/{found}/items"), "listItems", {"includeAll": "true"}) if found else []
    return {str(one["code"]): str(one.get("name") or "") for one in members if one.get("code")}


def _list_name(connection: OpenConnection, dimension: str) -> str:
    for one in connection.settings.lists:
        if one.dimension == dimension:
            return one.anaplan_list or one.name
    for module in connection.settings.modules:
        for column, field in module.columns.items():
            if field == dimension and module.read_back and column in module.read_back.columns:
                return module.read_back.columns[column]
    return ""


def _standing(file: Path) -> tuple[CrosswalkRow, ...]:
    return read_crosswalk(file) if file.exists() else ()
