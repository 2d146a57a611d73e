"""Anaplan's OAuth: authorization code and device grant; refresh tokens that rotate or not, as the client is set."""

import secrets
from dataclasses import dataclass, field
from typing import Any

from ml_connector_dagster.sandbox.anaplan.logins import TOKEN_SECONDS, Logins
from ml_connector_dagster.sandbox.anaplan.users import User
from ml_connector_dagster.sandbox.clock import Clock

CLIENT_ID = "0123456789abcdef0123456789abcdef"
CLIENT_SECRET = "sandbox-anaplan-secret"  # noqa: S105 - the sandbox's own, public on purpose
DEVICE_CLIENT_ID = "fedcba9876543210fedcba9876543210"
REDIRECT_URI = "https://connector.calderfinch.example/connect/callback"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_ROTATABLE_SECONDS = 43_000
_CODE_SECONDS = 300
_DEVICE_SECONDS = 900
_INTERVAL_SECONDS = 5


class OAuthRefused(Exception):  # noqa: N818 - named for what happened
    """An OAuth error body with its status."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.status = status

    def shown(self) -> dict[str, str]:
        return {"error": self.error, "error_description": str(self)}


@dataclass
class OAuthClient:
    """A registered client. Code clients have a secret and callback addresses (never localhost); device ones none."""

    client_id: str
    grant: str
    secret: str = ""
    redirect_uris: list[str] = field(default_factory=list)
    rotatable: bool = False
    refresh_seconds: float = _ROTATABLE_SECONDS


@dataclass
class _Code:
    client_id: str
    redirect_uri: str
    scope: str
    expires_at: float


@dataclass
class _Device:
    client_id: str
    user_code: str
    scope: str
    expires_at: float
    polled_at: float = 0.0
    answer: str = "pending"


@dataclass
class _Refresh:
    client_id: str
    user: User
    scope: str
    expires_at: float | None


class OAuth:
    """Grants of one tenant. The demo user consents at once in the browser; a device waits for approval."""

    def __init__(self, clock: Clock, logins: Logins, consenting: User) -> None:
        self._clock = clock
        self._logins = logins
        self.consenting = consenting
        self.sso = False
        self.refresh_counts = 0
        self.clients = {
            CLIENT_ID: OAuthClient(CLIENT_ID, "authorization_code", CLIENT_SECRET, [REDIRECT_URI]),
            DEVICE_CLIENT_ID: OAuthClient(DEVICE_CLIENT_ID, DEVICE_GRANT),
        }
        self._codes: dict[str, _Code] = {}
        self._devices: dict[str, _Device] = {}
        self._refreshes: dict[str, _Refresh] = {}

    def authorize(self, query: dict[str, str]) -> str:
        """The code for a consent given at once; what is wrong with the request is an error page, not a redirect."""
        client = self.clients.get(query.get("client_id", ""))
        redirect_uri = query.get("redirect_uri", "")
        if client is None or client.grant != "authorization_code" or query.get("response_type") != "code":
            raise OAuthRefused("unauthorized_client", "The client or response_type is not known.")
        if redirect_uri not in client.redirect_uris:
            raise OAuthRefused("invalid_request", "The redirect_uri is not one of the client's callback addresses.")
        code = secrets.token_urlsafe(24)
        self._codes[code] = _Code(client.client_id, redirect_uri, query.get("scope", ""), self._now() + _CODE_SECONDS)
        return code

    def start_device(self, body: dict[str, str], base_url: str) -> dict[str, Any]:
        client = self.clients.get(body.get("client_id", ""))
        if client is None or client.grant != DEVICE_GRANT or self.sso:
            raise OAuthRefused("unauthorized_client", "Device grant is not available to this client.", 403)
        device_code, user_code = secrets.token_urlsafe(24), f"{secrets.token_hex(2)}-{secrets.token_hex(2)}".upper()
        scope = body.get("scope", "openid email offline_access")
        self._devices[device_code] = _Device(client.client_id, user_code, scope, self._now() + _DEVICE_SECONDS)
        page = f"{base_url}/activate"
        return {
            "device_code": device_code,
            "user_code": user_code,
            "verification_uri": page,
            "verification_uri_complete": f"{page}?user_code={user_code}",
            "expires_in": _DEVICE_SECONDS,
            "interval": _INTERVAL_SECONDS,
        }

    def answer_device(self, user_code: str, *, approve: bool) -> bool:
        """What the user presses on the verification page; false if no such code waits."""
        for device in self._devices.values():
            if device.user_code == user_code and device.answer == "pending":
                device.answer = "approved" if approve else "denied"
                return True
        return False

    def token(self, body: dict[str, str]) -> dict[str, Any]:
        """POST /oauth/token, all three grants."""
        client = self.clients.get(body.get("client_id", ""))
        if client is None:
            raise OAuthRefused("unauthorized_client", "The client is not known.", 401)
        grant = body.get("grant_type")
        if grant == "authorization_code":
            return self._by_code(client, body)
        if grant == DEVICE_GRANT:
            return self._by_device(client, body)
        if grant == "refresh_token":
            return self._by_refresh(client, body)
        raise OAuthRefused("invalid_request", "The grant_type is not known.")

    def revoke_refresh_tokens(self) -> None:
        """The administrator removed the consent: every refresh token is dead."""
        self._refreshes.clear()

    def _by_code(self, client: OAuthClient, body: dict[str, str]) -> dict[str, Any]:
        self._check_secret(client, body)
        code = self._codes.pop(body.get("code", ""), None)
        if code is None or code.expires_at < self._now() or code.client_id != client.client_id:
            raise OAuthRefused("invalid_grant", "The code is invalid, used or expired.")
        if code.redirect_uri != body.get("redirect_uri"):
            raise OAuthRefused("invalid_grant", "The redirect_uri differs from the one of the request.")
        return self._granted(client, self.consenting, code.scope)

    def _by_device(self, client: OAuthClient, body: dict[str, str]) -> dict[str, Any]:
        device_code = body.get("device_code", "")
        device = self._devices.get(device_code)
        if device is None or device.client_id != client.client_id:
            raise OAuthRefused("invalid_grant", "The device code is not known.")
        too_soon = self._now() - device.polled_at < _INTERVAL_SECONDS * 0.9
        device.polled_at = self._now()
        if device.expires_at < self._now():
            raise OAuthRefused("expired_token", "The device code expired.")
        if device.answer == "denied":
            raise OAuthRefused("access_denied", "The user denied the request.", 403)
        if device.answer == "pending":
            error = "slow_down" if too_soon else "authorization_pending"
            raise OAuthRefused(error, "The user has not answered yet.")
        del self._devices[device_code]
        return self._granted(client, self.consenting, device.scope)

    def _by_refresh(self, client: OAuthClient, body: dict[str, str]) -> dict[str, Any]:
        self._check_secret(client, body)
        value = body.get("refresh_token", "")
        held = self._refreshes.get(value)
        if held is None or held.client_id != client.client_id or self._ended(held):
            raise OAuthRefused("invalid_grant", "Unknown, used or expired refresh token.")
        self.refresh_counts += 1
        if client.rotatable:
            del self._refreshes[value]
            return self._granted(client, held.user, held.scope)
        return self._granted(client, held.user, held.scope, keep=value)

    def _ended(self, held: _Refresh) -> bool:
        return held.expires_at is not None and held.expires_at < self._now()

    def _check_secret(self, client: OAuthClient, body: dict[str, str]) -> None:
        if client.secret and not secrets.compare_digest(client.secret, body.get("client_secret", "")):
            raise OAuthRefused("unauthorized_client", "The client secret is wrong.", 401)

    def _granted(self, client: OAuthClient, user: User, scope: str, keep: str = "") -> dict[str, Any]:
        scopes = [word for word in scope.split() if word != "profile"]
        granted: dict[str, Any] = {
            "access_token": self._logins.issue(user).value,
            "id_token": secrets.token_urlsafe(60),
            "scope": " ".join(scopes),
            "expires_in": TOKEN_SECONDS,
            "token_type": "Bearer",
        }
        if "offline_access" not in scopes:
            return granted
        value = keep or secrets.token_urlsafe(32)
        expires_at = self._now() + client.refresh_seconds if client.rotatable else None
        self._refreshes[value] = _Refresh(client.client_id, user, scope, expires_at)
        return {**granted, "refresh_token": value}

    def _now(self) -> float:
        return self._clock.now().timestamp()
