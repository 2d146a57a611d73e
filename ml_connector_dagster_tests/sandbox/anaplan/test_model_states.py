import pytest

from ml_connector_dagster_tests.sandbox.anaplan.desk import M, W


@pytest.mark.parametrize(
    ("state", "code"), [("ARCHIVED", 422), ("LOCKED", 423), ("MAINTENANCE", 424), ("PRODUCTION_MAINTENANCE", 424)]
)
def test_an_unavailable_model_says_which_way(desk, state, code):
    desk.control("/anaplan/state", {"state": state})
    assert desk.get(f"{W}/imports").status_code == code
    file = desk.file_of("Actuals from Xero")
    assert desk.post(f"{W}/files/{file}", {"chunkCount": 1}).status_code == code
    start = desk.post(f"{W}/imports/{desk.action('Actuals from Xero')}/tasks", {"localeName": "en_US"})
    assert start.status_code == code
    assert desk.get(M).json()["model"]["activeState"] == state


def test_deployed_mode_takes_data_and_refuses_structure(stocked):
    stocked.control("/anaplan/state", {"state": "PRODUCTION"})
    assert stocked.actuals("UK,Actual,2026-10-01,200,C1,N,5")["successful"]
    assert stocked.call("PUT", f"{W}/modelCalendar/fiscalYear", json={"year": "FY30"}).status_code == 425
    found = stocked.model.list_named("Regions")
    found.production = False
    add = stocked.post(f"{W}/lists/{found.id}/items?action=add", {"items": [{"name": "West", "code": "W"}]})
    assert add.status_code == 425


def test_an_html_page_may_answer_instead_of_json(desk):
    desk.control("/faults", {"kind": "html", "vendor": "anaplan", "path": "/imports", "status": 502})
    answer = desk.get(f"{M}/imports")
    assert (answer.status_code, answer.headers["content-type"].startswith("text/html")) == (502, True)
    assert answer.text.startswith("<html>")


def test_an_error_may_be_empty(desk):
    desk.control("/faults", {"vendor": "anaplan", "path": "/imports", "status": 503})
    answer = desk.get(f"{M}/imports")
    assert (answer.status_code, answer.text) == (503, "")
