import copy
import csv
import io

import pytest

from ml_connector_dagster.sandbox.anaplan.demo_model import demo_model
from ml_connector_dagster_tests.sandbox.anaplan.desk import JSON, M, W

MONTH = "Oct 26"


@pytest.fixture
def loaded(stocked):
    stocked.actuals(
        "UK,Actual,2026-10-01,200,C1,N,10.10",
        "UK,Actual,2026-10-01,200,C2,S,0.20",
        "UK,Actual,2026-10-01,400,C1,N,-3",
        "UK,Actual,2026-09-01,200,C1,N,7",
        "IE,Actual,2026-10-01,200,C1,N,99",
    )
    return stocked


def view(desk, name: str) -> str:
    return desk.model.view_named(name).id


def month(desk, name: str = MONTH) -> str:
    return f"20000000003:{desk.model.calendar.by_name(name).id}"


def data(desk, name: str, *pages: str):
    params = {"format": "v1", **({"pages": ",".join(pages)} if pages else {})}
    answer = desk.get(f"{M}/views/{view(desk, name)}/data", params=params, headers=JSON)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_views_are_named_differently_by_model_and_module(desk):
    module = desk.model.module_named("Actuals")
    in_model = [entry["name"] for entry in desk.get(f"{M}/views").json()["views"] if entry["moduleId"] == module.id]
    assert in_model == ["Actuals", "Actuals.Actuals by entity", "Actuals.Actuals by account"]
    in_module = [entry["name"] for entry in desk.get(f"{M}/modules/{module.id}/views").json()["views"]]
    assert in_module == ["default", "Actuals by entity", "Actuals by account"]
    assert desk.get(f"{M}/modules/102999999999/views").status_code == 404


def test_a_views_dimensions_leave_empty_axes_out(desk):
    body = desk.get(f"{M}/views/{view(desk, 'Invoice Register')}").json()
    assert [entry["name"] for entry in body["rows"]] == ["Invoices"]
    assert "pages" not in body
    body = desk.get(f"{M}/views/{view(desk, 'Balances by entity')}").json()
    assert [entry["name"] for entry in body["pages"]] == ["Entities", "Versions", "Time"]


def test_a_line_item_and_a_module_id_are_default_views(desk):
    module = desk.model.module_named("Balances")
    item = module.line_items.members[0]
    for key in (module.id, item.id):
        assert desk.get(f"{M}/views/{key}").json()["viewId"] == key


def test_json_data_of_chosen_pages(loaded):
    body = data(loaded, "Actuals by entity", month(loaded))
    assert body["pages"] == ["Calder & Finch Ltd", "Actual", MONTH]
    assert body["columnCoordinates"] == [["Amount"]]
    assert body["rows"] == [
        {"rowCoordinates": ["Sales", "Cole", "North"], "cells": ["10.1"]},
        {"rowCoordinates": ["Sales", "Dyer", "South"], "cells": ["0.2"]},
        {"rowCoordinates": ["Rent", "Cole", "North"], "cells": ["-3"]},
    ]


def test_pages_come_comma_separated_or_repeated(loaded):
    entities = loaded.model.list_named("Entities")
    chosen = [month(loaded), f"{entities.id}:{entities.by_code('IE').id}"]
    together = data(loaded, "Actuals by entity", *chosen)
    params = [("format", "v1"), *(("pages", entry) for entry in chosen)]
    apart = loaded.get(f"{M}/views/{view(loaded, 'Actuals by entity')}/data", params=params, headers=JSON)
    assert together == apart.json()
    assert [row["cells"] for row in together["rows"]] == [["99"]]


def test_a_view_without_chosen_pages_shows_its_own_selection(loaded):
    label = loaded.model.calendar.label(loaded.world.clock.today())
    assert data(loaded, "Actuals by entity")["pages"] == ["Calder & Finch Ltd", "Actual", label]


def test_totals_on_pages_add_their_members_up(loaded):
    rows = data(loaded, "Actuals by account", month(loaded))["rows"]
    assert {row["rowCoordinates"][0]: row["cells"][0] for row in rows} == {"Sales": "10.3", "Rent": "-3"}
    entities = loaded.model.list_named("Entities")
    everyone = data(loaded, "Actuals by account", month(loaded), f"{entities.id}:{entities.top.id}")["rows"]
    assert everyone[0]["cells"] == ["109.3"]
    year = data(loaded, "Actuals by account", month(loaded, "FY27"))["rows"]
    assert year[0]["cells"] == ["17.3"]


