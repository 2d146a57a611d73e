"""A message of qbXML, taken apart: one set of requests with its attributes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from lxml import etree

from ml_connector_dagster.sandbox.quickbooks_desktop.com_error import ProcessorError
from ml_connector_dagster.sandbox.quickbooks_desktop.refusals import PARSE_ERROR
from ml_connector_dagster.sandbox.quickbooks_desktop.request_shape import faults

_VERSION = re.compile(r'<\?qbxml\s+version\s*=\s*"(\d+)\.(\d+)"\s*\?>')
_SET_ATTRIBUTES = {"onError", "newMessageSetID", "oldMessageSetID", "responseData"}
_TOLD = "QuickBooks found an error when parsing the provided XML text stream."


@dataclass(frozen=True)
class MessageSet:
    """One QBXMLMsgsRq. checksum is of its requests alone, whatever the ids say."""

    requests: Sequence[etree._Element]
    stops_on_error: bool
    new_id: str
    old_id: str
    with_bodies: bool
    checksum: str


def parse_message(qbxml: str, newest: str) -> MessageSet:
    """Take a message apart.

    Raises:
        ProcessorError: 0x80040400. It is no XML, no qbXML of a version up to newest, or of another shape; as with the
            real one, the text does not say where. rollbackOnError is in the schema, and refused all the same.
    """
    version = _VERSION.search(qbxml)
    if version is None or (int(version[1]), int(version[2])) > _number(newest):
        raise _unparsable("the qbXML version is missing or not supported")
    root = _tree(qbxml)
    sets = [child for child in root if child.tag == "QBXMLMsgsRq"]
    if root.tag != "QBXML" or len(sets) != 1 or len(root) != 1:
        raise _unparsable("there must be one QBXMLMsgsRq")
    found = sets[0]
    if not set(found.attrib) <= _SET_ATTRIBUTES or found.get("onError") not in {"stopOnError", "continueOnError"}:
        raise _unparsable("the attributes of QBXMLMsgsRq")
    requests = [child for child in found if isinstance(child.tag, str)]
    wrong = [fault for request in requests for fault in faults(request)]
    if wrong:
        raise _unparsable(wrong[0])
    return MessageSet(
        requests,
        found.get("onError") == "stopOnError",
        found.get("newMessageSetID", ""),
        found.get("oldMessageSetID", ""),
        found.get("responseData", "includeAll") != "includeNone",
        sha256(b"".join(etree.tostring(request, method="c14n", with_tail=False) for request in requests)).hexdigest(),
    )


def text(element: etree._Element, path: str) -> str:
    """The text at a path; empty where there is none."""
    return (element.findtext(path) or "").strip()


def texts(element: etree._Element, path: str) -> list[str]:
    """The texts at a path."""
    return [(found.text or "").strip() for found in element.findall(path)]


def flag(element: etree._Element, name: str) -> bool:
    """A boolean element; false where it is missing."""
    return text(element, name) in {"true", "1"}


def _tree(qbxml: str) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    try:
        root = etree.fromstring(qbxml.encode(), parser)
    except etree.XMLSyntaxError as wrong:
        raise _unparsable(str(wrong)) from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise _unparsable("a document type")
    return root


def _number(version: str) -> tuple[int, int]:
    major, _, minor = version.partition(".")
    return int(major), int(minor or 0)


def _unparsable(why: str) -> ProcessorError:
    error = ProcessorError(PARSE_ERROR, _TOLD)
    error.add_note(why)  # for whoever reads the sandbox's log; the caller is never told
    return error
