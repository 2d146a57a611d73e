"""SOAP 1.1 as .NET's proxy classes write and read it, with each of the three styles a .qwc file may name.

What .NET is strict about on reading: elements live in http://developer.intuit.com/ (else they are not seen), a string
holds no elements, the wrapper bears the method's name, an answer is text/xml, there is no DTD.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from lxml import etree

from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.qwc import Style

INTUIT = "http://developer.intuit.com/"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_XSD = "http://www.w3.org/2001/XMLSchema"
_ENCODING = "http://schemas.xmlsoap.org/soap/encoding/"
_DECLARATION = '<?xml version="1.0" encoding="utf-8"?>'
ARGUMENTS: Mapping[str, tuple[str, ...]] = {
    "serverVersion": (),
    "clientVersion": ("strVersion",),
    "authenticate": ("strUserName", "strPassword"),
    "sendRequestXML": (
        "ticket",
        "strHCPResponse",
        "strCompanyFileName",
        "qbXMLCountry",
        "qbXMLMajorVers",
        "qbXMLMinorVers",
    ),
    "receiveResponseXML": ("ticket", "response", "hresult", "message"),
    "connectionError": ("ticket", "hresult", "message"),
    "getLastError": ("ticket",),
    "closeConnection": ("ticket",),
    "getInteractiveURL": ("wcTicket", "sessionID"),
    "interactiveRejected": ("wcTicket", "reason"),
    "interactiveDone": ("wcTicket",),
}
"""Methods with the names of their parameters: names count, and so does their order."""
_WITH_A_FAULT = {400, 500}
"""Statuses with which .NET still reads the envelope."""
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


class SoapFault(Exception):  # noqa: N818 - said as it happens
    """The service answered with a fault; code is what stands after the colon of faultcode."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class AnswerUnreadable(Exception):  # noqa: N818 - said as it happens
    """.NET cannot make sense of the answer; the text is near to what its log shows."""


@dataclass(frozen=True)
class HttpAnswer:
    """What came back over HTTP; the media type is lower case and without parameters."""

    status: int
    media_type: str
    body: bytes


def headers(method: str) -> dict[str, str]:
    """Answer the headers of .NET's proxy for a call, but for Host and Content-Length."""
    return {
        "User-Agent": "Mozilla/4.0 (compatible; MSIE 6.0; MS Web Services Client Protocol 4.0.30319.42000)",
        "Content-Type": "text/xml; charset=utf-8",
        "SOAPAction": f'"{INTUIT}{method}"',
        "Expect": "100-continue",
    }


def written(method: str, values: Mapping[str, str | int], style: Style) -> bytes:
    """Answer the body of a call; values are keyed by parameter, an empty one is sent as an empty element."""
    named = {name: values[name] for name in ARGUMENTS[method]}
    text = _rpc(method, named) if style == "RPC" else _document(method, named)
    return (_DECLARATION + text).encode()


def _document(method: str, values: Mapping[str, str | int]) -> str:
    inside = "".join(_element(name, "", value) for name, value in values.items())
    call = f'<{method} xmlns="{INTUIT}">{inside}</{method}>' if inside else f'<{method} xmlns="{INTUIT}" />'
    opened = f'<soap:Envelope xmlns:soap="{SOAP}" xmlns:xsi="{_XSI}" xmlns:xsd="{_XSD}">'
    return f"{opened}<soap:Body>{call}</soap:Body></soap:Envelope>"


def _rpc(method: str, values: Mapping[str, str | int]) -> str:
    inside = "".join(
        _element(name, f' xsi:type="xsd:{"int" if isinstance(value, int) else "string"}"', value)
        for name, value in values.items()
    )
    tag = f'q1:{method} xmlns:q1="{INTUIT}"'
    call = f"<{tag}>{inside}</q1:{method}>" if inside else f"<{tag} />"
    opened = (
        f'<soap:Envelope xmlns:soap="{SOAP}" xmlns:soapenc="{_ENCODING}" xmlns:tns="{INTUIT}" '
        f'xmlns:types="{INTUIT}encodedTypes" xmlns:xsi="{_XSI}" xmlns:xsd="{_XSD}">'
    )
    return f'{opened}<soap:Body soap:encodingStyle="{_ENCODING}">{call}</soap:Body></soap:Envelope>'


