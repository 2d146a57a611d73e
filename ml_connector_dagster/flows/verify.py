"""Read a slice back from the model and compare it with the file, cell by cell; or a list's members with its codes.

What is needed is kept in the load row, so that any run can verify a load whose own run died.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ml_connector_dagster.anaplan.model_facts import dimension_id, missing_members
from ml_connector_dagster.anaplan.views import Members, View, find_view, members_of, read_cells
from ml_connector_dagster.errors import ConnectorError, FiguresDiffer, LoadIncomplete, SettingWrong
from ml_connector_dagster.flows.gates import fixed_columns
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.mapping.targets import ListTarget, ModuleTarget, read_back_of

if TYPE_CHECKING:
    import pyarrow as pa

    from ml_connector_dagster.anaplan.client import AnaplanModel
    from ml_connector_dagster.flows.load_rows import LoadRow
    from ml_connector_dagster.store.blobs import Blobs

TOLERANCE = Decimal("0.005")
"""Anaplan's numbers are binary doubles: a cell answers 0.1 as 0.1 within far less than half a cent."""
Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReadBackPlan:
    """How a slice's figures are found in a view; kept in the load row."""

    view: str
    line_item: str
    columns: Mapping[str, str]
    """File column to dimension."""
    fixed: Mapping[str, str]
    """Dimension to the one member of it that this slice is about; the month by its name in Anaplan."""
    closed: bool
    """True where the file holds the whole rectangle, so that any other figure in it is a stale one."""
    time_columns: tuple[str, ...]
    """File columns that hold the period."""

    @classmethod
    def of(cls, target: ModuleTarget, period: str) -> ReadBackPlan:
        """Derive it from the settings.

        Raises:
            SettingWrong: The module has no read-back.
        """
        read_back = read_back_of(target)
        columns = read_back.columns
        month = Period.parse(period).label("mmm_yy")
        fixed = {
            columns[column]: member or month for column, member in fixed_columns(target).items() if column in columns
        }
        times = tuple(column for column, chosen in target.columns.items() if chosen == "period")
        return cls(read_back.view, read_back.line_item, dict(columns), fixed, target.grain == "cell", times)

    def facts(self) -> dict[str, Any]:
        """Answer what the load row keeps."""
        return {
            "view": self.view,
            "line_item": self.line_item,
            "columns": dict(self.columns),
            "fixed": dict(self.fixed),
            "closed": self.closed,
            "time_columns": list(self.time_columns),
        }

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> ReadBackPlan:
        """Read what the load row kept."""
        return cls(**{**facts, "time_columns": tuple(facts["time_columns"])})


def proof_of(target: ListTarget | ModuleTarget, period: str) -> dict[str, Any]:
    """Answer how a load of the target is proved, for its row."""
    if isinstance(target, ModuleTarget):
        return {"cells": ReadBackPlan.of(target, period).facts()}
    by_code = [column for column, chosen in target.columns.items() if chosen == "code"]
    by_name = [column for column, chosen in target.columns.items() if chosen == "name"]
    return {"members": {"list": target.anaplan_list or target.name, "column": (by_code or by_name or [""])[0]}}


def verify_load(model: AnaplanModel, blobs: Blobs, row: LoadRow) -> ConnectorError | None:
    """Answer what keeps a load from being verified, or None where the model holds the file, cell for cell."""
    model.forget("members")
    proof = row.route["proof"]
    if "members" in proof:
        return _verify_members(model, blobs, row, proof["members"])
    plan = ReadBackPlan.from_facts(proof["cells"])
    view = find_view(model, plan.view)
    members = {column: members_of(model, view.dimension(name), view.module_id) for column, name in plan.columns.items()}
    import pyarrow.parquet as pq

    sent, unknown = _sent(pq.read_table(blobs.local_path(row.cells_blob)), plan, members)
    if unknown:
        return _differs(row, f"the model has no {unknown}")
    shown = dict(_shown(model, view, plan))
    return _compared(row, plan, members, sent, shown)


def read_figures(model: AnaplanModel, plan: ReadBackPlan) -> Iterator[tuple[dict[str, str], Decimal]]:
    """Yield each non-zero figure of a slice as the model shows it: file column to member (as a file writes it), and value.

    The period's column carries the month's name in Anaplan. Sums of lists are left out.
    """
    view = find_view(model, plan.view)
    members = {column: members_of(model, view.dimension(name), view.module_id) for column, name in plan.columns.items()}
    for key, value in _shown(model, view, plan):
        yield (
            {column: members[column].written(member_id) for column, member_id in zip(plan.columns, key, strict=True)},
            value,
        )


def _shown(model: AnaplanModel, view: View, plan: ReadBackPlan) -> Iterator[tuple[Key, Decimal]]:
    """Yield member ids in the order of the plan's columns, and the value; zeros and sums are left out."""
    members = [members_of(model, view.dimension(name), view.module_id) for name in plan.columns.values()]
    on_page = {
        name: members_of(model, view.dimension(name), view.module_id).find(text) for name, text in plan.fixed.items()
    }
    for cell in read_cells(model, view, plan.line_item, plan.fixed):
        if not cell.value:
            continue
        key = [
            one.named(cell.at[one.dimension.name]) if one.dimension.name in cell.at else on_page.get(one.dimension.name)
            for one in members
        ]
        if all(key):
            yield tuple(str(member_id) for member_id in key), cell.value


def _sent(cells: pa.Table, plan: ReadBackPlan, members: Mapping[str, Members]) -> tuple[dict[Key, Decimal], str]:
    """Answer the file's figures per key, summed over columns the view does not have; and a member nobody knows."""
    columns = list(plan.columns)
    grouped = cells.group_by(columns).aggregate([("amount", "sum")]).to_pydict()
    sums: dict[Key, Decimal] = {}
    found: dict[tuple[str, str], str | None] = {}
    for index, amount in enumerate(grouped["amount_sum"]):
        key = []
        for column in columns:
            text = plan.fixed[plan.columns[column]] if column in plan.time_columns else grouped[column][index]
            if (column, text) not in found:
                found[column, text] = members[column].find(text)
            member_id = found[column, text]
            if member_id is None:
                return {}, f"{text!r} in {plan.columns[column]}"
            key.append(member_id)
        sums[tuple(key)] = sums.get(tuple(key), Decimal(0)) + (amount or Decimal(0))
    return sums, ""


def _compared(
    row: LoadRow,
    plan: ReadBackPlan,
    members: Mapping[str, Members],
    sent: dict[Key, Decimal],
    shown: dict[Key, Decimal],
) -> ConnectorError | None:
    keys = {*sent, *shown} if plan.closed else set(sent)
    wrong = [key for key in keys if abs(sent.get(key, Decimal(0)) - shown.get(key, Decimal(0))) >= TOLERANCE]
    if not wrong:
        return None
    worst = max(wrong, key=lambda key: (abs(sent.get(key, Decimal(0)) - shown.get(key, Decimal(0))), key))
    where = ", ".join(
        f"{column} {members[column].written(member_id)}" for column, member_id in zip(plan.columns, worst, strict=True)
    )
    file, model = sent.get(worst, Decimal(0)), shown.get(worst, Decimal(0))
    more = f" and {len(wrong) - 1} more cells" if len(wrong) > 1 else ""
    return _differs(row, f"at {where} the file has {_money(file)} and the model {_money(model)}{more}")


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
