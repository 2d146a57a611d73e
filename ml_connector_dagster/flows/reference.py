"""Reference entities for people at the command line: what is staged, read first where nothing is."""

from __future__ import annotations

import pyarrow as pa

from ml_connector_dagster.connections.opening import OpenConnection
from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.flows.changes import open_period
from ml_connector_dagster.flows.pull import pull
from ml_connector_dagster.flows.slices import tracking_entity
from ml_connector_dagster.flows.unmapped import reference_of
from ml_connector_dagster.staging.snapshots import StagedCompany, Staging


def reference_table(connection: OpenConnection, entity: str) -> pa.Table:
    """Answer the newest snapshot of a reference entity; one that was never read is read now (a few calls)."""
    staging = Staging(connection.store, connection.blobs)
    if staging.newest_row(connection.name, entity) is None:
        pull(connection, entity, str(open_period(connection)), run_id="command line")
    return StagedCompany(staging, connection.name).newest(entity)


def dimension_table(connection: OpenConnection, dimension: str) -> pa.Table:
    """Answer the records that a dimension's crosswalk maps.

    Args:
        connection: The opened connection.
        dimension: ledger_account, customer, vendor or tracking.<Category>; of the last only that category's options.

    Raises:
        SettingWrong: The source has no such dimension.
    """
    entity = reference_of(connection.source, dimension)
    if entity is None:
        raise SettingWrong(
            f"{dimension!r} is no dimension that can be mapped.",
            "There are no records behind it.",
            "Use ledger_account, customer, vendor or tracking.<Category>.",
        )
    table = reference_table(connection, entity)
    category = dimension.partition(".")[2]
    return table.filter(pa.array([name == category for name in table["category"].to_pylist()])) if category else table


def tracking_table(connection: OpenConnection) -> pa.Table | None:
    """Answer the company's reporting dimensions; None where the source has none."""
    entity = tracking_entity(connection.source)
    return reference_table(connection, entity) if entity else None
