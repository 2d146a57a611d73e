"""A fingerprint of rows that depends on their content alone, not on the order they were read in."""

from __future__ import annotations

import hashlib
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from xxhash import xxh3_128_digest

_END_OF_VALUE = b"\xff"
"""Never part of UTF-8 text, so that ("ab", "c") and ("a", "bc") differ."""
_ABSENT = b"\xfe"


class RowDigest:
    """Adds records up, table by table; memory does not grow.

    A record is a run of adjacent rows with one id; its lines and their order are its content, the order of the records
    is not. Each record's bytes (decimals and times in their binary form, so exact) are hashed to 128 bits, and the hashes are
    summed in two lanes modulo 2^64: the sum does not depend on the order, and a record that occurs twice counts twice. It
    tells an edit from none; that nobody changed a file is what the SHA-256 in the file's own address tells.
    """

    def __init__(self, schema: pa.Schema, id_field: str) -> None:
        """Begin with no records; the names and types of the columns are part of the content."""
        self._schema = hashlib.sha256(schema.remove_metadata().to_string().encode())
        self._id_field = id_field
        self._sum = np.zeros(2, dtype="<u8")
        self._rows = 0

    def add(self, table: pa.Table) -> None:
        """Take the rows of a table with the schema given at the start; a record must not go on in the next table."""
        if not table.num_rows:
            return
        table = table.combine_chunks()
        content, ends = _records(table, self._id_field)
        hashes = b"".join([xxh3_128_digest(content[first:last]) for first, last in pairwise(ends)])
        self._sum += np.frombuffer(hashes, dtype="<u8").reshape(-1, 2).sum(axis=0)
        self._rows += table.num_rows

    def hexdigest(self) -> str:
        """Answer the fingerprint of the records so far, 64 hex digits."""
        whole = self._schema.copy()
        whole.update(self._rows.to_bytes(8, "little") + self._sum.tobytes())
        return whole.hexdigest()


def run_starts(ids: pa.Array) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Answer the row at which each run of equal neighbours begins; ids must not be empty."""
    changes = pc.not_equal(ids.slice(1), ids.slice(0, len(ids) - 1)).to_numpy(zero_copy_only=False)
    starts: np.ndarray[Any, np.dtype[np.int64]] = np.concatenate(([0], np.flatnonzero(changes) + 1))
    return starts


def grouped(table: pa.Table, id_field: str) -> pa.Table:
    """Put the rows of each id next to each other, their order kept; much faster than sorting by the ids themselves."""
    numbers = table.column(id_field).combine_chunks().dictionary_encode().indices.to_numpy()
    return table.take(np.argsort(numbers, kind="stable"))


def _records(table: pa.Table, id_field: str) -> tuple[memoryview, list[int]]:
    """Answer the bytes of all rows, and where each record begins and the last one ends."""
    rows = row_bytes(table)
    _, offsets, data = rows.buffers()
    ends = np.frombuffer(offsets, dtype=np.int32)[rows.offset : rows.offset + len(rows) + 1]
    starts = run_starts(table.column(id_field).chunk(0))
    return memoryview(data), [*ends[starts].tolist(), int(ends[-1])]


def row_bytes(table: pa.Table) -> pa.Array:
    """Answer one binary value per row that holds every column exactly; each column must be of one chunk."""
    columns = [column.chunk(0) for column in table.columns]
    texts = [column.cast(pa.binary()) for column in columns if pa.types.is_string(column.type)]
    fixed = _side_by_side([column for column in columns if not pa.types.is_string(column.type)], table.num_rows)
    return pc.binary_join_element_wise(fixed, *texts, _END_OF_VALUE, null_handling="replace", null_replacement=_ABSENT)


def _side_by_side(columns: list[pa.Array], rows: int) -> pa.Array:
    """Answer the values of fixed width of each row as one, each with a byte that says whether it stands.

    Joining one value a row is much faster than joining a dozen.
    """
    widths = [_width(column) for column in columns]
    block = np.ones((rows, sum(widths) + len(columns)), dtype=np.uint8)
    first = 0
    for column, width in zip(columns, widths, strict=True):
        last = first + width
        block[:, first:last] = _bytes(column, width)
        if column.null_count:
            absent = column.is_null().to_numpy(zero_copy_only=False)
            block[absent, first : last + 1] = 0
        first = last + 1
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(first), rows, [None, pa.py_buffer(block)]).cast(pa.binary())


def _width(column: pa.Array) -> int:
    return 1 if pa.types.is_boolean(column.type) else column.type.bit_width // 8


def _bytes(column: pa.Array, width: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    stored = column.cast(pa.uint8()) if pa.types.is_boolean(column.type) else column
    values = np.frombuffer(stored.buffers()[1], dtype=np.uint8)
    return values[stored.offset * width : (stored.offset + len(stored)) * width].reshape(-1, width)
