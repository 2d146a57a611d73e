"""The official OpenAPI over one walk through everything; the other tests judge their answers too, where it is at hand."""

import pytest

from ml_connector_dagster_tests.contract.anaplan_openapi import document_for
from ml_connector_dagster_tests.contract.specs import absent
from ml_connector_dagster_tests.sandbox.anaplan.desk import JSON, M, W


@pytest.fixture
def documents():
    """The documents; where they are absent the test says so, and fails if ML_CONNECTOR_REQUIRE=all."""
    if document_for("/2/0/models") is None:
        absent("The official Anaplan OpenAPI is not at hand: set ML_CONNECTOR_SPECS to the folder that holds anaplan/.")
    return document_for("/2/0/models"), document_for("/token/validate"), document_for("/oauth/token")


def test_every_answer_meets_the_official_schema(documents, stocked):
    integration, authentication, _ = documents
    before = integration.judged, authentication.judged
    stocked.actuals("UK,Actual,2026-10-01,200,C1,N,5", "UK,Actual,2026-10-01,999,C1,N,5")
    module, view = stocked.model.module_named("Actuals").id, stocked.model.view_named("Actuals by entity").id
    lists, item = (
        stocked.model.list_named("Accounts").id,
        stocked.model.module_named("Actuals").line_items.members[0].id,
    )
    walked = ["imports", "exports", "processes", "actions", "files", "modules", "lists", "views", "versions"]
    walked += ["currentPeriod", "modelCalendar", "status", "lineItems?includeAll=true", f"views/{view}"]
    walked += [f"modules/{module}/views", f"lineItems/{item}/dimensions", f"lists/{lists}/items?includeAll=true"]
    for path in walked:
        assert stocked.get(f"{M}/{path}").status_code == 200
    assert stocked.get(f"{M}/views/{view}/data?format=v1", headers=JSON).status_code == 200
    assert stocked.get(f"{W}/nothing/here").status_code == 404
    for path in ("/2/0/users/me", "/2/0/workspaces", "/2/0/models?modelDetails=true", "/token/validate"):
        assert stocked.get(path).status_code == 200
    assert integration.judged - before[0] > 20
    assert authentication.judged > before[1]


def test_the_judge_refuses_a_wrong_answer(documents):
    """A judge that lets everything pass would prove nothing."""
    integration = documents[0]
    wrong = '{"models": [{"id": "short", "activeState": "ASLEEP"}]}'
    assert len(integration.errors("GET", "/models", 200, "application/json", wrong)) == 2
    assert integration.errors("GET", "/models", 299, "application/json", "{}")


def test_the_documents_know_the_addresses_that_are_served(documents):
    integration = documents[0]
    known = [("GET", f"{W}/files/113000000001/chunks/0"), ("POST", f"{W}/processes/118000000001/tasks")]
    known += [("GET", f"{M}/views/203000000001/data"), ("GET", f"{W}/imports/112000000001/tasks/X/dump/chunks/0")]
    assert all(integration.knows(method, path.removeprefix("/2/0")) for method, path in known)
