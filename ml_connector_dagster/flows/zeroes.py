"""Which figures of the model a load would set to 0: shown before it does so (accounting rules §6)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from ml_connector_dagster.flows.file_plan import FilePlan, ZeroedCell
from ml_connector_dagster.mapping.file_rows import AMOUNT, FileRows

MOST_NAMED = 10
"""How many cells a sentence names; the rest is counted, and preview lists them all."""


def zeroed_cells(rows: FileRows, shown: Iterable[pa.Table]) -> tuple[ZeroedCell, ...]:
    """Answer what the model shows where the file writes 0, the largest figure first.

    Args:
        rows: The file; its zero rows included.
        shown: Tables of ``previous_cells``; only those read from the model have amounts, the others are passed over.
    """
    found: dict[tuple[str, ...], Decimal] = {}
    for table in shown:
        if AMOUNT in table.column_names:
            found.update(_figures(table))
    if not found:
        return ()
    emptied = {cell for batch in rows.batches() for cell, _ in _figures(batch.filter(pc.equal(batch[AMOUNT], 0)))}
    zeroed = (ZeroedCell(cell, stands) for cell, stands in found.items() if cell in emptied and stands)
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


def _figures(table: pa.Table) -> Iterator[tuple[tuple[str, ...], Decimal]]:
    texts = [table[name].to_pylist() for name in table.column_names if name != AMOUNT]
    return zip(zip(*texts, strict=True), table[AMOUNT].to_pylist(), strict=True)
