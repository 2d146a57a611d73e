"""Document and line rows of a slice, from the staged documents or from any others of the same period."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa

from ml_connector_dagster.connections.opening import OpenConnection
from ml_connector_dagster.flows.elsewhere import elsewhere_than
from ml_connector_dagster.flows.slice_rows import SliceRows
from ml_connector_dagster.flows.slices import accounts_entity
from ml_connector_dagster.mapping.document_rows import build_document_rows
from ml_connector_dagster.mapping.file_rows import FileRows
from ml_connector_dagster.mapping.members import Members
from ml_connector_dagster.mapping.targets import ModuleTarget


def document_rows(
    connection: OpenConnection,
    target: ModuleTarget,
    rows: SliceRows,
    *,
    documents: Iterator[pa.Table],
    members: Members,
    folder: Path,
    previous: Iterable[pa.Table] = (),
) -> FileRows:
    """Write the rows of these documents with the slice's mapping, rates and reference tables.

    Args:
        connection: The opened connection.
        target: Of grain document or line.
        rows: The slice.
        documents: DocumentLine or LedgerLine tables.
        members: The connection's mapping.
        folder: Where ``cells.parquet`` and ``sidecar.parquet`` are written.
        previous: Rows that earlier loads wrote, or that the model shows.
    """
    return build_document_rows(
        target,
        rows.period,
        documents=documents,
        tracking=rows.tracking,
        members=members,
        loaded_at=rows.inputs.main.read_began_at,
        rate_divides=connection.source.rate_divides,
        accounts=rows.accounts if rows.inputs.find(accounts_entity(connection.source)) else None,
        previous=previous,
        standing_elsewhere=elsewhere_than(
            connection.store, connection.blobs, (connection.name, rows.inputs.main.entity, str(rows.period))
        ),
        cells=folder / "cells.parquet",
        sidecar=folder / "sidecar.parquet",
    )
