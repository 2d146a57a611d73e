"""Over a real socket: .NET's headers and Expect; polling by schedule; the control routes."""

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.carrier import CarrierFailed, HttpCarrier
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.control import web_connector_routes
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.machine import QuickBooks
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.machines import Machines
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.wire import Wire
from ml_connector_dagster_tests.sandbox.quickbooks_desktop.web_connector.service import (
    PASSWORD,
    PATH,
    Echo,
    Office,
    Service,
    qwc,
)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.answer(self.server.service.get(self.path), "text/plain", b"here")

    def do_POST(self):
        self.server.seen.append(dict(self.headers))
        body = self.rfile.read(int(self.headers["Content-Length"]))
        answer = self.server.service.post(self.path, self.headers, body)
        self.answer(answer.status, "text/xml; charset=utf-8", answer.body)

    def handle_expect_100(self):
        if self.server.refuses:
            self.answer(413, "text/html", b"too large")
            self.close_connection = True
            return False
        return super().handle_expect_100()

    def answer(self, status, media_type, body):
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args):
        """Say nothing."""


@pytest.fixture
def server():
    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.service, made.seen, made.refuses = Service(), [], False
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.shutdown()
    made.server_close()
    thread.join()


def at(server):
    base = f"http://localhost:{server.server_port}/"
    return {"AppURL": f"{base}soap", "AppSupport": f"{base}support"}


def test_a_session_runs_over_a_socket_with_the_headers_of_dotnet(server):
    office = Office(carrier=HttpCarrier())
    assert office.cycle(**at(server)).result == "Update completed"
    for seen in server.seen:
        assert seen["Expect"] == "100-continue"
        assert "MS Web Services" in seen["User-Agent"]
        assert "Accept-Encoding" not in seen


def test_a_service_that_refuses_before_the_body_is_heard_at_once(server):
    server.refuses = True
    answer = HttpCarrier().post(at(server)["AppURL"], {"Expect": "100-continue"}, b"x" * 5_000_000)
    assert (answer.status, answer.media_type) == (413, "text/html")


def test_nobody_there_is_a_failure_for_get_and_post(server):
    carrier, url = HttpCarrier(timeout_seconds=1), "http://localhost:1/soap"
    with pytest.raises(CarrierFailed):
        carrier.get(url)
    with pytest.raises(CarrierFailed):
        carrier.post(url, {}, b"")


def test_a_certificate_that_nobody_signed_is_not_trusted(server):
    with pytest.raises(CarrierFailed, match="SSL"):
        HttpCarrier(timeout_seconds=2).get(at(server)["AppURL"].replace("http:", "https:"))


def test_polling_repeats_by_schedule_and_misses_the_cycles_of_a_dead_machine():
    office = Office()
    office.connector.add(qwc(), PASSWORD)
    office.meet("die_before", "authenticate", away_cycles=3)
    office.connector.start(every_seconds=0.005)
    wait_for(lambda: len(office.connector.outcomes) >= 3)
    assert office.connector.is_polling
    office.connector.stop()
    assert not office.connector.is_polling
    assert [outcome.is_dead for outcome in office.connector.outcomes[:3]] == [True, False, False]


def wait_for(happened):
    deadline = time.monotonic() + 10
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.002)


@pytest.fixture
def control():
    service = Service(work=["<one/>"])
    file = Echo()
    machines = Machines(
        lambda _name: QuickBooks({PATH: file.company_file()}, open_file=PATH),
        sleep=lambda _seconds: None,
        wire=Wire(service),
    )
    return TestClient(Starlette(routes=web_connector_routes(machines)))


def test_the_control_routes_add_cycle_and_show_every_call(control):
    added = control.post("/web-connector", json={"qwc": qwc(), "password": PASSWORD})
    assert added.json() == {
        "application": "ml-connector Brackenridge",
        "machine": "OFFICE-PC",
        "is_polling": False,
    }
    outcome = control.post("/web-connector/cycle").json()
    assert (outcome["result"], len(outcome["calls"])) == ("Update completed", 10)
    log = control.get("/web-connector/log", params={"call": "authenticate", "after": 1}).json()
    assert log["count"] == 1
    assert PASSWORD not in str(log)
    state = control.get("/web-connector").json()["OFFICE-PC"]
    assert (state["sessions"], state["every_seconds"], state["last"]["percent"]) == (1, 900.0, 100)
    assert control.delete("/web-connector/log").json() == {"count": 0}


def test_the_control_routes_plant_faults_and_set_quickbooks(control):
    control.post("/web-connector", json={"qwc": qwc(), "password": PASSWORD, "machine": "PC-2"})
    planted = control.post("/web-connector/faults", json=[{"kind": "drop_answer", "call": "authenticate"}])
    assert planted.json() == {"planted": 1}
    assert control.post("/web-connector/cycle", json={"machine": "PC-2"}).json()["code"] == "QBWC1012"
    assert control.get("/web-connector/faults").json()["faults"][0]["hits"] == 1
    assert control.delete("/web-connector/faults").json() == {"faults": []}
    closed = control.post("/web-connector/quickbooks", json={"machine": "PC-2", "open_file": ""})
    assert closed.json() == {"is_running": True, "may_start": True, "open_file": ""}
    assert control.post("/web-connector/cycle", json={"machine": "PC-2"}).json()["code"] == "QBWC1013"


def test_the_control_routes_start_and_stop_polling(control):
    body = {"qwc": qwc(), "password": PASSWORD, "every_seconds": 60}
    assert control.post("/web-connector", json=body).json()["is_polling"]
    wait_for(lambda: control.get("/web-connector").json()["OFFICE-PC"]["sessions"])
    assert control.post("/web-connector/stop").json() == {"stopped": ["OFFICE-PC"]}
    assert control.post("/web-connector/stop", json={"machine": "OFFICE-PC"}).json() == {"stopped": ["OFFICE-PC"]}


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("", {"qwc": "<x/>", "password": "p"}, "QBWC1039"),
        ("", {}, "KeyError"),
        ("/faults", {"kind": "boom"}, "boom"),
        ("/cycle", {"machine": "new"}, "No application"),
        ("/quickbooks", {"colour": 1}, "no setting"),
    ],
)
def test_what_makes_no_sense_is_answered_400_with_the_reason(control, path, body, said):
    answer = control.post(f"/web-connector{path}", json=body)
    assert (answer.status_code, said in answer.text) == (400, True)


def test_the_log_keeps_whole_messages_where_it_is_verbose_and_cuts_them_where_not():
    office = Office(Service(work=["<a>" + "x" * 100 + "</a>"]))
    office.cycle()
    assert office.log.entries(call="sendRequestXML")[0].answered.endswith("… (107 characters)")
    office.log.clear()
    office.log.is_verbose = True
    office.service.begin_again()
    office.connector.cycle()
    assert len(office.log.entries(call="sendRequestXML")[0].answered) == 107
