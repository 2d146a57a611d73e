"""What the Web Connector itself asks QuickBooks: host, company and preferences first, and the FileID when it is new."""

import re
from dataclasses import dataclass

from lxml import etree

from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.machine import Opened
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.qwc import Application, ApplicationRefused

FILE_ID = "FileID"
_OPENED = '<?xml version="1.0" ?><?qbxml version="13.0"?><QBXML><QBXMLMsgsRq onError="continueOnError">'
_CLOSED = "</QBXMLMsgsRq></QBXML>"
_NUMBERED_VERSION = re.compile(r"([0-9]+)\.([0-9]+)")


@dataclass(frozen=True)
class FirstAnswer:
    """The HCP document with what the Web Connector reads from it for the parameters of sendRequestXML."""

    text: str
    country: str
    major: int
    minor: int


def host_company_preferences(owner_id: str) -> str:
    """Answer the message whose answer goes out as strHCPResponse with the session's first sendRequestXML."""
    inside = (
        '<HostQueryRq requestID="0" />'
        f'<CompanyQueryRq requestID="1"><OwnerID>{owner_id}</OwnerID></CompanyQueryRq>'
        '<PreferencesQueryRq requestID="2" />'
    )
    return _message(inside)


def read_first_answer(text: str) -> FirstAnswer:
    """Answer what the document says; ValueError where it is none."""
    root = _root(text)
    versions = [
        (int(found[1]), int(found[2]))
        for entry in root.iter("SupportedQBXMLVersion")
        if (found := _NUMBERED_VERSION.fullmatch((entry.text or "").strip()))
    ]
    if not versions:
        raise ValueError("The answer to HostQuery names no version of qbXML.")
    major, minor = max(versions)
    return FirstAnswer(text, root.findtext(".//HostRet/Country") or "US", major, minor)


def register_file_id(opened: Opened, application: Application) -> None:
    """Stamp the application's FileID into the company file; ApplicationRefused where another one is there already."""
    asked = f'<CompanyQueryRq requestID="0"><OwnerID>{application.owner_id}</OwnerID></CompanyQueryRq>'
    found = _file_id(_root(opened.process(_message(asked))))
    if found and found.lower() != application.file_id.lower():
        raise ApplicationRefused(
            "QBWC1026", f"There was some problem adding fileID: the company file bears FileID {found} already."
        )
    if not found:
        opened.stamp(application.owner_id, application.file_id)


def _file_id(root: etree._Element) -> str:
    for entry in root.iter("DataExtRet"):
        if entry.findtext("DataExtName") == FILE_ID:
            return (entry.findtext("DataExtValue") or "").strip()
    return ""


def _message(inside: str) -> str:
    return f"{_OPENED}{inside}{_CLOSED}"


def _root(text: str) -> etree._Element:
    try:
        return etree.fromstring(text.encode(), etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))
    except etree.XMLSyntaxError as wrong:
        raise ValueError(f"QuickBooks answered no XML: {wrong}") from wrong
