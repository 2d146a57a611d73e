"""Reads a .qwc file as the Web Connector does: required elements, which addresses it takes, the schedule it proposes."""

import ipaddress
import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from lxml import etree

Style = Literal["Document", "DocWrapped", "RPC"]
REQUIRED = (
    "AppName",
    "AppID",
    "AppURL",
    "AppDescription",
    "AppSupport",
    "UserName",
    "OwnerID",
    "FileID",
    "QBType",
)
MAY_BE_EMPTY = frozenset({"AppID"})
DEFAULT_EVERY_SECONDS = 3600.0
"""Without a scheduler the user presses Update; this is how often a poller that was started nevertheless asks."""
_GUID = re.compile(r"\{[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}")
_MINUTE_SECONDS = 60.0


class ApplicationRefused(Exception):  # noqa: N818 - said as it happens
    """The Web Connector does not take this application; code is one of QBWC1000 to QBWC1048."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text


@dataclass(frozen=True)
class Application:
    """One entry of the Web Connector's list: one web service, one company file, one user.

    every_seconds is only a proposal, the user may change it. auth_flags 0 means every edition of QuickBooks.
    """

    name: str
    url: str
    support: str
    certificate_url: str
    user_name: str
    owner_id: str
    file_id: str
    style: Style
    every_seconds: float
    auth_flags: int
    reads_only: bool


def read_qwc(text: str) -> Application:
    """Answer the application that the file's text describes; ApplicationRefused with the code that a user would see."""
    root = _root(text)
    found = {child.tag: (child.text or "").strip() for child in root if isinstance(child.tag, str)}
    _check_elements(found)
    name, url, support = found["AppName"], found["AppURL"], found["AppSupport"]
    _check_addresses(name, url, support)
    return Application(
        name=found.get("AppUniqueName") or name,
        url=url,
        support=support,
        certificate_url=found.get("CertURL") or url,
        user_name=found["UserName"],
        owner_id=found["OwnerID"],
        file_id=found["FileID"],
        style=_style(found.get("Style", "")),
        every_seconds=_every_seconds(root),
        auth_flags=int(found.get("AuthFlags") or "0x0", 16),
        reads_only=found.get("IsReadOnly", "").lower() == "true",
    )


def _root(text: str) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(text.lstrip("\ufeff").encode(), parser)
    except etree.XMLSyntaxError as wrong:
        raise _incomplete(f"the file is no XML ({wrong})") from wrong
    if root.tag != "QBWCXML":
        raise _incomplete(f"the root is {root.tag}, not QBWCXML")
    return root


def _incomplete(why: str) -> ApplicationRefused:
    text = "There was a problem adding the application to registry. Check QWCLog.txt for details"
    return ApplicationRefused("QBWC1039", f"{text}: {why}.")


def _check_elements(found: dict[str, str]) -> None:
    missing = [name for name in REQUIRED if name not in found or not (found[name] or name in MAY_BE_EMPTY)]
    if missing:
        raise _incomplete(f"missing {', '.join(missing)}")
    for name in ("OwnerID", "FileID"):
        if not _GUID.fullmatch(found[name]):
            raise _incomplete(f"{name} is no GUID in braces")
    if found["QBType"] != "QBFS":
        raise _incomplete(f"QBType {found['QBType']} is not for QuickBooks Financial Software")


def _check_addresses(name: str, url: str, support: str) -> None:
    """Refuse plain http but for localhost, bare IP addresses, and a support page of another domain."""
    host, support_host = _host(url), _host(support)
    if _is_address(host):
        raise ApplicationRefused(
            "QBWC1001", f"The application {name}'s service URL is an IP Address, it will not be loaded."
        )
    if _is_address(support_host):
        raise ApplicationRefused(
            "QBWC1002", f"The application {name}'s support URL is an IP Address, it will not be loaded."
        )
    if urlsplit(url).scheme != "https" and not (urlsplit(url).scheme == "http" and host == "localhost"):
        raise ApplicationRefused(
            "QBWC1010",
            f"Application {name} cannot be loaded. For security reasons only SSL (https) based applications are allowed.",
        )
    if host not in {"localhost", support_host}:
        raise ApplicationRefused("QBWC1000", f"The domain names for {name}'s service and support URLs do not match.")


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").lower()


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _style(text: str) -> Style:
    styles: tuple[Style, ...] = ("Document", "DocWrapped", "RPC")
    for style in styles:
        if text.lower() == style.lower():
            return style
    if text:
        raise _incomplete(f"Style {text} is unknown")
    return "Document"


def _every_seconds(root: etree._Element) -> float:
    """Answer the proposed interval; of RunEveryNMinutes and RunEveryNSeconds the first one wins."""
    for entry in root.findall("Scheduler/*"):
        if entry.tag in {"RunEveryNMinutes", "RunEveryNSeconds"}:
            factor = _MINUTE_SECONDS if entry.tag == "RunEveryNMinutes" else 1.0
            return float(entry.text or 0) * factor
    return DEFAULT_EVERY_SECONDS
