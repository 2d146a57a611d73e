"""OAuth, as the vendors speak it: the authorize address, code to token, refresh, device grant, revocation.

Pure protocol: nothing here stores a token or decides that a grant is dead; ``connections.tokens`` does, behind ``TokenStore``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class GrantEndpoints:
    """Where a vendor's OAuth lives and how it behaves; connections builds it from a source's policy."""

    vendor: str
    authorize_url: str
    token_url: str
    revoke_url: str
    device_url: str = ""
    scopes: tuple[str, ...] = ()
    client_auth: str = "basic"
    """``basic`` header or ``body`` fields."""
    body_form: str = "form"
    """``form`` or ``json``."""
    single_use_refresh: bool = True
    old_token_grace_seconds: int = 0
    margin_seconds: int = 300
    uses_pkce: bool = False
    authorize_extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token that may be sent now."""

    value: str = field(repr=False)
    expires_at: datetime
    version: int
    """Moves with each stored token; a caller whose token was refused says which one it had."""


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
