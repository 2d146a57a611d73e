"""What Anaplan shows of a slice against what was staged, after mapping: per member, figure by figure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

import pyarrow.parquet as pq

from ml_connector_dagster.connections.opening import OpenConnection
from ml_connector_dagster.flows.elsewhere import elsewhere_than
from ml_connector_dagster.flows.file_plan import FilePlan
from ml_connector_dagster.flows.past_loads import PastLoads
from ml_connector_dagster.flows.read_back import Key, ReadBack, ReadBackPlan
from ml_connector_dagster.flows.totals import Difference
from ml_connector_dagster.flows.translate import translate
from ml_connector_dagster.ledger.money import ZERO, cents
from ml_connector_dagster.mapping.columns import LEDGER_ACCOUNT
from ml_connector_dagster.mapping.targets import ModuleTarget

STRAYED = "Somebody edited these figures, or another import wrote them; materialize the module again to restore the books' figures."


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

    Nothing else may stand in the slice: no other cell of its rectangle, no other document of its company and month.
    """
    plan = translate(connection, target.name, period, ask_model=False)
    assert plan.cells is not None, "a module's plan has cells"  # only lists have none
    back = ReadBack(connection.model(), ReadBackPlan.of(target, period))
    expected, _ = back.expected(pq.read_table(plan.cells))
    elsewhere = elsewhere_than(connection.store, connection.blobs, (connection.name, target.from_, period))
    shown = back.shown(expected, elsewhere)
    fixed = ReadBackPlan.of(target, period).fixed
    differences = tuple(
        Difference(f"member {back.says(key, fixed)}", None, expected.get(key, ZERO), shown.get(key, ZERO), left)
        for key in sorted({*expected, *shown})
        if (left := cents(expected.get(key, ZERO) - shown.get(key, ZERO)))
    )
    note = _note(connection, plan) if differences else ""
    return ModelTotals(sum(shown.values(), ZERO), differences, note, _by_account(target, back, shown))


def _by_account(target: ModuleTarget, back: ReadBack, shown: Mapping[Key, Decimal]) -> dict[str, Decimal]:
    at = [i for i, column in enumerate(back.dimensions) if target.columns.get(column) == LEDGER_ACCOUNT]
    sums: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for key, amount in shown.items():
        for i in at:
            sums[key[i]] += amount
    return dict(sums)


def _note(connection: OpenConnection, plan: FilePlan) -> str:
    """Say where the model may lag behind on purpose."""
    loaded = PastLoads.of(connection, plan.target.name).verified(plan.target.name, plan.kind, plan.period)
    if loaded is None:
        return "The slice was never loaded."
    return STRAYED if loaded.digest == plan.digest else "What was read last is not loaded yet."
