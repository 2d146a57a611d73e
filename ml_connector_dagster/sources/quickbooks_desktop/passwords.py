"""Passwords that a person types into the Web Connector: issued here, kept as scrypt hashes alone."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import RowMapping

COST, BLOCK, LANES = 2**14, 8, 1
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without what is mistaken for another when it is typed: i, l, o, 0, 1."""
GROUPS, LETTERS = 5, 5
_NOBODYS = "scrypt$16384$8$1$AAAAAAAAAAAAAAAAAAAAAA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
"""Compared with where there is no such user, so that it takes as long."""


def issued() -> str:
    """Answer a new password of 123 bits, in groups that a person can type."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(LETTERS)) for _ in range(GROUPS))


def hashed(password: str, *, cost: int = COST) -> str:
    """Answer what is kept of a password: ``scrypt$cost$block$lanes$salt$hash``; a lower cost is for tests alone."""
    salt = secrets.token_bytes(16)
    digest = _scrypt(password, salt, cost, BLOCK, LANES)
    return "$".join(("scrypt", str(cost), str(BLOCK), str(LANES), _text(salt), _text(digest)))


def is_right(company: RowMapping | None, password: str, now: datetime) -> bool:
    """Answer whether the password is the company's, or the one before within its grace; as slow for nobody's.

    Args:
        company: A row of ``desktop_company``; None where the user is unknown.
        password: As it was shown.
        now: Aware UTC.
    """
    current = (company["password_hash"] if company is not None else "") or _NOBODYS
    is_current = _matches(current, password)
    if company is None or not company["password_hash"]:
        return False
    if is_current:
        return True
    in_grace = company["previous_hash"] and company["previous_until"] is not None and company["previous_until"] > now
    return bool(in_grace) and _matches(company["previous_hash"], password)


def _matches(kept: str, password: str) -> bool:
    _, cost, block, lanes, salt, digest = kept.split("$")
    found = _scrypt(password, base64.b64decode(salt), int(cost), int(block), int(lanes))
    return hmac.compare_digest(found, base64.b64decode(digest))


def _scrypt(password: str, salt: bytes, cost: int, block: int, lanes: int) -> bytes:
    shown = password.encode("utf-8", "replace")
    return hashlib.scrypt(shown, salt=salt, n=cost, r=block, p=lanes, maxmem=64 * 1024 * 1024, dklen=32)


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")
