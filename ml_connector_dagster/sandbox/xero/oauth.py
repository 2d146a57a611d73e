"""Xero's identity service: consent, codes, tokens that rotate with 30 minutes of grace, revocation, connections."""

import base64
import hashlib
import json
import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ml_connector_dagster.sandbox.clock import Clock
from ml_connector_dagster.sandbox.xero.scopes import GRANTABLE

ACCESS_SECONDS = 1_800
CODE_SECONDS = 300
GRACE_SECONDS = 1_800
REFRESH_SECONDS = 60 * 86_400


@dataclass(frozen=True)
class App:
    """A registered app: confidential (code), public (code with PKCE) or a custom connection (client credentials)."""

    client_id: str
    secret: str
    kind: str = "web"


APPS = (
    App("sandbox-xero-client", "sandbox-xero-secret"),
    App("sandbox-xero-public", "", "pkce"),
    App("sandbox-xero-custom", "sandbox-xero-custom-secret", "custom"),
)


class OAuthRefusal(Exception):  # noqa: N818 - a refusal is an answer here
    """An OAuth error: its code and the HTTP status of the token endpoint."""

    def __init__(self, error: str, status: int = 400) -> None:
        super().__init__(error)
        self.error = error
        self.status = status


@dataclass
class Connection:
    """One organisation that the user connected to an app."""

    connection_id: str
    tenant_id: str
    auth_event_id: str
    created_at: str
    updated_at: str


@dataclass
class Grant:
    """What the one demo user allows one app; scopes only grow, revocation alone takes them back."""

    app: App
    scopes: set[str] = field(default_factory=set)
    connections: dict[str, Connection] = field(default_factory=dict)
    revoked: bool = False


@dataclass
class _Code:
    grant: Grant
    redirect_uri: str
    scopes: frozenset[str]
    auth_event_id: str
    challenge: str
    expires_at: float


@dataclass
class _Refresh:
    grant: Grant
    scopes: frozenset[str]
    auth_event_id: str
    issued_at: float
    superseded_at: float | None = None


@dataclass(frozen=True)
class Access:
    """What an access token stands for."""

    grant: Grant
    scopes: frozenset[str]
    expires_at: float


