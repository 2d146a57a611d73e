"""The SOAP endpoint as the Web Connector meets it, and what strangers send."""

from __future__ import annotations

import asyncio
import base64
import gc
import tracemalloc
from html import escape

import pytest
from lxml import etree
from starlette.applications import Starlette
from starlette.testclient import TestClient

from ml_connector_dagster.errors import RequestRejected
from ml_connector_dagster.sources.quickbooks_desktop import soap, support, web_connector
from ml_connector_dagster.sources.quickbooks_desktop.queue import Queue
from ml_connector_dagster.sources.quickbooks_desktop.web_connector import MOST_BODY_BYTES, SOAP_PATH, SUPPORT_PATH
from ml_connector_dagster.store.engine import Store
from ml_connector_dagster.store.tables.schema import schema
from ml_connector_dagster_tests.sources.quickbooks_desktop.small_file import (
    FILE_ID,
    PASSWORD,
    PATH,
    USER,
    SmallFile,
    answer,
    greeting,
    introduce,
)

INTUIT = soap.INTUIT
HEADERS = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '"http://developer.intuit.com/any"'}


def document_style(method: str, **texts: str) -> str:
    inside = "".join(f"<{name}>{escape(text, quote=False)}</{name}>" for name, text in texts.items())
    return (
        '<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"><soap:Body>'
        f'<{method} xmlns="{INTUIT}">{inside}</{method}></soap:Body></soap:Envelope>'
    )


def rpc_style(method: str, **texts: str) -> str:
    inside = "".join(
        f'<{name} xsi:type="xsd:string">{escape(text, quote=False)}</{name}>' for name, text in texts.items()
    )
    return (
        '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-'
        f'instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:q1="{INTUIT}"><soap:Body '
        f'soap:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><q1:{method}>{inside}</q1:{method}></soap:Body>'
        "</soap:Envelope>"
    )


@pytest.fixture
def client(sqlite_store: Store) -> TestClient:
    introduce(sqlite_store)
    return TestClient(Starlette(routes=web_connector.routes(sqlite_store)))


def result(client: TestClient, body: str) -> list[str]:
    answered = client.post(SOAP_PATH, content=body.encode(), headers=HEADERS)
    assert answered.status_code == 200, answered.text
    assert answered.headers["content-type"] == "text/xml; charset=utf-8"
    found = etree.fromstring(answered.content)[0][0][0]
    assert etree.QName(found).namespace == INTUIT
    return [one.text or "" for one in found] if len(found) else [found.text or ""]


@pytest.mark.parametrize("style", [document_style, rpc_style])
def test_a_whole_session_goes_through_in_both_styles(client: TestClient, sqlite_store: Store, style: object) -> None:
    assert callable(style)
    queue, file = Queue(sqlite_store, FILE_ID), SmallFile()
    queue.ask("lists", [("classes", {}), ("ledger_accounts", {})])
    assert result(client, style("serverVersion"))[0].startswith("ml-connector ")
    assert result(client, style("clientVersion", strVersion="2.3.0.215")) == [""]
    ticket, *rest = result(client, style("authenticate", strUserName=USER, strPassword=PASSWORD))
    assert rest == ["", "", ""]
    told = {"strCompanyFileName": PATH, "qbXMLCountry": "US", "qbXMLMajorVers": "16", "qbXMLMinorVers": "0"}
    percents = []
    for first in (greeting(), ""):
        (request,) = result(client, style("sendRequestXML", ticket=ticket, strHCPResponse=first, **told))
        response = file.process(request)
        percents += result(
            client, style("receiveResponseXML", ticket=ticket, response=response, hresult="", message="")
        )
    assert percents == ["50", "100"]
    assert result(client, style("closeConnection", ticket=ticket)) == ["OK: 2 done, 0 failed"]
    assert len(queue.arrived()) == 1
    assert result(client, style("authenticate", strUserName=USER, strPassword="x")) == ["", "nvu", "", ""]


def test_every_other_method_answers_and_an_unknown_one_is_a_fault(client: TestClient) -> None:
    assert result(client, document_style("getServerVersion", ticket=""))[0].startswith("ml-connector ")
    assert result(client, document_style("getLastError", ticket="x"))[0].startswith("This session has expired")
    assert result(client, document_style("connectionError", ticket="x", hresult="0x80040408", message="m")) == ["done"]
    assert result(client, document_style("getInteractiveURL", wcTicket="x", sessionID="y")) == [""]
    assert result(client, document_style("interactiveRejected", wcTicket="x", reason="y")) != [""]
    assert result(client, document_style("interactiveDone", wcTicket="x")) == ["Done"]
    refused = client.post(SOAP_PATH, content=document_style("dropTables"), headers=HEADERS)
    assert (refused.status_code, "no method &#x27;dropTables&#x27;" in escape(refused.text)) == (400, True)


