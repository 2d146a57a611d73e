"""Envelopes as .NET writes them, byte for byte, and what it can read."""

import pytest
from lxml import etree

from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.envelope import (
    AnswerUnreadable,
    HttpAnswer,
    headers,
    number,
    string,
    strings,
    written,
)
from ml_connector_dagster_tests.sandbox.quickbooks_desktop.web_connector.service import Office, envelope

LOGIN = {"strUserName": "acme", "strPassword": "a<b&c>"}


def test_a_document_call_is_shaped_as_dotnet_shapes_it():
    assert written("authenticate", LOGIN, "Document") == (
        b'<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"'
        b' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema">'
        b'<soap:Body><authenticate xmlns="http://developer.intuit.com/"><strUserName>acme</strUserName>'
        b"<strPassword>a&lt;b&amp;c&gt;</strPassword></authenticate></soap:Body></soap:Envelope>"
    )


def test_empty_strings_are_empty_elements_and_a_call_without_parameters_is_one_element():
    received = {"ticket": "t", "response": "<x/>", "hresult": "", "message": ""}
    assert b"<ticket>t</ticket><response>&lt;x/&gt;</response><hresult /><message />" in written(
        "receiveResponseXML", received, "Document"
    )
    assert b'<soap:Body><serverVersion xmlns="http://developer.intuit.com/" /></soap:Body>' in written(
        "serverVersion", {}, "DocWrapped"
    )


def test_an_rpc_call_has_an_encoding_style_a_prefix_and_typed_children_without_namespace():
    sent = written(
        "sendRequestXML",
        {
            "ticket": "t",
            "strHCPResponse": "",
            "strCompanyFileName": "C:\\B.QBW",
            "qbXMLCountry": "US",
            "qbXMLMajorVers": 16,
            "qbXMLMinorVers": 0,
        },
        "RPC",
    )
    body = etree.fromstring(sent)[0]
    assert body.get("{http://schemas.xmlsoap.org/soap/envelope/}encodingStyle") is not None
    assert (
        b'<q1:sendRequestXML xmlns:q1="http://developer.intuit.com/"><ticket xsi:type="xsd:string">t</ticket>' in sent
    )
    assert b'<strHCPResponse xsi:type="xsd:string" />' in sent
    assert b'<qbXMLMajorVers xsi:type="xsd:int">16</qbXMLMajorVers>' in sent
    assert b'<q1:serverVersion xmlns:q1="http://developer.intuit.com/" />' in written("serverVersion", {}, "RPC")


def test_a_control_character_leaves_as_the_illegal_reference_that_dotnet_writes():
    assert b"<ticket>a&#x1F;b\n\xc3\xa9</ticket>" in written("getLastError", {"ticket": "a\x1fb\né"}, "Document")


def test_the_action_is_quoted_and_the_body_is_announced_before_it_is_sent():
    sent = headers("authenticate")
    assert sent["SOAPAction"] == '"http://developer.intuit.com/authenticate"'
    assert (sent["Content-Type"], sent["Expect"]) == ("text/xml; charset=utf-8", "100-continue")
    assert "MS Web Services Client Protocol" in sent["User-Agent"]


def test_an_rpc_session_runs_whether_the_service_answers_with_a_namespace_or_without():
    office = Office()
    assert office.cycle(Style="RPC").result == "Update completed"
    plain = envelope("authenticate", ["t", ""]).body.replace(b' xmlns="http://developer.intuit.com/"', b"")
    plain = plain.replace(b"<authenticateResponse>", b'<q:authenticateResponse xmlns:q="http://developer.intuit.com/">')
    plain = plain.replace(b"</authenticateResponse>", b"</q:authenticateResponse>")
    assert strings("authenticate", HttpAnswer(200, "text/xml", plain), "RPC") == ["t", ""]


def body(text, media_type="text/xml", status=200):
    return HttpAnswer(status, media_type, text.encode())


WRAPPED = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
    '<{0}Response xmlns="http://developer.intuit.com/">{1}</{0}Response></s:Body></s:Envelope>'
)


def test_text_may_be_cdata_or_absent_and_comments_in_it_do_not_count():
    cdata = WRAPPED.format("sendRequestXML", "<sendRequestXMLResult>a<!-- c --><![CDATA[<b/>]]></sendRequestXMLResult>")
    assert string("sendRequestXML", body(cdata), "Document") == "a<b/>"
    assert string("sendRequestXML", body(WRAPPED.format("sendRequestXML", "")), "Document") == ""
    assert number("receiveResponseXML", body(WRAPPED.format("receiveResponseXML", "")), "Document") == 0


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (body(WRAPPED.format("x", ""), media_type="application/soap+xml"), "content type"),
        (body("<!DOCTYPE a [<!ENTITY b 'c'>]>" + WRAPPED.format("x", "")), "DTD"),
        (body("<Envelope/>"), "SOAP version"),
        (body(WRAPPED.format("x", ""), status=403), "status 403"),
        (body(WRAPPED.format("x", ""), status=500), "status 500"),
        (
            body(WRAPPED.format("sendRequestXML", "<sendRequestXMLResult><QBXML/></sendRequestXMLResult>")),
            "simple content",
        ),
    ],
)
def test_what_dotnet_cannot_read_is_said_as_it_says_it(answer, said):
    with pytest.raises(AnswerUnreadable, match=said):
        string("sendRequestXML", answer, "Document")


@pytest.mark.parametrize("text", ["", "half", "50.0", "99999999999"])
def test_a_percentage_is_a_whole_number(text):
    with pytest.raises(AnswerUnreadable, match="correct format"):
        number("receiveResponseXML", envelope("receiveResponseXML", text), "Document")


def test_an_authenticate_without_an_array_is_a_null_reference():
    with pytest.raises(AnswerUnreadable, match="Object reference"):
        strings("authenticate", body(WRAPPED.format("authenticate", "")), "Document")
