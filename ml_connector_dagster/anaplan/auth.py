"""Logs in to Anaplan and shares the token: one login per 35 minutes, however many processes run.

The token's storing side is injected (``SharedToken``), since only ``connections`` may touch the vault.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from ml_connector_dagster.errors import CredentialRefused, RequestRejected, SettingWrong

if TYPE_CHECKING:
    from ml_connector_dagster.transport.client import VendorHttp

SCHEME = "AnaplanAuthToken"
"""Taken for login tokens and OAuth access tokens alike; the auth service refuses ``Bearer`` (anaplan.md §1.3)."""


@dataclass(frozen=True, slots=True)
class SavedToken:
    """One token as all processes share it; ``value`` is a secret, the rest are facts."""

    value: str = field(repr=False)
    expires_at: datetime
    """Aware UTC, as the auth service said; never computed from a constant."""
    customer_guid: str = ""
    """The tenant: key of the rate limit. Empty where the auth service would not say."""
    user_guid: str = ""
    login_form: str = ""
    """Which certificate form worked (v2-seconds, v2-milliseconds, v1); empty for other logins."""


class SharedToken(Protocol):
    """Where the token of one login lies; fulfilled by ``connections``."""

    def read(self) -> SavedToken | None:
        """Answer the stored token, expired or not; None before the first login."""

    def locked(self) -> AbstractContextManager[None]:
        """Hold the right to log in or refresh, over all processes."""

    def write(self, token: SavedToken) -> None:
        """Store a token; only inside ``locked``. Returns when it is durable."""


class Login(Protocol):
    """How a token is had from nothing."""

    def authenticate(self, http: VendorHttp, url: str, form: str) -> tuple[Mapping[str, Any], str]:
        """Answer the auth service's body and the form that worked.

        Args:
            http: Client without authorizer.
            url: ``…/token/authenticate``.
            form: The form that worked last time; empty before the first login.

        Raises:
            CredentialRefused: The auth service refuses; a person must change something.
        """


@dataclass(frozen=True, slots=True)
class BasicLogin:
    """E-mail and password. In an SSO workspace it works for an exception user alone, and its password expires."""

    email: str
    password: str = field(repr=False)

    def authenticate(self, http: VendorHttp, url: str, form: str) -> tuple[Mapping[str, Any], str]:
        """Answer the auth service's body; there is one form only."""
        del form

        pair = base64.b64encode(f"{self.email}:{self.password}".encode()).decode("ascii")
        try:
            return _posted(http, url, f"Basic {pair}", None), ""
        except (RequestRejected, CredentialRefused) as refused:
            raise _refused(f"for {self.email}", refused) from refused


class AnaplanTokens:
    """An Authorizer: answers the shared token, and refreshes or logs in once over all processes where it must."""

    def __init__(
        self,
        http: VendorHttp,
        *,
        auth_url: str,
        login: Login,
        shared: SharedToken,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        margin_seconds: int = 300,
    ) -> None:
        """Log in nowhere yet.

        Args:
            http: Client of the auth service, without an authorizer of its own.
            auth_url: Base of the auth service, no trailing slash.
            login: How a token is had from nothing.
            shared: Where the token lies.
            now: Aware UTC clock.
            margin_seconds: A token with less life left is refreshed.
        """
        self._http = http
        self._auth_url = auth_url
        self._login = login
        self._shared = shared
        self._now = now
        self._margin = timedelta(seconds=margin_seconds)

    def headers(self, refused: str | None) -> Mapping[str, str]:
        """Answer the header to send; ``refused`` is the Authorization value that was just answered with 401."""
        return {"Authorization": f"{SCHEME} {self.token(_bare(refused)).value}"}

    def token(self, refused: str | None = None) -> SavedToken:
        """Answer a token with life left in it.

        Raises:
            CredentialRefused: The login is refused, or a fresh token was refused too.
        """
        saved = self._shared.read()
        if saved is not None and self._usable(saved, refused):
            return saved
        with self._shared.locked():
            saved = self._shared.read()
            if saved is not None and self._usable(saved, refused):
                return saved
            fresh = self._renewed(saved, refused)
            self._shared.write(fresh)
            return fresh

    def tenant(self) -> str:
        """Answer the key of the tenant's rate limit: the customer's guid, or the auth base where it is not known."""
        return self.token().customer_guid or self._auth_url

    def _usable(self, saved: SavedToken, refused: str | None) -> bool:
        return saved.value != refused and saved.expires_at - self._now() > self._margin

    def _renewed(self, saved: SavedToken | None, refused: str | None) -> SavedToken:
        if saved is not None and saved.value != refused and saved.expires_at > self._now():
            try:
                return self._refreshed(saved)
            except (RequestRejected, CredentialRefused):  # logged out or expired meanwhile: a login is the way
                pass
        return self._logged_in(saved)

    def _refreshed(self, saved: SavedToken) -> SavedToken:
        body = _posted(self._http, f"{self._auth_url}/token/refresh", f"{SCHEME} {saved.value}", None)
        value, expires_at = _token_of(body)
        return replace(saved, value=value, expires_at=expires_at)

    def _logged_in(self, saved: SavedToken | None) -> SavedToken:
        known = saved.login_form if saved is not None else ""
        body, form = self._login.authenticate(self._http, f"{self._auth_url}/token/authenticate", known)
        value, expires_at = _token_of(body)
        if saved is not None and saved.customer_guid:
            return replace(saved, value=value, expires_at=expires_at, login_form=form)
        return self._introduced(SavedToken(value, expires_at, login_form=form))

    def _introduced(self, token: SavedToken) -> SavedToken:
        """Ask once whom the token belongs to; a refusal to say is no obstacle."""
        url = f"{self._auth_url}/token/validate"
        try:
            body = self._http.get(url, headers={"Authorization": f"{SCHEME} {token.value}"}).json()
        except (RequestRejected, CredentialRefused):
            return token
        user = body.get("userInfo") or {}
        return replace(
            token, customer_guid=str(user.get("customerGuid") or ""), user_guid=str(user.get("userGuid") or "")
        )


