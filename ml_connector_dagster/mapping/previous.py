"""Rows that an earlier load wrote, or that the model shows, and this file does not have: each is emptied by a row of its own."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING

from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.mapping.columns import columns_of, record_column
from ml_connector_dagster.mapping.file_rows import AMOUNT
from ml_connector_dagster.mapping.own_rows import OwnRows
from ml_connector_dagster.mapping.targets import ModuleTarget

if TYPE_CHECKING:
    import pyarrow as pa

Texts = tuple[str, ...]
"""A row's texts in the order of the file's columns, without the amount; or those of them that tell rows apart."""


def vanished_rows(
    target: ModuleTarget, period: Period, previous: Iterable[pa.Table], standing: Collection[Texts]
) -> dict[Texts, Texts]:
    """Answer the rows that stand in the model and not in the file: what tells each apart, and its texts.

    Anaplan clears nothing for an item that no row names, so a vanished row that is not sent keeps its old figure
    (anaplan.md §8.2). Rows of another company or period belong to somebody else's file and are left alone; so are those
    that hold 0 already where the table has an amount.

    Args:
        target: The module.
        period: Of the file.
        previous: Tables of text columns; a later one wins. One that lacks a column which tells rows apart, or whose they are,
            answers for none of them; any other fact it lacks is empty.
        standing: What tells apart the rows of this file.
    """
    names = [column.name for column in columns_of(target) if column.field != AMOUNT]
    keys = telling_apart(target)
    own = OwnRows.of(target, period)
    needed = {*keys, *own.columns, *filter(None, [record_column(target)])}
    is_own, places = own.among(names), [names.index(name) for name in keys]
    found: dict[Texts, Texts] = {}
    for texts in (texts for table in previous for texts in _filled(table, names, needed)):
        key = tuple(texts[place] for place in places)
        if key not in standing and is_own(texts):
            found[key] = texts
    return found


def telling_apart(target: ModuleTarget) -> tuple[str, ...]:
    """Answer the file's columns that tell its rows apart: every text of a cell, the document's id, the line's."""
    wanted = {"document": {"document"}, "line": {"line"}}
    return tuple(
        column.name
        for column in columns_of(target)
        if (column.field != AMOUNT if target.grain == "cell" else column.field in wanted[target.grain])
    )


def _filled(table: pa.Table, names: list[str], needed: Collection[str]) -> Iterator[Texts]:
    known = set(table.column_names)
    if not known >= set(needed):
        return
    if AMOUNT in known and AMOUNT not in names:
        import pyarrow.compute as pc

        table = table.filter(pc.not_equal(table.column(AMOUNT), 0))
    blank = [""] * table.num_rows
    yield from zip(*(table.column(name).to_pylist() if name in known else blank for name in names), strict=True)
