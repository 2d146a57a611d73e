"""What the store keeps for itself: facts about this database, the vendors' limits, what came in and waits."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Float, Integer, Table, Text, UniqueConstraint

from ml_connector_dagster.store.tables.metadata import METADATA, Moment

marker = Table(
    "marker",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
    comment="Facts about this database: the profile it was initialised with, its instance id.",
)
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
