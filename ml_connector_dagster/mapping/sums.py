"""Exact sums by number, over any count of rows."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

DECIMAL = pa.decimal128(38, 10)
"""The decimal of cells and sidecars; the same as that of staged frames."""
_COMPACT_AT_ROWS = 200_000


class Sums:
    """Adds decimals up per group number; memory grows with the groups, not with the rows."""

    def __init__(self) -> None:
        """Begin with no group."""
        self._partial: list[pa.Table] = []
        self._rows = 0

    def add(self, groups: np.ndarray[Any, np.dtype[np.int64]], amounts: pa.Array) -> None:
        """Add each amount to its group."""
        self._take(_summed(pa.table({"group": groups, "amount": amounts})))
        if self._rows >= _COMPACT_AT_ROWS:
            whole = self._whole()
            self._partial, self._rows = [], 0
            self._take(whole)

    def totals(self) -> dict[int, Decimal]:
        """Answer group to sum; groups that never came are absent."""
        whole = self._whole()
        return dict(zip(whole.column("group").to_pylist(), whole.column("amount").to_pylist(), strict=True))

    def _take(self, table: pa.Table) -> None:
        self._partial.append(table)
        self._rows += table.num_rows

    def _whole(self) -> pa.Table:
        empty = pa.table({"group": pa.array([], pa.int64()), "amount": pa.array([], DECIMAL)})
        return _summed(pa.concat_tables([empty, *self._partial]))


def _summed(table: pa.Table) -> pa.Table:
    sums = table.group_by("group", use_threads=False).aggregate([("amount", "sum")])
    return (
        sums.select(["group", "amount_sum"])
        .rename_columns(["group", "amount"])
        .cast(pa.schema([("group", pa.int64()), ("amount", DECIMAL)]))
    )