class Identity:
    """The token server. Clients authenticate by Basic header or in the body, as Xero takes both."""

    def __init__(self, clock: Clock, tenant_ids: Sequence[str]) -> None:
        self._clock = clock
        self._apps = {app.client_id: app for app in APPS}
        self._tenant_ids = tuple(tenant_ids)
        self._grants: dict[str, Grant] = {}
        self._codes: dict[str, _Code] = {}
        self._refresh: dict[str, _Refresh] = {}
        self._access: dict[str, Access] = {}
        self.denies = False
        """True while the demo user refuses consent."""
        self.offers: tuple[str, ...] = self._tenant_ids
        """The organisations that the demo user picks at consent."""

    def app(self, client_id: str) -> App | None:
        return self._apps.get(client_id)

    def consent(self, query: Mapping[str, str]) -> str:
        """The user's answer to an authorize request: a code. OAuthRefusal travels back in the redirect."""
        app = self._apps[query["client_id"]]
        asked = frozenset(query.get("scope", "").split())
        if query.get("response_type") != "code":
            raise OAuthRefusal("unsupported_response_type")
        if not asked or not asked <= GRANTABLE:
            raise OAuthRefusal("invalid_scope")
        if self.denies:
            raise OAuthRefusal("access_denied")
        if app.kind == "pkce" and not query.get("code_challenge"):
            raise OAuthRefusal("invalid_request")
        offered = self.offers[:1] if "bulk_connect:false" in query.get("acr_values", "") else self.offers
        grant, event = self._connect(app, asked, offered)
        code = secrets.token_urlsafe(32)
        self._codes[code] = _Code(
            grant,
            query.get("redirect_uri", ""),
            frozenset(grant.scopes),
            event,
            query.get("code_challenge", ""),
            self._now() + CODE_SECONDS,
        )
        return code

    def token(self, form: Mapping[str, str], basic: tuple[str, str] | None) -> dict[str, object]:
        """Answer the token endpoint; OAuthRefusal with Xero's error code otherwise."""
        app = self._client(form, basic)
        kind = form.get("grant_type", "")
        if kind == "authorization_code":
            return self._redeem(app, form)
        if kind == "refresh_token":
            return self._rotate(app, form.get("refresh_token", ""))
        if kind == "client_credentials":
            return self._credentials(app, form)
        raise OAuthRefusal("unsupported_grant_type")

    def revoke(self, form: Mapping[str, str], basic: tuple[str, str] | None) -> None:
        """End the grant and all its connections; an unknown token is no error."""
        app = self._client(form, basic)
        held = self._refresh.get(form.get("token", ""))
        if held is not None and held.grant.app is app:
            held.grant.revoked = True
            held.grant.connections.clear()
            self._grants.pop(app.client_id, None)

    def revoke_all(self) -> None:
        """Users disconnect every app, as in Xero's page of connected apps; tokens die at once."""
        for grant in self._grants.values():
            grant.revoked = True
            grant.connections.clear()
        self._grants.clear()

    def access(self, token: str) -> Access | None:
        """What a bearer token stands for, expired or not; None for a token never issued."""
        return self._access.get(token)

    def disconnect(self, grant: Grant, connection_id: str) -> bool:
        """Remove one connection by its own id (not the tenant's); False where there is none."""
        for tenant_id, connection in grant.connections.items():
            if connection.connection_id == connection_id.lower():
                del grant.connections[tenant_id]
                return True
        return False

    def _now(self) -> float:
        return self._clock.now().timestamp()

    def _connect(self, app: App, scopes: frozenset[str], tenant_ids: Sequence[str]) -> tuple[Grant, str]:
        grant = self._grants.setdefault(app.client_id, Grant(app))
        grant.scopes |= scopes
        event = str(uuid.uuid4())
        moment = f"{self._clock.now():%Y-%m-%dT%H:%M:%S.%f}0"
        for tenant_id in tenant_ids:
            known = grant.connections.get(tenant_id)
            connection_id = known.connection_id if known else str(uuid.uuid4())
            created = known.created_at if known else moment
            grant.connections[tenant_id] = Connection(connection_id, tenant_id, event, created, moment)
        return grant, event

    def _client(self, form: Mapping[str, str], basic: tuple[str, str] | None) -> App:
        client_id, secret = basic or (form.get("client_id", ""), form.get("client_secret", ""))
        app = self._apps.get(client_id)
        if app is None or (app.kind != "pkce" and not secrets.compare_digest(secret, app.secret)):
            raise OAuthRefusal("invalid_client")
        return app

    def _redeem(self, app: App, form: Mapping[str, str]) -> dict[str, object]:
        code = self._codes.pop(form.get("code", ""), None)
        if code is None or code.grant.app is not app or self._now() > code.expires_at:
            raise OAuthRefusal("invalid_grant")
        if code.redirect_uri != form.get("redirect_uri", ""):
            raise OAuthRefusal("invalid_grant")
        if code.challenge and _challenge(form.get("code_verifier", "")) != code.challenge:
            raise OAuthRefusal("invalid_grant")
        return self._issue(code.grant, code.scopes, code.auth_event_id)

    def _rotate(self, app: App, token: str) -> dict[str, object]:
        held = self._refresh.get(token)
        if held is None or held.grant.app is not app or held.grant.revoked:
            raise OAuthRefusal("invalid_grant")
        now = self._now()
        too_old = now > held.issued_at + REFRESH_SECONDS
        if too_old or (held.superseded_at is not None and now > held.superseded_at + GRACE_SECONDS):
            raise OAuthRefusal("invalid_grant")
        if held.superseded_at is None:
            held.superseded_at = now
        return self._issue(held.grant, held.scopes, held.auth_event_id)

    def _credentials(self, app: App, form: Mapping[str, str]) -> dict[str, object]:
        if app.kind != "custom":
            raise OAuthRefusal("unauthorized_client")
        asked = frozenset(form.get("scope", "").split())
        if not asked <= GRANTABLE - {"accounting.journals.read", "offline_access"}:
            raise OAuthRefusal("invalid_scope")
        grant, event = self._connect(app, asked, self._tenant_ids[:1])
        return self._issue(grant, asked or frozenset(grant.scopes), event)

    def _issue(self, grant: Grant, scopes: frozenset[str], event: str) -> dict[str, object]:
        now = self._now()
        access = _jwt(grant.app.client_id, scopes, event, int(now))
        self._access[access] = Access(grant, scopes, now + ACCESS_SECONDS)
        answer: dict[str, object] = {
            "access_token": access,
            "expires_in": ACCESS_SECONDS,
            "token_type": "Bearer",
            "scope": " ".join(sorted(scopes)),
        }
        if "offline_access" in scopes:
            refresh = secrets.token_urlsafe(32)
            self._refresh[refresh] = _Refresh(grant, scopes, event, now)
            answer["refresh_token"] = refresh
        if "openid" in scopes:
            answer["id_token"] = _jwt(grant.app.client_id, frozenset(), event, int(now))
        return answer


def _challenge(verifier: str) -> str:
    return _base64(hashlib.sha256(verifier.encode()).digest())


def _jwt(client_id: str, scopes: frozenset[str], event: str, now: int) -> str:
    """A token shaped as Xero's JWT; its signature is chance, only the sandbox reads it."""
    claims = {
        "nbf": now,
        "exp": now + ACCESS_SECONDS,
        "iss": "https://identity.xero.com",
        "client_id": client_id,
        "sub": "5f8b3a0e9c7d4e21",
        "xero_userid": "b3f0a4de-6a51-4f0b-8f0e-0b6c2f1d9a77",
        "authentication_event_id": event,
        "jti": secrets.token_hex(16),
        "scope": sorted(scopes),
    }
    header = _base64(json.dumps({"alg": "RS256", "typ": "JWT"}).encode())
    return f"{header}.{_base64(json.dumps(claims).encode())}.{_base64(secrets.token_bytes(32))}"


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
