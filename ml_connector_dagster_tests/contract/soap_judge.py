"""Judges SOAP answers of our endpoint by a real SOAP client on Intuit's WSDL, and by what the Web Connector is strict about.

The WSDL does not have the methods of interactive mode; their answers are held against the form alone.
"""

from functools import cache
from pathlib import Path
from typing import Any

from lxml import etree

from ml_connector_dagster_tests.contract.specs import absent, specs_folder

INTUIT = "http://developer.intuit.com/"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
PORT = f"{{{INTUIT}}}QBWebConnectorSvcSoap"
FAULT_STATUSES = {400, 413, 415, 500}


class Answered:
    """An answer as zeep's binding takes it from a transport."""

    encoding = "utf-8"

    def __init__(self, status: int, kind: str, body: bytes) -> None:
        self.status_code = status
        self.headers = {"Content-Type": kind}
        self.content = body


@cache
def wsdl() -> Path:
    """Answer the WSDL; the calling test is skipped, loudly, where it is absent."""
    folder = specs_folder("quickbooks_desktop")
    file = folder / "QBWebConnectorSvc.wsdl" if folder else None
    if file is None or not file.exists():
        absent(
            "Intuit's Web Connector WSDL is not at hand: set ML_CONNECTOR_SPECS to the folder that holds "
            "quickbooks_desktop/."
        )
        raise AssertionError
    return file


@cache
def _client() -> Any:
    import zeep

    return zeep.Client(str(wsdl()))


def judge_soap(method: str, status: int, kind: str, body: bytes) -> list[str]:
    """Answer what is wrong with an answer to a call of a method."""
    return [*_by_form(method, status, kind, body), *_by_client(method, status, kind, body)]


def _by_client(method: str, status: int, kind: str, body: bytes) -> list[str]:
    """Let zeep read it, strictly: every element has its place in the WSDL's schema."""
    import zeep.exceptions

    binding = _client().wsdl.bindings[PORT]
    if method not in binding.all():
        return []
    try:
        binding.process_reply(_client(), binding.get(method), Answered(status, kind, body))
    except zeep.exceptions.Fault:
        return []
    except (zeep.exceptions.Error, etree.LxmlError, ValueError) as wrong:
        return [f"zeep: {type(wrong).__name__}: {wrong}"]
    return []


def _by_form(method: str, status: int, kind: str, body: bytes) -> list[str]:
    """What the Web Connector is strict about, and zeep is not."""
    wrong = [] if kind.partition(";")[0].strip().lower() == "text/xml" else [f"form: the media type is {kind}"]
    try:
        root = etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))
    except etree.XMLSyntaxError as broken:
        return [*wrong, f"form: no XML: {broken}"]
    if root.find(f"{{{SOAP}}}Body/{{{SOAP}}}Fault") is not None:
        return wrong + ([] if status in FAULT_STATUSES else [f"form: a fault with status {status}"])
    if status != 200:
        wrong.append(f"form: status {status} without a fault")
    result = root.find(f"{{{SOAP}}}Body/{{{INTUIT}}}{method}Response/{{{INTUIT}}}{method}Result")
    if result is None:
        return [*wrong, f"form: no {method}Result in Intuit's namespace"]
    return [*wrong, *_wrong_result(method, result)]


def _wrong_result(method: str, result: etree._Element) -> list[str]:
    if method == "authenticate":
        tags = [child.tag for child in result]
        four = [f"{{{INTUIT}}}string"] * 4
        return (
            [] if tags == four else [f"form: authenticate answers {len(tags)} elements {set(tags)}, not four strings"]
        )
    if len(result):
        return [f"form: {method} answers elements, not a text"]
    text = result.text or ""
    if method == "receiveResponseXML" and not (text.lstrip("-").isdigit() and -(2**31) <= int(text) <= 100):
        return [f"form: receiveResponseXML answers {text!r}"]
    if method == "getLastError" and not 0 < len(text) <= 255:
        return [f"form: getLastError answers {len(text)} characters, not 1 to 255"]
    return []
