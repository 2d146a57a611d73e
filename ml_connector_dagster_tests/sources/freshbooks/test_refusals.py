import json
from types import SimpleNamespace

import pytest

from ml_connector_dagster.errors import CredentialRefused, QuotaExhausted, RequestRejected, TemporarilyRefused
from ml_connector_dagster.sources.freshbooks.refusals import Fault, classify, faults, refused_with_200

NOT_FOUND = {"errno": 1012, "field": "userid", "message": "Client not found.", "object": "client", "value": "1"}
ABOUT = {"object": "client", "message": "Client not found.", "value": "1", "field": "userid"}
SHAPES = {
    "accounting": ({"response": {"errors": [NOT_FOUND]}}, Fault("1012", "userid", "client", "Client not found.")),
    "accounting, one object": ({"response": {"errors": NOT_FOUND}}, Fault("1012", "userid", "client", "Client not found.")),
    "accounting since 2023": (
        {"code": 5, "message": "Request failed", "details": [{"reason": "1012", "metadata": ABOUT}]},
        Fault("1012", "userid", "client", "Client not found."),
    ),
    "accounting without details": ({"code": 16, "message": "No."}, Fault("16", "", "", "No.")),
    "ledger accounts": (
        {"errors": {"message": "x", "status": 400, "details": [{"reason": "r", "metadata": {"message": "m", "field": "f"}}]}},
        Fault("", "f", "", "m"),
    ),
    "events": ({"errno": 422, "message": "Wrong.", "details": ["event: no"]}, Fault("422", "", "", "Wrong. event: no")),
    "events since": (
        {"code": 3, "message": "x", "details": [{"fieldViolations": [{"field": "event", "description": "no"}]}]},
        Fault("", "event", "", "no"),
    ),
    "projects": ({"errno": 2001, "error": {"title": "field required"}}, Fault("2001", "title", "", "field required")),
    "projects, text": ({"error": "Could not be found."}, Fault("", "", "", "Could not be found.")),
    "projects, message": ({"message": "not authorized"}, Fault("", "", "", "not authorized")),
    "oauth": ({"error": "invalid_grant", "error_description": "used"}, Fault("invalid_grant", "", "", "used")),
}  # fmt: skip


def answer(status, body=b"", **headers):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return SimpleNamespace(status=status, headers={k.replace("_", "-"): v for k, v in headers.items()}, content=content)


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_is_made_into_one(shape):
    body, fault = SHAPES[shape]
    assert faults(json.dumps(body).encode())[0] == fault


def test_a_page_for_people_has_no_fault():
    assert faults(b"<html>") == []
    assert faults(b"[]") == []
    assert classify(answer(502, b"<html>")) is None


def test_a_401_is_left_to_one_refresh():
    assert classify(answer(401, SHAPES["accounting since 2023"][0])) is None


@pytest.mark.parametrize(("said", "lacks"), [("Requires scope user:bills:read.", True), ("Not on this plan.", False)])
def test_a_403_tells_a_missing_scope_from_a_plan(said, lacks):
    refused = classify(answer(403, {"message": said}))
    assert isinstance(refused, CredentialRefused)
    assert refused.context["lacks_scope"] is lacks
    assert ("portal" in refused.do) is lacks


@pytest.mark.parametrize(("status", "code"), [(404, "1012"), (400, "1012"), (422, "1012")])
def test_other_refusals_come_again(status, code):
    refused = classify(answer(status, SHAPES["accounting"][0]))
    assert isinstance(refused, RequestRejected)
    assert (refused.status, refused.context["code"]) == (status, code)
    assert "Client not found. (client.userid)" in refused.happened


def test_a_limit_says_when_it_opens_whatever_its_body():
    minute, quota, silent = (
        classify(answer(429, b"slow", **one)) for one in ({"Retry_After": "7"}, {"retry_after": "7200"}, {})
    )
    assert isinstance(minute, TemporarilyRefused)
    assert minute.retry_after_seconds == 7
    assert isinstance(quota, QuotaExhausted)
    assert silent.retry_after_seconds == 60


def test_errors_within_an_answer_of_200_are_no_empty_list():
    assert refused_with_200({"response": {"result": {}}}) is None
    assert refused_with_200(SHAPES["accounting"][0]).status == 404
    wrong = {"response": {"errors": [NOT_FOUND | {"errno": 1003}]}}
    assert isinstance(refused_with_200(wrong), CredentialRefused)
