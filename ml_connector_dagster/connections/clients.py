"""Makes the HTTP clients of a connection: tokens, limits and the vendor's own refusals put together, nothing sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ml_connector_dagster.anaplan.auth import SCHEME, AnaplanOAuth, AnaplanTokens, login_from
from ml_connector_dagster.anaplan.endpoints import AnaplanEndpoints
from ml_connector_dagster.anaplan.refusals import classify
from ml_connector_dagster.connections.addresses import (
    ANAPLAN,
    SourceAddresses,
    anaplan_endpoints,
    anaplan_grant,
    origin,
)
from ml_connector_dagster.connections.credentials import Credential, Credentials
from ml_connector_dagster.connections.session_token import SESSION, SessionToken
from ml_connector_dagster.connections.settings import SourceSettings
from ml_connector_dagster.connections.tokens import OAuthTokens
from ml_connector_dagster.errors import CredentialRefused, SettingWrong
from ml_connector_dagster.sources.contract.source import Source
from ml_connector_dagster.transport.client import Authorizer, VendorHttp
from ml_connector_dagster.transport.grant import GrantClient, TokenStore
from ml_connector_dagster.transport.grant_policy import GrantPolicy
from ml_connector_dagster.transport.rate_limit import RateGate, SharedLimit

if TYPE_CHECKING:
    from ml_connector_dagster.connections.vault import Vault
    from ml_connector_dagster.store.engine import Store
    from ml_connector_dagster.store.limits import Limits
    from ml_connector_dagster.store.locks import Locks

ANAPLAN_PER_MINUTE = 600
NOWHERE = "https://nowhere.invalid"
"""No request goes there: an empty list of origins would mean any."""
CLIENT_SECRET = "client_secret"  # noqa: S105 (the name of a field)


@dataclass(frozen=True, slots=True)
class AnaplanAccess:
    """Which login, where, and our share of the tenant's requests."""

    credential: str
    region: str
    at: str
    requests_per_minute: int = 300


class Opened(Protocol):
    """What is open already: ``opening.Connector``."""

    @property
    def store(self) -> Store:
        """The state database."""

    @property
    def locks(self) -> Locks:
        """Locks whose life is the process's."""

    @property
    def limits(self) -> Limits:
        """Limits shared by all processes."""

    @property
    def vault(self) -> Vault:
        """The secrets."""

    def on_close(self, give_back: Callable[[], None]) -> None:
        """Call this when everything is closed."""


class BearerTokens:
    """An Authorizer over a TokenStore."""

    def __init__(self, tokens: TokenStore, scheme: str) -> None:
        self._tokens = tokens
        self._scheme = scheme

    def headers(self, refused: str | None) -> Mapping[str, str]:
        """Answer the header to send; ``refused`` is the Authorization value that was just answered with 401."""
        shown = None if refused is None else refused.removeprefix(f"{self._scheme} ")
        return {"Authorization": f"{self._scheme} {self._tokens.access(refused=shown).value}"}


def grant_client(opened: Opened, credential: Credential, policy: GrantPolicy) -> GrantClient:
    """Answer the OAuth client of a credential.

    Raises:
        SettingWrong: It has no client id, or it is no OAuth credential.
    """
    client_id = credential.fact("client_id")
    if credential.kind != "oauth" or not client_id:
        raise SettingWrong(
            f"The credential {credential.name!r} is of kind {credential.kind} and has no OAuth client.",
            "Nobody can consent with it.",
            f"Enter client id and secret with ml-connector credential set {credential.name} --kind oauth.",
            credential=credential.name,
        )
    with opened.store.read() as connection:
        secret = opened.vault.get(connection, credential.owner, CLIENT_SECRET)
    return GrantClient(policy, client_id, secret or "")


def oauth_tokens(opened: Opened, credential: Credential, policy: GrantPolicy) -> OAuthTokens:
    """Answer the token store of a credential."""
    client = grant_client(opened, credential, policy)
    return OAuthTokens(opened.store, opened.locks, opened.vault, credential, client)


def source_http(opened: Opened, source: Source, settings: SourceSettings, addresses: SourceAddresses) -> VendorHttp:
    """Answer the client of one company: bearer token, the source's limits, its slots, its own refusals."""
    credential = _of_vendor(opened, settings.credential, source.system)
    scopes = {"company": settings.company_id, "app": credential.fact("client_id")}
    shared = [
        SharedLimit(
            label=limit.name,
            row=f"{source.system}:{limit.name}:{scopes[limit.scope]}",
            permits=max(1, int(limit.permits * settings.quota_share)),
            per_seconds=limit.per_seconds,
            wait_at_most_seconds=limit.wait_at_most_seconds,
            vendor_permits=limit.permits,
        )
        for limit in source.limits
    ]
    slots = (f"{source.system}:{settings.company_id}", source.concurrency)
    return VendorHttp(
        source.title,
        authorize=BearerTokens(oauth_tokens(opened, credential, addresses.grant), addresses.grant.scheme),
        gate=RateGate(
            opened.limits,
            shared,
            slots=slots,
            calls_left=source.calls_left,
            calls_allowed=source.calls_allowed,
            opens_in=source.opens_in,
        ),
        headers=source.headers,
        classify=source.classify,
        origins=addresses.origins,
    )


