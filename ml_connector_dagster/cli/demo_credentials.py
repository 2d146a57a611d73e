"""What a person does once for the demo companies: credentials entered, consents given, in the sandbox."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.request import HTTPRedirectHandler, Request, build_opener, urlopen

from ml_connector_dagster.connections.addresses import ANAPLAN
from ml_connector_dagster.connections.consent import Consents
from ml_connector_dagster.connections.entering import enter
from ml_connector_dagster.connections.opening import Connector
from ml_connector_dagster.connections.preparing import prepare
from ml_connector_dagster.errors import RequestRejected
from ml_connector_dagster.sources.contract.later import Invitation

REDIRECT_URI = "http://localhost:8701/connect/callback"
"""Registered for the sandbox's apps, where their vendor takes a loopback address; nothing listens there in a demo."""


def enter_credentials(connector: Connector) -> None:
    """Do what a person does once with init, credential set and connect: keys, database, credentials, consents."""
    prepare(connector.environment)
    logins = _logins(connector.environment.sandbox_url)
    for credential, vendor in sorted(_credentials(connector)):
        enter(connector, credential, vendor, "basic" if vendor == ANAPLAN else "oauth", logins[vendor]["login"])
        if vendor != ANAPLAN:
            _consent(Consents(connector), credential, logins[vendor]["redirect_uri"] or REDIRECT_URI)


def invite_machines(connector: Connector, public_url: str, every_seconds: float | None) -> Mapping[str, Invitation]:
    """Let the machines of companies that cannot be asked call us: what a person does once before each; by connection.

    Args:
        connector: Its home is prepared.
        public_url: Where ``ml-connector serve`` answers.
        every_seconds: How often they call; None for never by themselves.
    """
    sandbox_url = connector.environment.sandbox_url
    logins = _logins(sandbox_url)
    brought: dict[str, Invitation] = {}
    for name in connector.names():
        opened = connector.connection(name)
        chosen = opened.settings.source
        later = opened.source.later
        if later and later.invite and chosen.at == "sandbox":
            invitation = later.invite(connector.store, name, chosen.company_id, public_url)
            route = f"{sandbox_url}/_control/{chosen.system}/{logins[chosen.system]['machine']}"
            _bring(route, invitation, every_seconds)
            brought[name] = invitation
    return brought


def _bring(route: str, invitation: Invitation, every_seconds: float | None) -> None:
    body = {invitation.kind: invitation.text, "password": invitation.password, "every_seconds": every_seconds}
    request = Request(route, json.dumps(body).encode(), {"Content-Type": "application/json"})  # noqa: S310 (the sandbox)
    with urlopen(request, timeout=60):  # noqa: S310 (the sandbox, on loopback)
        pass


def _credentials(connector: Connector) -> set[tuple[str, str]]:
    """Answer every credential that the demo companies name, with its vendor; one that nobody consents to has none."""
    opened = [connector.connection(name) for name in connector.names()]
    asked = [one.settings.source for one in opened if one.source.grant and one.settings.source.at == "sandbox"]
    planned = [one.settings.anaplan for one in opened if one.settings.anaplan.at == "sandbox"]
    return {(one.credential, one.system) for one in asked} | {(one.credential, ANAPLAN) for one in planned}


def _logins(sandbox_url: str) -> Mapping[str, Mapping[str, Any]]:
    """Answer how the sandbox's persons sign in, by vendor."""
    with urlopen(f"{sandbox_url}/_control/logins", timeout=30) as answer:  # noqa: S310 (the sandbox, on loopback)
        found: Mapping[str, Mapping[str, Any]] = json.load(answer)
    return found


def _consent(consents: Consents, credential: str, redirect_uri: str) -> None:
    """Open the consent page as a browser would; the sandbox's person agrees at once and is sent to the redirect address."""
    session = secrets.token_urlsafe(32)
    began = consents.begin(credential, redirect_uri=redirect_uri, session=session)
    consents.finish(_sent_to(began.authorize_url), session=session)


def _sent_to(authorize_url: str) -> str:
    """Answer where the consent page sends the browser, without going there: what a person would paste back."""
    with build_opener(_StayHere).open(authorize_url, timeout=30) as page:
        address: str | None = page.headers["Location"]
    if address is None:
        raise RequestRejected(
            f"The consent page answered {page.status} and sent nobody on.",
            "Nobody has consented, so nothing can be read.",
            "Look at sandbox.log in the demo's home.",
        )
    return address


class _StayHere(HTTPRedirectHandler):
    def http_error_302(self, *given: Any) -> Any:
        """Hand back the redirect itself."""
        return given[1]
