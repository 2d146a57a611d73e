"""What Anaplan shows of a slice against what was staged, after mapping: per member, cell by cell."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

import pyarrow.parquet as pq

from ml_connector_dagster.anaplan.views import Members, find_view, members_of
from ml_connector_dagster.connections.opening import OpenConnection
from ml_connector_dagster.flows.file_plan import FilePlan
from ml_connector_dagster.flows.past_loads import PastLoads
from ml_connector_dagster.flows.totals import Difference
from ml_connector_dagster.flows.translate import translate
from ml_connector_dagster.flows.verify import ReadBackPlan, read_figures
from ml_connector_dagster.ledger.money import ZERO, cents
from ml_connector_dagster.mapping.columns import LEDGER_ACCOUNT
from ml_connector_dagster.mapping.file_rows import AMOUNT
from ml_connector_dagster.mapping.targets import ModuleTarget

STRAYED = "Somebody edited these cells, or another import wrote them; materialize the module again to restore the books' figures."
Key = tuple[str, ...]
"""Members in the order of the read-back's columns, as Anaplan writes them."""


@dataclass(frozen=True, slots=True)
class ModelTotals:
    """Staged after mapping against what the model answered; the module's own sign."""

    total: Decimal
    differences: tuple[Difference, ...] = ()
    note: str = ""
    accounts: Mapping[str, Decimal] = field(default_factory=dict)
    """Ledger account member, as Anaplan writes it, to its figure; empty where the view shows no accounts."""


def model_totals(connection: OpenConnection, target: ModuleTarget, period: str) -> ModelTotals:
    """Read the slice from its saved view and compare it with the staged figures, mapped anew.

    A module of documents shows other periods' and companies' documents in the same view, so only the period's own are
    looked at there; a module of cells must show nothing else in its rectangle.
    """
    plan = translate(connection, target.name, period, ask_model=False)
    back = ReadBackPlan.of(target, period)
    expected = _expected(connection, plan, back)
    shown: dict[Key, Decimal] = defaultdict(lambda: ZERO)
    for at, value in read_figures(connection.model(), back):
        key = tuple(at[column] for column in back.columns)
        if back.closed or key in expected:
            shown[key] += value
    differences = tuple(
        Difference(_subject(back, key), None, expected.get(key, ZERO), shown.get(key, ZERO), left)
        for key in sorted({*expected, *shown})
        if (left := cents(expected.get(key, ZERO) - shown.get(key, ZERO)))
    )
    note = _note(connection, plan) if differences else ""
    return ModelTotals(sum(shown.values(), ZERO), differences, note, _by_account(target, back, shown))


def _by_account(target: ModuleTarget, back: ReadBackPlan, shown: Mapping[Key, Decimal]) -> dict[str, Decimal]:
    at = [i for i, column in enumerate(back.columns) if target.columns.get(column) == LEDGER_ACCOUNT]
    sums: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for key, amount in shown.items():
        for i in at:
            sums[key[i]] += amount
    return dict(sums)


def _expected(connection: OpenConnection, plan: FilePlan, back: ReadBackPlan) -> dict[Key, Decimal]:
    """Answer the staged figures per key, summed over file columns that the view does not have."""
    assert plan.cells is not None, "a module's plan has cells"  # only lists have none
    view = find_view(connection.model(), back.view)
    members = {
        column: members_of(connection.model(), view.dimension(name), view.module_id)
        for column, name in back.columns.items()
    }
    columns = [column for column in back.columns if column not in back.time_columns]
    grouped = pq.read_table(plan.cells).group_by(columns).aggregate([(AMOUNT, "sum")]).to_pylist()
    sums: dict[Key, Decimal] = defaultdict(lambda: ZERO)
    for row in grouped:
        sums[tuple(_written(members, back, column, row) for column in back.columns)] += row[f"{AMOUNT}_sum"]
    return dict(sums)


def _written(members: Mapping[str, Members], back: ReadBackPlan, column: str, row: Mapping[str, str]) -> str:
    """Answer a member as Anaplan writes it; one that the model does not know stays as the file has it, and differs."""
    text = back.fixed[back.columns[column]] if column in back.time_columns else row[column]
    member_id = members[column].find(text)
    return text if member_id is None else members[column].written(member_id)


def _subject(back: ReadBackPlan, key: Key) -> str:
    named = (
        f"{column} {member}"
        for column, member in zip(back.columns, key, strict=True)
        if back.columns[column] not in back.fixed
    )
    return f"member {', '.join(named)}"


def _note(connection: OpenConnection, plan: FilePlan) -> str:
    """Say where the model may lag behind on purpose."""
    loaded = PastLoads.of(connection, plan.target.name).verified(plan.target.name, plan.kind, plan.period)
    if loaded is None:
        return "The slice was never loaded."
    return STRAYED if loaded.digest == plan.digest else "What was read last is not loaded yet."
