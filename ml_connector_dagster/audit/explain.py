"""From a figure to the lines of the books behind it, and from a refused row to its remedy."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.store.tables.loads import load

if TYPE_CHECKING:
    from pathlib import Path

    from ml_connector_dagster.store.blobs import Blobs
    from ml_connector_dagster.store.engine import Store


@dataclass(frozen=True, slots=True)
class SourceLine:
    """One line of the books inside a figure."""

    entity: str
    record_id: str
    line_id: str
    amount: Decimal
    """Its part of the figure, in the file's own sign; base currency."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """One cell of a slice as it was last verified: amount = Σ of the lines."""

    load_id: int
    file_row: int
    """Line of the file that was sent, header = 1."""
    cell: Mapping[str, str]
    amount: Decimal
    lines: tuple[SourceLine, ...]

    @property
    def holds(self) -> bool:
        """True where the lines add up to the amount exactly."""
        return sum((one.amount for one in self.lines), Decimal(0)) == self.amount


def explain_cells(
    store: Store, blobs: Blobs, slice_: tuple[str, str, str], where: Mapping[str, str]
) -> list[Explanation]:
    """Answer each cell of the last verified load of a slice that has these members, with its source lines.

    Args:
        store: The state database.
        blobs: Where the files sent and their sidecars lie.
        slice_: Name of the connection, name of the module, period (2026-10).
        where: File column to member, for instance {"Account": "200"}; all cells where it is empty.

    Raises:
        SettingWrong: The slice was never verified, has no cells, or has no such column.
    """
    row = _verified(store, slice_)
    return explain_load(blobs, row["id"], (row["cells_blob"], row["sidecar_blob"]), where)


def explain_load(blobs: Blobs, load_id: int, addresses: tuple[str, str], where: Mapping[str, str]) -> list[Explanation]:
    """Answer each cell of one load that has these members, with its source lines.

    Args:
        blobs: Where the files sent and their sidecars lie.
        load_id: Its number.
        addresses: Of its cells and of its sidecar.
        where: File column to member.

    Raises:
        SettingWrong: The load has no cells, or no such column.
    """
    import pyarrow.parquet as pq

    if not addresses[0]:
        raise SettingWrong(
            f"Load {load_id} has no cells.", "There is no figure to explain.", "Name a load of a module, not of a list."
        )
    cells = pq.read_table(blobs.local_path(addresses[0])).to_pylist()
    unknown = set(where) - set(cells[0] if cells else where)
    if unknown:
        raise SettingWrong(
            f"The file of load {load_id} has no column {', '.join(sorted(unknown))}.",
            "No cell can be found by it.",
            f"Use one of: {', '.join(name for name in cells[0] if name != 'amount')}.",
        )
    wanted = {
        number: cell
        for number, cell in enumerate(cells, start=2)
        if all(cell[name] == member for name, member in where.items())
    }
    lines = source_lines(blobs.local_path(addresses[1]), wanted)
    return [_explained(load_id, number, cell, lines.get(number, ())) for number, cell in wanted.items()]


def source_lines(sidecar: Path, file_rows: Iterable[int]) -> dict[int, tuple[SourceLine, ...]]:
    """Answer the source lines behind lines of a file (header = 1)."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    found: dict[int, list[SourceLine]] = {}
    wanted = pa.array(sorted(set(file_rows)), pa.int32())
    with pq.ParquetFile(sidecar) as file:
        for index in range(file.num_row_groups):
            group = file.read_row_group(index)
            for line in group.filter(pc.is_in(group["file_row"], value_set=wanted)).to_pylist():
                one = SourceLine(line["entity"], line["record_id"], line["line_id"], line["amount"] or Decimal(0))
                found.setdefault(line["file_row"], []).append(one)
    return {number: tuple(lines) for number, lines in found.items()}


def file_lines(file: Path, numbers: Iterable[int], layout: Mapping[str, Any]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield lines of a file sent (header = 1) by column name."""
    wanted = set(numbers)
    with file.open(encoding=layout["encoding"], newline="") as opened:
        rows = csv.reader(opened, **_dialect(layout))
        header = next(rows, [])
        for number, row in enumerate(rows, start=2):
            if number in wanted:
                yield number, dict(zip(header, row, strict=False))


def header_of(file: Path, layout: Mapping[str, Any]) -> tuple[str, ...]:
    """Answer the columns of a file sent."""
    with file.open(encoding=layout["encoding"], newline="") as opened:
        return tuple(next(csv.reader(opened, **_dialect(layout)), ()))


def column_values(file: Path, column: str, layout: Mapping[str, Any]) -> list[str]:
    """Answer the distinct values of one column of a file sent, in their order."""
    with file.open(encoding=layout["encoding"], newline="") as opened:
        rows = csv.DictReader(opened, **_dialect(layout))
        return list(dict.fromkeys(row[column] for row in rows if row[column]))


def _dialect(layout: Mapping[str, Any]) -> dict[str, Any]:
    """Trap: a data source without text delimiter has no quoting at all."""
    quoted = bool(layout["delimiter"])
    quoting = {"quotechar": layout["delimiter"]} if quoted else {"quoting": csv.QUOTE_NONE}
    return {"delimiter": layout["separator"], **quoting}


_REMEDIES = (
    (
        ("invalid name", "invalid code", "identifier"),
        "Load the list that lacks the member, or complete the mapping; then replay the load.",
    ),
    (
        ("date", "time"),
        "Compare period_format in defs.yaml with the import's time mapping, and the model's calendar with the period.",
    ),
    (
        ("number",),
        "Compare the target's format with the column, and the import's decimal separator with its data source in Anaplan.",
    ),
    (("parent",), "Load the parent list first; then replay the load."),
    (
        ("duplicate", "exists"),
        "Two members carry one name: make names unique in the source, or match the list by code in Anaplan.",
    ),
    (("access", "authori"), "Give the login's model role write access to the target; then replay the load."),
)


def remedy(reason: str) -> str:
    """Answer what to do about a row that Anaplan refused, from the words of its dump."""
    said = reason.casefold()
    for words, advice in _REMEDIES:
        if any(word in said for word in words):
            return advice
    return "Show the row to the builder of the import; then replay the load."


def _verified(store: Store, slice_: tuple[str, str, str]) -> Mapping[str, Any]:
    connection, target, period = slice_
    query = (
        select(load)
        .where(load.c.connection == connection, load.c.target == target, load.c.period == period)
        .where(load.c.state == "verified", load.c.cells_blob != "")
        .order_by(load.c.id.desc())
        .limit(1)
    )
    with store.read() as opened:
        row = opened.execute(query).mappings().one_or_none()
    if row is None:
        raise SettingWrong(
            f"{connection}/{target} of {period} has no verified load with cells.",
            "There is no figure to explain.",
            "Load the period first, or name a module and not a list.",
        )
    return dict(row)


def _explained(load_id: int, number: int, cell: Mapping[str, Any], lines: tuple[SourceLine, ...]) -> Explanation:
    members = {name: str(value) for name, value in cell.items() if name != "amount"}
    return Explanation(load_id, number, members, cell["amount"], lines)
