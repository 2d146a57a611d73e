"""Writes the two Parquet files behind an import file: its rows, and the source lines of each row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ml_connector_dagster.mapping.columns import Column
from ml_connector_dagster.mapping.file_rows import AMOUNT
from ml_connector_dagster.mapping.sums import DECIMAL

FIRST_FILE_ROW = 2
"""The header is line 1."""
ROWS_PER_GROUP = 50_000
SIDECAR = pa.schema(
    [
        pa.field("file_row", pa.int32(), nullable=False),
        pa.field("entity", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("record_id", pa.string(), nullable=False),
        pa.field("line_id", pa.string(), nullable=False),
        pa.field("amount", DECIMAL, nullable=False),
    ]
)
"""``kind`` is what posted the line (invoice, payment …), so that an auditor knows where to look the record up."""
_DISTINCT = frozenset({"record_id", "line_id"})


def cells_schema(columns: Iterable[Column]) -> pa.Schema:
    """Answer the columns of a cells file: text per file column except the amount's, then the amount."""
    texts = [pa.field(column.name, pa.string(), nullable=False) for column in columns if column.field != AMOUNT]
    return pa.schema([*texts, pa.field(AMOUNT, DECIMAL, nullable=False)])


class RowFile:
    """A Parquet file that grows; flat in memory."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        """Begin the file; an existing one is replaced."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.schema = schema
        self.rows = 0
        repeating = [field.name for field in schema if field.name not in _DISTINCT and pa.types.is_string(field.type)]
        self._writer = pq.ParquetWriter(
            path, schema, compression="lz4", use_dictionary=repeating or False, write_statistics=False
        )

    def add(self, table: pa.Table) -> None:
        """Append the rows."""
        self._writer.write_table(table.select(self.schema.names).cast(self.schema))
        self.rows += table.num_rows

    def add_rows(self, rows: Sequence[tuple[str | Decimal | int, ...]]) -> None:
        """Append rows given in column order."""
        for first in range(0, len(rows), ROWS_PER_GROUP):
            columns = zip(*rows[first : first + ROWS_PER_GROUP], strict=True)
            arrays = [pa.array(values, field.type) for values, field in zip(columns, self.schema, strict=True)]
            self.add(pa.Table.from_arrays(arrays, schema=self.schema))

    def close(self) -> None:
        """End the file."""
        self._writer.close()
