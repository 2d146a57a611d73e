"""Whose a figure of a view is, and how its texts are written in a file, wherever the view lays them."""

from __future__ import annotations

from typing import Any

import pytest

from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.flows.read_back import ReadBack, ReadBackPlan
from ml_connector_dagster.mapping.targets import ModuleTarget
from ml_connector_dagster_tests.anaplan.fake_http import model_with

BILLS, ENTITIES = {"id": "101000000001", "name": "Bills"}, {"id": "101000000002", "name": "Entities"}
TIME, LINE_ITEMS = {"id": "20000000003", "name": "Time"}, {"id": "101999999999", "name": "Line items"}
UK, IE = {"id": "1", "code": "UK", "name": "Britain"}, {"id": "2", "code": "IE", "name": "Ireland"}
COLUMNS = {"Bill": "document", "Company": "=UK", "Month": "period", "Due": "due_date", "Amount": "amount"}
ALIKE = {"rows": [BILLS], "columns": [LINE_ITEMS]}


def target(**columns: str) -> ModuleTarget:
    read_back = {"view": "Bills", "line_item": "Amount", "columns": {"Bill": "Bills", **columns}}
    facts = {"name": "bills", "from": "bills", "import": "Bills", "columns": COLUMNS, "grain": "document"}
    return ModuleTarget.model_validate({**facts, "read_back": read_back})


def read(axes: dict[str, Any], data: dict[str, Any], shown: list[str], **columns: str) -> list[tuple[str, ...]]:
    """Each figure's texts in the file's order, and the figure."""
    kinds = {"Company": {"hierarchyEntityLongId": 101000000002}, "Month": {"dataType": "TIME_ENTITY"}}
    names = ("Amount", "Company", "Month", "Due")
    line_items = [
        {"id": f"20600000000{at}", "name": name, "formatMetadata": kinds.get(name)} for at, name in enumerate(names)
    ]
    model = model_with(
        {
            "views": {"views": [{"id": "203000000001", "name": "Bills", "moduleId": "102000000001"}]},
            "views/203000000001": axes,
            "views/203000000001/data": data,
            "views/203000000001/dimensions/101999999999/items": {"items": [{"name": name} for name in shown]},
            "lists/101000000001/items": {
                "listItems": [{"id": str(at), "name": f"#{at}", "code": f"b{at}"} for at in (1, 2, 3)]
            },
            "lists/101000000002/items": {"listItems": [UK, IE]},
            "modules/102000000001/lineItems": {"items": line_items},
            "lineItems/206000000000/dimensions/20000000003/items": {"items": [{"id": "5", "name": "Oct 26"}]},
        }
    )
    back = ReadBack(model, ReadBackPlan.of(target(**columns), "2026-10"))
    order = [name for name in COLUMNS if name != "Amount"]
    return [(*(at.get(name, "-") for name in order), str(value)) for at, value in back.figures()]


def test_a_line_item_of_a_list_is_written_by_code_and_a_month_as_the_file_writes_it() -> None:
    data = {
        "columnCoordinates": [["Amount"], ["Company"], ["Month"], ["Due"]],
        "rows": [
            {"rowCoordinates": ["#1"], "cells": ["5", "Britain", "Oct 26", "2026/11/30"]},
            {"rowCoordinates": ["#2"], "cells": ["6", "uk", "2026-10-01", None]},
            {"rowCoordinates": ["#3"], "cells": ["7", "Ireland", "Oct 26", ""]},
            {"rowCoordinates": ["All Bills"], "cells": ["18", "", "", ""]},
        ],
    }
    found = read(ALIKE, data, ["Amount", "Company", "Month", "Due"])
    assert found == [("b1", "UK", "2026-10-01", "2026-11-30", "5"), ("b2", "UK", "2026-10-01", "", "6")]


def test_line_items_on_rows_are_gathered_and_a_blank_figure_is_none() -> None:
    rows = {("#1", "Company"): "Britain", ("#1", "Month"): "Oct 26", ("#2", "Amount"): "", ("#1", "Amount"): "5"}
    data = {"rows": [{"rowCoordinates": list(at), "cells": [text]} for at, text in rows.items()]}
    axes = {"rows": [BILLS, LINE_ITEMS]}
    assert read(axes, data, ["Amount", "Company", "Month"]) == [("b1", "UK", "2026-10-01", "-", "5")]


def test_company_and_month_may_be_dimensions_of_a_document_s_module_too() -> None:
    axes = {**ALIKE, "pages": [ENTITIES, TIME]}
    data = {"columnCoordinates": [["Amount"]], "rows": [{"rowCoordinates": ["#1"], "cells": ["5"]}]}
    assert read(axes, data, ["Amount"], Company="Entities", Month="Time") == [("b1", "UK", "Oct 26", "-", "5")]


@pytest.mark.parametrize(
    ("axes", "shown", "columns", "missing"),
    [
        (ALIKE, ["Amount", "Company"], {}, "Month"),
        (ALIKE, ["Amount", "Company", "Month"], {"Due": "Falls due"}, "Falls due"),
        ({"rows": [BILLS], "pages": [LINE_ITEMS]}, [], {}, "Company, Month"),
        ({"rows": [ENTITIES], "columns": [LINE_ITEMS]}, ["Bills", "Company", "Month"], {}, "Bills"),
    ],
    ids=["hidden", "under a name the view has not", "one line item a page", "no document on an axis"],
)
def test_a_view_that_lacks_what_tells_documents_apart_is_named(
    axes: dict[str, Any], shown: list[str], columns: dict[str, str], missing: str
) -> None:
    with pytest.raises(SettingWrong, match=rf"does not show {missing} of each document"):
        read(axes, {}, shown, **columns)


@pytest.mark.parametrize("text", ["31.10.2026", "2026-02-31"])
def test_a_date_that_cannot_be_read_is_left_empty_where_it_does_not_tell_the_month(text: str) -> None:
    data = {
        "columnCoordinates": [["Amount"], ["Company"], ["Month"], ["Due"]],
        "rows": [{"rowCoordinates": ["#1"], "cells": [5, "UK", "Oct 26", text]}],
    }
    assert read(ALIKE, data, ["Amount", "Company", "Month", "Due"]) == [("b1", "UK", "2026-10-01", "", "5")]
