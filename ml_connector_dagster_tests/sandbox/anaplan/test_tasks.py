import threading
import time

import httpx
import pytest

from ml_connector_dagster.sandbox.faults import Fault
from ml_connector_dagster.sandbox.server import running
from ml_connector_dagster.sandbox.world import World
from ml_connector_dagster_tests.sandbox.anaplan.desk import BUILDER, DEMO, M, W

REGIONS = "Regions from Xero"
TEXT = "Code,Name,Active\nN,North,yes\n"


@pytest.fixture
def ready(desk):
    desk.upload(desk.file_of(REGIONS), TEXT)
    return desk


@pytest.fixture
def regions(desk):
    return desk.action(REGIONS)


def state(desk, object_id: str, task_id: str, kind: str = "imports") -> str:
    return desk.look(kind, object_id, task_id)["taskState"]


def test_a_task_goes_from_not_started_through_in_progress_to_complete(ready, regions):
    task = ready.start("imports", regions)
    seen = [state(ready, regions, task)]
    ready.finish(10)
    seen.append(state(ready, regions, task))
    ready.finish(15)
    seen.append(state(ready, regions, task))
    assert seen == ["NOT_STARTED", "IN_PROGRESS", "COMPLETE"]


def test_there_is_no_result_before_the_end(ready, regions):
    task = ready.start("imports", regions)
    assert "result" not in ready.look("imports", regions, task)
    ready.finish()
    done = ready.look("imports", regions, task)
    assert done["result"]["objectId"] == regions
    assert done["progress"] == 1.0


def test_a_task_also_ends_in_real_time(ready, regions):
    ready.world.task_seconds = 0.05
    task = ready.start("imports", regions)
    deadline = time.monotonic() + 120
    while state(ready, regions, task) != "COMPLETE":
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert ready.model.list_named("Regions").by_code("N") is not None


def test_start_needs_the_locale(ready, regions):
    for body in ({}, {"localeName": "de_DE"}, []):
        assert ready.post(f"{W}/imports/{regions}/tasks", body).status_code == 400


def test_start_answers_bare_or_wrapped(ready, regions):
    ready.control("/anaplan/plans", {"object": regions, "bare": True})
    assert set(ready.post(f"{W}/imports/{regions}/tasks", {"localeName": "en_US"}).json()) == {"taskId"}
    wrapped = ready.post(f"{W}/imports/{regions}/tasks", {"localeName": "en_US"}).json()
    assert wrapped["task"]["taskId"]
    export = ready.action("Approved plan")
    assert "task" in ready.post(f"{W}/exports/{export}/tasks", {"localeName": "en_US"}).json()


def test_an_id_under_the_wrong_kind_is_404(ready, regions):
    task = ready.start("imports", regions)
    assert ready.post(f"{W}/processes/{regions}/tasks", {"localeName": "en_US"}).status_code == 404
    other = ready.action("Vendors from Xero")
    assert ready.get(f"{W}/imports/{other}/tasks/{task}").status_code == 404


def test_the_list_shows_all_users_tasks_newest_first(ready, regions):
    mine = ready.start("imports", regions)
    ready.finish()
    theirs = ready.control("/anaplan/tasks", {"object": REGIONS, "user": BUILDER[0]})["task_id"]
    tasks = ready.get(f"{W}/imports/{regions}/tasks", params={"sort": "-creationTime"}).json()["tasks"]
    assert [entry["taskId"] for entry in tasks] == [theirs, mine]
    assert tasks[0]["creationTime"] > tasks[1]["creationTime"]
    assert "result" not in tasks[1]


def test_a_start_whose_answer_is_lost_has_started():
    """Over a real connection: the client sees a cut, the model runs the task."""
    with (
        running(World.new(task_seconds=0.01)) as sandbox,
        httpx.Client(base_url=f"{sandbox.base_url}/anaplan", verify=False) as http,
    ):
        token = http.post("/token/authenticate", auth=DEMO).json()["tokenInfo"]["tokenValue"]
        headers = {"Authorization": f"AnaplanAuthToken {token}"}
        fault = sandbox.world.faults.plant(Fault(kind="answer_lost", method="POST", path="/tasks$"))
        with pytest.raises(httpx.RemoteProtocolError):
            http.post(f"{W}/imports/112000000004/tasks", json={"localeName": "en_US"}, headers=headers)
        assert sandbox.world.faults.hits(fault) == 1
        tasks = http.get(f"{W}/imports/112000000004/tasks", headers=headers).json()["tasks"]
        assert len(tasks) == 1


def test_a_delayed_start_appears_late_and_runs_as_a_second_task(ready, regions):
    ready.control("/anaplan/plans", {"object": REGIONS, "late_seconds": 90})
    ready.start("imports", regions)
    assert "tasks" not in ready.get(f"{W}/imports/{regions}/tasks").json()
    second = ready.start("imports", regions)
    ready.finish(200)
    tasks = ready.get(f"{W}/imports/{regions}/tasks").json()["tasks"]
    assert len(tasks) == 2
    assert {state(ready, regions, entry["taskId"]) for entry in tasks} == {"COMPLETE"}
    assert ready.look("imports", regions, second)["result"]["successful"]


def test_tasks_of_one_model_run_one_after_another(ready, regions):
    first = ready.start("imports", regions)
    second = ready.start("imports", regions)
    ready.finish(25)
    assert [state(ready, regions, first), state(ready, regions, second)] == ["COMPLETE", "IN_PROGRESS"]
    ready.finish(20)
    assert state(ready, regions, second) == "COMPLETE"
    times = {entry.task_id: entry.at for entry in ready.model.log.events() if entry.event == "task_started"}
    ends = {entry.task_id: entry.at for entry in ready.model.log.events() if entry.event == "task_ended"}
    assert times[second] >= ends[first]


