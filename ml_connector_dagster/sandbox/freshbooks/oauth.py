"""The token server: authorization codes, access tokens of 12 hours, refresh tokens that work once.

A refresh token that comes a second time ends its grant: the chain is dead and a person has to consent again.
"""

import base64
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from ml_connector_dagster.sandbox.clock import Clock
from ml_connector_dagster.sandbox.freshbooks.scopes import GRANTABLE

CLIENT_ID, CLIENT_SECRET = "sandbox-freshbooks-client", "sandbox-freshbooks-secret"
REDIRECT_URI = "https://connect.lanternloom.example/callback"
ACCESS_SECONDS = 43_200
CODE_SECONDS = 300
_INVALID_SCOPE = "The requested scope is invalid, unknown, or malformed."
_INVALID_GRANT = (
    "The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in the "
    "authorization request, or was issued to another client."
)


class OAuthRefusal(Exception):  # noqa: N818 - a refusal is an answer here
    """An OAuth error in FreshBooks' own shape."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(error)
        self.body = {"error": error, "error_description": description}
        self.status = status


@dataclass
class Grant:
    """What the demo person allows the app; dead once a refresh token was used twice, or revoked."""

    scopes: frozenset[str]
    dead: bool = False
    revoked: bool = False
    tokens: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Access:
    grant: Grant
    expires_at: float


@dataclass
class _Refresh:
    grant: Grant
    used: bool = False


class TokenServer:
    """Issues, rotates and revokes; answers what a bearer token stands for."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.denies = False
        """True while the demo person refuses consent."""
        self.old_access_dies = False
        """Whether a refresh ends the access token before it: nobody has verified what FreshBooks does."""
        self.created_at_lag_seconds = 30
        """How much older than now created_at is in a refresh answer; the token's life counts from created_at."""
        self._codes: dict[str, tuple[Grant, float]] = {}
        self._refresh: dict[str, _Refresh] = {}
        self._access: dict[str, Access] = {}

    def consent(self, query: Mapping[str, str]) -> str:
        """The person's answer to an authorize request: a code."""
        asked = frozenset(query.get("scope", "").split())
        if query.get("response_type") != "code":
            raise OAuthRefusal("unsupported_response_type", "The response type must be code.")
        if not asked <= GRANTABLE:
            raise OAuthRefusal("invalid_scope", _INVALID_SCOPE)
        if self.denies:
            raise OAuthRefusal("access_denied", "The resource owner denied the request.")
        code = secrets.token_hex(32)
        self._codes[code] = (Grant(asked or GRANTABLE), self._now() + CODE_SECONDS)
        return code

    def token(self, body: Mapping[str, str]) -> dict[str, object]:
        """Answer the token endpoint."""
        self._check_client(body)
        if body.get("redirect_uri") != REDIRECT_URI:
            raise OAuthRefusal("invalid_grant", _INVALID_GRANT)
        kind = body.get("grant_type")
        if kind == "authorization_code":
            grant, ends_at = self._codes.pop(body.get("code", ""), (None, 0.0))
            if grant is None or self._now() > ends_at:
                raise OAuthRefusal("invalid_grant", _INVALID_GRANT)
            return self._issue(grant, 0)
        if kind == "refresh_token":
            return self._rotate(body.get("refresh_token", ""))
        raise OAuthRefusal("unsupported_grant_type", "The authorization grant type is not supported.")

    def revoke(self, body: Mapping[str, str]) -> None:
        """End the grant of a token, access or refresh; an unknown token is no error."""
        self._check_client(body)
        token = body.get("token", "")
        for held in (self._access.get(token), self._refresh.get(token)):
            if held is not None:
                held.grant.dead = held.grant.revoked = True

    def access(self, token: str) -> Access | None:
        """What a bearer token stands for while it lives."""
        found = self._access.get(token)
        if found is None or found.grant.revoked or token not in found.grant.tokens or self._now() >= found.expires_at:
            return None
        return found

    def _rotate(self, token: str) -> dict[str, object]:
        held = self._refresh.get(token)
        if held is None or held.grant.dead:
            raise OAuthRefusal("invalid_grant", _INVALID_GRANT)
        if held.used:
            held.grant.dead = True
            raise OAuthRefusal("invalid_grant", _INVALID_GRANT)
        held.used = True
        if self.old_access_dies:
            held.grant.tokens.clear()
        return self._issue(held.grant, self.created_at_lag_seconds)

    def _issue(self, grant: Grant, lag_seconds: int) -> dict[str, object]:
        created_at = int(self._now()) - lag_seconds
        access, refresh = _jwt(grant, created_at), secrets.token_hex(32)
        self._access[access] = Access(grant, created_at + ACCESS_SECONDS)
        self._refresh[refresh] = _Refresh(grant)
        grant.tokens.add(access)
        return {
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": ACCESS_SECONDS,
            "refresh_token": refresh,
            "scope": " ".join(sorted(grant.scopes)),
            "created_at": created_at,
            "direct_buy_tokens": {},
        }

    def _check_client(self, body: Mapping[str, str]) -> None:
        given = secrets.compare_digest(body.get("client_secret", ""), CLIENT_SECRET)
        if body.get("client_id") != CLIENT_ID or not given:
            raise OAuthRefusal("invalid_client", "Client authentication failed.", 401)

    def _now(self) -> float:
        return self._clock.now().timestamp()


def _jwt(grant: Grant, created_at: int) -> str:
    """A token shaped as the real one; its signature is chance, only the sandbox reads it."""
    claims = {"iss": "https://auth.freshbooks.com", "iat": created_at, "jti": secrets.token_hex(16)}
    claims |= {"exp": created_at + ACCESS_SECONDS, "scopes": sorted(grant.scopes)}
    return ".".join(
        (
            _base64(b'{"typ":"JWT","alg":"RS256"}'),
            _base64(json.dumps(claims).encode()),
            _base64(secrets.token_bytes(256)),
        )
    )


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
