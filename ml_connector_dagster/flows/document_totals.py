"""Books against staged for a module of documents: each document as the accounting system serves it now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq

from ml_connector_dagster.connections.opening import OpenConnection
from ml_connector_dagster.flows.document_slice import document_rows
from ml_connector_dagster.flows.plan_folder import plan_folder
from ml_connector_dagster.flows.slice_rows import SliceRows
from ml_connector_dagster.flows.totals import SourceTotals, compared
from ml_connector_dagster.mapping.columns import columns_of
from ml_connector_dagster.mapping.file_rows import AMOUNT
from ml_connector_dagster.mapping.members import Members
from ml_connector_dagster.mapping.targets import ModuleTarget
from ml_connector_dagster.staging.frames import table_of


def document_totals(connection: OpenConnection, target: ModuleTarget, rows: SliceRows) -> SourceTotals:
    """Read the period's documents once more and compare each with the one that was staged, in the module's own measure.

    No report tells of single documents, so the documents as they are served now are the books' side. One that is voided
    counts 0, whatever amounts it still carries. A source that is answered later serves none now: its documents are as they
    were read, and its change feed tells when they move.
    """
    served = _served(connection, target, rows) if connection.source.later is None else rows.main()
    books, staged = (_amounts(connection, target, rows, tables) for tables in (served, rows.main()))
    totals = compared(books, staged, {}, subject=lambda document: f"document {document}")
    return replace(totals, note=rows.as_read if connection.source.later else "")


def _served(connection: OpenConnection, target: ModuleTarget, rows: SliceRows) -> Iterator[pa.Table]:
    """Yield each document as it came last: one that moves while the list is read comes twice."""
    entity = connection.source.entity(target.from_)
    tables = [
        page.rows if isinstance(page.rows, pa.Table) else table_of(entity.record, page.rows)
        for page in connection.reader().read(entity, rows.period)
    ]
    seen: set[str] = set()
    for table in reversed(tables):
        ids = table["document_id"].to_pylist()
        yield table.filter(pa.array([one not in seen for one in ids], pa.bool_()))
        seen |= set(ids)


def _amounts(
    connection: OpenConnection, target: ModuleTarget, rows: SliceRows, tables: Iterable[pa.Table]
) -> dict[str, Decimal]:
    """Answer the figures per document, by the number people know it by where the module carries one."""
    members = Members.load(connection.settings.mapping, connection.folder)
    built = document_rows(
        connection, target, rows, documents=iter(tables), members=members, folder=plan_folder(connection)
    )
    keys = [column.name for field in ("number", "document") for column in columns_of(target) if column.field == field]
    grouped = pq.read_table(built.cells).group_by(keys).aggregate([(AMOUNT, "sum")]).to_pylist()
    return {" ".join(row[key] for key in keys): row[f"{AMOUNT}_sum"] for row in grouped}
