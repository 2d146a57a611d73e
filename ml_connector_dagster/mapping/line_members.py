"""Source ids of whole tables to member numbers: each distinct id is looked up once, rows follow by index."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from ml_connector_dagster.mapping.columns import TRACKING, Column
from ml_connector_dagster.mapping.file_rows import UnmappedMember
from ml_connector_dagster.mapping.members import Members

Numbers = np.ndarray[Any, np.dtype[np.int64]]
NONE = -1
"""The number of an id without a member."""


class LineMembers:
    """The members of one file column, numbered as they are met."""

    def __init__(self, column: Column, members: Members, tracking: pa.Table | None, party: str = "") -> None:
        """Prepare the column.

        Args:
            column: A dimension column of the file.
            members: The connection's mapping.
            tracking: TrackingOption table, for a ``tracking.<Category>`` column that ``check_columns`` has let through.
            party: The column of the records that holds customer or vendor, where they do not tell the two apart.
        """
        self.column = column
        self.names: list[str] = []
        self._members = members
        self._numbers: dict[str, int] = {}
        self._by_value: dict[str, int] = {}
        self._ids: dict[str, str] = {}
        self._category = _category_id(column.field, tracking) if column.field.startswith(TRACKING) else ""
        self.source = _source_column(column.field, party)
        """The records' column that the ids are read from."""
        self._unmapped_lines: dict[str, int] = {}
        self._unmapped_amounts: dict[str, Decimal] = {}

    def numbers_of(self, table: pa.Table) -> Numbers:
        """Answer the member number of each row; NONE where the id has no member."""
        encoded = table.column(self.source).combine_chunks().dictionary_encode()
        lookup = np.array([self._number(value) for value in encoded.dictionary.to_pylist()], dtype=np.int64)
        found: Numbers = lookup[encoded.indices.to_numpy()] if len(lookup) else lookup
        return found

    def count_unmapped(self, table: pa.Table, amounts: pa.Array) -> None:
        """Add the rows of the table to what is reported for their ids; debit-positive amounts."""
        values = table.column(self.source).to_pylist()
        for value, amount in zip(values, amounts.to_pylist(), strict=True):
            if self._by_value[value] == NONE:
                source_id = self._ids[value]
                self._unmapped_lines[source_id] = self._unmapped_lines.get(source_id, 0) + 1
                self._unmapped_amounts[source_id] = self._unmapped_amounts.get(source_id, Decimal(0)) + amount

    def unmapped(self) -> Iterator[UnmappedMember]:
        """Yield the ids without a member, in id order."""
        for source_id in sorted(self._unmapped_lines):
            yield UnmappedMember(
                self.column.field, source_id, self._unmapped_lines[source_id], self._unmapped_amounts[source_id]
            )

    def _number(self, value: str) -> int:
        found = self._by_value.get(value)
        if found is None:
            source_id = json.loads(value).get(self._category, "") if self._category else value
            member = self._members.member(self.column.field, source_id)
            found = NONE if member is None else self._numbered(member)
            self._by_value[value] = found
            self._ids[value] = source_id
        return found

    def _numbered(self, member: str) -> int:
        if member not in self._numbers:
            self._numbers[member] = len(self.names)
            self.names.append(member)
        return self._numbers[member]


def combined(columns: Iterable[Numbers], rows: int) -> tuple[Numbers, list[tuple[int, ...]]]:
    """Number the distinct combinations of several number columns in order of appearance.

    Args:
        columns: Non-negative numbers, each of the length ``rows``; none at all means one combination.
        rows: How many rows.

    Returns:
        The combination of each row, and each combination's numbers.
    """
    codes: Numbers = np.zeros(rows, dtype=np.int64)
    keys: list[tuple[int, ...]] = [()] if rows else []
    for column in columns:
        width = int(column.max()) + 1 if rows else 1
        encoded = pa.array(codes * width + column).dictionary_encode()
        codes = encoded.indices.to_numpy().astype(np.int64)
        keys = [(*keys[code // width], code % width) for code in encoded.dictionary.to_pylist()]
    return codes, keys


def _source_column(field: str, party: str) -> str:
    if field.startswith(TRACKING):
        return "tracking"
    if field in ("customer", "vendor") and party:
        return party
    return field if field in ("currency", "kind") else f"{field}_id"


def _category_id(field: str, tracking: pa.Table | None) -> str:
    assert tracking is not None, "check_columns refuses a category that the company has not"
    names, ids = tracking.column("category").to_pylist(), tracking.column("category_id").to_pylist()
    found: str = dict(zip(names, ids, strict=True))[field.removeprefix(TRACKING)]
    return found
