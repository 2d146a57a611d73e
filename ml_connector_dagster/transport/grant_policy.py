"""What a vendor's OAuth is declared to be; standard library alone, since definitions load it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class GrantPolicy:
    """How a vendor's OAuth grant behaves; ``transport.grant`` and ``connections.tokens`` obey it."""

    authorize_url: str
    token_url: str
    revoke_url: str = ""
    scopes: tuple[str, ...] = ()
    vendor: str = ""
    """Whom messages name; of a source its title, put in when its addresses are known."""
    device_url: str = ""
    """Where a code for another device is had; empty where the vendor has none."""
    client_auth: str = "basic"
    """``basic`` header or ``body`` fields; a client without secret always names itself in the body."""
    body_form: str = "form"
    """``form`` or ``json``."""
    refresh_names_redirect: bool = False
    """True where a refresh must name the redirect address that the consent was given through."""
    single_use_refresh: bool = True
    """True where a refresh rotates the refresh token."""
    old_token_grace_seconds: int = 0
    """How long a superseded refresh token still works after a lost answer; 0 where showing it kills the grant."""
    margin_seconds: int = 300
    """Refresh when the access token has less than this left."""
    refresh_life_days: int | None = None
    uses_pkce: bool = False
    authorize_extra: Mapping[str, str] = field(default_factory=dict)
    scope_separator: str = " "
    scheme: str = "Bearer"
    """What stands before the access token in the Authorization header."""
    revoke_form: str = ""
    """``form``, ``json`` or ``query``; empty where it is ``body_form``."""
    token_headers: Mapping[str, str] = field(default_factory=dict)
    """Sent with every token request besides."""
    ends_in_field: str = ""
    """Field of a token answer that says in how many seconds the grant ends for good; ``check`` warns of the day."""
    dead_words: tuple[str, ...] = ("invalid_grant",)
    """OAuth error words that mean: this grant is expired, revoked or used up."""
    busy_words: tuple[str, ...] = ()
    """OAuth error words that mean: too many tokens were asked for, come back later; lower case, blanks as underscores."""
