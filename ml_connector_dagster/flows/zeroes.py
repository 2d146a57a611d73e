"""Which figures of the model a load would set to 0: shown before it does so (accounting rules §6)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ml_connector_dagster.flows.file_plan import FilePlan, ZeroedCell
from ml_connector_dagster.mapping.columns import columns_of
from ml_connector_dagster.mapping.file_rows import AMOUNT, FileRows
from ml_connector_dagster.mapping.previous import telling_apart
from ml_connector_dagster.mapping.targets import ModuleTarget

MOST_NAMED = 10
"""How many cells a sentence names; the rest is counted, and preview lists them all."""


def zeroed_cells(target: ModuleTarget, rows: FileRows, shown: Iterable[pa.Table]) -> tuple[ZeroedCell, ...]:
    """Answer what the model shows where the file writes 0, the largest figure first.

    Args:
        target: The module.
        rows: The file; its zero rows included.
        shown: Tables of ``previous_cells``; only those read from the model have amounts, the others are passed over.
    """
    keys = telling_apart(target)
    found = {
        key: ZeroedCell(_named(target, row), row[AMOUNT])
        for table in shown
        if AMOUNT in table.column_names
        for key, row in _rows(table, keys)
    }
    if not found:
        return ()
    emptied = {key for batch in rows.batches() for key, _ in _rows(batch.filter(pc.equal(batch[AMOUNT], 0)), keys)}
    zeroed = (cell for key, cell in found.items() if key in emptied and cell.stands)
    return tuple(sorted(zeroed, key=lambda one: (-abs(one.stands), one.cell)))


def says_zeroes(plan: FilePlan) -> str:
    """Answer one sentence about what a load takes out of the model; empty where that is nothing."""
    if not plan.zeroes:
        return ""
    total = sum((one.stands for one in plan.zeroes), Decimal(0))
    named = "; ".join(f"{', '.join(one.cell)}: {one.stands:,.2f}" for one in plan.zeroes[:MOST_NAMED])
    more = f"; and {len(plan.zeroes) - MOST_NAMED} more" if len(plan.zeroes) > MOST_NAMED else ""
    count = f"{len(plan.zeroes)} figure{'s' if len(plan.zeroes) > 1 else ''}"
    return (
        f"The model shows {count} ({total:,.2f} in all) of {plan.connection}/{plan.target.name} "
        f"{plan.period} not in the books; this load sets to 0: {named}{more}."
    )


def _rows(table: pa.Table, keys: Sequence[str]) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    return ((tuple(row[name] for name in keys), row) for row in table.to_pylist())


def _named(target: ModuleTarget, row: Mapping[str, Any]) -> tuple[str, ...]:
    """Answer what people know a row by: every text of a cell; a document's id, company, number and date."""
    fields = {"", "document", "line", "number", "document_date"}
    columns = [column for column in columns_of(target) if column.field != AMOUNT]
    return tuple(row[one.name] for one in columns if target.grain == "cell" or one.field in fields)
