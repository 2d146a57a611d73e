"""Our endpoint by a real SOAP client on Intuit's WSDL, and by the sandbox's Web Connector with all its misfortunes."""

from datetime import date, datetime

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from ml_connector_dagster.sandbox.quickbooks_desktop.books import write_books
from ml_connector_dagster.sandbox.quickbooks_desktop.processor import Processor, Program
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.envelope import HttpAnswer
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.fault_plan import CallFault
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.first_message import host_company_preferences
from ml_connector_dagster.sources.quickbooks_desktop import soap
from ml_connector_dagster.sources.quickbooks_desktop.greeting import OWNER_ID
from ml_connector_dagster.sources.quickbooks_desktop.requests import READS
from ml_connector_dagster.sources.quickbooks_desktop.web_connector import routes
from ml_connector_dagster_tests.contract.desktop_stack import PUBLIC_URL, Stack
from ml_connector_dagster_tests.contract.soap_judge import PORT, judge_soap, wsdl
from ml_connector_dagster_tests.contract.test_quickbooks_desktop_qbxml import ARGUMENTS

XML = "text/xml; charset=utf-8"
FOUR = soap.answered("authenticate", ("ticket", "none", "", "60"))
NUMBER = soap.answered("receiveResponseXML", 50)
SAID = soap.answered("getLastError", "what happened")
FAULT = soap.fault("Server", "not now")
WCF = b'<string xmlns="http://schemas.microsoft.com/2003/10/Serialization/Arrays">'


@pytest.mark.parametrize(
    ("method", "status", "kind", "body"),
    [
        ("authenticate", 200, XML, FOUR),
        ("receiveResponseXML", 200, XML, NUMBER),
        ("getLastError", 200, XML, SAID),
        ("interactiveDone", 200, XML, soap.answered("interactiveDone", "Done")),
        ("sendRequestXML", 500, XML, FAULT),
    ],
)
def test_a_right_answer_passes(method, status, kind, body):
    wsdl()
    assert judge_soap(method, status, kind, body) == []


@pytest.mark.parametrize(
    ("method", "status", "kind", "body", "said"),
    [
        ("authenticate", 200, XML, FOUR.replace(b"<string>", WCF), "not four strings"),
        ("authenticate", 200, XML, FOUR.replace(b"<string>", WCF), "zeep: XMLParseError"),
        ("authenticate", 200, XML, FOUR.replace(b"<string></string>", b""), "3 elements"),
        ("authenticate", 200, "application/soap+xml", FOUR, "media type"),
        ("authenticate", 200, XML, FOUR[:-9], "zeep: TransportError"),
        ("authenticate", 200, XML, FOUR.replace(soap.INTUIT.encode(), b"http://example.com/"), "no authenticateResult"),
        ("receiveResponseXML", 200, XML, NUMBER.replace(b"50", b"half"), "answers 'half'"),
        ("receiveResponseXML", 200, XML, NUMBER.replace(b"50", b"101"), "answers '101'"),
        ("getLastError", 200, XML, SAID.replace(b"what happened", b""), "0 characters"),
        ("getLastError", 200, XML, SAID.replace(b"what happened", b"x" * 256), "256 characters"),
        ("sendRequestXML", 200, XML, soap.answered("sendRequestXML", "").replace(b"Result>", b"Result><a/>", 1), "elements"),
        ("closeConnection", 404, XML, soap.answered("closeConnection", "OK"), "status 404"),
        ("closeConnection", 200, XML, FAULT, "a fault with status 200"),
        ("closeConnection", 200, XML, b"<broken", "no XML"),
    ],
)  # fmt: skip
def test_a_planted_fault_of_an_answer_is_caught(method, status, kind, body, said):
    wsdl()
    assert said in " ".join(judge_soap(method, status, kind, body))


@pytest.fixture(scope="module")
def books():
    return write_books(1, date(2026, 11, 29), lambda: datetime(2026, 11, 29, 9, 0))


@pytest.fixture
def stack(sqlite_store, books):
    """Both sides of one company; the database flushes nothing, no test here cuts the power of our own machine."""
    wsdl()
    sqlite_store._engines.durable = sqlite_store._engines.quick
    made = Stack(sqlite_store, Program(books))
    yield made
    assert made.wrong == []
    for txn in [txn for txn in books.txns.values() if txn.external_guid]:
        books.delete(txn)
    books.deleted_txns.clear()


