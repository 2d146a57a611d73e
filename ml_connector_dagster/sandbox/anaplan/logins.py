"""Tokens of the authentication service: 35 minutes, the value kept on refresh, dead at once on logout."""

import base64
import binascii
import itertools
import secrets
import uuid
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from ml_connector_dagster.sandbox.anaplan.users import User
from ml_connector_dagster.sandbox.clock import Clock

TOKEN_SECONDS = 35 * 60
_NONCE_BYTES = 100
_TIMESTAMP_SLACK_SECONDS = 300


class LoginRefused(Exception):  # noqa: N818 - named for what happened
    """401 FAILURE_BAD_CREDENTIAL or 400 FAILURE_BAD_HEADER of the authentication service."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


BAD_CREDENTIAL = "Incorrect e-mail address or password, or the certificate is not known."


@dataclass
class Token:
    """A token: opaque value, whose it is, when it ends (epoch seconds). refreshable is false for OAuth's."""

    value: str
    user: User
    expires_at: float
    token_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    refresh_id: str = field(default_factory=lambda: str(uuid.uuid4()))


class Logins:
    """Who is logged in. counts says how many logins and refreshes there were: one in 35 minutes is the aim."""

    def __init__(self, clock: Clock, users: dict[str, User]) -> None:
        self._clock = clock
        self._users = users
        self._tokens: dict[str, Token] = {}
        self._certificates: dict[bytes, str] = {}
        self.cert_formats = {"v1", "v2"}
        self.v2_unit = "seconds"
        self.counts = {"authenticate": 0, "refresh": 0, "refused": 0}
        self._numbers = itertools.count(1)

    def issue(self, user: User, seconds: float = TOKEN_SECONDS) -> Token:
        token = Token(secrets.token_urlsafe(480), user, self._now() + seconds)
        self._tokens[token.value] = token
        return token

    def valid(self, value: str) -> Token | None:
        token = self._tokens.get(value)
        return token if token is not None and token.expires_at > self._now() else None

    def refresh(self, value: str) -> Token | None:
        """Same value, later end; None once it expired or was logged out."""
        token = self.valid(value)
        if token is not None:
            token.expires_at = self._now() + TOKEN_SECONDS
            self.counts["refresh"] += 1
        return token

    def logout(self, value: str) -> bool:
        return self.valid(value) is not None and self._tokens.pop(value, None) is not None

    def revoke_all(self) -> None:
        """Every token dies, as after an incident or a password change."""
        self._tokens.clear()

    def by_password(self, encoded: str) -> Token:
        try:
            email, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError) as wrong:
            raise LoginRefused(400, "FAILURE_BAD_HEADER", "Invalid header. Verify the header.") from wrong
        user = self._users.get(email)
        if (
            user is None
            or user.password_expired
            or not secrets.compare_digest(user.password.encode(), password.encode())
        ):
            raise self._refused()
        self.counts["authenticate"] += 1
        return self.issue(user)

    def register_certificate(self, pem: str, email: str) -> None:
        """What the tenant's security admin does: this certificate is that user's."""
        certificate = x509.load_pem_x509_certificate(pem.encode())
        self._certificates[certificate.fingerprint(hashes.SHA256())] = email

    def by_certificate(self, encoded: str, body: dict[str, str]) -> Token:
        """Certificate in the header (PEM text or DER, base64), the user's signature over fresh bytes in the body."""
        certificate = _certificate(encoded)
        email = self._certificates.get(certificate.fingerprint(hashes.SHA256()))
        data, signature = _decoded(body, "encodedData"), _decoded(body, "encodedSignedData")
        self._check_form(body.get("encodedDataFormat"), data)
        key = certificate.public_key()
        if email not in self._users or not isinstance(key, rsa.RSAPublicKey):
            raise self._refused()
        try:
            key.verify(signature, data, padding.PKCS1v15(), hashes.SHA512())
        except InvalidSignature as wrong:
            raise self._refused() from wrong
        self.counts["authenticate"] += 1
        return self.issue(self._users[email])

    def _check_form(self, form: str | None, data: bytes) -> None:
        version = form or "v1"
        if version not in self.cert_formats:
            raise LoginRefused(400, "FAILURE_BAD_HEADER", f"The data format {version} is not accepted.")
        if version == "v1" and len(data) < _NONCE_BYTES:
            raise LoginRefused(400, "FAILURE_BAD_HEADER", "encodedData needs at least 100 random bytes.")
        if version == "v2":
            stamp = int.from_bytes(data[:8], "big") / (1000 if self.v2_unit == "milliseconds" else 1)
            if abs(stamp - self._now()) > _TIMESTAMP_SLACK_SECONDS:
                raise self._refused()

    def _refused(self) -> LoginRefused:
        self.counts["refused"] += 1
        return LoginRefused(401, "FAILURE_BAD_CREDENTIAL", BAD_CREDENTIAL)

    def _now(self) -> float:
        return self._clock.now().timestamp()


def _certificate(encoded: str) -> x509.Certificate:
    try:
        raw = base64.b64decode(encoded, validate=True)
        return x509.load_pem_x509_certificate(raw) if raw.startswith(b"-----") else x509.load_der_x509_certificate(raw)
    except ValueError as wrong:
        raise LoginRefused(400, "FAILURE_BAD_HEADER", "The certificate in the header cannot be read.") from wrong


def _decoded(body: dict[str, str], name: str) -> bytes:
    try:
        return base64.b64decode(body[name], validate=True)
    except (KeyError, ValueError) as wrong:
        raise LoginRefused(400, "FAILURE_BAD_HEADER", f"{name} is missing or not base64.") from wrong
