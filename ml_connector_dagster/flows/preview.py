"""What a load would do, before it does it: the file, its totals, the difference to the last load, what has no member."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ml_connector_dagster.anaplan.actions import find_route
from ml_connector_dagster.connections.opening import OpenConnection
from ml_connector_dagster.flows.file_cut import file_as_asked
from ml_connector_dagster.flows.file_plan import FilePlan
from ml_connector_dagster.flows.past_loads import LoadFact, PastLoads
from ml_connector_dagster.flows.read_back import ReadBack, ReadBackPlan
from ml_connector_dagster.flows.translate import translate
from ml_connector_dagster.ledger.money import ZERO
from ml_connector_dagster.mapping.columns import LEDGER_ACCOUNT, key_columns
from ml_connector_dagster.mapping.file_rows import AMOUNT
from ml_connector_dagster.mapping.targets import ModuleTarget

Cell = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CellChange:
    """One cell whose figure the load would move; the file's own sign."""

    cell: str
    before: Decimal
    after: Decimal

    @property
    def delta(self) -> Decimal:
        """What the load would add."""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class SlicePreview:
    """One slice as it would be sent."""

    plan: FilePlan
    file: Path
    """The CSV, where the person asked for it."""
    totals: Mapping[str, Decimal]
    """Total per member of the account column (per first dimension where there is none); empty for a list."""
    compared_with: int | None
    """The load that it is compared with; None where nothing was loaded: then with what the model holds, if it was asked."""
    changes: tuple[CellChange, ...]
    """Cells that would move, the largest first."""


def preview(
    connection: OpenConnection,
    target_name: str,
    period: str,
    folder: Path,
    *,
    ask_model: bool = True,
    from_model: bool = False,
) -> SlicePreview:
    """Write the file of one slice into a folder and answer what it would change; nothing is sent.

    Args:
        connection: The opened connection.
        target_name: One of its lists or modules.
        period: 2026-10.
        folder: Where the CSV goes, as ``<connection>_<target>_<period>.csv``.
        ask_model: Cut the file as the import asks, and read the model's cells where no load is known; False needs no Anaplan.
        from_model: Read them whatever was loaded before, and compare with them: what a load from the model would do.

    Raises:
        HeldForPerson: The period was never read.
        SettingWrong: Columns or crosswalks are wrong, or the model has no such import.
        RecordRefused: A text cannot be written in the cut of the import's file.
    """
    plan = translate(connection, target_name, period, ask_model=ask_model, from_model=from_model)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{connection.name}_{target_name}_{period}.csv"
    shutil.copyfile(_as_sent(connection, plan) if ask_model else plan.file, file)
    if plan.cells is None:
        return SlicePreview(plan, file, {}, None, ())
    loads = PastLoads.of(connection, target_name)
    before = None if from_model else loads.verified(target_name, plan.kind, period)
    was = _standing(connection, plan, before, ask_model=ask_model)
    changes = sorted(_changes(plan, was), key=lambda one: (-abs(one.delta), one.cell))
    return SlicePreview(plan, file, totals_by_member(plan), before.id if before else None, tuple(changes))


def _as_sent(connection: OpenConnection, plan: FilePlan) -> Path:
    return file_as_asked(connection, plan, find_route(connection.model(), plan.target.import_action))


def _standing(
    connection: OpenConnection, plan: FilePlan, before: LoadFact | None, *, ask_model: bool
) -> dict[Cell, Decimal]:
    """Answer what the slice's rows hold now: by the last load, else as the model shows them (accounting rules §6)."""
    assert isinstance(plan.target, ModuleTarget)  # only modules have cells
    names = list(key_columns(plan.target))
    if before is not None:
        known = before.cells_blob
        return _cells(pq.read_table(connection.blobs.local_path(known)), names) if known else {}
    if not ask_model:
        return {}
    back = ReadBack(connection.model(), ReadBackPlan.of(plan.target, plan.period))
    if not back.columns >= set(names):
        return {}
    shown: dict[Cell, Decimal] = defaultdict(lambda: ZERO)
    for at, value in back.figures():
        shown[tuple(at[name] for name in names)] += value
    return dict(shown)


def totals_by_member(plan: FilePlan) -> dict[str, Decimal]:
    """Answer the file's total per member of the account column, of the first column where there is none; a list has none."""
    if plan.cells is None:
        return {}
    table = pq.read_table(plan.cells)
    accounts = [column for column, field in plan.target.columns.items() if field == LEDGER_ACCOUNT]
    column = (accounts or [name for name in table.column_names if name != AMOUNT])[0]
    grouped = table.group_by(column).aggregate([(AMOUNT, "sum")]).sort_by(column).to_pylist()
    return {row[column]: row[f"{AMOUNT}_sum"] for row in grouped}


def _changes(plan: FilePlan, was: Mapping[Cell, Decimal]) -> Iterator[CellChange]:
    assert plan.cells is not None  # only lists have none, and they are not asked for
    assert isinstance(plan.target, ModuleTarget)  # only modules have cells
    now = _cells(pq.read_table(plan.cells), list(key_columns(plan.target)))
    for cell in sorted({*was, *now}):
        change = CellChange(", ".join(cell), was.get(cell, ZERO), now.get(cell, ZERO))
        if change.delta:
            yield change


def _cells(table: pa.Table, names: list[str]) -> dict[Cell, Decimal]:
    grouped = table.group_by(names).aggregate([(AMOUNT, "sum")]).to_pylist()
    return {tuple(row[name] for name in names): row[f"{AMOUNT}_sum"] for row in grouped}