def test_a_view_may_show_totals_among_its_rows(desk):
    definition = copy.deepcopy(demo_model())
    definition["views"][1]["leaf_only"] = False
    desk.control("/anaplan/models", definition)
    desk.set_up_lists()
    desk.actuals("UK,Actual,2026-10-01,200,C1,N,10.10", "UK,Actual,2026-10-01,400,C1,N,5")
    rows = data(desk, "Actuals by account", month(desk))["rows"]
    assert {row["rowCoordinates"][0]: row["cells"][0] for row in rows}["All Accounts"] == "15.1"


def test_csv_is_the_default_with_pages_on_the_first_line(loaded):
    path = f"{M}/views/{view(loaded, 'Actuals by entity')}/data"
    answer = loaded.get(path, params={"pages": month(loaded)})
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.text.splitlines()[:3] == [
        "Calder & Finch Ltd,Actual,Oct 26",
        ",,,Amount",
        "Sales,Cole,North,10.1",
    ]
    escaped = loaded.get(path, params={"pages": month(loaded)}, headers={"Accept": "text/csv;escaped=true"})
    assert escaped.text.splitlines()[2] == '"Sales","Cole","North","10.1"'


def test_json_needs_format_v1(loaded):
    assert loaded.get(f"{M}/views/{view(loaded, 'Balances by entity')}/data", headers=JSON).status_code == 406


def test_unknown_pages_are_400(loaded):
    for pages in ("20000000003:1", "101000000002:201", "nonsense"):
        path = f"{M}/views/{view(loaded, 'Actuals by entity')}/data"
        assert loaded.get(path, params={"format": "v1", "pages": pages}, headers=JSON).status_code == 400


def test_more_than_a_million_cells_are_400(desk):
    definition = copy.deepcopy(demo_model())
    definition["views"][0]["hide_empty"] = False
    desk.control("/anaplan/models", definition)
    model = desk.model
    for name, count in (("Accounts", 101), ("Customers", 100), ("Regions", 100)):
        for number in range(count):
            model.list_named(name).create(f"{name} {number}", f"{number}")
    path = f"{M}/views/{view(desk, 'Actuals by entity')}/data"
    assert desk.get(path, params={"format": "v1"}, headers=JSON).status_code == 400


def test_a_cent_planted_in_the_model_shows(loaded):
    at = {"Entities": "UK", "Versions": "Actual", "Time": MONTH, "Accounts": "200", "Customers": "C1", "Regions": "N"}
    cell = {"module": "Actuals", "line_item": "Amount", "at": at, "value": "10.11"}
    assert loaded.control("/anaplan/cells", {"cells": [cell]}) == {"planted": 1}
    assert data(loaded, "Actuals by entity", month(loaded))["rows"][0]["cells"] == ["10.11"]
    assert loaded.control("/anaplan/cells", module="Actuals", line_item="Amount", **at) == {"value": "10.11"}


def test_a_planted_cell_needs_every_dimension_and_known_members(loaded):
    for at in ({"Entities": "UK"}, {"Entities": "XX"}):
        cell = {"module": "Actuals", "line_item": "Amount", "at": at, "value": "1"}
        assert loaded.http.post("/_control/anaplan/cells", json={"cells": [cell]}).status_code == 400


def test_the_items_of_a_views_dimension_include_time(loaded):
    path = f"{M}/views/{view(loaded, 'Actuals by entity')}/dimensions"
    names = {entry["name"] for entry in loaded.get(f"{path}/20000000003/items").json()["items"]}
    assert {"Oct 26", "FY27"} <= names
    accounts = loaded.model.list_named("Accounts").id
    rows = loaded.get(f"{path}/{accounts}/items").json()["items"]
    assert [entry["code"] for entry in rows] == ["200", "400"]
    assert loaded.get(f"{path}/101999/items").status_code == 404


