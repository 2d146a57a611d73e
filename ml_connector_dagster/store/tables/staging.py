"""What was read: snapshots and where records stand, answers that are kept, and what must be read again."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text

from ml_connector_dagster.store.tables.metadata import METADATA, Moment, Money

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
