"""The .qwc file that introduces this connection to a Web Connector, and the password that is typed in beside it."""

from __future__ import annotations

import ipaddress
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.sources.contract.later import Invitation
from ml_connector_dagster.sources.quickbooks_desktop import passwords, rows
from ml_connector_dagster.sources.quickbooks_desktop.greeting import OWNER_ID

if TYPE_CHECKING:
    from ml_connector_dagster.store.engine import Store

SOAP_PATH = "/quickbooks_desktop/soap"
SUPPORT_PATH = "/quickbooks_desktop/support"
EVERY_MINUTES = 15
"""How often the Web Connector asks, until the person at the machine says otherwise."""
DESCRIPTION = "Reads actuals for planning and posts approved journals"


@dataclass(frozen=True, slots=True)
class Login:
    """What a person needs beside the .qwc file."""

    username: str
    password: str
    """Shown once; empty where the one issued before still counts."""
    app_name: str
    """As the first .qwc of the company file had it: QuickBooks' permission is bound to it, whatever the connection is named."""


def issue(store: Store, company_id: str, connection: str, *, rotate: bool, grace: timedelta) -> Login:
    """Answer the login of a company file's Web Connector, issuing it the first time.

    Args:
        store: Where its hash is kept.
        company_id: FileID, in any form.
        connection: The connection's name; it becomes part of user name and application name.
        rotate: Issue another password; the one before counts for the grace, so that nothing stops meanwhile.
        grace: For how long.
    """
    company_id = company_id.strip("{}").lower()
    password, now = passwords.issued(), store.now()
    new_hash = passwords.hashed(password)
    with store.begin() as database:
        company = rows.company(store, database, company_id)
        username = company["username"] or f"{connection}-{secrets.token_hex(2)}"
        name = company["app_name"] or app_name(connection)
        if company["password_hash"] and not rotate:
            return Login(username, "", name)
        previous = {"previous_hash": company["password_hash"], "previous_until": now + grace}
        names = {
            "app_name": company["app_name"] or app_name(connection),
            "connection": connection,
            "owner_id": OWNER_ID,
        }
        rows.change_company(
            database, company_id, username=username, password_hash=new_hash, **names, **(previous if rotate else {})
        )
    return Login(username, password, name)


def invitation(store: Store, connection: str, company_id: str, public_url: str) -> Invitation:
    """Answer what is carried to the Windows machine; see ``Later.invite``."""
    facts = {"connection": connection, "company_id": company_id, "public_url": public_url}
    written(**facts, username="", every_minutes=EVERY_MINUTES)  # refuses a wrong address before anything is issued
    login = issue(store, company_id, connection, rotate=False, grace=timedelta(0))
    return Invitation("qwc", written(**facts, username=login.username, every_minutes=EVERY_MINUTES), login.password)


def app_name(connection: str) -> str:
    """Answer the application's name: the permission that QuickBooks' Admin gives is bound to it for ever."""
    return f"ml-connector {connection}"


def written(
    *, connection: str, company_id: str, username: str, public_url: str, every_minutes: int, named: str = ""
) -> str:
    """Answer the text of the .qwc file.

    Args:
        connection: The connection's name.
        company_id: FileID, stamped into the company file when this is added: it tells the right file from any other.
        username: Of ``issue``.
        public_url: Base of the address where ``ml-connector serve`` is reached from the Windows machine.
        every_minutes: How often the Web Connector asks; the person at the machine may change it.
        named: The application's name of ``issue``; empty for a connection's first.

    Raises:
        SettingWrong: The Web Connector would refuse the address.
    """
    base = _base(public_url)
    elements = {
        "AppName": named or app_name(connection),
        "AppID": "",
        "AppURL": base + SOAP_PATH,
        "AppDescription": DESCRIPTION,
        "AppSupport": base + SUPPORT_PATH,
        "UserName": username,
        "OwnerID": OWNER_ID,
        "FileID": f"{{{company_id.strip('{}').lower()}}}",
        "QBType": "QBFS",
        "Style": "Document",
    }
    lines = [f"  <{name}>{escape(value)}</{name}>" for name, value in elements.items()]
    lines.append(f"  <Scheduler><RunEveryNMinutes>{every_minutes}</RunEveryNMinutes></Scheduler>")
    lines += ["  <IsReadOnly>false</IsReadOnly>", "  <UnattendedModePref>umpOptional</UnattendedModePref>"]
    lines.append("  <PersonalDataPref>pdpNotNeeded</PersonalDataPref>")
    return "\n".join(('<?xml version="1.0"?>', "<QBWCXML>", *lines, "</QBWCXML>", ""))


def _base(public_url: str) -> str:
    parts = urlsplit(public_url)
    host = parts.hostname or ""
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and host == "localhost")
    is_plain = "@" not in parts.netloc and not parts.query and not parts.fragment
    if is_safe and host and not _is_address(host) and is_plain:
        return public_url.rstrip("/")
    raise SettingWrong(
        f"The Web Connector refuses {public_url!r}: it wants https with a host's name (http to localhost alone).",
        "No .qwc file was written.",
        "Give --public-url the https address under which the Windows machine reaches ml-connector serve.",
    )


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
