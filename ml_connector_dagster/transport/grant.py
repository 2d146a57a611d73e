"""OAuth, as the vendors speak it: the authorize address, code to token, refresh, device grant, revocation.

Pure protocol: nothing here stores a token or decides that a grant is dead; ``connections.tokens`` does, behind ``TokenStore``.
No request is ever sent twice: a refresh token may be single use, so what to do about a lost answer is the caller's decision.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import urlencode

from ml_connector_dagster.errors import CredentialRefused, OutcomeUnknown, RequestRejected, TemporarilyRefused
from ml_connector_dagster.transport.answer import Answer
from ml_connector_dagster.transport.client import VendorHttp
from ml_connector_dagster.transport.grant_policy import GrantPolicy
from ml_connector_dagster.transport.httpx_clients import Timeouts
from ml_connector_dagster.transport.retry import retry_after_seconds

CONNECT_SECONDS = 10.0
_EVERY_REFUSAL = range(400, 600)
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_CLIENT_ERRORS = frozenset({"invalid_client", "unauthorized_client"})
_WAITING = frozenset({"authorization_pending", "slow_down"})


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token that may be sent now."""

    value: str = field(repr=False)
    expires_at: datetime
    version: int
    """Moves with each stored token."""


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    """What the token endpoint granted."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    """None where the vendor keeps the old one alive."""
    expires_in_seconds: int
    scope: str = ""
    issued_at: datetime | None = None
    """Aware UTC, by the vendor's clock (``created_at``); None where it does not say: then from when we asked."""
    ends_in_seconds: int | None = None
    """When the grant ends for good whatever is done; None where the vendor does not say."""


@dataclass(frozen=True, slots=True)
class DeviceCode:
    """What a person types on another device, and what we poll with."""

    device_code: str = field(repr=False)
    user_code: str
    verification_url: str
    expires_in_seconds: int
    interval_seconds: int


class GrantRefused(CredentialRefused):
    """``invalid_grant``: the refresh token or code is expired, revoked or used."""


class NothingSent(TemporarilyRefused):
    """No connection came about, so the vendor cannot have seen the request."""


class TokenStore(Protocol):
    """Where a live access token of one credential comes from; fulfilled by ``connections.tokens``."""

    def access(self, *, refused: str | None = None) -> AccessToken:
        """Answer a token with life left in it, refreshing it once over all processes where it has none.

        Args:
            refused: The token a vendor just answered 401 to; a newer stored one is answered without a call, else one
                refresh is made.

        Raises:
            CredentialRefused: A person must consent again.
            TemporarilyRefused: The vendor does not answer now, or another process refreshes and takes too long.
        """


