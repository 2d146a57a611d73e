import csv
import io

import pytest

from ml_connector_dagster.sandbox.anaplan.definitions import OtherAction
from ml_connector_dagster_tests.sandbox.anaplan.desk import W, counts

PROCESS = "Invoices from Xero"
HEADER = "Document,Entity,Customer,Number,Date,Due,Status,Amount,Transaction,Loaded,Active"
GOOD = "I-1,UK,C1,INV-1,2026-10-01,2026-10-31,PAID,10.50,x,2026-11-01,yes"
BAD = ",UK,C1,INV-2,2026-10-01,2026-10-31,PAID,20.00,x,2026-11-01,yes"


def text(*rows: str) -> str:
    return "\n".join([HEADER, *rows]) + "\n"


def test_a_process_reports_its_actions_in_order(desk):
    result = desk.load_process(PROCESS, text(GOOD))
    names = [nested["objectName"] for nested in result["nestedResults"]]
    assert names == ["Invoices list from invoices.csv", "Invoice Register from invoices.csv"]
    assert result["objectId"].startswith("118")
    assert counts(result, nested=0)["createdCount"] == "1"


def test_the_outer_flag_is_clean_while_a_nested_dump_waits(desk):
    result = desk.load_process(PROCESS, text(GOOD, BAD))
    assert (result["successful"], result["failureDumpAvailable"]) == (True, False)
    assert [nested["failureDumpAvailable"] for nested in result["nestedResults"]] == [True, True]


def test_a_nested_dump_is_read_by_its_actions_id(desk):
    desk.upload(desk.model.file_named("invoices.csv").id, text(GOOD, BAD))
    task = desk.run("processes", PROCESS)
    base = f"{W}/processes/{desk.action(PROCESS)}/tasks/{task['taskId']}"
    for nested in task["result"]["nestedResults"]:
        assert desk.get(f"{base}/dumps/{nested['objectId']}/chunks").json()["chunks"][0]["id"] == "0"
        rows = list(csv.DictReader(io.StringIO(desk.get(f"{base}/dumps/{nested['objectId']}/chunks/0").text)))
        assert [row["_Line_"] for row in rows] == ["3"]
    assert desk.get(f"{base}/dumps/112000000001/chunks").status_code == 404


def test_a_failed_action_stops_the_process_and_undoes_nothing(desk):
    """The list import has run when the module import fails: a process is not atomic."""
    columns = desk.model.import_named("Invoice Register from invoices.csv").columns
    columns["Papers"] = columns.pop("Document")
    result = desk.load_process(PROCESS, text(GOOD))
    assert result["successful"] is False
    assert [nested["successful"] for nested in result["nestedResults"]] == [True, False]
    assert desk.model.list_named("Invoices").by_code("I-1") is not None


def test_the_actions_after_a_failed_one_do_not_run(desk):
    result = desk.run("processes", PROCESS)["result"]
    assert (result["successful"], len(result["nestedResults"])) == (False, 1)
    assert result["details"][0]["type"] == "actionFailed"


@pytest.mark.parametrize("details", ["true", "false"])
def test_a_process_task_is_looked_at_with_or_without_details(desk, details):
    task = desk.run("processes", PROCESS)["taskId"]
    path = f"{W}/processes/{desk.action(PROCESS)}/tasks/{task}"
    assert desk.get(path, params={"includeProcessDetails": details}).json()["task"]["taskState"] == "COMPLETE"


def test_delete_by_selection_removes_items_and_their_cells(stocked):
    definition = {"name": "Delete inactive", "target": "Accounts", "property": "Active"}
    action = OtherAction(stocked.model.new_id("117"), **definition)
    stocked.model.actions[action.id] = action
    stocked.actuals("UK,Actual,2026-10-01,200,C1,N,5")
    assert stocked.get(f"{W}/actions").json()["actions"][0]["actionType"] == "DELETE_BY_SELECTION"
    assert stocked.get(f"{W}/actions/{action.id}").json()["action"]["name"] == "Delete inactive"
    assert stocked.run("actions", "Delete inactive")["result"]["details"][0]["type"] == "deleteFromSelectionSucceeded"
    assert stocked.model.list_named("Accounts").items() == []
    assert stocked.model.module_named("Actuals").line_item("Amount").cells == {}
