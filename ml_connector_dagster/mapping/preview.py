"""Tables a person reads before a first load: rows of the file, totals by member."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa

from ml_connector_dagster.mapping.file_rows import AMOUNT, FileRows


def first_rows(rows: FileRows, count: int = 20) -> pd.DataFrame:
    """Answer the first rows of the file, in file order and with the file's column names; decimals stay exact."""
    table = next(rows.batches(), None)
    if table is None:
        return pd.DataFrame(columns=list(rows.header))
    frame: pd.DataFrame = table.slice(0, count).to_pandas(types_mapper=pd.ArrowDtype)
    return frame.rename(columns={AMOUNT: rows.amount_column})[list(rows.header)]


def totals_by(rows: FileRows, column: str) -> pd.DataFrame:
    """Answer amount (exact decimal) and row count per value of one file column, sorted by value.

    Args:
        rows: Of a module.
        column: The file's own name of a column that is not the amount's.

    Returns:
        Columns: the file column, ``amount`` decimal128(38, 10), ``rows`` int64.
    """
    parts = [_grouped(table.select([column, AMOUNT]), column) for table in rows.batches()]
    if not parts:
        return pd.DataFrame(columns=[column, AMOUNT, "rows"])
    whole = pa.concat_tables(parts).group_by(column, use_threads=False)
    table = whole.aggregate([(AMOUNT, "sum"), ("rows", "sum")]).rename_columns([column, AMOUNT, "rows"])
    frame: pd.DataFrame = table.to_pandas(types_mapper=pd.ArrowDtype)
    return frame.sort_values(column, ignore_index=True)


def _grouped(table: pa.Table, column: str) -> pa.Table:
    grouped = table.group_by(column, use_threads=False).aggregate([(AMOUNT, "sum"), (AMOUNT, "count")])
    return grouped.rename_columns([column, AMOUNT, "rows"])
