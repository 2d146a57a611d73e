"""Our Anaplan client in a full load, every request and answer judged by the official documents."""

import json
from collections import Counter
from dataclasses import replace
from datetime import date

import pytest

from ml_connector_dagster.sandbox.app import OBSERVERS
from ml_connector_dagster.sandbox.exchanges import Exchange, observe
from ml_connector_dagster.sandbox.server import running
from ml_connector_dagster.sandbox.world import World
from ml_connector_dagster_tests.contract.anaplan_exchanges import Judge, judge
from ml_connector_dagster_tests.contract.anaplan_openapi import LEFT_OUT, REALITY_DIFFERS, document_for
from ml_connector_dagster_tests.contract.exchange_plugin import OURS
from ml_connector_dagster_tests.contract.specs import absent
from ml_connector_dagster_tests.end_to_end.close_at_hand import company

GROUP = "contract_of_anaplan"
pytestmark = pytest.mark.xdist_group(GROUP)
W = "/anaplan/2/0/workspaces/8a81b09d7f1c4e2a9b3d5c6e7f8a9b0c/models/B5C0D3F7A1E94C2B8D6F0A1B2C3D4E5F"
JSON = "application/json"


@pytest.fixture(autouse=True)
def documents():
    if document_for("/2/0/models") is None:
        absent("The official Anaplan OpenAPI is not at hand: set ML_CONNECTOR_SPECS to the folder that holds anaplan/.")


@pytest.fixture(scope="module")
def full_load(tmp_path_factory, sqlite_template):
    """October of a demo company: lists, modules and the process, with their read-backs."""
    seen = []
    observe(seen.append)
    try:
        with (
            running(World.new(today=date(2026, 11, 20), task_seconds=0.0)) as sandbox,
            company(sandbox, tmp_path_factory.mktemp("company"), sqlite_template) as opened,
        ):
            opened.read("2026-10")
            loaded = opened.load_due()
            assert opened.tie_out("2026-10").unexplained == 0
    finally:
        OBSERVERS.pop()
    assert loaded
    return [exchange for exchange in seen if exchange.path.startswith("/anaplan")]


def test_every_request_and_answer_of_a_full_load_meets_the_documents(full_load):
    assert [wrong for exchange in full_load for wrong in judge(exchange)] == []
    assert all(exchange.agent.startswith(OURS) for exchange in full_load)
    assert len(full_load) > 50


def test_a_full_load_uses_the_whole_way_in_and_back(full_load):
    used = Counter(operation_of(exchange) for exchange in full_load)
    files, imports = (
        "/workspaces/{workspaceId}/models/{modelId}/files",
        "/workspaces/{workspaceId}/models/{modelId}/imports",
    )
    way = {
        ("POST", "/token/authenticate"),
        ("POST", f"{files}/{{fileId}}"),
        ("PUT", f"{files}/{{fileId}}/chunks/{{chunkId}}"),
        ("POST", f"{imports}/{{importId}}/tasks"),
        ("GET", f"{imports}/{{importId}}/tasks/{{taskId}}"),
    }
    assert set(used) >= way, used
    assert any("views" in template for _, template in used), used
    assert any("processes" in template for _, template in used), used


def operation_of(exchange):
    path = exchange.path.removeprefix("/anaplan")
    operation = document_for(path).operation(exchange.method, path.removeprefix("/2/0"))
    return operation.method, operation.template


def exchange(method="GET", path=f"{W}/imports", **changed):
    plain = Exchange(method, path, "", f"{OURS}1", "", "", 404, "", "")
    return replace(plain, **changed)


