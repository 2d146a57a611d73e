"""Which rows of a slice may hold a figure in Anaplan now, cells or documents: the base of a file's zero rows."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from ml_connector_dagster.flows.load_rows import LoadBook, LoadRow
from ml_connector_dagster.flows.read_back import ReadBack, ReadBackPlan
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.mapping.columns import key_columns
from ml_connector_dagster.mapping.file_rows import AMOUNT
from ml_connector_dagster.mapping.own_rows import OwnRows
from ml_connector_dagster.mapping.targets import ModuleTarget

if TYPE_CHECKING:
    import pyarrow as pa

    from ml_connector_dagster.connections.opening import OpenConnection


def previous_cells(
    connection: OpenConnection, target: ModuleTarget, period: str, *, from_model: bool = False
) -> pa.Table:
    """Answer the distinct rows that earlier loads may have filled.

    The union of the rows of every load of the slice that may have reached Anaplan, since and including the last
    verified one. Where no load is known (first load, lost database) or ``from_model`` is set (restore, force), the
    rows with a figure that the read-back view shows; that asks Anaplan. A view with fewer dimensions than a file of cells
    cannot say which cells those are; then none are answered, and the read-back after the load says what was left standing.

    Args:
        connection: The opened connection.
        target: The module.
        period: 2026-10.
        from_model: Do not trust the load table.

    Returns:
        Text columns, the file's columns without the amount, in the file's own values (period label and constants
        included); at document and line grain the newest load's row of a document. Rows read from the model carry what it
        shows as ``amount`` besides; a column that the view does not show is empty. No rows where nothing was loaded.

    Raises:
        SettingWrong: The model is asked, and its view is not there or does not say whose a document is.
    """
    import pyarrow as pa

    reached = [] if from_model else _reached(connection, target, period)
    if reached:
        return _united([_cells_of(connection, row) for row in reached], target)
    rows = list(_from_model(connection, target, period))
    return pa.Table.from_pylist(rows) if rows else pa.table({})


def _reached(connection: OpenConnection, target: ModuleTarget, period: str) -> list[LoadRow]:
    """Answer the loads whose cells may stand in this model, newest first, ending with the last verified one."""
    found: list[LoadRow] = []
    for row in LoadBook(connection.store).of_slice((connection.name, target.name, period)):
        if row.may_have_reached and row.cells_blob and row.model_id == connection.settings.anaplan.model:
            found.append(row)
            if row.state == "verified":
                break
    return found


def _cells_of(connection: OpenConnection, row: LoadRow) -> pa.Table:
    import pyarrow.parquet as pq

    return pq.read_table(connection.blobs.local_path(row.cells_blob)).drop_columns(["amount"])


def _united(tables: list[pa.Table], target: ModuleTarget) -> pa.Table:
    import pyarrow as pa

    columns = [name for name in tables[0].column_names if all(name in one.column_names for one in tables)]
    united = pa.concat_tables([one.select(columns) for one in tables])
    keys = columns if target.grain == "cell" else [name for name in key_columns(target) if name in columns]
    if not keys:
        return united
    numbered = united.append_column("row_number", pa.array(range(united.num_rows), pa.int64()))
    first = numbered.group_by(keys).aggregate([("row_number", "min")])["row_number_min"]
    return united.take(first.combine_chunks().sort())


def _from_model(connection: OpenConnection, target: ModuleTarget, period: str) -> Iterator[dict[str, str | Decimal]]:
    back = ReadBack(connection.model(), ReadBackPlan.of(target, period))
    texts = [column for column, chosen in target.columns.items() if chosen != "amount"]
    if target.grain == "cell" and not back.columns >= set(texts):
        return
    said = OwnRows.of(target, Period.parse(period)).said
    for at, value in back.figures():
        yield {**{column: said.get(column, at.get(column, "")) for column in texts}, AMOUNT: value}
