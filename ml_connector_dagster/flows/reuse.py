"""A reference entity is read once for many periods: a period records which reading it was validated with."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from ml_connector_dagster.connections.opening import OpenConnection
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.staging.snapshot import SnapshotRow
from ml_connector_dagster.staging.snapshots import Staging
from ml_connector_dagster.store.tables.staging import dirty_period, snapshot


def reuse_newest(
    connection: OpenConnection, staging: Staging, entity: str, period: Period, wanted_at: datetime
) -> SnapshotRow | None:
    """Answer the newest snapshot where its read began after ``wanted_at``, as the period's own from now on; else None.

    A dirty mark of the period that is older than the read ends with it.

    The caller holds the entity's pull lock, so that no other run publishes between the look and the copy.
    """
    newest = staging.newest_row(connection.name, entity)
    if newest is None or newest.read_began_at < wanted_at:
        return None
    if newest.period != period:
        _copy_pointer(connection, newest, period)
        _settle_dirty(connection, newest, period)
    return newest


def _copy_pointer(connection: OpenConnection, newest: SnapshotRow, period: Period) -> None:
    slice_of_period = sa.and_(
        snapshot.c.connection == connection.name, snapshot.c.entity == newest.entity, snapshot.c.period == str(period)
    )
    new = {"period": str(period), "calls": 0, "published_at": connection.store.now(), "current": True}
    kept = [column for column in snapshot.columns if column.name not in (*new, "id")]
    copied = sa.select(*kept, *(sa.literal(value, snapshot.c[name].type) for name, value in new.items()))
    with connection.store.begin() as database:
        database.execute(sa.update(snapshot).where(slice_of_period, snapshot.c.current).values(current=False))
        database.execute(
            sa.insert(snapshot).from_select(
                [*(column.name for column in kept), *new], copied.where(snapshot.c.id == newest.id)
            )
        )


def _settle_dirty(connection: OpenConnection, newest: SnapshotRow, period: Period) -> None:
    mark = sa.and_(
        dirty_period.c.connection == connection.name,
        dirty_period.c.entity == newest.entity,
        dirty_period.c.period == str(period),
    )
    with connection.store.begin() as database:
        database.execute(sa.delete(dirty_period).where(mark, dirty_period.c.noted_at <= newest.read_began_at))
