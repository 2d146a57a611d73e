"""tables of the first release."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Expand first; contract in a later release."""
    op.create_table(
        "audit_event",
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False, comment="ids, digests, counts; never values or secrets"),
        sa.Column("previous_hash", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "sequence", name=op.f("pk_audit_event")),
    )
    op.create_table(
        "consent_state",
        sa.Column("state", sa.Text(), nullable=False, comment="SHA-256 of the state that the browser carries"),
        sa.Column("credential", sa.Text(), nullable=False),
        sa.Column(
            "verifier", sa.Text(), nullable=False, comment="PKCE verifier, encrypted; empty where the vendor takes none"
        ),
        sa.Column("redirect_uri", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("state", name=op.f("pk_consent_state")),
    )
    op.create_table(
        "credential",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("vendor", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="oauth, basic, certificate"),
        sa.Column("state", sa.Text(), nullable=False, comment="new, ready, suspect, needs_reauth"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("suspect_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("grant_generation", sa.Integer(), nullable=False, comment="moves with each consent"),
        sa.Column("version", sa.Integer(), nullable=False, comment="moves with each stored token: compare-and-swap"),
        sa.Column("access_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "facts", sa.JSON(), nullable=False, comment="client id, scopes, certificate format that worked, tenant id"
        ),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_credential")),
    )
    op.create_table(
        "data_key",
        sa.Column("credential", sa.Text(), nullable=False),
        sa.Column("kid", sa.Text(), nullable=False, comment="which key of the keyring wraps it"),
        sa.Column("wrapped", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("credential", name=op.f("pk_data_key")),
    )
    op.create_table(
        "detail",
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("stamp", sa.Text(), nullable=False, comment="the vendor's modified stamp, as written"),
        sa.Column("body", sa.LargeBinary(), nullable=False, comment="the vendor's answer, compressed"),
        sa.PrimaryKeyConstraint("connection", "entity", "record_id", name=op.f("pk_detail")),
        comment="Answers of detail calls, by record and stamp: a document that moves to another period costs no call.",
    )
    op.create_table(
        "dirty_period",
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "entity", "period", name=op.f("pk_dirty_period")),
    )
    op.create_table(
        "enabled_connection",
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("connection", name=op.f("pk_enabled_connection")),
    )
    op.create_table(
        "held_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column(
            "digest", sa.Text(), nullable=False, comment="of what would be loaded: a release is for this content alone"
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("delta", sa.Text(), nullable=False),
        sa.Column(
            "releasable",
            sa.Boolean(),
            nullable=False,
            comment="false: waits for a mended mapping or record, not for a decision",
        ),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_held_change")),
        sa.UniqueConstraint(
            "connection", "target", "period", "digest", name=op.f("uq_held_change_connection_target_period_digest")
        ),
    )
    op.create_table(
        "load",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("model_id", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("target_kind", sa.Text(), nullable=False, comment="list, module"),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column(
            "digest", sa.Text(), nullable=False, comment="of snapshots + mapping + settings: what loads_due compares"
        ),
        sa.Column("snapshots", sa.JSON(), nullable=False, comment="entity to the snapshot digest it was planned from"),
        sa.Column("settings_hash", sa.Text(), nullable=False),
        sa.Column("mapping_hash", sa.Text(), nullable=False),
        sa.Column("import_id", sa.Text(), nullable=False),
        sa.Column("file_id", sa.Text(), nullable=False),
        sa.Column("file_hash", sa.Text(), nullable=False),
        sa.Column("file_blob", sa.Text(), nullable=False),
        sa.Column("sidecar_blob", sa.Text(), nullable=False),
        sa.Column("cells_blob", sa.Text(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("total", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Text(),
            nullable=False,
            comment="planned, uploaded, intended, started, finished, verified, refused, skipped",
        ),
        sa.Column(
            "route",
            sa.JSON(),
            nullable=False,
            comment="how anybody settles and verifies it: action, steps, view, columns",
        ),
        sa.Column(
            "seen_tasks", sa.JSON(), nullable=False, comment="task id to creation time, as listed before the start"
        ),
        sa.Column(
            "starts", sa.Integer(), nullable=False, comment="start requests sent; 2 after a lost one left no trace"
        ),
        sa.Column("task_id", sa.Text(), nullable=True),
        sa.Column("adopted", sa.Boolean(), nullable=False),
        sa.Column(
            "verdict", sa.Text(), nullable=False, comment="LOADED, LOADED_WITH_IGNORED, PARTIAL, FAILED, CANCELLED"
        ),
        sa.Column("rows_ignored", sa.Integer(), nullable=False),
        sa.Column("rows_rejected", sa.Integer(), nullable=False),
        sa.Column("dump_blob", sa.Text(), nullable=True),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("intended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_load")),
    )
    op.create_index(op.f("ix_load_model_id"), "load", ["model_id"], unique=False)
    op.create_index("ix_load_slice", "load", ["connection", "target", "period", "id"], unique=False)
    op.create_table(
        "mailbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False, comment="dedupe key of the sender's event"),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="pending, done"),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by", sa.Text(), nullable=True, comment="the run that published"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mailbox")),
        sa.UniqueConstraint("kind", "key", name=op.f("uq_mailbox_kind_key")),
    )
    op.create_table(
        "marker",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_marker")),
        comment="Facts about this database: the profile it was initialised with, its instance id.",
    )
    op.create_table(
        "period_register",
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="open, soft_closed, locked"),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("connection", "period", name=op.f("pk_period_register")),
    )
    op.create_table(
        "rate_limit",
        sa.Column("name", sa.Text(), nullable=False, comment="vendor:limit:scope"),
        sa.Column(
            "theoretical_arrival",
            sa.Float(),
            nullable=False,
            comment="GCRA, seconds since the epoch on the database's clock",
        ),
        sa.Column(
            "blocked_until", sa.Float(), nullable=False, comment="pushed by Retry-After and by the vendors' headers"
        ),
        sa.Column("granted", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_rate_limit")),
    )
    op.create_table(
        "record_period",
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("version_hash", sa.Text(), nullable=False),
        sa.Column("read_began_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("connection", "entity", "record_id", name=op.f("pk_record_period")),
    )
    op.create_index("ix_record_period_period", "record_period", ["connection", "entity", "period"], unique=False)
    op.create_table(
        "refresh_intent",
        sa.Column("credential", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Text(), nullable=False),
        sa.Column("grant_generation", sa.Integer(), nullable=False),
        sa.Column("base_version", sa.Integer(), nullable=False),
        sa.Column(
            "deadline_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="database clock: POST time-out plus margin",
        ),
        sa.Column(
            "spool", sa.Text(), nullable=True, comment="the raw answer, encrypted; null while no answer was read"
        ),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("credential", name=op.f("pk_refresh_intent")),
    )
    op.create_table(
        "secret",
        sa.Column("credential", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("envelope", sa.Text(), nullable=False, comment="v1.kid.nonce.ciphertext, AES-256-GCM"),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("credential", "field", name=op.f("pk_secret")),
    )
    op.create_table(
        "snapshot",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column(
            "digest",
            sa.Text(),
            nullable=False,
            comment="of the content, independent of row order; Dagster's data version",
        ),
        sa.Column("blob", sa.Text(), nullable=False, comment="content address of the Parquet file"),
        sa.Column("raw_blob", sa.Text(), nullable=True, comment="content address of the vendor's answers, compressed"),
        sa.Column("parser_version", sa.Text(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("records", sa.Integer(), nullable=False, comment="vendor records read = staged + quarantined"),
        sa.Column("quarantined", sa.Integer(), nullable=False),
        sa.Column("total", sa.Text(), nullable=False, comment="sum of amount or net_amount, for the plot over periods"),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("unknown_fields", sa.JSON(), nullable=False),
        sa.Column(
            "read_began_at", sa.DateTime(timezone=True), nullable=False, comment="compare-and-swap: the newer read wins"
        ),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_snapshot")),
    )
    op.create_index("ix_snapshot_current", "snapshot", ["connection", "entity", "period", "current"], unique=False)
    op.create_table(
        "tie_out",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("measured_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("books", sa.Text(), nullable=False),
        sa.Column("staged", sa.Text(), nullable=False),
        sa.Column("anaplan", sa.Text(), nullable=True),
        sa.Column("residuals", sa.JSON(), nullable=False, comment="class to amount"),
        sa.Column("unexplained", sa.Text(), nullable=False),
        sa.Column(
            "differences",
            sa.JSON(),
            nullable=False,
            comment="account or member to the three figures, only where they differ",
        ),
        sa.Column("holds", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tie_out")),
    )
    op.create_index("ix_tie_out_slice", "tie_out", ["connection", "target", "period", "id"], unique=False)
    op.create_table(
        "watermark",
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("connection", "feed", name=op.f("pk_watermark")),
    )
    op.create_table(
        "known_task",
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("model_id", sa.Text(), nullable=False),
        sa.Column("load_id", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False, comment="started, adopted, late_duplicate, foreign"),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["load_id"], ["load.id"], name=op.f("fk_known_task_load_id")),
        sa.PrimaryKeyConstraint("task_id", name=op.f("pk_known_task")),
    )
    op.create_index(op.f("ix_known_task_load_id"), "known_task", ["load_id"], unique=False)
    op.create_table(
        "quarantined_record",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("snapshot_id", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["snapshot_id"], ["snapshot.id"], name=op.f("fk_quarantined_record_snapshot_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarantined_record")),
    )
    op.create_index(op.f("ix_quarantined_record_snapshot_id"), "quarantined_record", ["snapshot_id"], unique=False)
    op.create_table(
        "rejected_row",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("load_id", sa.Integer(), nullable=False),
        sa.Column("file_row", sa.Integer(), nullable=False, comment="line of the file, header = 1"),
        sa.Column("status", sa.Text(), nullable=False, comment="E error, W warning"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("row", sa.JSON(), nullable=False),
        sa.Column("source_lines", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["load_id"], ["load.id"], name=op.f("fk_rejected_row_load_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rejected_row")),
    )
    op.create_index(op.f("ix_rejected_row_load_id"), "rejected_row", ["load_id"], unique=False)
