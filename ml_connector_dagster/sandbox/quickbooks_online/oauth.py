"""Intuit's identity service: consent, codes, refresh tokens that rotate after 24 hours, hard expiry, revocation."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from ml_connector_dagster.sandbox.clock import Clock
from ml_connector_dagster.sandbox.quickbooks_online.company import REALM_ID

CLIENT_ID, CLIENT_SECRET = "sandbox-qbo-client", "sandbox-qbo-secret"
REDIRECT_URI = "http://localhost:8701/connect/callback"
SCOPES = frozenset(
    {
        "com.intuit.quickbooks.accounting",
        "com.intuit.quickbooks.payment",
        "openid",
        "profile",
        "email",
        "phone",
        "address",
    }
)
ACCESS_SECONDS = 3_600
REFRESH_SECONDS = 8_726_400
ROTATE_SECONDS = 86_400
HARD_SECONDS = 5 * 365 * 86_400
CODE_SECONDS = 600
_DESCRIPTIONS = {"invalid_grant": "Incorrect or invalid refresh token"}


class OAuthRefusal(Exception):  # noqa: N818 - a refusal is an answer here
    """An OAuth error: its code and the HTTP status of the token endpoint."""

    def __init__(self, error: str, status: int = 400) -> None:
        super().__init__(error)
        self.body = {"error": error} | ({"error_description": _DESCRIPTIONS[error]} if error in _DESCRIPTIONS else {})
        self.status = status


@dataclass
class Grant:
    """What the company's admin allowed the app, from one consent on; one refresh token is its newest."""

    accounting: bool
    granted_at: float
    refresh: str = ""
    value_at: float = 0.0
    """When the newest value of the refresh token was issued: it lasts a day."""
    used_at: float = 0.0
    ended: bool = False


@dataclass(frozen=True)
class Access:
    grant: Grant
    realm_id: str
    expires_at: float


@dataclass
class Identity:
    """The token server. Clients show themselves by Basic alone."""

    clock: Clock
    rotate_seconds: float = ROTATE_SECONDS
    denies: bool = False
    incidents: int = 0
    """So many refreshes are refused though their token is good: an incident of the service."""
    refreshes: int = 0
    _codes: dict[str, tuple[Grant, str, float]] = field(default_factory=dict)
    _grants: dict[str, Grant] = field(default_factory=dict)
    _access: dict[str, Access] = field(default_factory=dict)

    def consent(self, query: Mapping[str, str]) -> dict[str, str]:
        """The query of the redirect: code and realmId. The realm is told nowhere else."""
        asked = frozenset(query.get("scope", "").split())
        if not asked or not asked <= SCOPES:
            raise OAuthRefusal("invalid_scope")
        if self.denies:
            raise OAuthRefusal("access_denied")
        code = f"AB1{secrets.token_hex(20)}"
        grant = Grant("com.intuit.quickbooks.accounting" in asked, self._now())
        self._codes[code] = (grant, query["redirect_uri"], self._now() + CODE_SECONDS)
        return {"code": code, "realmId": REALM_ID}

    def token(self, form: Mapping[str, str], basic: tuple[str, str] | None, *, hard_expiry: bool) -> dict[str, object]:
        """Answer the token endpoint; hard_expiry where the request's header asks for it."""
        self._client(basic)
        kind = form.get("grant_type", "")
        if kind == "authorization_code":
            grant = self._redeem(form)
        elif kind == "refresh_token":
            grant = self._refreshed(form.get("refresh_token", ""))
        else:
            raise OAuthRefusal("unsupported_grant_type" if kind else "invalid_request")
        return self._issue(grant, hard_expiry=hard_expiry)

    def revoke(self, token: str, basic: tuple[str, str] | None) -> None:
        """End the grant of a refresh or an access token."""
        self._client(basic)
        access = self._access.get(token)
        grant = access.grant if access else self._grants.get(token)
        if grant is None:
            raise OAuthRefusal("invalid_request")
        grant.ended = True

    def disconnect(self) -> None:
        """The company's admin disconnects the app inside QuickBooks: every grant ends."""
        for grant in self._grants.values():
            grant.ended = True

    def access(self, token: str) -> Access | None:
        """What a bearer token stands for; None where it is unknown, expired or revoked."""
        found = self._access.get(token)
        if found is None or found.grant.ended or self._now() >= found.expires_at:
            return None
        return found

    def _now(self) -> float:
        return self.clock.now().timestamp()

    @staticmethod
    def _client(basic: tuple[str, str] | None) -> None:
        if basic != (CLIENT_ID, CLIENT_SECRET):
            raise OAuthRefusal("invalid_client", 401)

    def _redeem(self, form: Mapping[str, str]) -> Grant:
        held = self._codes.pop(form.get("code", ""), None)
        if held is None or form.get("redirect_uri", "") != held[1] or self._now() > held[2]:
            raise OAuthRefusal("invalid_grant")
        return held[0]

    def _refreshed(self, token: str) -> Grant:
        self.refreshes += 1
        if self.incidents:
            self.incidents -= 1
            raise OAuthRefusal("invalid_grant")
        grant = self._grants.get(token)
        if grant is None or grant.ended or grant.refresh != token:
            raise OAuthRefusal("invalid_grant")
        now = self._now()
        if now > grant.used_at + REFRESH_SECONDS or now > grant.granted_at + HARD_SECONDS:
            raise OAuthRefusal("invalid_grant")
        return grant

    def _issue(self, grant: Grant, *, hard_expiry: bool) -> dict[str, object]:
        now = self._now()
        if not grant.refresh or now >= grant.value_at + self.rotate_seconds:
            grant.refresh, grant.value_at = f"RT1-{secrets.token_hex(20)}", now
            self._grants[grant.refresh] = grant
        grant.used_at = now
        access = f"eyJhbGciOiJkaXIi.{secrets.token_urlsafe(48)}"
        self._access[access] = Access(grant, REALM_ID, now + ACCESS_SECONDS)
        hard_left = int(grant.granted_at + HARD_SECONDS - now)
        answer: dict[str, object] = {
            "token_type": "bearer",
            "access_token": access,
            "expires_in": ACCESS_SECONDS,
            "refresh_token": grant.refresh,
            "x_refresh_token_expires_in": min(REFRESH_SECONDS, hard_left),
        }
        return answer | ({"x_refresh_token_hard_expires_in": hard_left} if hard_expiry else {})
