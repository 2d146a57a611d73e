"""The plugin that judges a whole run: what it counts, gathers and fails."""

from collections import Counter
from dataclasses import replace
from types import SimpleNamespace

import httpx
import pytest
from click.testing import CliRunner
from starlette.testclient import TestClient

from ml_connector_dagster.cli.sandbox import sandbox as sandbox_command
from ml_connector_dagster.sandbox.app import OBSERVERS, create_app
from ml_connector_dagster.sandbox.exchanges import Exchange, into_file, observe
from ml_connector_dagster.sandbox.faults import Fault
from ml_connector_dagster.sandbox.server import running
from ml_connector_dagster.sandbox.world import World
from ml_connector_dagster_tests.contract import anaplan_exchanges, exchange_plugin
from ml_connector_dagster_tests.contract.anaplan_exchanges import FOLDER, Judge, Plugin
from ml_connector_dagster_tests.contract.anaplan_openapi import document_for
from ml_connector_dagster_tests.contract.exchange_plugin import OURS
from ml_connector_dagster_tests.contract.specs import absent

RIGHT = Exchange("GET", "/anaplan/2/0/models", "", f"{OURS}1", "", "", 200, "application/json", '{"models": []}')
WRONG = replace(RIGHT, query="page=1")


@pytest.fixture
def documents():
    if document_for("/2/0/models") is None:
        absent("The official Anaplan OpenAPI is not at hand: set ML_CONNECTOR_SPECS to the folder that holds anaplan/.")


@pytest.fixture
def plugin(monkeypatch):
    """A plugin as a controller has it; it observes nothing after the test."""
    monkeypatch.delenv(FOLDER, raising=False)
    made = Plugin(SimpleNamespace())
    OBSERVERS.pop()
    yield made
    assert not made.folder.exists()


class Terminal:
    def __init__(self):
        self.lines = []

    def line(self, text, **_how):
        self.lines.append(text)


def finish(plugin):
    session = SimpleNamespace(exitstatus=pytest.ExitCode.OK, config=SimpleNamespace(workeroutput={}))
    plugin.pytest_sessionfinish(session)
    return session


def told(plugin):
    terminal = Terminal()
    plugin.pytest_terminal_summary(terminal)
    return terminal.lines


def test_a_run_without_anaplan_says_nothing(plugin):
    assert finish(plugin).exitstatus == pytest.ExitCode.OK
    assert told(plugin) == []


def test_a_right_run_passes_and_says_what_was_judged(documents, plugin):
    plugin.judge.take(RIGHT)
    assert finish(plugin).exitstatus == pytest.ExitCode.OK
    assert told(plugin) == ["1 exchanges with Anaplan judged (1 of our client, 1 shapes): 0 wrong"]


def test_a_wrong_exchange_fails_the_run_and_names_the_test(documents, plugin):
    plugin.judge.take(WRONG, "test_of_somebody")
    assert finish(plugin).exitstatus == pytest.ExitCode.TESTS_FAILED
    assert told(plugin)[1] == "  GET /models: parameter page is not declared  [test_of_somebody]"


def test_what_a_worker_found_reaches_the_controller(documents, plugin):
    worker = Plugin(SimpleNamespace(workeroutput={}))
    OBSERVERS.pop()
    worker.judge.take(WRONG, "test_of_a_worker")
    node = finish(worker).config
    plugin.pytest_testnodedown(node)
    plugin.pytest_testnodedown(SimpleNamespace())  # a worker that crashed
    assert finish(plugin).exitstatus == pytest.ExitCode.TESTS_FAILED
    assert plugin.gathered.counts == Counter({"exchanges": 1, "of our client": 1, "shapes": 1})
    assert told(worker) == []


def test_what_a_sandbox_in_its_own_process_left_is_judged(documents, plugin):
    keep = into_file(plugin.folder / "4711.jsonl")
    keep(RIGHT)
    keep(WRONG)
    with (plugin.folder / "4711.jsonl").open("a") as cut_off:
        cut_off.write('{"method": "GE')
    assert finish(plugin).exitstatus == pytest.ExitCode.TESTS_FAILED
    assert plugin.gathered.counts["exchanges"] == 2
    assert "[sandbox in process 4711]" in told(plugin)[1]


@pytest.mark.parametrize("everything", [False, True])
def test_absent_documents_are_said_loudly_and_fail_where_everything_is_required(plugin, monkeypatch, everything):
    monkeypatch.setattr(anaplan_exchanges, "document_for", lambda _path: None)
    monkeypatch.setattr(exchange_plugin, "required", lambda: everything)
    plugin.judge.take(WRONG)
    assert (finish(plugin).exitstatus == pytest.ExitCode.TESTS_FAILED) is everything
    assert told(plugin)[0].startswith("SKIPPED LOUDLY")


def test_a_sandbox_hands_over_what_was_meant_below_faults_and_control(monkeypatch):
    seen = []
    observe(seen.append)
    with running(World.new()) as sandbox, httpx.Client(base_url=sandbox.base_url, verify=False) as http:
        OBSERVERS.pop()
        sandbox.world.faults.plant(Fault(vendor="anaplan", kind="html", times=1))
        assert http.get("/anaplan/token/validate").status_code == 503
        login = ("demo@calderfinch.example", "sandbox-anaplan-password")
        http.post("/anaplan/token/authenticate", auth=login, headers={"User-Agent": "a caller"}).raise_for_status()
        http.get("/_control/counts")
        assert http.post("/xero/connect/token", data={"grant_type": "x"}).status_code == 400
    (login_seen, token) = seen
    assert (login_seen.method, login_seen.path, login_seen.status) == ("POST", "/anaplan/token/authenticate", 201)
    assert (login_seen.agent, login_seen.sent, login_seen.kind) == ("a caller", "", "application/json")
    assert "tokenValue" in login_seen.answered
    assert (token.sent_kind, token.sent) == ("application/x-www-form-urlencoded", "")


def test_planted_misbehaviour_is_not_held_against_the_sandbox(documents):
    judged = Judge()
    task = '{"task": {"taskState": "PAUSED"}}'
    path = "/anaplan/2/0/workspaces/{}/models/{}/imports/112000000001/tasks/{}".format("a" * 32, "B" * 32, "C" * 32)
    judged.take(replace(RIGHT, path=path, answered=task))
    judged.take(replace(RIGHT, path=path, answered=task.replace("PAUSED", "ASLEEP")))
    assert ["ASLEEP" in one for one in judged.verdict().wrong] == [True]


def test_the_sandbox_command_leaves_its_exchanges_where_it_is_told(monkeypatch, tmp_path):
    def serve(world, _port):
        with TestClient(create_app(world)) as http:
            assert http.get("/anaplan/2/0/models").status_code == 401

    monkeypatch.setattr("ml_connector_dagster.cli.sandbox.serve", serve)
    done = CliRunner().invoke(sandbox_command, env={FOLDER: str(tmp_path)})
    OBSERVERS.pop()
    assert done.exit_code == 0, done.output
    (left,) = tmp_path.glob("*.jsonl")
    assert '"/anaplan/2/0/models"' in left.read_text()
