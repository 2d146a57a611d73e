"""What a person reads before a first load is exact."""

from __future__ import annotations

from decimal import Decimal

import pandas as pd
import pytest

from ml_connector_dagster.mapping import row_files
from ml_connector_dagster.mapping.preview import first_rows, totals_by
from ml_connector_dagster_tests.mapping.books import CELL_COLUMNS, Desk, posting


def test_the_first_rows_are_those_of_the_file(desk: Desk) -> None:
    rows = desk.cells([posting("rent", "0.10"), posting("rent", "2", customer_id="c1")])
    frame = first_rows(rows, 1)
    assert list(frame.columns) == list(CELL_COLUMNS)
    assert frame.to_dict("records") == [
        dict(zip(CELL_COLUMNS, ("UK", "Actual", "2026-10-01", "rent", "c1", Decimal(2)), strict=True))
    ]
    assert isinstance(frame["Amount"].dtype, pd.ArrowDtype)


def test_totals_by_a_column_add_up_to_the_file(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_files, "ROWS_PER_GROUP", 2)
    lines = [posting("rent", "0.10", customer_id=f"c{number}") for number in range(5)] + [posting("sales", "-1")]
    rows = desk.cells(lines)
    frame = totals_by(rows, "Account")
    assert frame.to_dict("list") == {
        "Account": ["rent", "sales"],
        "amount": [Decimal("0.50"), Decimal(1)],
        "rows": [5, 1],
    }
    assert frame["amount"].sum() == rows.total


def test_an_empty_file_has_empty_tables(desk: Desk) -> None:
    rows = desk.cells([])
    assert list(first_rows(rows).columns) == list(CELL_COLUMNS)
    assert len(first_rows(rows)) == len(totals_by(rows, "Account")) == 0
