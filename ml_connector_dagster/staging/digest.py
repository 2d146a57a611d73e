"""A fingerprint of rows that depends on their content alone, not on the order they were read in."""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_END_OF_VALUE = b"\xff"
"""Never part of UTF-8 text, so that ("ab", "c") and ("a", "bc") differ."""
_ABSENT = b"\xfe"


class RowDigest:
    """Adds rows up, table by table; memory does not grow.

    Each row's bytes (decimals and times in their binary form, so exact) are hashed with SHA-256, and the hashes are summed
    in four lanes modulo 2^64: the sum does not depend on the order, and a row that occurs twice counts twice.
    """

    def __init__(self, schema: pa.Schema) -> None:
        """Begin with no rows; the names and types of the columns are part of the content."""
        self._schema = hashlib.sha256(schema.remove_metadata().to_string().encode())
        self._sum = np.zeros(4, dtype="<u8")
        self._rows = 0

    def add(self, table: pa.Table) -> None:
        """Take the rows of a table with the schema given at the start."""
        if not table.num_rows:
            return
        sha256 = hashlib.sha256
        hashes = b"".join([sha256(row).digest() for row in row_bytes(table).to_pylist()])
        self._sum += np.frombuffer(hashes, dtype="<u8").reshape(-1, 4).sum(axis=0)
        self._rows += table.num_rows

    def hexdigest(self) -> str:
        """Answer the fingerprint of the rows so far, 64 hex digits."""
        whole = self._schema.copy()
        whole.update(self._rows.to_bytes(8, "little") + self._sum.tobytes())
        return whole.hexdigest()


def row_bytes(table: pa.Table) -> pa.ChunkedArray | pa.Array:
    """Answer one binary value per row that holds every column exactly."""
    columns = [_binary(column.combine_chunks()) for column in table.columns]
    return pc.binary_join_element_wise(*columns, _END_OF_VALUE, null_handling="replace", null_replacement=_ABSENT)


def _binary(column: pa.Array) -> pa.Array:
    if pa.types.is_string(column.type):
        return column.cast(pa.binary())
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.uint8())
    width = pa.binary(column.type.bit_width // 8)
    return pa.FixedSizeBinaryArray.from_buffers(
        width, len(column), column.buffers(), column.null_count, column.offset
    ).cast(pa.binary())
