import csv
import io

from ml_connector_dagster_tests.sandbox.anaplan.desk import W


def address(desk, name: str = "Accounts") -> str:
    return f"{W}/lists/{desk.model.list_named(name).id}"


def test_lists_and_metadata(stocked):
    assert [entry["name"] for entry in stocked.get(f"{W}/lists").json()["lists"]][:2] == ["Entities", "Accounts"]
    metadata = stocked.get(address(stocked)).json()["metadata"]
    assert (metadata["itemCount"], metadata["topLevelItem"]["name"]) == (2, "All Accounts")
    assert [entry["name"] for entry in metadata["properties"]] == ["Active", "Class"]
    assert "parent" not in metadata


def test_items_with_and_without_properties(stocked):
    plain = stocked.get(address(stocked) + "/items").json()["listItems"]
    assert [(entry["code"], entry["parent"]) for entry in plain] == [("200", "All Accounts"), ("400", "All Accounts")]
    assert "properties" not in plain[0]
    full = stocked.get(address(stocked) + "/items", params={"includeAll": "true"}).json()["listItems"]
    assert full[0]["properties"] == {"Active": "true", "Class": "REVENUE"}


def test_items_as_csv_and_preview(stocked):
    answer = stocked.get(address(stocked) + "/items", headers={"Accept": "text/csv"})
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert (rows[0]["Item Name"], rows[0]["Code"], rows[0]["Class"]) == ("Sales", "200", "REVENUE")
    assert stocked.get(address(stocked) + "/preview").text == answer.text


def test_adding_items_reports_failures_one_by_one(stocked):
    items = [{"name": "Fees", "code": "210", "properties": {"Class": "REVENUE"}}, {"name": "Sales", "code": "211"}]
    items += [{"name": "Fines", "code": "200"}, {"code": ""}, {"name": "Lost", "code": "9", "parent": "Nobody"}]
    body = stocked.post(address(stocked) + "/items?action=add", {"items": items}).json()
    assert (body["added"], body["ignored"], body["total"]) == (1, 4, 5)
    assert [entry["requestIndex"] for entry in body["failures"]] == [1, 2, 3, 4]
    assert stocked.model.list_named("Accounts").by_code("210").properties["Class"] == "REVENUE"


def test_updating_and_deleting_items(stocked):
    items = [{"code": "200", "properties": {"Class": "OTHER"}}, {"code": "999"}]
    body = stocked.call("PUT", address(stocked) + "/items", json={"items": items}).json()
    assert (body["updated"], body["ignored"]) == (1, 1)
    stocked.actuals("UK,Actual,2026-10-01,200,C1,N,5")
    body = stocked.post(address(stocked) + "/items?action=delete", {"items": [{"code": "200"}, {"code": "999"}]}).json()
    assert (body["deleted"], len(body["failures"])) == (1, 1)
    assert stocked.model.module_named("Actuals").line_item("Amount").cells == {}
    assert stocked.post(address(stocked) + "/items?action=eat", {"items": []}).status_code == 400


def test_a_large_read_of_a_list(stocked):
    base = address(stocked) + "/readRequests"
    request = stocked.post(base).json()["listReadRequest"]["requestId"]
    stocked.finish(1)
    assert stocked.get(f"{base}/{request}").json()["listReadRequest"]["availablePages"] == 1
    assert stocked.get(f"{base}/{request}/pages/0").text.startswith("Item Id,Item Name")
    assert stocked.get(f"{base}/{request}/pages/7").status_code == 404
    assert stocked.call("DELETE", f"{base}/{request}").status_code == 200
    assert stocked.get(f"{base}/{request}").status_code == 404
