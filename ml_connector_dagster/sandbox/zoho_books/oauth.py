"""Zoho Accounts: consent, codes, refresh tokens that never change, access tokens of which only so many may be made.

Everything is kept by data centre: what one issued, another does not know. Errors are a key of a body with HTTP 200.
"""

import secrets
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from ml_connector_dagster.sandbox.clock import Clock
from ml_connector_dagster.sandbox.zoho_books.places import PLACES
from ml_connector_dagster.sandbox.zoho_books.scopes import is_known

CLIENT_ID = "sandbox-zoho-client"
CLIENT_SECRET = "sandbox-zoho-secret"  # noqa: S105 - the sandbox's own
ACCESS_SECONDS = 3_600
CODE_SECONDS = 120
MINTING_SECONDS = 600
TOO_MANY = "You have made too many requests continuously. Please try again after some time."


class OAuthRefusal(Exception):  # noqa: N818 - a refusal is an answer here
    """An error of the token endpoint; nearly always HTTP 200."""

    def __init__(self, error: str, status: int = 200, description: str = "") -> None:
        super().__init__(error)
        self.error = error
        self.status = status
        self.description = description


@dataclass
class Refresh:
    """One refresh token: the same for ever, until revoked or pushed out by the twenty-first."""

    token: str
    scopes: tuple[str, ...]
    location: str
    minted: deque[float] = field(default_factory=deque)
    """When access tokens were made of it: at most ten in ten minutes."""
    live: deque[str] = field(default_factory=deque)
    """Its access tokens that still work, oldest first: at most fifteen."""
    alive: bool = True


@dataclass(frozen=True)
class Access:
    """What an access token stands for."""

    scopes: tuple[str, ...]
    location: str
    expires_at: float


@dataclass(frozen=True)
class _Code:
    scopes: tuple[str, ...]
    location: str
    redirect_uri: str
    offline: bool
    expires_at: float


class Accounts:
    """The token server of all data centres; the one demo user lives in `location`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._codes: dict[str, _Code] = {}
        self._consents: deque[float] = deque()
        self._refresh: dict[str, Refresh] = {}
        self._access: dict[str, Access] = {}
        self._has_consented = False
        self.location = "eu"
        self.denies = False
        """True while the demo user refuses consent."""
        self.known_at = frozenset(PLACES)
        """Where the client may be used: all of them, or one where "same credentials everywhere" is off."""
        self.minted_in_window = 10
        self.live_tokens = 15
        self.refresh_tokens = 20
        self.codes_in_window = 10
        self.refuses_minting_with = 400

    def consent(self, query: Mapping[str, str]) -> str:
        """The user's answer to an authorize request: a code. OAuthRefusal travels back in the redirect."""
        scopes = tuple(scope for scope in query.get("scope", "").replace(",", " ").split() if scope)
        if query.get("response_type") != "code":
            raise OAuthRefusal("invalid_response_type")
        if not scopes or not all(is_known(scope) for scope in scopes):
            raise OAuthRefusal("invalid_scope")
        if self.denies or not _admitted(self._consents, self._now(), self.codes_in_window):
            raise OAuthRefusal("access_denied")
        repeated = self._has_consented and "consent" not in query.get("prompt", "")
        offline = query.get("access_type") == "offline" and not repeated
        self._has_consented = True
        code = f"1000.{secrets.token_hex(16)}.{secrets.token_hex(16)}"
        expires_at = self._now() + CODE_SECONDS
        self._codes[code] = _Code(scopes, self.location, query.get("redirect_uri", ""), offline, expires_at)
        return code

    def token(self, location: str, form: Mapping[str, str]) -> dict[str, object]:
        """Answer the token endpoint of one data centre; OAuthRefusal otherwise."""
        self._check_client(location, form)
        kind = form.get("grant_type", "")
        if kind == "authorization_code":
            return self._redeem(location, form)
        if kind == "refresh_token":
            return self._renew(location, form.get("refresh_token", ""))
        raise OAuthRefusal("unsupported_grant_type")

    def revoke(self, location: str, token: str) -> None:
        """End a refresh token and what was made of it, at once; an unknown one is no error."""
        held = self._refresh.get(token)
        if held is not None and held.location == location:
            self._end(held)
            for access in held.live:
                self._access.pop(access, None)
        self._access.pop(token, None)

    def access(self, location: str, token: str) -> Access | None:
        """What an access token stands for in this data centre; None where it is unknown, expired or pushed out."""
        found = self._access.get(token)
        if found is None or found.location != location or self._now() >= found.expires_at:
            return None
        return found

    def forget_windows(self) -> None:
        """Start the ten minutes afresh, for all tokens."""
        self._consents.clear()
        for held in self._refresh.values():
            held.minted.clear()

    def _now(self) -> float:
        return self._clock.now().timestamp()

    def _check_client(self, location: str, form: Mapping[str, str]) -> None:
        """The same words for a wrong secret and for the wrong data centre."""
        secret = form.get("client_secret", "")
        known = form.get("client_id") == CLIENT_ID and location in self.known_at
        if not known or location != self.location or not secrets.compare_digest(secret, CLIENT_SECRET):
            raise OAuthRefusal("invalid_client")

    def _redeem(self, location: str, form: Mapping[str, str]) -> dict[str, object]:
        code = self._codes.pop(form.get("code", ""), None)
        if code is None or code.location != location or self._now() > code.expires_at:
            raise OAuthRefusal("invalid_code")
        if code.redirect_uri != form.get("redirect_uri", ""):
            raise OAuthRefusal("invalid_redirect_uri")
        held = Refresh(f"1000.{secrets.token_hex(16)}.{secrets.token_hex(16)}", code.scopes, location)
        if not code.offline:
            return self._issue(held)
        self._refresh[held.token] = held
        standing = [one for one in self._refresh.values() if one.alive and one.location == location]
        for oldest in standing[: max(0, len(standing) - self.refresh_tokens)]:
            self._end(oldest)
        return self._issue(held) | {"refresh_token": held.token}

    def _renew(self, location: str, token: str) -> dict[str, object]:
        held = self._refresh.get(token)
        if held is None or not held.alive or held.location != location:
            raise OAuthRefusal("invalid_code")
        return self._issue(held)

    def _end(self, held: Refresh) -> None:
        held.alive = False

    def _issue(self, held: Refresh) -> dict[str, object]:
        now = self._now()
        if not _admitted(held.minted, now, self.minted_in_window):
            raise OAuthRefusal("Access Denied", self.refuses_minting_with, TOO_MANY)
        access = f"1000.{secrets.token_hex(16)}.{secrets.token_hex(16)}"
        self._access[access] = Access(held.scopes, held.location, now + ACCESS_SECONDS)
        held.live.append(access)
        while len(held.live) > self.live_tokens:
            self._access.pop(held.live.popleft(), None)
        return {
            "access_token": access,
            "scope": " ".join(held.scopes),
            "api_domain": PLACES[held.location].api_domain,
            "token_type": "Bearer",
            "expires_in": ACCESS_SECONDS,
        }


def _admitted(times: deque[float], now: float, most: int) -> bool:
    """Whether one more fits into the window that the first of them opened; it is counted if so."""
    if times and now >= times[0] + MINTING_SECONDS:
        times.clear()
    if len(times) >= most:
        return False
    times.append(now)
    return True
