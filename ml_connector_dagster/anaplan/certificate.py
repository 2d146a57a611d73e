"""Logs in with a certificate: two body formats, negotiated once (reference: anaplan.md §2.2, §2.3)."""

from __future__ import annotations

import base64
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from ml_connector_dagster.errors import CredentialRefused, RequestRejected, SettingWrong

if TYPE_CHECKING:
    from ml_connector_dagster.transport.client import VendorHttp

FORMS = ("v2-seconds", "v2-milliseconds", "v1")
"""In the order they are tried. Anaplan's own sample holds seconds; two other clients send milliseconds; v1 is phased out."""
_RANDOM_BYTES = 150


@dataclass(frozen=True, slots=True)
class CertificateLogin:
    """An X.509 client certificate that Anaplan knows, with its RSA key."""

    certificate_pem: str
    key_pem: str = field(repr=False)
    passphrase: str = field(default="", repr=False)
    header_form: str = "pem_b64"
    """``pem_b64``: base64 of the whole PEM text, as Anaplan's samples do; ``der_b64``: the PEM's body alone."""

    def authenticate(self, http: VendorHttp, url: str, form: str) -> tuple[Mapping[str, Any], str]:
        """Try the form that worked last time, else each form once; answer the body and the form that worked."""
        refusal: Exception | None = None
        for candidate in (form,) if form in FORMS else FORMS:
            try:
                return self._tried(http, url, candidate), candidate
            except (RequestRejected, CredentialRefused) as refused:
                refusal = refused
        if form in FORMS:  # Anaplan moved on from the form it took before: negotiate once more
            return self.authenticate(http, url, "")
        raise CredentialRefused(
            "Anaplan refused the certificate login in each of its three forms.",
            "Nothing is read from or loaded into Anaplan until it works again.",
            "Check that the certificate is registered, names the user's e-mail and has not expired; and that this "
            "machine's address is allowed.",
        ) from refusal

    def body(self, form: str) -> dict[str, str]:
        """Sign fresh random bytes; v2 puts a big-endian 8-byte time in front."""
        data = os.urandom(_RANDOM_BYTES)
        if form != "v1":
            stamp = time.time() if form == "v2-seconds" else time.time() * 1000
            data = int(stamp).to_bytes(8, "big") + data
        signature = self._key().sign(data, padding.PKCS1v15(), hashes.SHA512())
        signed = {"encodedData": _b64(data), "encodedSignedData": _b64(signature)}
        return signed if form == "v1" else {**signed, "encodedDataFormat": "v2"}

    def header(self) -> str:
        """Answer the Authorization value."""
        if self.header_form == "der_b64":
            lines = [line for line in self.certificate_pem.splitlines() if line and not line.startswith("-----")]
            return f"CACertificate {''.join(lines)}"
        return f"CACertificate {_b64(self.certificate_pem.encode('ascii'))}"

    def _tried(self, http: VendorHttp, url: str, form: str) -> Mapping[str, Any]:
        headers = {"Authorization": self.header()}
        answer = http.send("POST", url, headers=headers, json=self.body(form), repeatable=True)
        decoded = answer.json()
        return decoded if isinstance(decoded, dict) else {}

    def _key(self) -> rsa.RSAPrivateKey:
        secret = self.passphrase.encode() or None
        try:
            key = serialization.load_pem_private_key(self.key_pem.encode("ascii"), secret)
        except (ValueError, TypeError):
            raise _bad_key("cannot be read: it is no PEM key, or the passphrase is wrong") from None
        if not isinstance(key, rsa.RSAPrivateKey) or key.key_size < 2048:
            raise _bad_key("is no RSA key of at least 2048 bits")
        return key


def _bad_key(why: str) -> SettingWrong:
    return SettingWrong(
        f"The Anaplan certificate's private key {why}.",
        "No login is possible.",
        "Enter certificate, key and passphrase again with ml-connector credential set.",
    )


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
