"""Webhook deliveries (quickbooks_online.md 10): both forms, signed, retried, doubled."""

import base64
import hashlib
import hmac
import http.server
import json
import re
import threading

import pytest

TOKEN = "verifier-token"


@pytest.fixture
def receiver():
    """A receiver that answers what its list says, then 200, and keeps what came."""
    came, answers = [], []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            came.append((dict(self.headers.items()), body))
            self.send_response(answers.pop(0) if answers else 200)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/qbo", came, answers
    server.shutdown()
    server.server_close()
    thread.join()


def signed(headers, body):
    lowered = {name.lower(): value for name, value in headers.items()}
    wanted = base64.b64encode(hmac.new(TOKEN.encode(), body, hashlib.sha256).digest()).decode()
    return lowered["intuit-signature"] == wanted


def test_changes_are_told_as_signed_cloud_events(changing, receiver):
    url, came, answers = receiver
    changing.control("webhooks", url=url, token=TOKEN)
    bill = changing.control("late-document", date="2026-10-05", amount="5.00")["document"]
    changing.control("edit", document=bill, amount="6.00")
    changing.control("delete", document=bill)
    changing.control("merge", loser="20", survivor="21")
    answers += [500, 500]
    assert changing.control("webhooks-deliver")["answers"] == [500, 500, 200]
    headers, body = came[-1]
    assert signed(headers, body)
    assert headers["Content-Type"] == "application/cloudevents-batch+json"
    events = json.loads(body)
    kinds = [event["type"] for event in events]
    assert kinds[:3] == ["qbo.bill.created.v1", "qbo.bill.updated.v1", "qbo.bill.deleted.v1"]
    assert kinds[-1] == "qbo.vendor.merged.v1"
    assert events[-1]["data"]
    assert {event["intuitentityid"] for event in events[:3]} == {bill}
    assert {event["intuitaccountid"] for event in events} == {"9341453987654321"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z", events[0]["time"])
    assert len({event["id"] for event in events}) == len(events)
    changing.cloud.webhooks.url = ""


def test_the_older_notifications_can_be_asked_for_and_come_twice(changing, receiver):
    url, came, _ = receiver
    changing.control("webhooks", url=url, token=TOKEN, format="legacy")
    bill = changing.control("late-document", date="2026-10-05", amount="5.00")["document"]
    changing.control("void", document=bill)
    changing.control("merge", loser="22", survivor="21")
    assert changing.control("webhooks-deliver", times=0)["answers"] == [200, 200]
    assert came[0][1] == came[1][1]
    told = json.loads(came[0][1])["eventNotifications"][0]
    entities = told["dataChangeEvent"]["entities"]
    assert (told["realmId"], entities[0]["operation"]) == ("9341453987654321", "Create")
    assert {"Create", "Void", "Update", "Merge"} == {entity["operation"] for entity in entities}
    assert entities[-1]["deletedId"] == "22"
    changing.cloud.webhooks.url = ""


def test_a_post_that_nobody_answers_stays_pending(changing):
    changing.control("webhooks", url="http://127.0.0.1:9/none", token=TOKEN)
    changing.control("late-document", date="2026-10-05", amount="5.00")
    assert changing.control("webhooks-deliver", times=1)["answers"] == [0, 0]
    assert changing.control("webhooks-deliver", times=1)["answers"] == [0, 0]
    changing.cloud.webhooks.url = ""
