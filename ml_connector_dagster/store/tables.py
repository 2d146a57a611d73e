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

# ── QuickBooks Desktop: what waits for the customer's Web Connector ───────────────────────────────────────────────────
desktop_company = Table(
    "desktop_company",
    METADATA,
    Column("company_id", Text, primary_key=True, comment="FileID of the company file, lower case, without braces"),
    Column("connection", Text, nullable=False, default="", comment="the connection its .qwc was written for"),
    Column("username", Text, unique=True, comment="null until a .qwc was written"),
    Column("password_hash", Text, nullable=False, default="", comment="scrypt; never the password"),
    Column("previous_hash", Text, nullable=False, default="", comment="still taken until previous_until"),
    Column("previous_until", Moment),
    Column("owner_id", Text, nullable=False, default="", comment="GUID of our application, with braces"),
    Column("app_name", Text, nullable=False, default="", comment="the permission inside QuickBooks is bound to it"),
    Column("epoch", Integer, nullable=False, default=0, comment="moves with every login: fences the machine before"),
    Column("paused", Text, nullable=False, default="", comment="why nothing is handed out; empty: it is"),
    Column("paused_until", Moment),
    Column("company_path", Text, nullable=False, default="", comment="of the company file on the customer's machine"),
    Column("versions", JSON, nullable=False, default=dict, comment="web_connector, quickbooks, qbxml, country"),
    Column("facts", LargeBinary, comment="Host, Company and Preferences of the last session, qbXML, zlib"),
    Column("opened_at", Moment, comment="when the file was last open under our session"),
    Column("seen_at", Moment, comment="when the machine last logged in or spoke"),
    Column("error", Text, nullable=False, default="", comment="of the last session, in words; empty: it went well"),
    Column("error_at", Moment),
    Column("pace", JSON, nullable=False, default=dict, comment="request name to records a page or days a window"),
)
desktop_session = Table(
    "desktop_session",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("company_id", Text, ForeignKey(desktop_company.c.company_id), nullable=False),
    Column("ticket_hash", Text, nullable=False, unique=True, comment="SHA-256 of the ticket; the ticket is not kept"),
    Column("epoch", Integer, nullable=False),
    Column("state", Text, nullable=False, comment="open, closed, failed, superseded"),
    Column("greeted", Boolean, nullable=False, default=False, comment="the company file was told and is the right one"),
    Column("operation_id", Text, comment="handed out, not yet answered"),
    Column("answered_id", Text, comment="request id of the answer taken last: knows a second delivery"),
    Column("percent", Integer, nullable=False, default=0, comment="what that answer was told"),
    Column("path_asked", Text, nullable=False, default="", comment="company file named to the machine"),
    Column("said", Text, nullable=False, default="", comment="the next getLastError's answer"),
    Column("succeeded", Integer, nullable=False, default=0),
    Column("failed", Integer, nullable=False, default=0),
    Column("opened_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("closed_at", Moment),
)
Index("ix_desktop_session_company", desktop_session.c.company_id, desktop_session.c.opened_at)
Index("ix_desktop_session_open", desktop_session.c.company_id, desktop_session.c.closed_at)
reading = Table(
    "reading",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("company_id", Text, ForeignKey(desktop_company.c.company_id), nullable=False),
    Column("purpose", Text, nullable=False, comment="what it is for: entity and period"),
    Column("open_key", Text, comment="purpose while unpublished, null after: one open reading a purpose"),
    Column("state", Text, nullable=False, comment="pending, complete, failed, published, replaced"),
    Column("error", Text, nullable=False, default="", comment="why it failed, in words"),
    Column("asked_at", Moment, nullable=False),
    Column("finished_at", Moment, comment="complete or failed"),
    Column("published_at", Moment),
    Column("published_by", Text, nullable=False, default="", comment="the run that published it"),
    UniqueConstraint("company_id", "open_key"),
)
desktop_operation = Table(
    "desktop_operation",
    METADATA,
    Column("id", Text, primary_key=True, comment="the requestID too: at most 50 characters"),
    Column("company_id", Text, ForeignKey(desktop_company.c.company_id), nullable=False),
    Column("reading_id", Text, ForeignKey(reading.c.id), index=True, comment="of a read; null for a journal"),
    Column("position", Integer, nullable=False, default=0, comment="of a read within its reading"),
    Column("kind", Text, nullable=False, comment="read, journal_add, journal_mod, journal_void"),
    Column("name", Text, nullable=False, default="", comment="of a read: the request's name"),
    Column("payload", JSON, nullable=False, comment="of a read its arguments, of a journal what is to be posted"),
    Column("payload_hash", Text, nullable=False),
    Column("dedupe_key", Text, nullable=False),
    Column("ref_number", Text),
    Column("external_guid", Text),
    Column("message_set_id", Text),
    Column("request", LargeBinary, comment="the frozen bytes of a write; never rebuilt"),
    Column("phase", Text, nullable=False, comment="start, continue, stop | preflight, probe, deleted, write, verify"),
    Column(
        "state", Text, nullable=False, comment="pending, in_flight, unknown, succeeded, failed, conflict, cancelled"
    ),
    Column("owner_session", Text, comment="who has it in hand"),
    Column("owner_epoch", Integer),
    Column("priority", Integer, nullable=False, default=0, comment="higher first"),
    Column("not_before", Moment),
    Column("attempts", Integer, nullable=False, default=0, comment="messages handed out"),
    Column(
        "failures", Integer, nullable=False, default=0, comment="refused, lost or unreadable since the last success"
    ),
    Column("lock_retries", Integer, nullable=False, default=0),
    Column("writes", Integer, nullable=False, default=0, comment="how often the write itself was handed out"),
    Column("generation", Integer, nullable=False, default=1, comment="of a read: moves when it starts again"),
    Column("page", Integer, nullable=False, default=0, comment="pages stored of this generation"),
    Column("iterator_id", Text, nullable=False, default=""),
    Column("progress", JSON, nullable=False, default=dict, comment="page size; windows that are still to be read"),
    Column("txn_id", Text),
    Column("edit_sequence", Text),
    Column("txn_number", Text),
    Column("result", JSON, nullable=False, default=dict, comment="ids of lines, flags; never amounts"),
    Column("error_code", Text, nullable=False, default=""),
    Column("error", Text, nullable=False, default=""),
    Column("run_id", Text, nullable=False, default=""),
    Column("created_at", Moment, nullable=False),
    Column("sent_at", Moment, comment="the last message"),
    Column("written_at", Moment, comment="the first hand-out of the write itself"),
    Column("finished_at", Moment),
    Column("version", Integer, nullable=False, default=0, comment="compare-and-set"),
    UniqueConstraint("company_id", "dedupe_key"),
    UniqueConstraint("company_id", "ref_number"),
    UniqueConstraint("company_id", "message_set_id"),
)
Index("ix_desktop_operation_queue", desktop_operation.c.company_id, desktop_operation.c.state)
desktop_page = Table(
    "desktop_page",
    METADATA,
    Column("operation_id", Text, ForeignKey(desktop_operation.c.id), primary_key=True),
    Column("generation", Integer, primary_key=True),
    Column("page", Integer, primary_key=True, comment="1 is the first"),
    Column("arguments", JSON, nullable=False, comment="of this page: a report's own dates"),
    Column("remaining", Integer, nullable=False, default=0),
    Column("body", LargeBinary, nullable=False, comment="the answer, qbXML, zlib"),
    Column("received_at", Moment, nullable=False),
    comment="Seen by readers only when its operation succeeded in that generation.",
)
desktop_attempt = Table(
    "desktop_attempt",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("company_id", Text, ForeignKey(desktop_company.c.company_id), nullable=False),
    Column("operation_id", Text, comment="null: an answer that belongs to no operation"),
    Column("session_id", Text, nullable=False),
    Column("phase", Text, nullable=False),
    Column("generation", Integer, nullable=False, default=0),
    Column("page", Integer, nullable=False, default=0),
    Column("request_hash", Text, nullable=False, default=""),
    Column("sent_at", Moment),
    Column("received_at", Moment),
    Column("hresult", Text, nullable=False, default=""),
    Column("set_status", Text, nullable=False, default=""),
    Column("status_code", Text, nullable=False, default=""),
    Column("status_message", Text, nullable=False, default=""),
    Column("note", Text, nullable=False, default="", comment="taken, late, second, poison, foreign, lost"),
    Column("answer", LargeBinary, comment="zlib; of journals and of what could not be read"),
    comment="Every message handed out and what came back; only the received_ side of a row is written later.",
)
Index("ix_desktop_attempt_operation", desktop_attempt.c.operation_id, desktop_attempt.c.id)

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
