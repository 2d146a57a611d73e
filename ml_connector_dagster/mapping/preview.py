"""Tables a person reads before a first load: totals by account, rows of the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ml_connector_dagster.mapping.file_rows import FileRows

if TYPE_CHECKING:
    import pandas as pd


def first_rows(rows: FileRows, count: int = 20) -> pd.DataFrame:
    """Answer the first rows of the file, in file order and with the file's column names."""
    raise NotImplementedError


def totals_by(rows: FileRows, column: str) -> pd.DataFrame:
    """Answer amount and row count per value of one file column, sorted by value."""
    raise NotImplementedError