@pytest.mark.parametrize(
    ("layout", "header"),
    [
        ("TABULAR_MULTI_COLUMN", ["Entities", "Versions", "Time", "Accounts", "Customers", "Regions", "Amount"]),
        (
            "TABULAR_SINGLE_COLUMN",
            ["Entities", "Versions", "Time", "Accounts", "Customers", "Regions", "Line items", "Value"],
        ),
    ],
)
def test_a_large_read_comes_in_csv_pages_and_is_deleted(loaded, layout, header):
    base = f"{W}/views/{view(loaded, 'Actuals by entity')}/readRequests"
    started = loaded.post(base, {"exportType": layout}).json()["viewReadRequest"]
    request = f"{base}/{started['requestId']}"
    assert started["requestState"] == "IN_PROGRESS"
    loaded.finish(1)
    done = loaded.get(request).json()["viewReadRequest"]
    assert (done["requestState"], done["successful"], done["availablePages"]) == ("COMPLETE", True, 1)
    rows = list(csv.reader(io.StringIO(loaded.get(f"{request}/pages/0").text)))
    assert rows[0] == header
    assert len(rows) == 6
    assert loaded.get(f"{request}/pages/1").status_code == 404
    assert loaded.call("DELETE", request).status_code == 200
    assert loaded.get(request).status_code == 404


def test_a_read_request_ends_after_half_an_hour_untouched(loaded):
    base = f"{W}/views/{view(loaded, 'Actuals by entity')}/readRequests"
    request = loaded.post(base, {"exportType": "GRID_ALL_PAGES"}).json()["viewReadRequest"]["requestId"]
    loaded.finish(31 * 60)
    assert loaded.login().get(f"{base}/{request}").status_code == 404
    assert loaded.post(base, {"exportType": "SOMETHING"}).status_code == 400


def test_a_tabular_layout_of_view_data_needs_the_module(loaded):
    path = f"{M}/views/{view(loaded, 'Actuals by entity')}/data"
    assert loaded.get(path, params={"exportType": "TABULAR_MULTI_COLUMN"}).status_code == 400
    module = loaded.model.module_named("Actuals").id
    answer = loaded.get(path, params={"exportType": "TABULAR_MULTI_COLUMN", "moduleId": module})
    assert len(answer.text.splitlines()) == 6


def test_cell_writes_fail_one_by_one(loaded):
    module = loaded.model.module_named("Actuals")
    at = {"Entities": "UK", "Versions": "Actual", "Time": MONTH, "Accounts": "200", "Customers": "C1", "Regions": "N"}

    def cell(value, **changed):
        names = {**at, **changed}
        coordinates = [
            {"dimensionName": name, ("itemCode" if name in {"Entities", "Accounts"} else "itemName"): member}
            for name, member in {
                **names,
                "Customers": names["Customers"].replace("C1", "Cole"),
                "Regions": "North",
            }.items()
        ]
        return {"lineItemName": "Amount", "dimensions": coordinates, "value": value}

    cells = [cell(1.5), cell(2, Accounts="999"), cell(3, Customers="All Customers"), cell(None)]
    cells.append({"lineItemName": "Nothing", "value": 1})
    body = loaded.post(f"{M}/modules/{module.id}/data", cells).json()
    assert body["numberOfCellsChanged"] == 1
    assert [entry["requestIndex"] for entry in body["failures"]] == [1, 2, 3, 4]
    assert loaded.amount("UK", MONTH) == "1.5"


def test_text_and_booleans_show_as_they_are(stocked):
    header = "Document,Entity,Customer,Number,Date,Due,Status,Amount,Transaction,Loaded,Active"
    row = "I-1,UK,C1,INV-1,2026-10-01,2026-10-31,PAID,10.50,x,2026-11-01,yes"
    stocked.load_process("Invoices from Xero", f"{header}\n{row}\n")
    body = data(stocked, "Invoice Register")
    shown = dict(zip([column[0] for column in body["columnCoordinates"]], body["rows"][0]["cells"], strict=True))
    assert (shown["Status"], shown["Active"], shown["Amount"], shown["Date"]) == ("PAID", "true", "10.5", "2026-10-01")


def test_an_empty_view_says_so_with_no_rows(stocked):
    assert data(stocked, "Actuals by entity")["rows"] == []
    rows = data(stocked, "Balances by entity")["rows"]
    assert {row["cells"][0] for row in rows} == {"0"}
