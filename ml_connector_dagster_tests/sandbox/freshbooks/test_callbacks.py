"""Checklist 9: registering, the handshake, signed deliveries that come twice, backwards, and before their record."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qsl

import pytest

from ml_connector_dagster.sandbox.freshbooks import firm
from ml_connector_dagster.sandbox.freshbooks.callbacks import sign
from ml_connector_dagster_tests.sandbox.freshbooks.caller import ACCOUNT

HOOKS = f"/freshbooks/events/account/{firm.ACCOUNT_ID}/events/callbacks"


@contextmanager
def listening() -> Iterator[tuple[str, list[tuple[dict[str, str], str]]]]:
    heard: list[tuple[dict[str, str], str]] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self):
            form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
            heard.append((form, self.headers["X-FreshBooks-Hmac-SHA256"]))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_given):
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Hook)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hooks/freshbooks/x", heard
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("form", "signature"),
    [
        (
            "name=invoice.create&object_id=1234567&account_id=6BApk&business_id=6543&identity_id=777&user_id=1",
            "/q/EIX1/4WGYWKwv9iz23Scl/ZUXwM961GtWOZVVCwY=",
        ),
        (
            "name=bill.update&object_id=9&account_id=6BApk&note=caf%C3%A9+%26+co",
            "P3Sx1upAZvSSk69TAEc6QzgErVNqrsAe6MXp5Jl9IhM=",
        ),
    ],
)
def test_signatures_are_those_of_the_pages_vectors(form, signature):
    assert sign("verifier-4711", dict(parse_qsl(form))) == signature


def test_a_callback_is_verified_and_then_told_in_ids_alone(caller):
    with listening() as (uri, heard):
        asked = {"callback": {"event": "bill", "uri": uri}}
        made = caller.ask(HOOKS, "POST", body=asked).json()["response"]["result"]["callback"]
        assert made["verified"] is False
        own = f"{HOOKS}/{made['callbackid']}"
        caller.ask(own, "PUT", body={"callback": {"callbackid": made["callbackid"], "resend": True}})
        assert caller.control("webhooks-deliver")["answers"] == [204, 204]
        form, signature = heard[-1]
        assert (form["name"], form["object_id"]) == ("callback.verify", str(made["callbackid"]))
        assert sign(form["verifier"], form) == signature
        wrong = caller.ask(own, "PUT", body={"callback": {"verifier": "nonsense"}})
        assert wrong.status_code == 422
        body = {"callback": {"callbackid": made["callbackid"], "verifier": form["verifier"]}}
        assert caller.ask(own, "PUT", body=body).json()["response"]["result"]["callback"]["verified"] is True
        bill = caller.control("late-document", date="2026-08-20", amount="1.00")["document"]
        caller.control("delete", document=bill)
        caller.control("announce", event="bill.create", record=999_999_999)
        caller.control("webhooks-deliver", twice=True, backwards=True)
        told = [(form["name"], form["object_id"]) for form, _ in heard[2:]]
        assert told[::2] == told[1::2] == [("bill.create", "999999999"), ("bill.delete", bill), ("bill.create", bill)]
        assert sign(form["verifier"], heard[-1][0]) == heard[-1][1]
        assert caller.ask(f"{ACCOUNT}/bills/bills/999999999").status_code == 404
        assert caller.ask(HOOKS).json()["response"]["result"]["total"] == 1
        assert caller.ask(own, "DELETE").status_code == 200
        assert caller.ask(own).status_code == 404


@pytest.mark.parametrize("event", ["bill_payment.create", "journal_entry", "invoice.destroy"])
def test_what_has_no_event_is_refused_in_both_shapes(caller, event):
    asked = {"callback": {"event": event, "uri": "https://host.example/hook"}}
    old = caller.ask(HOOKS, "POST", body=asked, version="2021-01-01")
    assert (old.status_code, old.json()["errno"]) == (422, 422)
    new = caller.ask(HOOKS, "POST", body=asked)
    assert new.json()["details"][0]["fieldViolations"][0]["field"] == "event"