@pytest.mark.parametrize("path", [SOAP_PATH, SUPPORT_PATH, f"{SOAP_PATH}?wsdl"])
def test_a_plain_get_and_head_answer_200(client: TestClient, path: str) -> None:
    assert [client.get(path).status_code, client.head(path).status_code] == [200, 200]


LAUGHS = "".join(f'<!ENTITY l{at} "{f"&l{at - 1};" * 10}">' for at in range(1, 10))
DEEP = "<a>" * 300 + "</a>" * 300


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no xml",
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + document_style("authenticate", strUserName="&e;").encode()[38:],
        f'<!DOCTYPE x [<!ENTITY l0 "ha">{LAUGHS}]><x>&l9;</x>'.encode(),
        b"\n" * 5000 + f'<!DOCTYPE x [<!ENTITY l0 "ha">{LAUGHS}]><x>&l9;</x>'.encode(),
        '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE x [<!ENTITY e "b">]><x>&e;</x>'.encode("utf-16"),
        document_style("authenticate", strUserName="x").replace("http://developer", "http://elsewhere").encode(),
        document_style("authenticate").replace("</soap:Body>", f"{DEEP}</soap:Body>").encode(),
        f'<soap:Envelope xmlns:soap="{soap.ENVELOPE}"><soap:Body/></soap:Envelope>'.encode(),
        b'<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope"><soap:Body><a/></soap:Body></soap:Envelope>',
        document_style("getLastError", ticket="x").replace(">x<", "><b>x</b><").encode(),
        document_style("getLastError", ticket="x").replace("<ticket>x</ticket>", DEEP).encode(),
        document_style("getLastError", ticket="x").replace("</getLastError>", f"{'<a/>' * 500_000}</getLastError>").encode(),
        document_style("getLastError", ticket="x").replace("<ticket>", "<ticket" + ' a="' * 50_000).encode(),
        document_style("getLastError", ticket="x").replace("<ticket>", "<ticket" + "<" * 200_000).encode(),
        document_style("getLastError", ticket="x").replace("<ticket>", "<![CDATA[" * 50_000 + "<ticket>").encode(),
        document_style("getLastError", ticket="x").replace("<ticket>", "<ticket>" + "<![CDATA[]]>" * 50_000).encode(),
        document_style("getLastError", ticket="x").replace("utf-8", "UTF-7").encode(),
    ],
)  # fmt: skip
def test_what_is_no_call_is_refused_in_words_and_leaves_nothing(
    client: TestClient, sqlite_store: Store, body: bytes
) -> None:
    before = counts(sqlite_store)
    refused = client.post(SOAP_PATH, content=body, headers=HEADERS)
    assert (refused.status_code, b"soap:Client" in refused.content) == (400, True)
    assert "root:" not in refused.text
    assert counts(sqlite_store) == before


def counts(store: Store) -> dict[str, int]:
    with store.read() as database:
        return {
            name: len(database.execute(table.select()).all())
            for name, table in schema().tables.items()
            if "desktop" in name
        }


def test_another_kind_of_body_is_refused(client: TestClient) -> None:
    refused = client.post(SOAP_PATH, content=b"{}", headers={"Content-Type": "application/json"})
    assert (refused.status_code, "sends text/xml" in refused.text) == (415, True)


def test_fifty_megabytes_are_refused_without_reading_them_to_the_end(client: TestClient) -> None:
    for length in ("50000000", "9" * 5000):
        declared = {**HEADERS, "Content-Length": length}
        assert client.post(SOAP_PATH, content=b"<x/>", headers=declared).status_code == 413
    taken = []

    async def call(app: Starlette) -> int:
        async def receive() -> dict[str, object]:
            taken.append(1)
            return {"type": "http.request", "body": b"x" * 1_000_000, "more_body": True}

        status = []

        async def send(message: dict[str, object]) -> None:
            status.append(message.get("status"))

        scope = {
            "type": "http", "method": "POST", "path": SOAP_PATH, "query_string": b"", "http_version": "1.1",
            "headers": [(b"content-type", b"text/xml")],
        }  # fmt: skip
        await app(scope, receive, send)  # type: ignore[arg-type]
        return int(str(status[0]))

    assert asyncio.run(call(client.app)) == 413  # type: ignore[arg-type]
    assert len(taken) == MOST_BODY_BYTES // 1_000_000 + 1


