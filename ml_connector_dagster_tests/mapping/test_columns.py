"""A file's columns are checked before anything is written."""

from __future__ import annotations

from typing import Any

import pytest

from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.mapping.columns import available_fields, check_columns, field_names
from ml_connector_dagster_tests.mapping.books import CELL_COLUMNS, TRACKING, anaplan_list, module

DOCUMENT = {"Document": "record_id", "Amount": "amount", "Date": "document_date"}


def test_fields_name_the_company_s_own_tracking_categories() -> None:
    names = [field.name for field in available_fields(TRACKING)]
    assert {"tracking.Region", "tracking.Practice", "ledger_account", "amount", "number", "code"} <= set(names)
    assert not any(field.name.startswith("tracking.") for field in available_fields(None))
    assert all(field.says and field.grain for field in available_fields(TRACKING))


def test_other_words_for_a_field_are_taken_where_the_field_is() -> None:
    assert {"record_id", "transaction_id"} <= field_names(module(grain="document", columns=DOCUMENT))
    assert "line_id" in field_names(module(grain="line", columns=DOCUMENT))
    assert "record_id" not in field_names(module())
    assert "parent" in field_names(anaplan_list())


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"columns": {**CELL_COLUMNS, "Number": "number"}}, "Column 'Number' asks for 'number', which is no field"),
        ({"columns": {"Account": "ledger_account"}}, "No column carries the amount"),
        ({"columns": {"A": "amount", "B": "amount"}}, "A and B both carry the amount"),
        ({"columns": {"amount": "customer", "Amount": "amount"}}, "Column 'amount' does not carry the amount"),
        ({"currency": "document"}, "pounds and dollars"),
        ({"grain": "document", "columns": {"Amount": "amount"}}, "No column carries 'document'"),
        ({"grain": "line", "columns": DOCUMENT}, "No column carries 'line'"),
        ({"grain": "line", "columns": {"L": "line", "Amount": "amount"}}, "cannot be traced"),
        ({"grain": "document", "columns": {"D": "document", "Amount": "amount"}}, "No column tells the month"),
        ({"grain": "document", "columns": DOCUMENT, "measure": "closing_balance"}, "has no document"),
        ({"clear": {"Region": "all"}}, "`clear` names 'Region', which is no column"),
        ({"clear": {"Amount": "all"}}, "carries the amount and is no dimension"),
        ({"clear": {"Entity": "all"}}, "clears every Entity, but the file holds 'UK' alone"),
        ({"clear": {"Version": "all"}}, "clears every Version, but the file holds 'Actual' alone"),
        ({"clear": {"Period": "all"}}, "clears every period of Period, but a file holds one period"),
    ],
)
def test_columns_that_make_no_right_file_are_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingWrong, match=said):
        check_columns(module(**changes), ["Region"])


def test_a_list_needs_a_code_and_knows_no_module_field() -> None:
    with pytest.raises(SettingWrong, match="No column carries 'code'"):
        check_columns(anaplan_list(columns={"Name": "name"}), ())
    with pytest.raises(SettingWrong, match="'amount', which is no field"):
        check_columns(anaplan_list(columns={"Code": "code", "Amount": "amount"}), ())


def test_a_clear_option_that_the_file_fills_is_right() -> None:
    columns = {**CELL_COLUMNS, "Region": "tracking.Region"}
    clear = {
        "Entity": "in_file",
        "Version": "none",
        "Period": "in_file",
        "Account": "all",
        "Customer": "all",
        "Region": "all",
    }
    check_columns(module(columns=columns, clear=clear), ["Region"])
    check_columns(module(grain="line", columns={**DOCUMENT, "Line": "line_id"}), ())
