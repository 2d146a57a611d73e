import time

import httpx
import pytest
from click.testing import CliRunner

from ml_connector_dagster.cli import sandbox as command
from ml_connector_dagster.sandbox.app import find_vendors
from ml_connector_dagster.sandbox.faults import Fault
from ml_connector_dagster.sandbox.server import Running, running
from ml_connector_dagster.sandbox.world import World

PATH = "/anaplan/2/0/users/me"


@pytest.fixture(scope="module")
def sandbox():
    with running(World.new(seed=3)) as started:
        yield started


@pytest.fixture
def http(sandbox: Running):
    with httpx.Client(base_url=sandbox.base_url, timeout=10, verify=False) as client:
        yield client
    sandbox.world.faults.clear()


def test_it_answers_on_loopback_and_says_what_it_is(sandbox, http):
    assert sandbox.base_url.startswith("http://127.0.0.1:")
    body = http.get("/_control/health").json()
    assert (body["status"], body["seed"]) == ("ok", 3)


def test_every_vendor_folder_is_mounted(http):
    names = {vendor.name for vendor in find_vendors()}
    assert "anaplan" in names
    assert http.get(PATH).status_code == 401


def test_a_request_is_logged_and_a_control_call_is_not(sandbox, http):
    mark = sandbox.world.log.last_number()
    http.get(PATH, params={"a": "1"})
    http.get("/_control/health")
    (entry,) = sandbox.world.log.entries(after=mark)
    assert (entry.vendor, entry.method, entry.path, entry.query, entry.status) == ("anaplan", "GET", PATH, "a=1", 401)
    assert entry.response_bytes > 0


def test_a_drop_comes_before_handling(sandbox, http):
    sandbox.world.faults.plant(Fault(kind="drop", path="users/me"))
    with pytest.raises(httpx.RemoteProtocolError):
        http.get(PATH)
    assert sandbox.world.log.entries()[-1].status == 0
    assert http.get(PATH).status_code == 401


def test_a_lost_answer_comes_after_handling(sandbox, http):
    sandbox.world.faults.plant(Fault(kind="answer_lost", method="POST", path="token/authenticate"))
    before = http.get("/_control/anaplan/counts").json()["authenticate"]
    with pytest.raises(httpx.RemoteProtocolError):
        http.post("/anaplan/token/authenticate", auth=("demo@calderfinch.example", "sandbox-anaplan-password"))
    assert http.get("/_control/anaplan/counts").json()["authenticate"] == before + 1


def test_a_truncated_body_promises_more_than_it_gives(sandbox, http):
    sandbox.world.faults.plant(Fault(kind="truncate", path="users/me", keep_bytes=5))
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete"):
        http.get(PATH)


def test_a_delay_waits_and_answers(sandbox, http):
    sandbox.world.faults.plant(Fault(kind="delay", path="users/me", delay_seconds=0.2))
    began = time.monotonic()
    assert http.get(PATH).status_code == 401
    assert time.monotonic() - began >= 0.2


def test_an_answer_an_html_page_and_their_headers(http):
    planted = [{"status": 429, "headers": {"Retry-After": "7"}, "body": "{}"}, {"kind": "html", "status": 502}]
    assert http.post("/_control/faults", json=planted).status_code == 201
    first, second = http.get(PATH), http.get(PATH)
    assert (first.status_code, first.headers["retry-after"]) == (429, "7")
    assert (second.status_code, second.headers["content-type"].split(";")[0]) == (502, "text/html")
    assert [entry["hits"] for entry in http.get("/_control/faults").json()["faults"]] == [1, 1]
    assert http.delete("/_control/faults").json() == {"faults": []}


def test_a_mistyped_fault_is_refused(http):
    assert http.post("/_control/faults", json={"pth": "x"}).status_code == 400


def test_the_clock_moves_through_the_control_api(sandbox, http):
    before = sandbox.world.clock.now()
    http.post("/_control/clock", json={"advance_seconds": 50})
    assert (sandbox.world.clock.now() - before).total_seconds() >= 50
    assert http.get("/_control/clock").json()["today"] == sandbox.world.clock.today().isoformat()


def test_log_and_counters_through_the_control_api(http):
    http.get(PATH)
    body = http.get("/_control/log", params={"vendor": "anaplan", "path": "users/me$"}).json()
    assert body["count"] == len(body["requests"]) > 0
    assert http.get("/_control/counters").json()["counters"]["anaplan GET 401"] > 0
    assert http.delete("/_control/log").json()["count"] == 0


def test_two_sandboxes_run_side_by_side():
    with running(World.new()) as one, running(World.new()) as two:
        assert one.base_url != two.base_url
        assert httpx.get(f"{two.base_url}/_control/health", verify=False).json()["status"] == "ok"


def test_the_command_runs_it_with_its_options(monkeypatch):
    served = []
    monkeypatch.setattr(command, "serve", lambda world, port: served.append((world, port)))
    arguments = ["--port", "8899", "--today", "2026-10-31", "--seed", "5", "--task-seconds", "0.1"]
    answer = CliRunner().invoke(command.sandbox, arguments)
    assert answer.exit_code == 0, answer.output
    ((world, port),) = served
    assert (port, world.seed, world.task_seconds, world.clock.today().isoformat()) == (8899, 5, 0.1, "2026-10-31")
    assert "2026-10-31" in answer.output
