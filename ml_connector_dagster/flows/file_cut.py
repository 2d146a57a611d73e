"""A plan's file in the cut that the import's data source asks for, and back.

A plan is always cut one way, so that its hash says what it holds and not how it is sent; Anaplan decides the rest.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ml_connector_dagster.connections.import_layout import known_layout, layout_of
from ml_connector_dagster.flows.plan_folder import plan_folder
from ml_connector_dagster.mapping.columns import number_columns
from ml_connector_dagster.mapping.csv_file import CsvLayout, recut_csv

if TYPE_CHECKING:
    from ml_connector_dagster.anaplan.actions import Route
    from ml_connector_dagster.connections.opening import OpenConnection
    from ml_connector_dagster.flows.file_plan import FilePlan
    from ml_connector_dagster.flows.load_rows import LoadRow
    from ml_connector_dagster.mapping.targets import ListTarget, ModuleTarget

OWN_CUT = CsvLayout()


def file_as_asked(connection: OpenConnection, plan: FilePlan, route: Route) -> Path:
    """Answer the plan's file as the route's data source reads it: the plan's own one where that is cut alike.

    Raises:
        RecordRefused: A text has a character that the data source's encoding has not, or its separator where it has no
            text delimiter.
        SettingWrong: No file can be written in that cut.
    """
    return _recut(connection, plan.target, plan.file, OWN_CUT, layout_of(route))


def file_as_planned(connection: OpenConnection, row: LoadRow) -> Path:
    """Answer the file that a load kept, in the cut of a plan."""
    file = connection.blobs.local_path(row.file_blob)
    was = known_layout(row.route["action"]["layout"]) if row.route else OWN_CUT
    return _recut(connection, connection.target(row.target), file, was, OWN_CUT)


def _recut(
    connection: OpenConnection, target: ListTarget | ModuleTarget, file: Path, was: CsvLayout, layout: CsvLayout
) -> Path:
    if was == layout:
        return file
    return recut_csv(file, was, plan_folder(connection) / "file.csv", layout, number_columns(target)).path
