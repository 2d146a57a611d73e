"""What the Web Connector itself asks QuickBooks: host, company and preferences first, and the FileID when it is new."""

import re
from dataclasses import dataclass

from lxml import etree

from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.machine import Opened
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.qwc import Application, ApplicationRefused

FILE_ID = "FileID"
_OPENED = '<?xml version="1.0" ?><?qbxml version="{version}"?><QBXML><QBXMLMsgsRq onError="{on_error}">'
_CLOSED = "</QBXMLMsgsRq></QBXML>"
_NUMBERED_VERSION = re.compile(r"([0-9]+)\.([0-9]+)")
_ALREADY_DEFINED = {"0", "3100"}


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
    return _message("continueOnError", inside)


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
    found = _file_id(_root(opened.process(_message("stopOnError", asked))))
    if found and found.lower() != application.file_id.lower():
        raise _not_added(f"the file bears FileID {found}")
    if not found:
        _add_file_id(opened, application)


def _add_file_id(opened: Opened, application: Application) -> None:
    who = f"<OwnerID>{application.owner_id}</OwnerID><DataExtName>{FILE_ID}</DataExtName>"
    defined = f"{who}<DataExtType>STR255TYPE</DataExtType><AssignToObject>Company</AssignToObject>"
    added = f"{who}<OtherDataExtType>Company</OtherDataExtType><DataExtValue>{application.file_id}</DataExtValue>"
    answer = _root(
        opened.process(
            _message(
                "continueOnError",
                f'<DataExtDefAddRq requestID="0"><DataExtDefAdd>{defined}</DataExtDefAdd></DataExtDefAddRq>'
                f'<DataExtAddRq requestID="1"><DataExtAdd>{added}</DataExtAdd></DataExtAddRq>',
            )
        )
    )
    for name, fine in (("DataExtDefAddRs", _ALREADY_DEFINED), ("DataExtAddRs", {"0"})):
        status = answer.find(f".//{name}")
        if status is None or status.get("statusCode") not in fine:
            said = "nothing" if status is None else f"{status.get('statusCode')} {status.get('statusMessage')}"
            raise _not_added(f"{name} says {said}")


def _not_added(why: str) -> ApplicationRefused:
    return ApplicationRefused("QBWC1026", f"There was some problem adding fileID: {why}.")


def _file_id(root: etree._Element) -> str:
    for entry in root.iter("DataExtRet"):
        if entry.findtext("DataExtName") == FILE_ID:
            return (entry.findtext("DataExtValue") or "").strip()
    return ""


def _message(on_error: str, inside: str, version: str = "13.0") -> str:
    return _OPENED.format(version=version, on_error=on_error) + inside + _CLOSED


def _root(text: str) -> etree._Element:
    try:
        return etree.fromstring(text.encode(), etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))
    except etree.XMLSyntaxError as wrong:
        raise ValueError(f"QuickBooks answered no XML: {wrong}") from wrong
