"""Figures are read back from a saved view, whichever axis a dimension lies on."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from ml_connector_dagster.anaplan.view_cells import read_cells
from ml_connector_dagster.anaplan.views import Dimension, Members, find_view, members_of
from ml_connector_dagster.errors import FiguresDiffer, RequestRejected, SettingWrong
from ml_connector_dagster_tests.anaplan.fake_http import model_with

ENTITIES = {"id": "101000000001", "name": "Entities"}
ACCOUNTS = {"id": "101000000002", "name": "Accounts"}
TIME = {"id": "20000000003", "name": "Time"}
LINE_ITEMS = {"id": "101999999999", "name": "Line items"}
UK = {"id": "1", "code": "UK", "name": "Britain"}
IE = {"id": "2", "code": "IE", "name": "Ireland"}
SALES = {"id": "3", "code": "200", "name": "Sales", "parentId": "9"}
COSTS = {"id": "4", "code": "", "name": "Costs", "parentId": "9"}
ALL = {"id": "9", "name": "All Accounts"}


def model(axes: dict[str, Any], data: dict[str, Any] | None = None, views: list[dict[str, str]] | None = None):
    listed = views or [{"id": "203000000001", "name": "'Actuals'.'By entity'", "moduleId": "102000000001"}]
    return model_with(
        {
            "views": {"views": listed},
            "modules": {"modules": [{"id": "102000000001", "name": "Actuals"}, {"id": "102000000002", "name": "Plan"}]},
            "views/203000000001": axes,
            "views/203000000001/data": data or {},
            "lists/101000000001/items": {"listItems": [UK, IE]},
            "lists/101000000002/items": {"listItems": [SALES, COSTS, ALL]},
            "modules/102000000001/lineItems": {
                "items": [{"id": "206000000001", "name": "Amount"}, {"id": "206000000002", "name": "Count"}]
            },
            "lineItems/206000000001/dimensions/20000000003/items": {"items": [{"id": "5", "name": "Oct 26"}]},
        }
    )


PAGED = {"rows": [ACCOUNTS], "columns": [LINE_ITEMS], "pages": [ENTITIES, TIME]}
PAGED_DATA = {
    "columnCoordinates": [["Amount"], ["Count"]],
    "rows": [
        {"rowCoordinates": ["Sales"], "cells": ["12.50", "1"]},
        {"rowCoordinates": ["Costs"], "cells": ["", "0"]},
        {"rowCoordinates": ["All Accounts"], "cells": [12.5, 1]},
    ],
}


@pytest.mark.parametrize("wanted", ["203000000001", "By entity", "Actuals.By entity", "'Actuals'.'By entity'"])
def test_a_view_is_found_by_name_with_or_without_its_module_or_by_id(wanted: str) -> None:
    view = find_view(model(PAGED), wanted)
    assert (view.view_id, view.module_id) == ("203000000001", "102000000001")
    assert [one.name for one in view.dimensions] == ["Entities", "Time", "Accounts", "Line items"]


def test_a_view_whose_list_name_lacks_the_module_is_found_with_it() -> None:
    views = [
        {"id": "203000000001", "name": "By entity", "moduleId": "102000000001"},
        {"id": "203000000002", "name": "By entity", "moduleId": "102000000002"},
    ]
    assert find_view(model(PAGED, views=views), "Actuals.By entity").view_id == "203000000001"
    with pytest.raises(SettingWrong, match=r"2 saved views in the model match 'By entity'"):
        find_view(model(PAGED, views=views), "By entity")


def test_a_view_that_does_not_exist_names_those_that_do() -> None:
    with pytest.raises(SettingWrong, match=r"No saved view in the model match 'By months'.*By entity"):
        find_view(model(PAGED), "By months")


def test_an_axis_without_dimensions_may_be_absent() -> None:
    assert find_view(model({"rows": [ACCOUNTS]}), "By entity").pages == ()


def test_a_dimension_the_view_lacks_names_those_it_has() -> None:
    with pytest.raises(SettingWrong, match=r"no dimension 'Regions' \(it has: Entities, Time, Accounts, Line items\)"):
        find_view(model(PAGED), "By entity").dimension("Regions")


def test_pages_are_chosen_by_the_request_and_cells_arrive_as_decimals() -> None:
    opened = model(PAGED, PAGED_DATA)
    view = find_view(opened, "By entity")
    cells = list(read_cells(opened, view, "Amount", {"Entities": "UK", "Time": "Oct 26"}))
    assert [(one.at["Accounts"], one.value) for one in cells] == [
        ("Sales", Decimal("12.50")),
        ("Costs", Decimal(0)),
        ("All Accounts", Decimal("12.5")),
    ]
    data = next(sent for _, path, sent in opened.http.asked if path.endswith("/data"))
    assert data == {"format": "v1", "pages": "101000000001:1,20000000003:5"}


def test_chosen_items_on_rows_and_columns_narrow_the_answer() -> None:
    axes = {"rows": [ENTITIES, ACCOUNTS], "columns": [TIME, LINE_ITEMS]}
    data = {
        "columnCoordinates": [["Oct 26", "Amount"], ["FY27", "Amount"], ["Oct 26", "Count"]],
        "rows": [
            {"rowCoordinates": [entity, "Sales"], "cells": [value, 99, 1]}
            for entity, value in (("Britain", 5), ("Ireland", 7))
        ],
    }
    opened = model(axes, data)
    view = find_view(opened, "By entity")
    cells = list(read_cells(opened, view, "Amount", {"Entities": "IE", "Time": "Oct 26"}))
    assert [one.value for one in cells] == [Decimal(7)]


def test_a_view_without_columns_has_one_cell_a_row() -> None:
    opened = model({"rows": [ACCOUNTS], "pages": [LINE_ITEMS]}, {"rows": [{"rowCoordinates": ["Sales"], "cells": [3]}]})
    cells = list(read_cells(opened, find_view(opened, "By entity"), "Amount", {}))
    assert [(one.at, one.value) for one in cells] == [({"Accounts": "Sales"}, Decimal(3))]


@pytest.mark.parametrize(
    ("line_item", "chosen", "words"),
    [("Amounts", {}, "Line items .* no 'Amounts'"), ("Amount", {"Entities": "DE"}, "Entities .* no 'DE'")],
)
def test_a_line_item_or_member_that_does_not_exist_is_named(line_item: str, chosen: dict[str, str], words: str) -> None:
    opened = model(PAGED, PAGED_DATA)
    with pytest.raises(SettingWrong, match=words):
        list(read_cells(opened, find_view(opened, "By entity"), line_item, chosen))


def test_a_cell_that_is_no_number_is_an_error() -> None:
    opened = model({"rows": [ACCOUNTS]}, {"rows": [{"rowCoordinates": ["Sales"], "cells": ["true"]}]})
    with pytest.raises(FiguresDiffer, match=r"shows 'true' at Sales"):
        list(read_cells(opened, find_view(opened, "By entity"), "Amount", {}))


@pytest.mark.parametrize(("status", "error"), [(400, SettingWrong), (404, RequestRejected)])
def test_a_view_that_is_too_large_says_what_to_do(status: int, error: type[Exception]) -> None:
    opened = model(PAGED, RequestRejected("more than 1000000 cells", "None is shown.", "Ask less.", status=status))
    with pytest.raises(error, match="more than 1000000 cells"):
        list(read_cells(opened, find_view(opened, "By entity"), "Amount", {}))


def test_members_are_found_by_code_first_then_name_in_any_case_and_sums_not_at_all() -> None:
    members = Members(
        Dimension("101000000002", "Accounts"), [SALES, COSTS, ALL, {"id": "7", "code": "Costs", "name": "Odd"}]
    )
    assert [members.find(text) for text in ("200", "sales", "COSTS", "All Accounts", "x")] == [
        "3",
        "3",
        "7",
        None,
        None,
    ]
    assert (members.named("Sales"), members.named("All Accounts")) == ("3", None)
    assert (members.written("3"), members.written("4")) == ("200", "Costs")


def test_items_are_asked_for_once() -> None:
    opened = model(PAGED)
    view = find_view(opened, "By entity")
    for _ in range(2):
        for dimension in view.dimensions:
            members_of(opened, dimension, view.module_id)
    paths = [path for _, path, _ in opened.http.asked]
    assert len(paths) == len(set(paths))
