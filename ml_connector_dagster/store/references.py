"""Which blobs the state database refers to: the marks that a sweep obeys and a restore must find."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection, delete, func, select

from ml_connector_dagster.store.tables.loads import load
from ml_connector_dagster.store.tables.staging import quarantined_record, snapshot

if TYPE_CHECKING:
    from ml_connector_dagster.store.engine import Store

ADDRESSES = (
    snapshot.c.blob,
    snapshot.c.raw_blob,
    load.c.file_blob,
    load.c.sidecar_blob,
    load.c.cells_blob,
    load.c.dump_blob,
)
"""Every column that holds a blob's address; a test compares it with the tables."""
AT_ONCE = 500


def referred_blobs(store: Store) -> frozenset[str]:
    """Answer every address that a snapshot or a load names, whatever became of it."""
    with store.read() as connection:
        found = [connection.execute(select(column).distinct()).scalars().all() for column in ADDRESSES]
    return frozenset(address for addresses in found for address in addresses if address)


def outlived_snapshots(connection: Connection, before: datetime) -> list[int]:
    """Answer the ids of snapshots that another took the place of before that time, and that no load was planned from.

    A load pins its snapshots by digest, and the newest row of a digest is the one it finds: that one stays.

    Args:
        connection: A transaction.
        before: Aware UTC; what was current after it may still be read by a run under way.
    """
    pinned = frozenset(_pinned(connection))
    replaced_at = func.lead(snapshot.c.published_at, type_=snapshot.c.published_at.type).over(
        partition_by=(snapshot.c.connection, snapshot.c.entity, snapshot.c.period), order_by=snapshot.c.id
    )
    columns = ("id", "connection", "entity", "digest", "current")
    query = select(*(snapshot.c[name] for name in columns), replaced_at.label("replaced_at")).order_by(snapshot.c.id)
    found: list[int] = []
    newest_seen: set[tuple[str, str, str]] = set()
    for row in reversed(connection.execute(query).all()):
        content = (row.connection, row.entity, row.digest)
        is_pinned = content in pinned and content not in newest_seen
        newest_seen.add(content)
        if not row.current and not is_pinned and row.replaced_at is not None and row.replaced_at < before:
            found.append(row.id)
    return found


def forget_snapshots(connection: Connection, ids: list[int]) -> None:
    """Delete these rows and the quarantined records that belong to them; their blobs are left to a sweep."""
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        connection.execute(delete(quarantined_record).where(quarantined_record.c.snapshot_id.in_(some)))
        connection.execute(delete(snapshot).where(snapshot.c.id.in_(some)))


def _pinned(connection: Connection) -> Iterator[tuple[str, str, str]]:
    for name, snapshots in connection.execute(select(load.c.connection, load.c.snapshots)).tuples():
        for of, digest in snapshots.items():
            yield name, of.partition("@")[0], digest
