"""Records that came twice in one reading: they moved in the vendor's list while its pages were read; the later one counts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from ml_connector_dagster.staging.spool import RowSpool, row_groups

Numbers = np.ndarray[Any, np.dtype[np.int64]]


class Seen:
    """Which record ids came on which page: eight bytes a record, whatever the length of its id."""

    def __init__(self) -> None:
        """Begin with no page."""
        self._pages: list[Numbers] = []
        self._page_starts: list[int] = []
        self._rows = 0

    def add(self, ids: pa.ChunkedArray) -> None:
        """Take the id column of one page."""
        self._page_starts.append(self._rows)
        self._rows += len(ids)
        self._pages.append(_numbers(ids.unique().to_pylist()))

    def repeated(self) -> frozenset[int]:
        """Answer the numbers of the ids that came on more than one page; nearly always none."""
        if not self._pages:
            return frozenset()
        numbers = np.concatenate(self._pages)
        numbers.sort()
        return frozenset(numbers[1:][numbers[1:] == numbers[:-1]].tolist())

    def pages(self, first_row: int, rows: int) -> list[int]:
        """Answer the page of each of these rows of the reading."""
        positions = np.arange(first_row, first_row + rows)
        found: list[int] = np.searchsorted(self._page_starts, positions, side="right").tolist()
        return found


def latest_alone(spool: RowSpool, id_field: str, seen: Seen, target: Path) -> tuple[RowSpool, int]:
    """Answer the rows without earlier occurrences of a repeated record, and how many occurrences were dropped.

    Args:
        spool: The closed spool of the reading; answered itself where nothing is repeated.
        id_field: The column of the record id.
        seen: What the pages held.
        target: Where to write the copy.
    """
    repeated = seen.repeated()
    if not repeated:
        return spool, 0
    occurrences = {
        (record_id, page)
        for ids, pages in _id_columns(spool.path, id_field, seen)
        for record_id, page in zip(ids, pages, strict=True)
        if hash(record_id) in repeated
    }
    last = dict(sorted(occurrences, key=lambda occurrence: occurrence[1]))
    copy = RowSpool(target, spool.schema, id_field)
    for table, (ids, pages) in zip(row_groups(spool.path), _id_columns(spool.path, id_field, seen), strict=True):
        keep = [last.get(record_id, page) == page for record_id, page in zip(ids, pages, strict=True)]
        copy.add(table.filter(pa.array(keep)))
    copy.close()
    return copy, len(occurrences) - len(last)


def _id_columns(path: Path, id_field: str, seen: Seen) -> Iterator[tuple[list[str], list[int]]]:
    first_row = 0
    for table in row_groups(path, [id_field]):
        yield table.column(0).to_pylist(), seen.pages(first_row, table.num_rows)
        first_row += table.num_rows


def _numbers(ids: list[str]) -> Numbers:
    return np.fromiter(map(hash, ids), dtype=np.int64, count=len(ids))