class AnaplanOAuth:
    """An Authorizer over an OAuth grant whose tokens ``connections.tokens`` keeps."""

    def __init__(self, access: Callable[[str | None], str]) -> None:
        """Take the function that answers a live access token, given the one just refused (bare, without scheme)."""
        self._access = access

    def headers(self, refused: str | None) -> Mapping[str, str]:
        """Answer the header to send; ``refused`` is the Authorization value that was just answered with 401."""
        return {"Authorization": f"{SCHEME} {self._access(_bare(refused))}"}


def login_from(kind: str, fields: Mapping[str, str]) -> Login:
    """Answer the login a credential's fields describe.

    Args:
        kind: ``basic`` (email, password) or ``certificate`` (certificate_pem, key_pem, passphrase, header_form).
        fields: The credential's decrypted fields.

    Raises:
        SettingWrong: The kind is unknown or a field is missing.
    """
    from ml_connector_dagster.anaplan.certificate import CertificateLogin  # slow to import

    try:
        if kind == "basic":
            return BasicLogin(fields["email"], fields["password"])
        if kind == "certificate":
            return CertificateLogin(
                fields["certificate_pem"],
                fields["key_pem"],
                fields.get("passphrase", ""),
                fields.get("header_form", "pem_b64"),
            )
    except KeyError as missing:
        raise SettingWrong(
            f"The Anaplan credential has no {missing.args[0]}.",
            "No login is possible.",
            "Enter it with ml-connector credential set.",
        ) from None
    raise SettingWrong(
        f"{kind!r} is not a kind of Anaplan credential.",
        "No login is possible.",
        "Use basic, certificate or oauth with ml-connector credential set.",
    )


def _posted(http: VendorHttp, url: str, authorization: str, body: Any) -> Mapping[str, Any]:
    answer = http.send("POST", url, headers={"Authorization": authorization}, json=body, repeatable=True)
    decoded = answer.json()
    return decoded if isinstance(decoded, dict) else {}


def _token_of(body: Mapping[str, Any]) -> tuple[str, datetime]:
    info = body.get("tokenInfo") or {}
    value, expires_at = info.get("tokenValue"), info.get("expiresAt")
    if not value or expires_at is None:
        raise CredentialRefused(
            f"Anaplan's auth service answered without a token ({body.get('status', 'no status')}).",
            "No call to Anaplan is possible with this login.",
            "Check the login in Anaplan, then enter it again with ml-connector credential set.",
        )
    return str(value), datetime.fromtimestamp(int(expires_at) / 1000, UTC)


def _refused(whom: str, cause: Exception) -> CredentialRefused:
    return CredentialRefused(
        f"Anaplan refused the login {whom}.",
        "Nothing is read from or loaded into Anaplan until it works again; the model keeps its figures.",
        "See whether the password expired or this machine's address is not allowed, then run ml-connector credential set.",
        cause=type(cause).__name__,
    )


def _bare(authorization: str | None) -> str | None:
    return None if authorization is None else authorization.removeprefix(f"{SCHEME} ")