def test_an_answer_of_twenty_megabytes_is_taken(sqlite_store: Store, client: TestClient) -> None:
    queue, file = Queue(sqlite_store, FILE_ID), SmallFile()
    queue.ask("lists", [("classes", {})])
    ticket = result(client, document_style("authenticate", strUserName=USER, strPassword=PASSWORD))[0]
    asked = {"ticket": ticket, "strHCPResponse": greeting(), "strCompanyFileName": PATH, "qbXMLCountry": "US"}
    (request,) = result(client, document_style("sendRequestXML", **asked))
    large = file.process(request).replace("></ClassQueryRs>", f">{'<Ret>a class</Ret>' * 1_200_000}</ClassQueryRs>")
    body = document_style("receiveResponseXML", ticket=ticket, response=large)
    assert 20_000_000 < len(body) < MOST_BODY_BYTES
    assert result(client, body) == ["100"]
    assert [len(kept) > 20_000_000 for of in queue.arrived() for *_, kept in queue.answers(of)] == [True]


@pytest.mark.parametrize("control", ["&#x1F;", "&#31;", "&#0;", "&#xB;", "\x1f", "\x00"])
def test_characters_that_xml_forbids_spoil_the_answer_and_not_the_call(control: str) -> None:
    body = document_style("receiveResponseXML", ticket="T", response="<Ret>CONTROL</Ret>").replace("CONTROL", control)
    called = soap.called(body.encode())
    assert called.text("ticket") == "T"
    with pytest.raises(RequestRejected, match="no XML"):
        web_connector.soap.parse_untrusted(called.text("response").encode())


def test_a_processing_instruction_and_an_answer_in_cdata_spoil_no_call() -> None:
    answered = "<Ret>1</Ret>" * 20_000
    body = document_style("receiveResponseXML", ticket="T", response="X").replace(">X<", f"><![CDATA[{answered}]]><")
    assert soap.called(body.replace("<ticket>", "<?a b?><ticket>").encode()).text("response") == answered


def test_carriage_returns_and_cdata_arrive_as_they_were() -> None:
    body = document_style("receiveResponseXML", ticket="T", response="X").replace(
        ">X<", "><![CDATA[<a>&amp;</a>]]>&#xD;\n<"
    )
    assert soap.called(body.encode()).text("response") == "<a>&amp;</a>\r\n"


def test_our_words_never_spoil_an_envelope() -> None:
    shown = soap.answered("getLastError", "a < b & \x0b\ud800 c")
    assert etree.fromstring(shown)[0][0][0].text == "a < b & ?? c"
    assert b"<string></string><string>nvu</string>" in soap.answered("authenticate", ("", "nvu", "", ""))


def test_a_database_that_is_away_is_a_fault_that_ends_the_session(
    client: TestClient, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sqlite3

    def away(*args: object, **kwargs: object) -> object:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(sqlite_store.engine, "connect", away)
    refused = client.post(SOAP_PATH, content=document_style("getLastError", ticket="x"), headers=HEADERS)
    assert (refused.status_code, "soap:Server" in refused.text, "could not be used" in refused.text) == (
        500,
        True,
        True,
    )


def test_the_support_page_shows_a_company_to_its_own_login_alone(client: TestClient, sqlite_store: Store) -> None:
    queue = Queue(sqlite_store, FILE_ID)
    queue.ask("lists", [("classes", {}), ("vendors", {})])
    ticket = result(client, document_style("authenticate", strUserName=USER, strPassword=PASSWORD))[0]
    wrong = greeting(file_id="00000000-0000-0000-0000-000000000000").replace(">Small<", ">&lt;script&gt;<")
    assert result(client, document_style("sendRequestXML", ticket=ticket, strHCPResponse=wrong)) == [""]
    result(client, document_style("closeConnection", ticket=ticket))
    early = client.get(SUPPORT_PATH, headers={"Authorization": basic(USER, PASSWORD)}).text
    assert (early.count("(&lt;script&gt;)"), early.count("<script")) == (2, 0), "as the last error, and in its session"
    everybody = client.get(SUPPORT_PATH)
    assert (everybody.status_code, "Last sessions" in everybody.text) == (200, False)
    assert client.get(f"{SUPPORT_PATH}?login").status_code == 401
    assert support._login(basic("a\0b", "x")) is None, "Postgres takes no such text"
    for bad in ("Basic !", "Basic " + base64.b64encode(b"\xff:").decode(), basic(USER, "wrong")):
        assert client.get(f"{SUPPORT_PATH}?login", headers={"Authorization": bad}).status_code == 401
    shown = client.get(SUPPORT_PATH, headers={"Authorization": basic(USER, PASSWORD)})
    assert shown.status_code == 200
    for words in (
        "2 questions wait",
        "is not the one this connection is for",
        "failed",
        "This machine was last seen 20",
    ):
        assert words in shown.text
    assert "<script>" not in shown.text
    assert shown.headers["cache-control"] == "no-store"


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def test_a_large_call_is_not_kept_in_memory_many_times() -> None:
    """An envelope, its text and its document: no more copies than that."""
    body = document_style("receiveResponseXML", response=answer("X", "1", "<Ret>abc</Ret>" * 300_000)).encode()
    gc.collect()
    tracemalloc.start()
    soap.called(body)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * len(body)