class GrantClient:
    """One OAuth client (id and secret) at one vendor."""

    def __init__(
        self, policy: GrantPolicy, client_id: str, client_secret: str = "", *, timeout_seconds: float = 30.0
    ) -> None:
        """Send nothing yet; ``timeout_seconds`` is the longest wait for an answer."""
        self.policy = policy
        self.timeout_seconds = timeout_seconds
        self._client_id = client_id
        self._client_secret = client_secret
        timeouts = Timeouts(min(CONNECT_SECONDS, timeout_seconds), timeout_seconds, timeout_seconds)
        self._http = VendorHttp(policy.vendor, timeouts=timeouts)

    def authorize_url(self, *, redirect_uri: str, state: str, verifier: str = "") -> str:
        """Answer the address a person opens to consent."""
        query = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": redirect_uri,
            "scope": self.policy.scope_separator.join(self.policy.scopes),
            "state": state,
            **self.policy.authorize_extra,
        }
        if self.policy.uses_pkce:
            query |= {"code_challenge": challenge(verifier), "code_challenge_method": "S256"}
        return f"{self.policy.authorize_url}?{urlencode(query)}"

    def exchange(self, code: str, *, redirect_uri: str, verifier: str = "") -> str:
        """Turn a consent's code into tokens; answers the raw body.

        Raises:
            GrantRefused: The code is used, expired, or the redirect address differs.
        """
        fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        return self._token(fields | ({"code_verifier": verifier} if verifier else {}))

    def refresh(self, refresh_token: str, *, redirect_uri: str = "") -> str:
        """Ask for a new access token; answers the raw body, so that it can be kept before anybody reads it.

        Args:
            refresh_token: The last one that was answered.
            redirect_uri: Of the consent; sent where the vendor wants it.

        Raises:
            GrantRefused: The vendor says ``invalid_grant``.
            OutcomeUnknown: No answer: the refresh token may or may not be used up.
            NothingSent: No connection came about.
            TemporarilyRefused: 408, 429 or 5xx.
            CredentialRefused: The client id or secret is wrong.
        """
        named = {"redirect_uri": redirect_uri} if self.policy.refresh_names_redirect else {}
        return self._token({"grant_type": "refresh_token", "refresh_token": refresh_token, **named})

    def revoke(self, refresh_token: str) -> None:
        """End the grant at the vendor; a grant that is dead already is no error."""
        url, body_form = self.policy.revoke_url, self.policy.revoke_form or self.policy.body_form
        if body_form == "query":
            answer = self._send(f"{url}?{urlencode({'token': refresh_token})}", {}, {})
        else:
            answer = self._post(url, {"token": refresh_token}, body_form)
        if answer.status not in (200, 204, 400):
            raise self._refusal(answer)

    def start_device(self) -> DeviceCode:
        """Ask for a device code (Anaplan; off where the tenant has SSO)."""
        fields = {"client_id": self._client_id, "scope": " ".join(self.policy.scopes)}
        answer = self._send(self.policy.device_url, fields, {})
        if not _granted(answer):
            raise self._refusal(answer)
        body = _object(_text(answer), self.policy.vendor)
        address = str(body.get("verification_uri_complete") or body.get("verification_uri") or "")
        times = int(body.get("expires_in") or 900), int(body.get("interval") or 5)
        return DeviceCode(str(body["device_code"]), str(body.get("user_code") or ""), address, *times)

    def poll_device(self, device_code: str) -> str | None:
        """Answer the raw token body, or None while the person has not decided.

        Raises:
            CredentialRefused: The person refused, or the code expired.
        """
        fields = {"grant_type": DEVICE_GRANT, "device_code": device_code, "client_id": self._client_id}
        answer = self._send(self.policy.token_url, fields, {})
        if _granted(answer):
            return _text(answer)
        if _error_code(answer) in _WAITING:
            return None
        raise self._refusal(answer)

    def _token(self, fields: Mapping[str, str]) -> str:
        answer = self._post(self.policy.token_url, fields, headers=self.policy.token_headers)
        if _granted(answer):
            return _text(answer)
        raise self._refusal(answer)

    def _post(
        self, url: str, fields: Mapping[str, str], body_form: str = "", headers: Mapping[str, str] | None = None
    ) -> Answer:
        if self._client_secret and self.policy.client_auth == "basic":
            pair = base64.b64encode(f"{self._client_id}:{self._client_secret}".encode()).decode("ascii")
            return self._send(url, fields, {**(headers or {}), "Authorization": f"Basic {pair}"}, body_form)
        named = {"client_id": self._client_id} | ({"client_secret": self._client_secret} if self._client_secret else {})
        return self._send(url, {**fields, **named}, headers or {}, body_form)

    def _send(self, url: str, fields: Mapping[str, str], headers: Mapping[str, str], body_form: str = "") -> Answer:
        body = dict(fields)
        form, json_body = (None, body) if (body_form or self.policy.body_form) == "json" else (body, None)
        try:
            return self._http.send(
                "POST", url, headers=headers, form=form, json=json_body, repeatable=False, expected=_EVERY_REFUSAL
            )
        except TemporarilyRefused as error:  # refusals are answers here, so no connection came about
            raise NothingSent(error.happened, "The grant is untouched.", error.do, **error.context) from error

    def _refusal(self, answer: Answer) -> Exception:
        """Answer the error that says what a refused token request means; the body itself is never shown."""
        vendor, status, code = self.policy.vendor, answer.status, _error_code(answer)
        said = f"{vendor} answered {status} to a token request" + (f" ({code})." if code else ".")
        if status in (408, 429) or status >= 500 or code in self.policy.busy_words:
            return TemporarilyRefused(
                said,
                "The vendor is busy or ill; the grant is untouched.",
                "Nothing to do: it is tried again by itself.",
                retry_after_seconds=retry_after_seconds(answer.headers),
                status=status,
            )
        if code in self.policy.dead_words or (status == 403 and not code):
            return GrantRefused(
                said,
                "The grant is expired, revoked or used up.",
                "Connect again with ml-connector connect.",
                status=status,
            )
        if code in _CLIENT_ERRORS or status == 401:
            return CredentialRefused(
                said,
                "The OAuth client's id or secret is wrong, or the app was removed.",
                "Enter them again with ml-connector credential set.",
                status=status,
            )
        if code in ("access_denied", "expired_token"):
            return CredentialRefused(
                said, "Nobody consented in time.", "Start again with ml-connector connect.", status=status
            )
        return RequestRejected(
            said,
            "The same request would be refused again.",
            "Check scopes and redirect address of the OAuth app against the vendor's page.",
            status=status,
            code=code,
        )


