"""A person's consent: begun with a bound, single-use state, finished with the code that the vendor sends back."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from sqlalchemy import delete, insert, select, update

from ml_connector_dagster.connections.addresses import anaplan_endpoints
from ml_connector_dagster.connections.clients import company_search_http, grant_client, log_out, oauth_tokens
from ml_connector_dagster.connections.credentials import CONSENT, PLACE, REDIRECT, Credential, Credentials
from ml_connector_dagster.connections.uses import CredentialUse, use_of
from ml_connector_dagster.errors import CredentialRefused, RequestRejected, SettingWrong
from ml_connector_dagster.ledger.posting import Company
from ml_connector_dagster.sources.contract.source import Source
from ml_connector_dagster.store.tables.connections import consent_state
from ml_connector_dagster.transport.grant import DeviceCode, new_verifier

if TYPE_CHECKING:
    from ml_connector_dagster.connections.opening import Connector

STATE_LIVES = timedelta(minutes=10)
VERIFIER = "verifier"


@dataclass(frozen=True, slots=True)
class Began:
    """What the person opens, and the state that must come back."""

    authorize_url: str
    state: str
    note: str
    """What the person who consents should know."""


@dataclass(frozen=True, slots=True)
class Consented:
    """What a consent brought."""

    credential: str
    companies: Sequence[Company]
    """What it reaches; empty for Anaplan."""


class Consents:
    """Begins and finishes consents for one process; the states live in the database, so any process may finish one."""

    def __init__(self, connector: Connector) -> None:
        self._connector = connector
        self._store = connector.store

    def begin(self, name: str, *, redirect_uri: str, session: str, at: str | None = None) -> Began:
        """Answer the address to open.

        Args:
            name: The credential.
            redirect_uri: Exactly as it is registered with the vendor.
            session: Secret of the browser or process that began; only the same one can finish.
            at: vendor or sandbox, for a credential that no connection names yet.

        Raises:
            SettingWrong: There is no such credential, or it has no OAuth client.
        """
        credential, use = self._found(name, at)
        client = grant_client(self._connector, credential, use.grant(self._connector.environment.sandbox_url))
        state = secrets.token_urlsafe(32)
        verifier = new_verifier() if client.policy.uses_pkce else ""
        self._remember(credential, state, session, redirect_uri, verifier)
        address = client.authorize_url(redirect_uri=redirect_uri, state=state, verifier=verifier)
        return Began(address, state, use.source.consent_note if use.source else "")

    def finish(self, answer: str, *, session: str, at: str | None = None) -> Consented:
        """Take the address that the vendor redirected to, whole or its query alone, and store the tokens.

        Raises:
            CredentialRefused: The person refused, or the vendor refuses the code.
            RequestRejected: The state is unknown, used, too old, or another browser's: nothing is exchanged.
        """
        fields = parse_qs(urlsplit(answer).query or answer.lstrip("?"))
        state = fields.get("state", [""])[0]
        name, redirect_uri, verifier = self._take(state, session)
        if "error" in fields or not fields.get("code"):
            raise _denied(name, fields.get("error", ["no code came back"])[0])
        credential, use = self._found(name, at)
        noted = _noted(use.source, {field: values[0] for field, values in fields.items()})
        endpoints = use.grant(self._connector.environment.sandbox_url, noted.get(PLACE, ""))
        client = grant_client(self._connector, credential, endpoints)

        def exchange() -> str:
            raw = client.exchange(fields["code"][0], redirect_uri=redirect_uri, verifier=verifier)
            if use.source and use.source.granted:
                use.source.granted(noted, json.loads(raw))
            return raw

        facts: dict[str, object] = {CONSENT: noted}
        if endpoints.refresh_names_redirect:
            facts[REDIRECT] = redirect_uri
        oauth_tokens(self._connector, credential, endpoints).replace_grant(exchange, **facts)
        return Consented(name, self.companies(name, at=at))

    def start_device(self, name: str, *, at: str | None = None) -> DeviceCode:
        """Answer the code that a person types on another device; Anaplan alone, and not under SSO.

        Raises:
            SettingWrong: The vendor has no such grant.
        """
        credential, use = self._found(name, at)
        endpoints = use.grant(self._connector.environment.sandbox_url)
        if not endpoints.device_url:
            raise SettingWrong(
                f"{use.vendor} has no device grant.", "Nothing was started.", f"Run ml-connector connect {name}."
            )
        return grant_client(self._connector, credential, endpoints).start_device()

    def poll_device(self, name: str, device_code: str, *, at: str | None = None) -> bool:
        """Ask once whether the person has decided; stores the tokens and answers True when they have."""
        credential, use = self._found(name, at)
        endpoints = use.grant(self._connector.environment.sandbox_url)
        raw = grant_client(self._connector, credential, endpoints).poll_device(device_code)
        if raw is None:
            return False
        oauth_tokens(self._connector, credential, endpoints).replace_grant(lambda: raw)
        return True

    def disconnect(self, name: str, *, at: str | None = None) -> bool:
        """Revoke the grant, or end the login's session, and forget its tokens; answers whether there was one."""
        credential, use = self._found(name, at)
        sandbox_url = self._connector.environment.sandbox_url
        if credential.kind != "oauth":
            return log_out(self._connector, credential, anaplan_endpoints(use.region, use.at, sandbox_url).auth)
        return oauth_tokens(self._connector, credential, use.grant(sandbox_url, credential.place)).disconnect()

    def companies(self, name: str, *, at: str | None = None) -> Sequence[Company]:
        """Answer the companies that the credential reaches, asked of the vendor; none for Anaplan."""
        credential, use = self._found(name, at)
        if use.source is None:
            return ()
        addresses = use.addresses(self._connector.environment.sandbox_url, credential.place)
        http = company_search_http(self._connector, use.source, name, addresses)
        try:
            return use.source.discover_companies(http, addresses.api_url, credential.consent)
        finally:
            http.close()

    def _found(self, name: str, at: str | None) -> tuple[Credential, CredentialUse]:
        credential = Credentials(self._store).named(name)
        return credential, use_of(name, credential.vendor, self._connector.paths, at=at)

    def _remember(self, credential: Credential, state: str, session: str, redirect_uri: str, verifier: str) -> None:
        now = self._store.now()
        with self._store.begin() as connection:
            connection.execute(delete(consent_state).where(consent_state.c.expires_at < now))
            sealed = self._connector.vault.seal(connection, credential.owner, VERIFIER, verifier) if verifier else ""
            connection.execute(
                insert(consent_state).values(
                    state=_bound(state, session),
                    credential=credential.name,
                    verifier=sealed,
                    redirect_uri=redirect_uri,
                    expires_at=now + STATE_LIVES,
                )
            )

    def _take(self, state: str, session: str) -> tuple[str, str, str]:
        """Use a state up; answers credential, redirect address and verifier.

        Raises:
            RequestRejected: It is not ours to use.
        """
        now = self._store.now()
        chosen = consent_state.c.state == _bound(state, session)
        fresh = chosen & consent_state.c.used_at.is_(None) & (consent_state.c.expires_at > now)
        with self._store.begin() as connection:
            if connection.execute(update(consent_state).where(fresh).values(used_at=now)).rowcount != 1:
                raise _not_ours()
            row = connection.execute(select(consent_state).where(chosen)).one()
            credential = Credentials(self._store).named(row.credential)
            verifier = (
                self._connector.vault.unseal(connection, credential.owner, VERIFIER, row.verifier)
                if row.verifier
                else ""
            )
        return row.credential, row.redirect_uri, verifier


def _noted(source: Source | None, fields: Mapping[str, str]) -> Mapping[str, str]:
    """Answer what the redirect said that must be remembered; nothing for a source whose codes say it all."""
    return source.consented(fields) if source and source.consented else {}


def _bound(state: str, session: str) -> str:
    """Answer what is stored of a state: a hash that only the same browser or process can make again."""
    return hashlib.sha256(f"{state}|{session}".encode()).hexdigest()


def _not_ours() -> RequestRejected:
    return RequestRejected(
        "The answer carries a state that is unknown, used before, older than 10 minutes, or begun in another browser.",
        "Somebody may have sent you the address, so its code was not exchanged.",
        "Begin again with ml-connector connect, and finish in the same browser.",
        status=400,
    )


def _denied(name: str, error: str) -> CredentialRefused:
    shown = error if error.replace("_", "").isalnum() else "refused"
    return CredentialRefused(
        f"The vendor sent no code for the credential {name!r} ({shown[:60]}).",
        "Nobody consented, so what was there before stays as it is.",
        f"Run ml-connector connect {name} again and accept.",
        credential=name,
    )
