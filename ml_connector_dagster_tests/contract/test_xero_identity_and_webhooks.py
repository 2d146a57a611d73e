"""Tokens, connections and webhooks as the sandbox sends them, judged by Xero's identity and webhook documents."""

import copy
import json
from datetime import datetime

import jsonschema
import pytest

from ml_connector_dagster_tests.contract.specs import xero_document
from ml_connector_dagster_tests.sandbox.xero.test_webhooks import KEY, late, receiver, subscribed

__all__ = ["receiver", "subscribed"]
ZONELESS = {
    "Connection": ("createdDateUtc", "updatedDateUtc"),
    "WebhookEvent": ("eventDateUtc",),
}
"""Xero's stamps of these carry no zone, in its documents' own examples too, though they ask for a date-time (xero.md 1, 10)."""
NEWER_CATEGORIES = {"PREPAYMENT", "OVERPAYMENT"}
"""Sent since August and September 2026 (xero.md 10); the documents at hand are older."""


def judge_of(document, name):
    """A validator of one schema that checks formats, too."""
    document = copy.deepcopy(document)
    schemas = document["components"]["schemas"]
    for properties in (schemas.get("Connection", {}).get("properties"), _event(schemas)):
        for stamp in {*ZONELESS["Connection"], *ZONELESS["WebhookEvent"]} & set(properties or {}):
            assert properties[stamp].pop("format") == "date-time"
    schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    return jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker(["uuid", "date-time"]))


def _event(schemas):
    event = schemas.get("WebhookEvent", {}).get("properties", {}).get("events", {})
    return event.get("items", {}).get("properties")


@pytest.fixture(scope="module")
def identity():
    document = xero_document("xero-identity.yaml")
    return {name: judge_of(document, name) for name in ("Connection", "AccessToken", "RefreshToken")}


@pytest.fixture(scope="module")
def webhooks():
    document = xero_document("xero-webhooks.yaml")
    return {name: judge_of(document, name) for name in ("WebhookEvent", "CreditNoteWebhookEvent")}


def wrong(judge, body):
    return [f"{'/'.join(map(str, error.absolute_path))}: {error.message}" for error in judge.iter_errors(body)]


def test_every_token_answer_is_valid(fresh, identity):
    assert wrong(identity["AccessToken"], fresh.token) == []
    form = {"grant_type": "refresh_token", "refresh_token": fresh.token["refresh_token"]}
    assert wrong(identity["RefreshToken"], form) == []
    renewed = fresh.token_call(**form).json()
    assert wrong(identity["AccessToken"], renewed) == []
    assert set(identity["AccessToken"].schema["components"]["schemas"]["AccessToken"]["properties"]) <= {
        *renewed,
        "id_token",
    }


def test_connections_are_valid_and_end_as_the_document_says(fresh, identity):
    headers = {"Authorization": f"Bearer {fresh.token['access_token']}"}
    found = fresh.http.get("/xero/connections", headers=headers).json()
    assert len(found) == 2
    assert [one for connection in found for one in wrong(identity["Connection"], connection)] == []
    declared = identity["Connection"].schema["components"]["schemas"]["Connection"]["properties"]
    assert all(set(connection) == set(declared) for connection in found)
    assert all(datetime.fromisoformat(connection["createdDateUtc"][:26]) for connection in found)
    ends = xero_document("xero-identity.yaml")["paths"]["/Connections/{id}"]["delete"]["responses"]
    address = f"/xero/connections/{found[0]['id']}"
    statuses = [str(fresh.http.delete(address, headers=headers).status_code) for _ in range(2)]
    assert statuses == ["204", "404"]
    assert set(statuses) == set(ends)


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("Connection", {"id": "7cb59f93"}),
        ("Connection", {"tenantName": None}),
        ("AccessToken", {"expires_in": "1800"}),
        ("AccessToken", {"access_token": None}),
    ],
    ids=str,
)
def test_a_wrong_identity_answer_is_found(identity, name, body):
    assert wrong(identity[name], body)


def test_what_is_delivered_is_valid(subscribed, receiver, webhooks):
    """Everything but an intent to receive, whose sequence is 0 although the document begins at 1 (xero.md 10)."""
    subscribed.control("void", tenant="ie", document=late(subscribed))
    for plural, key in (("CreditNotes", "CreditNoteID"), ("Prepayments", "PrepaymentID")):
        record = subscribed.get(plural, page=1, pageSize=1)[plural][0]
        subscribed.control("edit-line", tenant="ie", document=record[key], description="Edited")
    subscribed.control("webhooks-deliver")
    (body,) = map(json.loads, receiver.bodies)
    events = body["events"]
    newer = [event for event in events if event["eventCategory"] in NEWER_CATEGORIES]
    assert wrong(webhooks["WebhookEvent"], body | {"events": [event for event in events if event not in newer]}) == []
    credited = [event for event in events if event["eventCategory"] == "CREDITNOTE"]
    assert wrong(webhooks["CreditNoteWebhookEvent"], body | {"events": credited}) == []
    assert {event["eventCategory"] for event in events} == {"INVOICE", "CREDITNOTE", "PREPAYMENT"}
    assert all(datetime.fromisoformat(event["eventDateUtc"]) for event in events)
    assert {tuple(event["data"]) for event in newer} == {("Type", "Status", "UpdatedDateUTCString")}
    assert body["lastEventSequence"] - body["firstEventSequence"] + 1 == len(events)


def test_an_intent_to_receive_is_the_documents_one_exception(fresh, receiver, webhooks):
    assert fresh.control("webhooks", url=receiver.url, key=KEY)["enabled"]
    found = wrong(webhooks["WebhookEvent"], json.loads(receiver.bodies[0]))
    assert sorted(found) == [
        "firstEventSequence: 0 is less than the minimum of 1",
        "lastEventSequence: 0 is less than the minimum of 1",
    ]


@pytest.mark.parametrize(
    "spoiled",
    [
        {"eventCategory": "BUDGET"},
        {"eventType": "DELETE"},
        {"resourceId": "INV-1"},
        {"tenantType": "PRACTICE"},
        {"tenantId": 7},
    ],
    ids=str,
)
def test_a_wrong_event_is_found(subscribed, receiver, webhooks, spoiled):
    late(subscribed)
    subscribed.control("webhooks-deliver")
    body = json.loads(receiver.bodies[0])
    assert wrong(webhooks["WebhookEvent"], body) == []
    body["events"][0] |= spoiled
    assert wrong(webhooks["WebhookEvent"], body)
