"""What the first call of a session tells: which company file is open, under which QuickBooks. Pure.

The Web Connector sends Host, Company and Preferences answers with it. The FileID that it stamped into the file when our .qwc
was added is the proof that this is the right file; the path alone proves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ml_connector_dagster.errors import ConnectorError
from ml_connector_dagster.sources.quickbooks_desktop.qbxml import as_document, parse_untrusted

if TYPE_CHECKING:
    from lxml.etree import _Element

OWNER_ID = "{a3d5f0c2-4b7e-4c19-8e6d-52f9b1c7d084}"
"""Our application's GUID, one for ever: with another, QuickBooks would ask every customer for permission again."""
OLDEST_QBXML = (13, 0)


@dataclass(frozen=True, slots=True)
class Greeting:
    """The first call, judged."""

    document: bytes
    """The three answers, as they are kept; empty where they could not be read."""
    versions: dict[str, str]
    """quickbooks, qbxml (the newest it speaks), country."""
    refusal: str
    """Why the session ends here, in words; empty where it goes on."""


def judged(told: str, company_id: str, country: str, version: tuple[int, int]) -> Greeting:
    """Answer what the first call told.

    Args:
        told: strHCPResponse.
        company_id: The FileID that must be found, lower case, without braces.
        country: As the call says it.
        version: qbXML version of the call, where the host's own list is missing.
    """
    if not told.strip():
        return Greeting(
            b"", {}, "QuickBooks did not say which company file is open. Open the company file and run again."
        )
    try:
        document = as_document(told)
        root = parse_untrusted(document)
    except ConnectorError as error:
        return Greeting(b"", {}, f"What QuickBooks says of the company file cannot be read ({error.happened}).")
    newest = max(_versions(root), default=version)
    versions = {
        "quickbooks": (root.findtext(".//HostRet/ProductName") or "").strip(),
        "qbxml": f"{newest[0]}.{newest[1]}",
        "country": country,
    }
    return Greeting(document, versions, _wrong_file(root, company_id) or _too_old(newest))


def _versions(root: _Element) -> Iterator[tuple[int, int]]:
    """Yield the qbXML versions the host speaks; entries of other countries (``CA2.0``) are not ours."""
    for element in root.iterfind(".//HostRet/SupportedQBXMLVersion"):
        found = re.fullmatch(r"(\d{1,3})\.(\d{1,3})", (element.text or "").strip())
        if found:
            yield int(found[1]), int(found[2])


def _wrong_file(root: _Element, company_id: str) -> str:
    stamped = {
        (extra.findtext("DataExtValue") or "").strip().strip("{}").lower()
        for extra in root.iterfind(".//CompanyRet/DataExtRet")
        if (extra.findtext("DataExtName") or "").strip() == "FileID" and _is_ours(extra)
    }
    if company_id in stamped:
        return ""
    name = (root.findtext(".//CompanyRet/CompanyName") or "").strip() or "without a name"
    return (
        f"The open company file ({name[:60]}) is not the one this connection is for; nothing was read or posted."
        " Open the right file, or add the .qwc file of this connection to it."
    )


def _is_ours(extra: _Element) -> bool:
    return (extra.findtext("OwnerID") or "").strip().strip("{}").lower() == OWNER_ID.strip("{}")


def _too_old(newest: tuple[int, int]) -> str:
    if newest >= OLDEST_QBXML:
        return ""
    return (
        f"This QuickBooks speaks qbXML {newest[0]}.{newest[1]} at most; 13.0 is needed (QuickBooks 2014 or later)."
        " Nothing was read or posted. Update QuickBooks."
    )
