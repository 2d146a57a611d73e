"""Every table of the state database, in one metadata; SQLite and Postgres alike.

Times are aware UTC. Money is text with the exact decimal (SQLite has no decimal type). JSON columns hold identifiers and
counts, never a secret: secrets live in ``secret`` alone, encrypted.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.engine import Dialect

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Moment(TypeDecorator[datetime]):
    """An aware UTC time; SQLite gives it back naive, so the zone is put back here."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive time: it would be read as another zone's."""
        del dialect
        if value is not None and value.tzinfo is None:
            raise ValueError("a time without zone must not be stored")
        return value.astimezone(UTC) if value is not None else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Answer the time with its zone."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Money(TypeDecorator[Decimal]):
    """An exact decimal, kept as text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        """Write the plain decimal."""
        del dialect
        return None if value is None else f"{value:f}"

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        """Read the plain decimal."""
        del dialect
        return None if value is None else Decimal(value)


marker = Table(
    "marker",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
    comment="Facts about this database: the profile it was initialised with, its instance id.",
)

# ── credentials and tokens ────────────────────────────────────────────────────────────────────────────────────────────
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

# ── limits ────────────────────────────────────────────────────────────────────────────────────────────────────────────
rate_limit = Table(
    "rate_limit",
    METADATA,
    Column("name", Text, primary_key=True, comment="vendor:limit:scope"),
    Column(
        "theoretical_arrival", Float, nullable=False, comment="GCRA, seconds since the epoch on the database's clock"
    ),
    Column(
        "blocked_until", Float, nullable=False, default=0.0, comment="pushed by Retry-After and by the vendors' headers"
    ),
    Column("granted", BigInteger, nullable=False, default=0),
)

# ── snapshots ─────────────────────────────────────────────────────────────────────────────────────────────────────────
snapshot = Table(
    "snapshot",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("connection", Text, nullable=False),
    Column("entity", Text, nullable=False),
    Column("period", Text, nullable=False),
    Column("digest", Text, nullable=False, comment="of the content, independent of row order; Dagster's data version"),
    Column("blob", Text, nullable=False, comment="content address of the Parquet file"),
    Column("raw_blob", Text, comment="content address of the vendor's answers, compressed"),
    Column("parser_version", Text, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("records", Integer, nullable=False, comment="vendor records read = staged + quarantined"),
    Column("quarantined", Integer, nullable=False),
    Column("total", Money, nullable=False, comment="sum of amount or net_amount, for the plot over periods"),
    Column("calls", Integer, nullable=False),
    Column("unknown_fields", JSON, nullable=False, default=dict),
    Column("read_began_at", Moment, nullable=False, comment="compare-and-swap: the newer read wins"),
    Column("published_at", Moment, nullable=False),
    Column("run_id", Text, nullable=False, default=""),
    Column("current", Boolean, nullable=False),
)
Index("ix_snapshot_current", snapshot.c.connection, snapshot.c.entity, snapshot.c.period, snapshot.c.current)
record_period = Table(
    "record_period",
    METADATA,
    Column("connection", Text, primary_key=True),
    Column("entity", Text, primary_key=True),
    Column("record_id", Text, primary_key=True),
    Column("period", Text, nullable=False),
    Column("version_hash", Text, nullable=False),
    Column("read_began_at", Moment, nullable=False),
)
Index("ix_record_period_period", record_period.c.connection, record_period.c.entity, record_period.c.period)
quarantined_record = Table(
    "quarantined_record",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("snapshot_id", Integer, ForeignKey(snapshot.c.id), nullable=False, index=True),
    Column("record_id", Text, nullable=False),
    Column("reason", Text, nullable=False),
)
detail = Table(
    "detail",
    METADATA,
    Column("connection", Text, primary_key=True),
    Column("entity", Text, primary_key=True),
    Column("record_id", Text, primary_key=True),
    Column("stamp", Text, nullable=False, comment="the vendor's modified stamp, as written"),
    Column("body", LargeBinary, nullable=False, comment="the vendor's answer, compressed"),
    comment="Answers of detail calls, by record and stamp: a document that moves to another period costs no call.",
)
dirty_period = Table(
    "dirty_period",
    METADATA,
    Column("connection", Text, primary_key=True),
    Column("entity", Text, primary_key=True),
    Column("period", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("noted_at", Moment, nullable=False),
    Column("attempt", Integer, nullable=False, default=0),
)
watermark = Table(
    "watermark",
    METADATA,
    Column("connection", Text, primary_key=True),
    Column("feed", Text, primary_key=True),
    Column("at", Moment, nullable=False),
)

# ── periods ───────────────────────────────────────────────────────────────────────────────────────────────────────────
period_register = Table(
    "period_register",
    METADATA,
    Column("connection", Text, primary_key=True),
    Column("period", Text, primary_key=True),
    Column("state", Text, nullable=False, comment="open, soft_closed, locked"),
    Column("changed_at", Moment, nullable=False),
)
held_change = Table(
    "held_change",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("connection", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("period", Text, nullable=False),
    Column("digest", Text, nullable=False, comment="of what would be loaded: a release is for this content alone"),
    Column("reason", Text, nullable=False),
    Column("delta", Money, nullable=False),
    Column(
        "releasable", Boolean, nullable=False, comment="false: waits for a mended mapping or record, not for a decision"
    ),
    Column("held_at", Moment, nullable=False),
    Column("released_at", Moment),
    Column("released_by", Text),
    UniqueConstraint("connection", "target", "period", "digest"),
)

# ── loads ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
load = Table(
    "load",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("connection", Text, nullable=False),
    Column("model_id", Text, nullable=False, index=True),
    Column("target", Text, nullable=False),
    Column("target_kind", Text, nullable=False, comment="list, module"),
    Column("period", Text, nullable=False),
    Column("digest", Text, nullable=False, comment="of snapshots + mapping + settings: what loads_due compares"),
    Column("snapshots", JSON, nullable=False, comment="entity to the snapshot digest it was planned from"),
    Column("settings_hash", Text, nullable=False),
    Column("mapping_hash", Text, nullable=False),
    Column("import_id", Text, nullable=False, default=""),
    Column("file_id", Text, nullable=False, default=""),
    Column("file_hash", Text, nullable=False),
    Column("file_blob", Text, nullable=False, default=""),
    Column("sidecar_blob", Text, nullable=False, default=""),
    Column("cells_blob", Text, nullable=False, default=""),
    Column("rows", Integer, nullable=False),
    Column("total", Money, nullable=False),
    Column(
        "state",
        Text,
        nullable=False,
        comment="planned, uploaded, intended, started, finished, verified, refused, skipped",
    ),
    Column(
        "route",
        JSON,
        nullable=False,
        default=dict,
        comment="how anybody settles and verifies it: action, steps, view, columns",
    ),
    Column(
        "seen_tasks", JSON, nullable=False, default=dict, comment="task id to creation time, as listed before the start"
    ),
    Column(
        "starts", Integer, nullable=False, default=0, comment="start requests sent; 2 after a lost one left no trace"
    ),
    Column("task_id", Text),
    Column("adopted", Boolean, nullable=False, default=False),
    Column(
        "verdict", Text, nullable=False, default="", comment="LOADED, LOADED_WITH_IGNORED, PARTIAL, FAILED, CANCELLED"
    ),
    Column("rows_ignored", Integer, nullable=False, default=0),
    Column("rows_rejected", Integer, nullable=False, default=0),
    Column("dump_blob", Text),
    Column("counts", JSON, nullable=False, default=dict),
    Column("attempt", Integer, nullable=False, default=1),
    Column("retry_at", Moment),
    Column("error", Text, nullable=False, default=""),
    Column("planned_at", Moment, nullable=False),
    Column("uploaded_at", Moment),
    Column("intended_at", Moment),
    Column("started_at", Moment),
    Column("finished_at", Moment),
    Column("verified_at", Moment),
    Column("run_id", Text, nullable=False, default=""),
)
Index("ix_load_slice", load.c.connection, load.c.target, load.c.period, load.c.id)
known_task = Table(
    "known_task",
    METADATA,
    Column("task_id", Text, primary_key=True),
    Column("model_id", Text, nullable=False),
    Column("load_id", Integer, ForeignKey(load.c.id), index=True),
    Column("note", Text, nullable=False, comment="started, adopted, late_duplicate, foreign"),
    Column("noted_at", Moment, nullable=False),
)
rejected_row = Table(
    "rejected_row",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("load_id", Integer, ForeignKey(load.c.id), nullable=False, index=True),
    Column("file_row", Integer, nullable=False, comment="line of the file, header = 1"),
    Column("status", Text, nullable=False, comment="E error, W warning"),
    Column("reason", Text, nullable=False),
    Column("row", JSON, nullable=False),
    Column("source_lines", JSON, nullable=False),
)
tie_out = Table(
    "tie_out",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("connection", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("period", Text, nullable=False),
    Column("measured_at", Moment, nullable=False),
    Column("books", Money, nullable=False),
    Column("staged", Money, nullable=False),
    Column("anaplan", Money),
    Column("residuals", JSON, nullable=False, comment="class to amount"),
    Column("unexplained", Money, nullable=False),
    Column(
        "differences", JSON, nullable=False, comment="account or member to the three figures, only where they differ"
    ),
    Column("holds", Boolean, nullable=False),
)
Index("ix_tie_out_slice", tie_out.c.connection, tie_out.c.target, tie_out.c.period, tie_out.c.id)

kept_detail = Table(
    "kept_detail",
    METADATA,
    Column("system", Text, primary_key=True),
    Column("company_id", Text, primary_key=True),
    Column("entity", Text, primary_key=True),
    Column("record_id", Text, primary_key=True),
    Column("stamp", Text, nullable=False, comment="the vendor's modified stamp that the body belongs to"),
    Column("body", LargeBinary, nullable=False, comment="the detail call's answer, zlib"),
    Column("kept_at", Moment, nullable=False),
    comment="Answers of detail calls: an unchanged document is not asked for again.",
)

# ── mailbox and audit ─────────────────────────────────────────────────────────────────────────────────────────────────
mailbox = Table(
    "mailbox",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False, comment="dedupe key of the sender's event"),
    Column("body", JSON, nullable=False),
    Column("state", Text, nullable=False, comment="pending, done"),
    Column("received_at", Moment, nullable=False),
    Column("done_at", Moment),
    Column("done_by", Text, comment="the run that published"),
    UniqueConstraint("kind", "key"),
)
audit_event = Table(
    "audit_event",
    METADATA,
    Column("connection", Text, primary_key=True),
    Column("sequence", Integer, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("event", Text, nullable=False),
    Column("facts", JSON, nullable=False, comment="ids, digests, counts; never values or secrets"),
    Column("previous_hash", Text, nullable=False),
    Column("hash", Text, nullable=False),
)
enabled_connection = Table(
    "enabled_connection",
    METADATA,
    Column("connection", Text, primary_key=True),
    Column("enabled", Boolean, nullable=False),
    Column("changed_at", Moment, nullable=False),
)