WRONG_REQUESTS = {
    "a path that nobody knows": ({"path": f"{W}/cubes"}, "knows no such call"),
    "a verb that the path has not": ({"method": "DELETE"}, "knows no such call"),
    "a model id in lower case": ({"path": W.lower() + "/imports"}, "does not match"),
    "an unknown parameter": ({"query": "page=1"}, "page is not declared"),
    "a page in words": ({"query": "limit=all"}, "limit=all is no integer"),
    "a flag in words": ({"path": "/anaplan/2/0/models", "query": "modelDetails=yes"}, "is no boolean"),
    "a chunk count in words": (
        {"method": "POST", "path": f"{W}/files/113000000001", "sent_kind": JSON, "sent": '{"chunkCount": "one"}'},
        "is not of type 'integer'",
    ),
    "a body of another kind": (
        {"method": "POST", "path": f"{W}/files/113000000001", "sent_kind": "text/csv"},
        "a body of text/csv",
    ),
    "no code at all": (
        {
            "method": "POST",
            "path": "/anaplan/oauth/token",
            "sent_kind": JSON,
            "sent": '{"grant_type": "authorization_code"}',
        },
        "is not valid under any",
    ),
}


@pytest.mark.parametrize("wrong", WRONG_REQUESTS)
def test_a_wrong_request_is_found(wrong):
    changed, reason = WRONG_REQUESTS[wrong]
    assert reason in " ".join(judge(exchange(**changed)))
    assert judge(exchange(**changed, agent="a stranger")) == []


WRONG_ANSWERS = {
    "an id that is too short": ('{"models": [{"id": "B5C0D3F7", "name": "M"}]}', "does not match"),
    "a state that nobody knows": ('{"models": [{"activeState": "ASLEEP"}]}', "is not one of"),
    "a count in words": ('{"meta": {"paging": {"totalSize": "one"}}}', "is not of type"),
    "a page of HTML": ("<html>", "no JSON"),
}


@pytest.mark.parametrize("wrong", WRONG_ANSWERS)
def test_a_wrong_answer_is_found_whoever_asked(wrong):
    text, reason = WRONG_ANSWERS[wrong]
    for agent in (f"{OURS}1", "a stranger"):
        answered = exchange(path="/anaplan/2/0/models", status=200, kind=JSON, answered=text, agent=agent)
        assert reason in " ".join(judge(answered))


def test_a_success_that_the_document_does_not_know_is_found():
    assert "299 is not among" in judge(exchange(status=299))[0]


def test_shapes_are_judged_once_and_all_are_counted():
    judged = Judge()
    for number in range(100, 200):
        judged.take(exchange(path=f"{W}/imports/112000000{number}"), where="here")
    judged.take(exchange(path=W.lower() + "/imports"), where="there")
    judged.take(exchange(path="/xero/connections"))
    verdict = judged.verdict()
    assert verdict.counts == {"exchanges": 101, "of our client": 101, "shapes": 2}
    assert all("[there]" in one for one in verdict.wrong)
    assert verdict.wrong


@pytest.mark.parametrize(("method", "end"), REALITY_DIFFERS)
def test_what_reality_does_otherwise_is_still_in_the_documents(method, end):
    """An entry that the document has mended must leave the list."""
    document = document_for("/token" if end.startswith("/token") else "/2/0")
    found = [one for one in document._operations if one.method == method and one.template.endswith(end)]
    assert len(found) == 1
    assert "application/x-gzip" not in json.dumps(found[0].body)


def test_a_processs_dump_is_judged_like_an_imports_until_the_document_shows_it():
    paths = document_for("/2/0")._document["paths"]
    assert [(missing in paths, like in paths) for missing, like in LEFT_OUT.items()] == [(False, True)] * 2
    dumps = f"{W}/processes/118000000001/tasks/{'A' * 32}/dumps"
    chunks = exchange(path=f"{dumps}/112000000002/chunks", status=200, kind=JSON)
    assert judge(replace(chunks, answered='{"chunks": [{"id": "0", "name": "Chunk 0"}]}')) == []
    assert "is not of type" in " ".join(judge(replace(chunks, answered='{"chunks": "none"}')))
    assert "knows no such call" in " ".join(judge(exchange(path=f"{dumps}/112000000002")))


def test_a_group_is_kept_on_one_worker(request):
    """Else every worker would load the company, and start a Prism, of its own: see xdist_groups."""
    grouped = request.config.getoption("loadgroup", False)
    assert request.node.nodeid.endswith(f"@{GROUP}") is bool(grouped)
