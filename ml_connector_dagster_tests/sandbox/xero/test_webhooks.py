"""The webhook sender: signatures, intent to receive, retries, duplicates."""

import base64
import hashlib
import hmac
import json
import re

import pytest
from starlette.requests import Request
from starlette.responses import Response

from ml_connector_dagster_tests.sandbox.xero.conftest import IDS, served

KEY = "webhook-signing-key"


class Receiver:
    """A careful receiver: 200 for a right signature over the raw bytes, 401 for any other; may fail on purpose."""

    def __init__(self):
        self.bodies = []
        self.failures = 0
        self.trusting = False

    async def __call__(self, scope, receive, send):
        request = Request(scope, receive)
        body = await request.body()
        wanted = base64.b64encode(hmac.new(KEY.encode(), body, hashlib.sha256).digest()).decode()
        good = hmac.compare_digest(wanted, request.headers["x-xero-signature"])
        status = 200 if good or self.trusting else 401
        if good and self.failures:
            self.failures -= 1
            status = 500
        if status == 200:
            self.bodies.append(body)
        await Response(status_code=status)(scope, receive, send)


@pytest.fixture
def receiver():
    found = Receiver()
    with served(found) as address:
        found.url = f"{address}/webhooks/xero"
        yield found


@pytest.fixture
def subscribed(fresh, receiver):
    fresh.home = "ie"
    told = fresh.control("webhooks", url=receiver.url, key=KEY)
    assert told == {"answers": [200, 401, 200, 401], "enabled": True}
    receiver.bodies.clear()
    return fresh


def late(fresh):
    return fresh.control("late-document", tenant="ie", date="2026-07-10", amount="1.00")["document"]


def test_an_intent_to_receive_mixes_good_and_bad_signatures_in_one_character(fresh, receiver):
    assert fresh.control("webhooks", url=receiver.url, key=KEY)["enabled"]
    assert all(json.loads(body)["events"] == [] for body in receiver.bodies)
    assert re.search(rb'"firstEventSequence": 0,"', receiver.bodies[0]), "its odd spacing breaks who hashes again"


def test_a_receiver_that_trusts_everybody_is_not_enabled(fresh, receiver):
    receiver.trusting = True
    assert not fresh.control("webhooks", url=receiver.url, key=KEY)["enabled"]
    late(fresh)
    assert fresh.control("webhooks-deliver")["answers"] == []


def test_a_created_bill_is_an_invoice_event_without_data(subscribed, receiver):
    document = late(subscribed)
    assert subscribed.control("webhooks-deliver")["answers"] == [200]
    body = json.loads(receiver.bodies[0])
    assert (body["firstEventSequence"], body["lastEventSequence"]) == (1, 1)
    (event,) = body["events"]
    assert (event["eventCategory"], event["eventType"], event["resourceId"]) == ("INVOICE", "CREATE", document)
    assert event["tenantId"] == IDS["ie"]
    assert "data" not in event
    subscribed.control("void", tenant="ie", document=document)
    subscribed.control("webhooks-deliver")
    assert json.loads(receiver.bodies[1])["events"][0]["eventType"] == "UPDATE"


def test_a_failed_delivery_is_tried_again_and_then_kept(subscribed, receiver):
    late(subscribed)
    receiver.failures = 2
    assert subscribed.control("webhooks-deliver", times=3)["answers"] == [500, 500, 200]
    late(subscribed)
    receiver.failures = 2
    assert subscribed.control("webhooks-deliver", times=1)["answers"] == [500, 500]
    assert subscribed.control("webhooks-deliver", times=1)["answers"] == [200]
    sequences = [json.loads(body)["firstEventSequence"] for body in receiver.bodies]
    assert sequences == [1, 2]


def test_duplicates_are_delivered_on_purpose(subscribed, receiver):
    late(subscribed)
    assert subscribed.control("webhooks-deliver", times=0)["answers"] == [200, 200]
    assert receiver.bodies[0] == receiver.bodies[1]


def test_a_recode_sends_nothing_and_journals_have_no_webhooks(subscribed, receiver):
    document = late(subscribed)
    subscribed.control("webhooks-deliver")
    subscribed.control("recode", tenant="ie", document=document, account="400")
    lines = [{"AccountCode": "400", "LineAmount": 1}, {"AccountCode": "429", "LineAmount": -1}]
    subscribed.write({"Narration": "x", "JournalLines": lines})
    assert subscribed.control("webhooks-deliver")["answers"] == []


def test_credit_notes_tell_type_and_status(subscribed, receiver):
    note = subscribed.get("CreditNotes", page=1, pageSize=1)["CreditNotes"][0]
    subscribed.control("edit-line", tenant="ie", document=note["CreditNoteID"], description="Edited")
    subscribed.control("webhooks-deliver")
    event = json.loads(receiver.bodies[0])["events"][0]
    assert (event["eventCategory"], event["data"]["Type"]) == ("CREDITNOTE", note["Type"])


def test_nobody_there_is_no_answer(fresh):
    told = fresh.control("webhooks", url="http://127.0.0.1:9/", key=KEY)
    assert told == {"answers": [0, 0, 0, 0], "enabled": False}