def no_http(source: Source) -> VendorHttp:
    """Answer the client of a source that cannot be asked: it sends nothing anywhere."""
    return VendorHttp(source.title, origins=(NOWHERE,))


def company_search_http(opened: Opened, source: Source, name: str, addresses: SourceAddresses) -> VendorHttp:
    """Answer the client that asks which companies a credential reaches; it counts against the app's limits alone."""
    credential = _of_vendor(opened, name, source.system)
    shared = [
        SharedLimit(
            limit.name, f"{source.system}:{limit.name}:{credential.fact('client_id')}", limit.permits, limit.per_seconds
        )
        for limit in source.limits
        if limit.scope == "app"
    ]
    return VendorHttp(
        source.title,
        authorize=BearerTokens(oauth_tokens(opened, credential, addresses.grant), addresses.grant.scheme),
        gate=RateGate(opened.limits, shared),
        headers=source.headers,
        classify=source.classify,
        origins=addresses.origins,
    )


def anaplan_http(opened: Opened, access: AnaplanAccess, sandbox_url: str) -> VendorHttp:
    """Answer the client of Anaplan's Integration API for one credential; logs in to learn the tenant it is limited by."""
    credential = _of_vendor(opened, access.credential, ANAPLAN)
    endpoints = anaplan_endpoints(access.region, access.at, sandbox_url)
    authorize, tenant = _anaplan_authorizer(opened, credential, endpoints)
    limit = SharedLimit(
        label="minute",
        row=f"anaplan:minute:{tenant}",
        permits=access.requests_per_minute,
        per_seconds=60,
        vendor_permits=ANAPLAN_PER_MINUTE,
    )
    return VendorHttp(
        "Anaplan",
        authorize=authorize,
        gate=RateGate(opened.limits, [limit]),
        classify=classify,
        origins=(origin(endpoints.api),),
    )


def _anaplan_authorizer(opened: Opened, credential: Credential, endpoints: AnaplanEndpoints) -> tuple[Authorizer, str]:
    """Answer who logs in, and the tenant: an OAuth token cannot be asked for its tenant, so its credential stands for it."""
    if credential.kind == "oauth":
        tokens = oauth_tokens(opened, credential, anaplan_grant(endpoints))
        return AnaplanOAuth(lambda refused: tokens.access(refused=refused).value), f"{credential.name}@{endpoints.auth}"
    shared = SessionToken(opened.store, opened.locks, opened.vault, credential.owner)
    http = VendorHttp("Anaplan", origins=(origin(endpoints.auth),))
    opened.on_close(http.close)
    login = AnaplanTokens(
        http,
        auth_url=endpoints.auth,
        login=login_from(credential.kind, _fields(opened, credential)),
        shared=shared,
        now=opened.store.now,
    )
    return login, login.tenant()


def log_out(opened: Opened, credential: Credential, auth_url: str) -> bool:
    """End the shared session of an Anaplan login and forget its token; answers whether there was one.

    Other processes that still hold it get a 401 and log in again.
    """
    saved = SessionToken(opened.store, opened.locks, opened.vault, credential.owner).read()
    if saved is None:
        return False
    http = VendorHttp("Anaplan", origins=(origin(auth_url),))
    try:
        http.send(
            "POST", f"{auth_url}/token/logout", headers={"Authorization": f"{SCHEME} {saved.value}"}, repeatable=True
        )
    except CredentialRefused:  # it ended by itself
        pass
    finally:
        http.close()
    with opened.store.begin() as connection:
        opened.vault.forget(connection, credential.owner, SESSION)
    return True


def _fields(opened: Opened, credential: Credential) -> dict[str, str]:
    with opened.store.read() as connection:
        secrets = opened.vault.all_of(connection, credential.owner)
    facts = {name: str(value) for name, value in credential.facts.items()}
    return facts | {name: text for name, text in secrets.items() if name != SESSION}


def _of_vendor(opened: Opened, name: str, vendor: str) -> Credential:
    found = Credentials(opened.store).named(name)
    if found.vendor != vendor:
        raise SettingWrong(
            f"The credential {name!r} belongs to {found.vendor}, not to {vendor}.",
            "It would be shown to a vendor that it was not made for, so nothing is sent.",
            f"Name another credential in defs.yaml, or enter one with ml-connector credential set --vendor {vendor}.",
            credential=name,
        )
    return found