def read_answer(raw: str, vendor: str, ends_in_field: str = "") -> TokenAnswer:
    """Read a token endpoint's 200.

    Args:
        raw: The body as it came.
        vendor: For the message.
        ends_in_field: Which field says when the grant ends for good; empty where none does.

    Raises:
        OutcomeUnknown: It is no JSON, or holds no access token: what became of the refresh token is not known.
    """
    body = _object(raw, vendor)
    access = body.get("access_token")
    if not isinstance(access, str) or not access:
        raise _unreadable(vendor, "without an access token")
    refresh = body.get("refresh_token")
    created, ends = body.get("created_at"), body.get(ends_in_field)
    return TokenAnswer(
        access,
        refresh if isinstance(refresh, str) and refresh else None,
        int(body.get("expires_in") or 0),
        str(body.get("scope") or ""),
        datetime.fromtimestamp(created, UTC) if isinstance(created, int) else None,
        int(ends) if isinstance(ends, int) else None,
    )


def new_verifier() -> str:
    """Answer a PKCE verifier: 43 characters, 256 bits."""
    return secrets.token_urlsafe(32)


def challenge(verifier: str) -> str:
    """Answer the S256 challenge of a verifier."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode("ascii")).digest()).rstrip(b"=").decode("ascii")


def _object(raw: str, vendor: str) -> dict[str, Any]:
    try:
        body = json.loads(raw)
    except ValueError:
        raise _unreadable(vendor, "that is no JSON") from None
    if not isinstance(body, dict):
        raise _unreadable(vendor, "that is no JSON object")
    return body


def _unreadable(vendor: str, why: str) -> OutcomeUnknown:
    return OutcomeUnknown(
        f"{vendor} answered a token request with a body {why}.",
        "A proxy or a maintenance page may stand in between; the refresh token may be used up.",
        "Check what answers at the vendor's address from this machine.",
        vendor=vendor,
    )


def _granted(answer: Answer) -> bool:
    """True for a 2xx; Zoho says no with 200 and an ``error`` in the body (zoho_books.md §2)."""
    return 200 <= answer.status < 300 and not _error_code(answer)


def _text(answer: Answer) -> str:
    return answer.content.decode("utf-8", errors="replace")


def _error_code(answer: Answer) -> str:
    """Answer OAuth's error word; empty where the body has none. Letters, digits and underscores alone are let through."""
    try:
        body = json.loads(_text(answer))
    except ValueError:
        return ""
    said = body.get("error") if isinstance(body, dict) else None
    code = said.casefold().replace(" ", "_") if isinstance(said, str) else ""
    return code if code.replace("_", "").isalnum() and len(code) < 64 else ""