def test_a_real_soap_client_on_the_official_wsdl_runs_a_whole_session(stack):
    import zeep
    import zeep.transports

    http = TestClient(Starlette(routes=routes(stack.store)), base_url=PUBLIC_URL)
    assert [http.get(path).status_code for path in ("/quickbooks_desktop/soap", "/quickbooks_desktop/support")] == [
        200
    ] * 2
    assert http.head("/quickbooks_desktop/soap").status_code == 200

    class InProcess(zeep.transports.Transport):
        def post(self, address, message, headers):
            return http.post(address, content=message, headers=headers)

    client = zeep.Client(str(wsdl()), transport=InProcess())
    service = client.create_service(PORT, f"{PUBLIC_URL}/quickbooks_desktop/soap")
    user = stack.connector().add(stack.qwc, stack.password).user_name
    assert service.serverVersion().startswith("ml-connector")
    assert service.clientVersion("34.0") in {None, ""}
    assert service.authenticate(user, "wrong") == [None, "nvu", None, None]
    assert service.authenticate(user, stack.password)[:2] == [None, "none"]
    stack.queue.ask("classes", [("classes", {})])
    ticket, path, *_ = service.authenticate(user, stack.password)
    assert path is None
    processor = Processor(stack.program)
    processor.begin_session()
    told = processor.process(host_company_preferences(OWNER_ID))
    message = service.sendRequestXML(ticket, told, r"C:\Books\Brackenridge.QBW", "US", 16, 0)
    assert service.receiveResponseXML(ticket, processor.process(message), "", "") == 100
    assert service.getLastError("unknown")
    assert service.connectionError("unknown", "0x80040408", "no") == "done"
    assert service.sendRequestXML("unknown", "", "", "US", 16, 0) in {None, ""}
    assert service.receiveResponseXML("unknown", "", "", "") == -1
    assert service.closeConnection(ticket).startswith("OK")
    assert stack.queue.find("classes").is_complete


@pytest.mark.parametrize("style", ["Document", "DocWrapped", "RPC"])
def test_every_question_is_asked_and_answered_through_the_web_connector(sqlite_store, books, style):
    wsdl()
    stack = Stack(sqlite_store, Program(books), style)
    asked = [(name, {**ARGUMENTS[name], "basis": "Accrual"}) for name in READS]
    stack.queue.ask("everything", asked)
    outcome = stack.connector().cycle()
    assert (outcome.result, outcome.code, outcome.percent) == ("Update completed", "", 100)
    assert outcome.messages > len(READS)
    assert {name for name, _, _ in stack.queue.answers(stack.queue.find("everything"))} == set(READS)
    assert stack.wrong == []
    assert stack.connector().cycle().result == "No Data Exchange"


def test_a_session_runs_over_http(stack):
    http = TestClient(Starlette(routes=routes(stack.store)), base_url=PUBLIC_URL)

    def answered(headers, body):
        answer = http.post("/quickbooks_desktop/soap", content=body, headers=dict(headers))
        return HttpAnswer(answer.status_code, answer.headers["content-type"].partition(";")[0], answer.content)

    stack.carrier.answer = answered
    stack.queue.ask("vendors", [("vendors", {})])
    assert stack.connector().cycle().result == "Update completed"
    assert stack.queue.find("vendors").is_complete


KINDS = ("drop_request", "drop_answer", "repeat", "late", "die_before", "die_after")
EVERY_MESSAGE = ("sendRequestXML", "receiveResponseXML")
ONCE = ("authenticate", "closeConnection")
INSIDE = ("die_before", "die_after", "crash", "refuse")
MISFORTUNES = [
    *((kind, call, skip) for kind in KINDS for call in EVERY_MESSAGE for skip in (1, 3)),
    *((kind, call, 0) for kind in KINDS for call in ONCE),
    *((kind, "ProcessRequest", skip) for kind in INSIDE for skip in (1, 3)),
    ("refuse", "BeginSession", 0),
    ("die_after", "HCPQuery", 0),
]


@pytest.mark.parametrize(("kind", "call", "skip"), MISFORTUNES)
def test_after_any_one_misfortune_a_journal_stands_once_and_every_page_was_read_once(stack, kind, call, skip):
    connector = stack.connector()
    stack.queue.ask("first", [("classes", {})])
    connector.cycle()
    stack.post("October accrual")
    october = {"from": "2026-10-01", "to": "2026-10-31"}
    stack.queue.ask("month", [("payments", october)])
    stack.machines.plan.plant(CallFault(kind, call, skip=skip, after_calls=3))
    while stack.waits():
        assert len(connector.outcomes) < 8, connector.outcomes
        connector.cycle()
        stack.pass_by(400)
    assert stack.machines.plan.unmet() == []
    [operation] = stack.queue.operations()
    assert (operation.state.value, len(stack.entries())) == ("succeeded", 1)
    assert sorted(stack.read_ids("month", "ReceivePaymentRet")) == sorted(
        one.txn_id
        for one in stack.program.company.txns.values()
        if one.kind == "ReceivePayment" and (one.day.year, one.day.month) == (2026, 10)
    )
