"""Ledger lines to one row per target cell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.mapping.file_rows import FileRows
from ml_connector_dagster.mapping.members import Members
from ml_connector_dagster.mapping.targets import ModuleTarget

if TYPE_CHECKING:
    import pyarrow as pa


def build_cells(
    target: ModuleTarget,
    period: Period,
    *,
    lines: Callable[[], Iterator[pa.Table]],
    accounts: pa.Table,
    tracking: pa.Table | None,
    members: Members,
    carried: Iterable[pa.Table] = (),
    previous: Iterable[pa.Table] = (),
    cells: Path,
    sidecar: Path,
) -> FileRows:
    """Aggregate the period's ledger lines to the target's cells and write ``cells`` and ``sidecar``.

    Args:
        target: grain ``cell``.
        period: The period of the file.
        lines: Called twice; yields the period's LedgerLine tables, in the same order both times.
        accounts: Newest LedgerAccount table; gives class and with it sign and statement.
        tracking: Newest TrackingOption table; None where no column asks for a category.
        members: The connection's mapping.
        carried: For ``closing_balance``: ``opening_lines`` and the LedgerLine tables of every earlier period since
            ``periods.start``. One sidecar row ``brought_forward`` per cell stands for them.
        previous: Cells tables (``FileRows.batches``) of every load since and including the last verified one, or a read-back
            in the same columns; rows outside this file's constants and period are ignored.
        cells: Where to write the rows.
        sidecar: Where to write the source lines.
    """
    raise NotImplementedError


def opening_lines(opening: Mapping[str, Decimal]) -> pa.Table:
    """Turn {ledger_account_id: balance, debit positive} into a table that ``carried`` takes."""
    raise NotImplementedError
