"""Webhooks: set up by API, fired through workflow rules alone, signed, sent again, doubled and lost."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qsl, urlsplit

import pytest

from ml_connector_dagster.sandbox.zoho_books.webhooks import SIGNATURE, signature

SECRET = "mlconnector4711"


@pytest.fixture
def receiver():
    """A server that keeps what it is sent."""
    kept = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            kept.append((self.path, dict(self.headers), body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", kept
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize(
    ("pairs", "body", "digest"),
    [
        (
            [("flow", "zb1"), ("organization_id", "10234695")],
            '{"invoice":{"invoice_id":"460000000000000001","total":598.00}}',
            "1024ab2c500c6bf09afcbb3a496d47a6ea7b8101c11a4a3a61ea4536f09a140a",
        ),
        (
            [("flow", "zb1"), ("JSONString", '{"a":1}'), ("b", "x y")],
            "",
            "856a589d3570fc9c06aeada81a34c8dfa208c30078767714dc936e2015fae1ed",
        ),
    ],
)
def test_the_signature_is_that_of_the_reference_vectors(pairs, body, digest):
    assert signature(SECRET, pairs, body) == digest


def set_up(zoho, url, rule="add_edit", **more):
    hook = {"webhook_name": f"mlc {rule} {len(zoho.cloud.webhooks.webhooks)}", "entity": "bill", "url": url} | more
    webhook_id = zoho.send("POST", "/settings/webhooks", hook).json()["webhook"]["webhook_id"]
    action = {"action_type": "webhook", "action_id": webhook_id}
    workflow = {"workflow_name": "mlc", "entity": "bill", "rule_type": rule, "rule": {}, "apply_rule_always": True}
    made = zoho.send("POST", "/settings/workflows", workflow | {"instant_actions": [action]}).json()["workflow"]
    return webhook_id, made["workflow_id"]


def take_down(zoho, *pairs):
    for webhook_id, workflow_id in pairs:
        assert zoho.send("DELETE", f"/settings/workflows/{workflow_id}").json()["code"] == 0
        assert zoho.send("DELETE", f"/settings/webhooks/{webhook_id}").json()["code"] == 0


def test_a_change_is_sent_through_its_rule_with_a_signature_over_everything(zoho, receiver):
    url, kept = receiver
    query = [{"param_name": "flow", "param_value": "zb1"}]
    hook = set_up(zoho, f"{url}/hook", secret=SECRET, query_parameters=query)
    document = zoho.control("late-document", date="2026-10-03", amount="5.00")["document"]
    assert zoho.control("webhooks-deliver")["answers"] == [200]
    path, headers, body = kept[0]
    assert document in body
    assert body.startswith('{"bill":{')
    assert headers[SIGNATURE] == signature(SECRET, parse_qsl(urlsplit(path).query), body)
    zoho.control("delete", document=document)
    assert zoho.control("webhooks-deliver")["answers"] == []
    take_down(zoho, hook)


def test_forms_and_own_bodies_are_filled_in_and_deletes_have_a_rule_of_their_own(zoho, receiver):
    url, kept = receiver
    raw = '{"entity":"bill","verb":"delete","id":"${BILL.BILL_ID}"}'
    form = [{"param_name": "JSONString", "param_value": "${JSONString}"}, {"param_name": "b", "param_value": "x y"}]
    hooks = [
        set_up(zoho, f"{url}/raw", "delete", raw_data=raw),
        set_up(zoho, f"{url}/form", "add", form_data=form, secret=SECRET),
    ]
    document = zoho.control("late-document", date="2026-10-03", amount="5.00")["document"]
    zoho.control("delete", document=document)
    assert zoho.control("webhooks-deliver", twice=True)["answers"] == [200] * 4
    by_path = {path: (headers, body) for path, headers, body in kept}
    assert by_path["/raw"][1] == raw.replace("${BILL.BILL_ID}", document)
    headers, body = by_path["/form"]
    assert headers[SIGNATURE] == signature(SECRET, parse_qsl(body), "")
    take_down(zoho, *hooks)


def test_a_lost_delivery_is_in_the_history_and_can_be_sent_again(zoho, receiver):
    url, kept = receiver
    hook = set_up(zoho, url)
    zoho.control("late-document", date="2026-10-03", amount="5.00")
    assert zoho.control("webhooks-deliver", drop=True)["answers"] == [0]
    history = zoho.get("/settings/webhooks/histories")["histories"][-1]
    assert (history["status"], kept) == ("failure", [])
    assert (
        zoho.send("POST", f"/settings/webhooks/histories/{history['history_id']}/resend").json()["response_code"] == 200
    )
    bulk = {"history_ids": [history["history_id"]] * 11}
    assert zoho.send("POST", "/settings/webhooks/histories/bulkresend", bulk).status_code == 400
    assert len(kept) == 1
    take_down(zoho, hook)


def test_names_are_unique_and_secrets_and_entities_are_checked(zoho):
    good = {"webhook_name": "once", "entity": "invoice", "url": "http://localhost:1/x", "secret": SECRET}
    made = zoho.send("POST", "/settings/webhooks", good).json()["webhook"]
    assert "secret" not in made
    assert zoho.send("POST", "/settings/webhooks", good).json()["code"] == 107051
    for wrong in ({"secret": "short"}, {"entity": "weather"}, {"webhook_name": "x" * 51}):
        assert zoho.send("POST", "/settings/webhooks", good | {"webhook_name": "other"} | wrong).status_code == 400
    changed = zoho.send("PUT", f"/settings/webhooks/{made['webhook_id']}", {"webhook_name": "twice"}).json()["webhook"]
    assert changed["webhook_name"] == "twice"
    assert "invoice" in {one["entity"] for one in zoho.get("/settings/webhooks/editpage")["entities"]}
    assert zoho.send("DELETE", f"/settings/webhooks/{made['webhook_id']}").json()["code"] == 0
    assert zoho.send("DELETE", f"/settings/webhooks/{made['webhook_id']}").json()["code"] == 1002