def test_a_running_task_is_cancelled_and_changes_nothing(ready, regions):
    task = ready.start("imports", regions)
    ready.finish(10)
    assert state(ready, regions, task) == "IN_PROGRESS"
    ready.call("DELETE", f"{W}/imports/{regions}/tasks/{task}")
    assert state(ready, regions, task) == "CANCELLING"
    ready.finish(10)
    done = ready.look("imports", regions, task)
    assert (done["taskState"], done["cancelledBy"], done["result"]["successful"]) == ("CANCELLED", DEMO[0], False)
    assert ready.model.list_named("Regions").items() == []


def test_a_queued_task_is_cancelled_at_once_and_an_ended_one_stays(ready, regions):
    first = ready.start("imports", regions)
    second = ready.start("imports", regions)
    ready.call("DELETE", f"{W}/imports/{regions}/tasks/{second}")
    assert state(ready, regions, second) == "CANCELLED"
    ready.finish()
    assert state(ready, regions, first) == "COMPLETE"
    ready.call("DELETE", f"{W}/imports/{regions}/tasks/{first}")
    assert state(ready, regions, first) == "COMPLETE"


def test_anaplan_itself_may_cancel_a_task(ready, regions):
    ready.control("/anaplan/plans", {"object": REGIONS, "ends": "cancelled"})
    assert ready.run("imports", REGIONS)["taskState"] == "CANCELLED"
    assert ready.model.list_named("Regions").items() == []


def test_a_state_nobody_knows_may_show_while_it_runs(ready, regions):
    """The word is not in the official list, so this look goes past the judge."""
    ready.control("/anaplan/plans", {"object": REGIONS, "state": "PAUSED", "seconds": 50})
    task = ready.start("imports", regions)
    ready.finish(10)
    headers = {"Authorization": f"AnaplanAuthToken {ready.token}"}
    shown = ready.http.get(f"/anaplan{W}/imports/{regions}/tasks/{task}", headers=headers).json()
    assert shown["task"]["taskState"] == "PAUSED"
    ready.finish(50)
    assert state(ready, regions, task) == "COMPLETE"


def test_a_planned_failure_changes_nothing(ready, regions):
    ready.control("/anaplan/plans", {"object": REGIONS, "fail": "internalError"})
    result = ready.run("imports", REGIONS)["result"]
    assert (result["successful"], result["details"][0]["type"]) == (False, "internalError")
    assert ready.model.list_named("Regions").items() == []


def test_reads_of_cells_wait_while_a_task_holds_the_model_and_lists_do_not(ready, regions):
    ready.world.task_seconds = 1
    view = ready.model.view_named("Balances by entity").id
    task = ready.start("imports", regions)
    assert ready.get(f"{M}/imports").status_code == 200
    assert ready.get(f"{M}/status").json()["requestStatus"]["currentStep"] == "Processing ..."
    assert ready.get(M, params={"modelDetails": "true"}).json()["model"]["modelTransactionRunning"]
    assert ready.get(f"{M}/views/{view}/data?format=v1", headers={"Accept": "application/json"}).status_code == 200
    assert state(ready, regions, task) == "COMPLETE"
    order = [entry.event for entry in ready.model.log.events()]
    assert order.index("task_ended") < order.index("view_read")


def test_a_busy_model_may_answer_409(ready, regions):
    ready.control("/anaplan/state", {"busy_answer": "conflict"})
    ready.start("imports", regions)
    regions_list = ready.model.list_named("Regions").id
    assert ready.get(f"{W}/lists/{regions_list}/items").status_code == 409
    ready.finish()
    assert ready.get(f"{W}/lists/{regions_list}/items").status_code == 200


def test_a_waiting_reader_does_not_stop_other_requests():
    """Over a real server: one client waits for the model, another is answered meanwhile."""
    with (
        running(World.new(task_seconds=3600)) as sandbox,
        httpx.Client(base_url=f"{sandbox.base_url}/anaplan", verify=False) as http,
    ):
        token = http.post("/token/authenticate", auth=DEMO).json()["tokenInfo"]["tokenValue"]
        headers = {"Authorization": f"AnaplanAuthToken {token}"}
        http.post(f"{W}/imports/112000000004/tasks", json={"localeName": "en_US"}, headers=headers)
        answers: list[str] = []

        def wait() -> None:
            httpx.get(
                f"{sandbox.base_url}/anaplan{M}/views/203000000001/data", headers=headers, timeout=60, verify=False
            )
            answers.append("cells")

        reader = threading.Thread(target=wait)
        reader.start()
        assert http.get(f"{M}/imports", headers=headers).status_code == 200
        answers.append("imports")
        sandbox.world.clock.advance(3600)
        reader.join(60)
        assert answers == ["imports", "cells"]


def test_an_export_writes_a_private_file_under_its_own_id(stocked):
    at = {"Entities": "UK", "Versions": "Budget", "Time": "Apr 26", "Accounts": "200"}
    stocked.model.plant("Plan", "Amount", at, "1200.50")
    stocked.model.plant("Plan", "Approved", at, True)
    result = stocked.run("exports", "Approved plan")["result"]
    assert result["details"][0]["type"] == "exportSucceeded"
    export = stocked.action("Approved plan")
    text = stocked.get(f"{W}/files/{export}/chunks/0").text
    assert text.splitlines() == [
        "Entities,Versions,Time,Accounts,Amount,Approved",
        "Calder & Finch Ltd,Budget,Apr 26,Sales,1200.5,true",
    ]
    assert stocked.as_user(BUILDER).get(f"{W}/files/{export}").status_code == 404
