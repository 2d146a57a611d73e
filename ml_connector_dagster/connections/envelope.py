"""AES-256-GCM with a text around it: ``v1.kid.nonce.ciphertext``, bound to the place it was sealed for."""

from __future__ import annotations

import base64
import binascii
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ml_connector_dagster.connections.keyring import key_id
from ml_connector_dagster.errors import SettingWrong

VERSION = "v1"
_NONCE_BYTES = 12
_PARTS = 4


def seal(key: bytes, content: bytes, place: str) -> str:
    """Encrypt for one place (credential|vendor|field|version); pasted anywhere else the envelope does not open."""
    nonce = os.urandom(_NONCE_BYTES)
    sealed = AESGCM(key).encrypt(nonce, content, place.encode())
    return ".".join((VERSION, key_id(key), _text(nonce), _text(sealed)))


def unseal(key: bytes, envelope: str, place: str) -> bytes:
    """Decrypt what was sealed for that place.

    Raises:
        SettingWrong: Another key or place, or somebody changed the text; nothing of it is used.
    """
    try:
        nonce, sealed = _parts(envelope)
        return AESGCM(key).decrypt(_bytes(nonce), _bytes(sealed), place.encode())
    except (InvalidTag, ValueError, binascii.Error) as error:
        raise SettingWrong(
            f"The secret of {place} does not open.",
            "It was sealed with another key or for another place, or it was changed; nothing of it is used.",
            "Restore database and key file of the same day, or enter it again with ml-connector credential set.",
            place=place,
        ) from error


def envelope_kid(envelope: str) -> str:
    """Answer the id of the key that seals it; empty where the text is no envelope."""
    parts = envelope.split(".")
    return parts[1] if len(parts) == _PARTS else ""


def _parts(envelope: str) -> tuple[str, str]:
    parts = envelope.split(".")
    if len(parts) != _PARTS or parts[0] != VERSION:
        raise ValueError(len(parts))
    return parts[2], parts[3]


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode("ascii")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
