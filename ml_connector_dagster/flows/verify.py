"""Read a slice back from the model and compare it with the file, figure by figure; or a list's members with its codes.

What is needed is kept in the load row, so that any run can verify a load whose own run died.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ml_connector_dagster.anaplan.model_facts import dimension_id, missing_members
from ml_connector_dagster.errors import ConnectorError, FiguresDiffer, LoadIncomplete, SettingWrong
from ml_connector_dagster.flows.elsewhere import elsewhere_than
from ml_connector_dagster.flows.read_back import Key, ReadBack, ReadBackPlan
from ml_connector_dagster.ledger.money import ZERO
from ml_connector_dagster.mapping.targets import ListTarget, ModuleTarget

if TYPE_CHECKING:
    from ml_connector_dagster.anaplan.client import AnaplanModel
    from ml_connector_dagster.flows.load_rows import LoadRow
    from ml_connector_dagster.store.blobs import Blobs
    from ml_connector_dagster.store.engine import Store

TOLERANCE = Decimal("0.005")
"""Anaplan's numbers are binary doubles: a cell answers 0.1 as 0.1 within far less than half a cent."""


def proof_of(target: ListTarget | ModuleTarget, period: str) -> dict[str, Any]:
    """Answer how a load of the target is proved, for its row."""
    if isinstance(target, ModuleTarget):
        return {"cells": ReadBackPlan.of(target, period).facts()}
    by_code = [column for column, chosen in target.columns.items() if chosen == "code"]
    by_name = [column for column, chosen in target.columns.items() if chosen == "name"]
    return {"members": {"list": target.anaplan_list or target.name, "column": (by_code or by_name or [""])[0]}}


def verify_load(model: AnaplanModel, store: Store, blobs: Blobs, row: LoadRow) -> ConnectorError | None:
    """Answer what keeps a load from being verified, or None where the model holds the file, figure for figure."""
    model.forget("members")
    proof = row.route["proof"]
    if "members" in proof:
        return _verify_members(model, blobs, row, proof["members"])
    import pyarrow.parquet as pq

    plan = ReadBackPlan.from_facts(proof["cells"])
    back = ReadBack(model, plan)
    sent, unknown = back.expected(pq.read_table(blobs.local_path(row.cells_blob)))
    if unknown:
        return _differs(row, f"the model has no {unknown}")
    shown = back.shown(sent, elsewhere_than(store, blobs, (row.connection, plan.entity, row.period)))
    return _compared(row, back, sent, shown)


def _compared(
    row: LoadRow, back: ReadBack, sent: dict[Key, Decimal], shown: dict[Key, Decimal]
) -> ConnectorError | None:
    off = {key: abs(sent.get(key, ZERO) - shown.get(key, ZERO)) for key in {*sent, *shown}}
    wrong = [key for key, by in off.items() if by >= TOLERANCE]
    if not wrong:
        return None
    worst = max(wrong, key=lambda key: (off[key], key))
    file, model = sent.get(worst, ZERO), shown.get(worst, ZERO)
    more = f" and {len(wrong) - 1} more cells" if len(wrong) > 1 else ""
    return _differs(row, f"at {back.says(worst)} the file has {_money(file)} and the model {_money(model)}{more}")


def _differs(row: LoadRow, how: str) -> FiguresDiffer:
    return FiguresDiffer(
        f"{row.connection}/{row.target} of {row.period} was loaded (load {row.id}), but {how}.",
        "The figures of the period in Anaplan are not the books'.",
        "Look whether somebody edits these cells or another import writes them; then "
        f"ml-connector load {row.connection} {row.period} --from-model shows what is not the books' and sets it to 0.",
        load=row.id,
        task_id=row.task_id,
        connection=row.connection,
        target=row.target,
        period=row.period,
    )


def _verify_members(model: AnaplanModel, blobs: Blobs, row: LoadRow, proof: Mapping[str, str]) -> ConnectorError | None:
    from ml_connector_dagster.audit.explain import column_values

    wanted = column_values(blobs.local_path(row.file_blob), proof["column"], row.route["action"]["layout"])
    dimension = dimension_id(model, proof["list"])
    if dimension is None:
        return SettingWrong(
            f"The model has no list {proof['list']!r}.",
            "Whether the members arrived cannot be proved.",
            "Write the list's exact name as anaplan_list in defs.yaml.",
        )
    missing = missing_members(model, dimension, wanted)
    if not missing:
        return None
    return LoadIncomplete(
        f"{len(missing)} of {len(wanted)} members of load {row.id} are not in the list {proof['list']!r}: {missing[0]!r} first.",
        "The list is incomplete, so figures of these members would be rejected.",
        f"See the rejected rows with ml-connector audit show {row.id}, then replay the load.",
        load=row.id,
        task_id=row.task_id,
    )


def _money(value: Decimal) -> str:
    return f"{value:,.2f}" if value == value.quantize(Decimal("0.01")) else f"{value:,f}"
