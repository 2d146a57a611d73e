"""Cells that an earlier load filled and this file does not: they must be emptied by a row of their own."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from ml_connector_dagster.mapping.columns import PERIOD, Column
from ml_connector_dagster.mapping.file_rows import AMOUNT

if TYPE_CHECKING:
    import pyarrow as pa


def vanished_rows(
    columns: Iterable[Column],
    label: str,
    previous: Iterable[pa.Table],
    standing: Collection[tuple[str, ...]],
) -> set[tuple[str, ...]]:
    """Answer the cells of earlier loads that are not in the file, as the texts of its columns without the amount.

    Anaplan clears nothing for an item that no row names, so a vanished cell that is not sent keeps its old figure
    (anaplan.md §8.2). Cells with another constant or period belong to somebody else's file and are left alone; so are
    cells that already hold 0 where the table has an amount.

    Args:
        columns: Of the file, in order.
        label: The period as the file writes it.
        previous: Tables with (at least) the file's text columns; one without rows may lack them.
        standing: The cells of this file.
    """
    texts = [column for column in columns if column.field != AMOUNT]
    fixed = {
        place: label if column.field == PERIOD else column.constant
        for place, column in enumerate(texts)
        if column.field == PERIOD or not column.field
    }
    found: set[tuple[str, ...]] = set()
    for table in (one for one in previous if one.num_rows):
        for cell in _filled(table, [column.name for column in texts]):
            if cell not in standing and all(cell[place] == text for place, text in fixed.items()):
                found.add(cell)
    return found


def _filled(table: pa.Table, names: list[str]) -> Iterable[tuple[str, ...]]:
    if AMOUNT in table.column_names and AMOUNT not in names:
        import pyarrow.compute as pc

        table = table.filter(pc.not_equal(table.column(AMOUNT), 0))
    return zip(*(table.column(name).to_pylist() for name in names), strict=True)
