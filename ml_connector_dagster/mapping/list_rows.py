"""Reference records to list members."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ml_connector_dagster.mapping.file_rows import FileRows
from ml_connector_dagster.mapping.members import Members
from ml_connector_dagster.mapping.targets import ListTarget

if TYPE_CHECKING:
    import pyarrow as pa


def build_list_rows(
    target: ListTarget, *, reference: pa.Table, members: Members, cells: Path, sidecar: Path
) -> FileRows:
    """Write one row per distinct member: code, name, active and the other columns asked for.

    Args:
        target: ``from`` is ledger_accounts, customers, vendors, tracking, or ``tracking.<Category>``.
        reference: The newest LedgerAccount, Party or TrackingOption table.
        members: The connection's mapping; the dimension is ``target.dimension``.
        cells: Where to write the rows.
        sidecar: Where to write member to source record.
    """
    raise NotImplementedError
