"""The audit trail, each event chained to the one before."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Integer, Table, Text

from ml_connector_dagster.store.tables.metadata import METADATA, Moment

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
