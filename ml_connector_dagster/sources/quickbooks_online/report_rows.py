"""The grammar of QuickBooks' reports: columns bound by key, data rows found wherever they nest, summaries as checks alone.

A column's title is localized, so a column is known by its ``ColKey``, or by its ``ColType`` where it has none. A section's
header and summary repeat what its data rows say, and a header may carry the id of another account: neither is ever a figure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any, NamedTuple

from ml_connector_dagster.errors import RequestRejected
from ml_connector_dagster.ledger.money import ZERO, amount

unknown_shape = partial(RequestRejected.unknown_shape, "QuickBooks")
"""Answers the refusal of a report that cannot be read."""

MONEY = "Money"
TOO_LARGE = b"Unable to display more data"


class Cell(NamedTuple):
    """One cell; every value of a report is text, and empty means nothing."""

    value: str = ""
    record_id: str = ""

    @property
    def figure(self) -> Decimal:
        """The amount; 0 where the cell is empty.

        Raises:
            RecordRefused: It is no amount.
        """
        written = self.value.strip()
        return amount(written) if written else ZERO


NOTHING = Cell()


@dataclass(frozen=True, slots=True)
class Table:
    """A report's columns, by key, and its rows."""

    name: str
    places: Mapping[str, int]
    """ColKey, else ColType, to the column's place; the first where several are alike."""
    types: tuple[str, ...]
    rows: Sequence[Any]

    @classmethod
    def of(cls, name: str, body: Mapping[str, Any]) -> Table:
        """Read a report's frame.

        Raises:
            RequestRejected: It has not the shape of a report.
        """
        try:
            columns = body["Columns"]["Column"]
            keys = [_key(column) for column in columns]
            types = tuple(str(column.get("ColType", "")) for column in columns)
            rows = body.get("Rows", {}).get("Row", [])
        except (KeyError, TypeError, AttributeError):
            raise unknown_shape(name) from None
        if not isinstance(rows, list):
            raise unknown_shape(name)
        places = {key: place for place, key in reversed(list(enumerate(keys)))}
        return cls(name, places, types, rows)

    def has(self, key: str) -> bool:
        """Answer whether the report has a column."""
        return key in self.places

    def data(self) -> Iterator[list[Any]]:
        """Yield the cells of every data row, in the report's order."""
        yield from _data(self.rows)

    def cell(self, cells: Sequence[Any], key: str) -> Cell:
        """Answer a row's cell; an empty one where the report has no such column, or the row ends before it."""
        return self.at(cells, self.places.get(key, len(cells)))

    def at(self, cells: Sequence[Any], place: int) -> Cell:
        """Answer a row's cell by its place; an empty one where the row ends before it."""
        if place >= len(cells):
            return NOTHING
        found = cells[place]
        if not isinstance(found, dict):
            raise unknown_shape(self.name)
        return Cell(str(found.get("value") or ""), str(found.get("id") or ""))

    def money_columns(self) -> list[int]:
        """Answer the places of the money columns, in their order."""
        return [place for place, kind in enumerate(self.types) if kind == MONEY]


def is_too_large(content: bytes) -> bool:
    """Answer whether QuickBooks wrote a sentence in place of the rows: it does so with HTTP 200."""
    return TOO_LARGE in content


def own_rows(rows: Sequence[Any]) -> Iterator[list[Any]]:
    """Yield data rows, and section headers as well: in a profit and loss a header holds a parent account's own postings."""
    for row in rows:
        if isinstance(row, dict):
            cells = row.get("ColData") or (row.get("Header") or {}).get("ColData")
            if isinstance(cells, list):
                yield cells
            yield from own_rows((row.get("Rows") or {}).get("Row") or [])


def _data(rows: Sequence[Any]) -> Iterator[list[Any]]:
    for row in rows:
        if not isinstance(row, dict):
            continue
        cells = row.get("ColData")
        if isinstance(cells, list):
            yield cells
        yield from _data((row.get("Rows") or {}).get("Row") or [])


def _key(column: Mapping[str, Any]) -> str:
    for one in column.get("MetaData") or ():
        if one.get("Name") == "ColKey":
            return str(one.get("Value", ""))
    return str(column.get("ColType", ""))