def _element(name: str, attributes: str, value: str | int) -> str:
    text = _escaped(str(value))
    return f"<{name}{attributes}>{text}</{name}>" if text else f"<{name}{attributes} />"


def _escaped(text: str) -> str:
    """Escape as XmlTextWriter: a control character, which XML 1.0 has no place for, leaves as a reference to it."""
    plain = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _ILLEGAL.sub(lambda found: f"&#x{ord(found[0]):X};", plain)


def strings(method: str, answer: HttpAnswer, style: Style) -> list[str]:
    """Answer authenticate's array; strings outside Intuit's namespace are not seen, as .NET does not see them."""
    result = _result(method, answer, style)
    if result is None:
        raise AnswerUnreadable("Object reference not set to an instance of an object.")
    return [_text(entry) for entry in result if _is(entry, "string", style)]


def string(method: str, answer: HttpAnswer, style: Style) -> str:
    """Answer a string result; an absent one is null for .NET, which the Web Connector takes as empty."""
    result = _result(method, answer, style)
    return "" if result is None else _text(result)


def number(method: str, answer: HttpAnswer, style: Style) -> int:
    """Answer receiveResponseXML's result; an absent one is 0 for .NET."""
    result = _result(method, answer, style)
    text = "0" if result is None else _text(result).strip()
    if not re.fullmatch(r"[+-]?[0-9]{1,10}", text):
        raise AnswerUnreadable("Input string was not in a correct format.")
    return int(text)


def _result(method: str, answer: HttpAnswer, style: Style) -> etree._Element | None:
    body = _body(answer)
    call = next((child for child in body if isinstance(child.tag, str)), None)
    if call is None or not _is(call, f"{method}Response", "Document"):
        raise AnswerUnreadable(f"Index was outside the bounds of the array: no {method}Response in the answer.")
    return next((child for child in call if _is(child, f"{method}Result", style)), None)


def _body(answer: HttpAnswer) -> etree._Element:
    if answer.status >= 300 and answer.status not in _WITH_A_FAULT:
        raise AnswerUnreadable(f"The request failed with HTTP status {answer.status}.")
    if answer.media_type != "text/xml":
        raise AnswerUnreadable(f"Client found response content type of '{answer.media_type}', but expected 'text/xml'.")
    root = _parsed(answer.body)
    body = root.find(f"{{{SOAP}}}Body")
    if root.tag != f"{{{SOAP}}}Envelope" or body is None:
        raise AnswerUnreadable("Possible SOAP version mismatch: no SOAP 1.1 envelope.")
    fault = body.find(f"{{{SOAP}}}Fault")
    if fault is not None:
        code = (fault.findtext("faultcode") or "").rpartition(":")[2]
        raise SoapFault(code, fault.findtext("faultstring") or "")
    if answer.status in _WITH_A_FAULT:
        raise AnswerUnreadable(f"The request failed with HTTP status {answer.status}.")
    return body


def _parsed(body: bytes) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as wrong:
        raise AnswerUnreadable(f"There is an error in XML document ({wrong}).") from wrong
    if root.getroottree().docinfo.internalDTD is not None:
        raise AnswerUnreadable("For security reasons DTD is prohibited in this XML document.")
    return root


def _is(element: etree._Element, name: str, style: Style) -> bool:
    """Whether it is the element meant; RPC's children bear no namespace, and a wrapped answer to RPC is let pass."""
    return element.tag == f"{{{INTUIT}}}{name}" or (style == "RPC" and element.tag == name)


def _text(element: etree._Element) -> str:
    if any(isinstance(child.tag, str) for child in element):
        raise AnswerUnreadable(
            "Unexpected node type Element. ReadElementString method can only be called on elements with simple content."
        )
    return (element.text or "") + "".join(child.tail or "" for child in element)
