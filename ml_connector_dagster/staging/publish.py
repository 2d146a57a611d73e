"""Making a reading the current snapshot of its slice: blobs first, then one transaction that swaps the pointer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.staging.record_periods import track_periods
from ml_connector_dagster.staging.snapshot import QuarantinedRecord, SliceOf, SnapshotRow, StaleRead
from ml_connector_dagster.staging.spool import RowSpool, fingerprint
from ml_connector_dagster.store.blobs import Blobs
from ml_connector_dagster.store.engine import Store
from ml_connector_dagster.store.faultpoints import fault_point
from ml_connector_dagster.store.tables.staging import dirty_period, quarantined_record, snapshot


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything a reading found, its files closed."""

    of: SliceOf
    rows: RowSpool
    raw: Path | None
    record_type: type[tuple[Any, ...]]
    parser_version: str
    records: int
    quarantined: tuple[QuarantinedRecord, ...]
    unknown_fields: Mapping[str, int]
    calls: int
    run_id: str
    read_began_at: datetime


def publish(store: Store, blobs: Blobs, reading: Reading) -> SnapshotRow | StaleRead:
    """Swap the pointer of the slice, unless a read that began later (or at the same moment) was published already.

    In the same transaction: quarantined records, the period each record stands in, dirty marks for the other period of a
    record that stood elsewhere, and the end of this slice's own dirty mark where it is older than the read.
    """
    blob = blobs.put_file("snapshot", reading.rows.path)
    raw_blob = blobs.put_file("raw", reading.raw) if reading.raw is not None else None
    published_at = store.now()
    fault_point("snapshot_blob_written")
    with store.begin() as transaction:
        _one_at_a_time(store, transaction, reading.of)
        standing = transaction.execute(current_of(reading.of)).mappings().first()
        if standing is not None and standing["read_began_at"] >= reading.read_began_at:
            return StaleRead(snapshot_row(standing))
        row = _insert(transaction, reading, blob=blob, raw_blob=raw_blob, published_at=published_at)
        _settle_dirty(transaction, reading)
        if "document_id" in reading.rows.schema.names:
            moves = track_periods(transaction, reading.of, reading.rows.path, reading.read_began_at, published_at)
            row = replace(row, left=moves.left, came_from=moves.came_from)
    fault_point("snapshot_published")
    return row


def current_of(of: SliceOf) -> Any:
    """Answer the select of a slice's current snapshot."""
    return select(snapshot).where(
        snapshot.c.connection == of.connection,
        snapshot.c.entity == of.entity,
        snapshot.c.period == str(of.period),
        snapshot.c.current,
    )


def snapshot_row(row: Mapping[Any, Any]) -> SnapshotRow:
    """Turn a row of the table into the value."""
    facts = {name: row[name] for name in SnapshotRow.__dataclass_fields__ if name in row}
    return SnapshotRow(**facts | {"period": Period.parse(row["period"])})


def _insert(
    transaction: Connection,
    reading: Reading,
    *,
    blob: str,
    raw_blob: str | None,
    published_at: datetime,
) -> SnapshotRow:
    of = reading.of
    facts: dict[str, Any] = {
        "digest": reading.rows.digest.hexdigest(),
        "blob": blob,
        "raw_blob": raw_blob,
        "parser_version": reading.parser_version,
        "rows": reading.rows.rows,
        "records": reading.records,
        "quarantined": len(reading.quarantined),
        "total": reading.rows.total,
        "calls": reading.calls,
        "unknown_fields": dict(reading.unknown_fields),
        "read_began_at": reading.read_began_at,
        "published_at": published_at,
        "run_id": reading.run_id,
    }
    slice_of: dict[str, Any] = {"connection": of.connection, "entity": of.entity}
    transaction.execute(
        update(snapshot).filter_by(**slice_of, period=str(of.period), current=True).values(current=False)
    )
    inserted = insert(snapshot).values(**slice_of, **facts, period=str(of.period), current=True)
    snapshot_id = transaction.execute(inserted.returning(snapshot.c.id)).scalar_one()
    if reading.quarantined:
        rows = [
            {"snapshot_id": snapshot_id, "record_id": record.record_id, "reason": record.reason}
            for record in reading.quarantined
        ]
        transaction.execute(insert(quarantined_record), rows)
    return SnapshotRow(id=snapshot_id, **slice_of, period=of.period, **facts)


def _settle_dirty(transaction: Connection, reading: Reading) -> None:
    of = reading.of
    transaction.execute(
        delete(dirty_period).where(
            dirty_period.c.connection == of.connection,
            dirty_period.c.entity == of.entity,
            dirty_period.c.period == str(of.period),
            dirty_period.c.noted_at < reading.read_began_at,
        )
    )


def _one_at_a_time(store: Store, transaction: Connection, of: SliceOf) -> None:
    """Let one publication of the entity through at a time; SQLite's write transaction does so by itself."""
    if store.is_postgres:
        transaction.execute(select(func.pg_advisory_xact_lock(fingerprint(f"snapshot|{of.connection}|{of.entity}"))))
