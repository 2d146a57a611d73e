"""What was loaded and what is held: loads with their tasks and rejected rows, closed periods, tie-outs."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, Table, Text, UniqueConstraint

from ml_connector_dagster.store.tables.metadata import METADATA, Moment, Money

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
