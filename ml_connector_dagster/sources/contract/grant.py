"""How a person consents to a source, and in which of the vendor's regions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Place:
    """One of a vendor's regions: where a consent that was given there refreshes its token and is read."""

    accounts_url: str
    """Base that replaces scheme and host of the grant's token and revocation addresses; no trailing slash."""
    api_url: str


@dataclass(frozen=True, slots=True)
class GrantPolicy:
    """How the vendor's OAuth grant behaves; ``transport.grant`` and ``connections.tokens`` obey it."""

    authorize_url: str
    token_url: str
    revoke_url: str
    scopes: tuple[str, ...]
    client_auth: str = "basic"
    """``basic`` header or ``body`` fields."""
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
    """``form``, ``json`` or ``query``; empty where it is the token endpoint's own."""
    token_headers: Mapping[str, str] = field(default_factory=dict)
    """Sent with every token request besides."""
    ends_in_field: str = ""
    """Field of a token answer that says in how many seconds the grant ends for good; ``check`` warns of the day."""
    dead_words: tuple[str, ...] = ("invalid_grant",)
    """OAuth error words that mean: this grant is expired, revoked or used up."""
    busy_words: tuple[str, ...] = ()
    """OAuth error words that mean: too many tokens were asked for, come back later; lower case, blanks as underscores."""
