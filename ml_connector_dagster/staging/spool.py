"""The files of one reading while it is under way: rows and raw answers, in row groups, thrown away unless published."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from array import array
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ml_connector_dagster.staging.digest import RowDigest

ROWS_PER_GROUP = 8192
"""Rows kept in memory before they are written; pages are never torn, so a document never spans two groups."""
RAW_BYTES_PER_GROUP = 2_000_000
GROUPS_PER_RELEASE = 16
"""After so many groups the allocator gives back what nobody uses; oftener costs more time than it saves memory."""

_RAW_SCHEMA = pa.schema([pa.field("body", pa.binary(), nullable=False)])


class RowSpool:
    """A Parquet file that grows by pages; flat in memory, with the digest of what it holds."""

    def __init__(self, path: Path, schema: pa.Schema, id_field: str) -> None:
        """Begin the file."""
        self.path = path
        self.schema = schema
        self.rows = 0
        self.total = Decimal(0)
        """What the plot over periods shows: debits of ledger lines, net amounts of documents that post, else 0."""
        self.digest = RowDigest(schema, id_field)
        self._groups = 0
        self._waiting: list[pa.Table] = []
        self._waiting_rows = 0
        self._writer = pq.ParquetWriter(path, schema, compression="lz4", use_dictionary=False, write_statistics=False)

    def add(self, table: pa.Table) -> None:
        """Take the rows of one page."""
        table = table.combine_chunks()
        self.digest.add(table)
        self._waiting.append(table)
        self._waiting_rows += table.num_rows
        if self._waiting_rows >= ROWS_PER_GROUP:
            self._flush()

    def close(self) -> None:
        """Write what waits and end the file."""
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        if not self._waiting_rows:
            return
        table = pa.concat_tables(self._waiting)
        self._writer.write_table(table, row_group_size=table.num_rows)
        self.rows += table.num_rows
        self.total += _plotted(table)
        self._waiting, self._waiting_rows = [], 0
        self._groups += 1
        if self._groups % GROUPS_PER_RELEASE == 0:
            pa.default_memory_pool().release_unused()


class RawSpool:
    """The vendor's answers as they came, compressed, with the parser's version in the file's metadata."""

    def __init__(self, path: Path, parser_version: str) -> None:
        """Remember where; the file begins with the first answer, since derived entities have none."""
        self.path = path
        self._schema = _RAW_SCHEMA.with_metadata({"parser_version": parser_version})
        self._waiting: list[pa.Array] = []
        self._waiting_bytes = 0
        self._writer: pq.ParquetWriter | None = None

    @property
    def began(self) -> bool:
        """True where there was an answer to keep."""
        return self._writer is not None

    def add(self, body: bytes) -> None:
        """Keep one answer; an empty one is none."""
        if not body:
            return
        if self._writer is None:
            self._writer = pq.ParquetWriter(
                self.path, self._schema, compression="lz4", use_dictionary=False, write_statistics=False
            )
        self._waiting.append(_uncopied(body))
        self._waiting_bytes += len(body)
        if self._waiting_bytes >= RAW_BYTES_PER_GROUP:
            self._flush()

    def close(self) -> None:
        """Write what waits and end the file."""
        if self._writer is not None:
            self._flush()
            self._writer.close()

    def _flush(self) -> None:
        assert self._writer is not None
        self._writer.write_table(pa.table({"body": pa.chunked_array(self._waiting, pa.binary())}, schema=self._schema))
        self._waiting, self._waiting_bytes = [], 0


def _plotted(table: pa.Table) -> Decimal:
    names = table.schema.names
    if "net_amount" in names:
        counted, amounts = table["posts"], table["net_amount"]
    elif "amount" in names:
        counted, amounts = pc.greater(table["amount"], 0), table["amount"]
    else:
        return Decimal(0)
    return pc.sum(amounts.filter(counted)).as_py() or Decimal(0)


def _uncopied(body: bytes) -> pa.Array:
    """Answer an array of the one value, over the bytes themselves."""
    offsets = pa.py_buffer(array("i", [0, len(body)]))
    return pa.Array.from_buffers(pa.binary(), 1, [None, offsets, pa.py_buffer(body)])


class SpoolFolder:
    """A folder of its own for one reading, beside the database; gone when the reading ends, whatever its end."""

    def __init__(self, home: Path) -> None:
        """Make the folder."""
        parent = home / "spool"
        parent.mkdir(parents=True, exist_ok=True)
        self.path = Path(tempfile.mkdtemp(dir=parent))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()

    def remove(self) -> None:
        """Throw the folder away; a second time does nothing."""
        shutil.rmtree(self.path, ignore_errors=True)


def row_groups(path: Path, columns: list[str] | None = None) -> Iterator[pa.Table]:
    """Yield a Parquet file's row groups one at a time; the file's own metadata is not part of the schema."""
    with pq.ParquetFile(path, memory_map=False) as file:
        for index in range(file.num_row_groups):
            yield file.read_row_group(index, columns=columns, use_threads=False)


def fingerprint(text: str) -> int:
    """Answer a signed 64-bit number of a text, the same in every process (for advisory locks)."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big", signed=True)
