"""Credentials and tokens, consents on their way, and which connections are switched on."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Integer, Table, Text

from ml_connector_dagster.store.tables.metadata import METADATA, Moment

credential = Table(
    "credential",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("vendor", Text, nullable=False),
    Column("kind", Text, nullable=False, comment="oauth, basic, certificate"),
    Column("state", Text, nullable=False, comment="new, ready, suspect, needs_reauth"),
    Column("reason", Text, nullable=False, default=""),
    Column("suspect_since", Moment),
    Column("grant_generation", Integer, nullable=False, default=0, comment="moves with each consent"),
    Column("version", Integer, nullable=False, default=0, comment="moves with each stored token: compare-and-swap"),
    Column("access_expires_at", Moment),
    Column(
        "facts",
        JSON,
        nullable=False,
        default=dict,
        comment="client id, scopes, certificate format that worked, tenant id",
    ),
    Column("updated_at", Moment, nullable=False),
)
secret = Table(
    "secret",
    METADATA,
    Column("credential", Text, primary_key=True),
    Column("field", Text, primary_key=True),
    Column("envelope", Text, nullable=False, comment="v1.kid.nonce.ciphertext, AES-256-GCM"),
    Column("updated_at", Moment, nullable=False),
)
data_key = Table(
    "data_key",
    METADATA,
    Column("credential", Text, primary_key=True),
    Column("kid", Text, nullable=False, comment="which key of the keyring wraps it"),
    Column("wrapped", Text, nullable=False),
    Column("updated_at", Moment, nullable=False),
)
refresh_intent = Table(
    "refresh_intent",
    METADATA,
    Column("credential", Text, primary_key=True),
    Column("attempt", Text, nullable=False),
    Column("grant_generation", Integer, nullable=False),
    Column("base_version", Integer, nullable=False),
    Column("deadline_at", Moment, nullable=False, comment="database clock: POST time-out plus margin"),
    Column("spool", Text, comment="the raw answer, encrypted; null while no answer was read"),
    Column("tries", Integer, nullable=False, default=0),
)
consent_state = Table(
    "consent_state",
    METADATA,
    Column("state", Text, primary_key=True, comment="SHA-256 of the state that the browser carries"),
    Column("credential", Text, nullable=False),
    Column("verifier", Text, nullable=False, comment="PKCE verifier, encrypted; empty where the vendor takes none"),
    Column("redirect_uri", Text, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("used_at", Moment),
)
enabled_connection = Table(
    "enabled_connection",
    METADATA,
    Column("connection", Text, primary_key=True),
    Column("enabled", Boolean, nullable=False),
    Column("changed_at", Moment, nullable=False),
)
