"""Ask the change feeds which periods are dirty, and keep that until a pull has read them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from ml_connector_dagster.connections.opening import OpenConnection
from ml_connector_dagster.flows.awaited import EVERY_PERIOD, asked_for, changes_answer, put_away
from ml_connector_dagster.flows.slices import CurrentSnapshots
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sources.contract.answers import Changes
from ml_connector_dagster.sources.contract.entity import LEDGER_LINES
from ml_connector_dagster.staging.snapshots import StagedCompany, Staging
from ml_connector_dagster.store.tables.staging import dirty_period, snapshot, watermark

FEED = "changes"
DERIVED_WAIT = timedelta(minutes=10)
"""The run that read an entity usually derives from it in its next step; only what stays behind is read by itself."""


TRIED_AGAIN = timedelta(hours=1)
"""A read of a dirty period that failed is asked for again after this long; an open month is read daily anyway."""


@dataclass(frozen=True, slots=True)
class DirtyPeriod:
    """One entity and period that must be read again, and why."""

    entity: str
    period: str
    reason: str
    noted_at: datetime
    attempt: int
    """Moves when it is noted again, and with each hour that it stays dirty: a read that failed is tried again."""

    @property
    def run_key(self) -> str:
        """Never the same twice for a new attempt (protocol 17)."""
        return f"{self.entity}:{self.noted_at.isoformat()}:{self.attempt}"


def note_changes(connection: OpenConnection, *, run_id: str = "") -> tuple[DirtyPeriod, ...]:
    """Ask the source's feeds since the watermark, note the dirty periods, then move the watermark; answers all dirty now.

    A crash between the two notes the same periods again, which costs a read and loses nothing. Periods never read are
    not noted, unless their first read waits for its answer: it may have been asked before the change. A change before
    ``periods.start`` moves the opening balance, so it dirties the first period's ledger lines.

    Raises:
        AnswerAwaited: The source answers later; nothing was noted and the watermark stays.
    """
    since = changes_since(connection)
    if since is None:
        return ()
    staging = Staging(connection.store, connection.blobs)
    changes = connection.reader().changes(since, StagedCompany(staging, connection.name))
    for entity, period in _to_note(connection, changes):
        staging.mark_dirty(connection.name, entity, [period], "the change feed showed a change")
    _move_watermark(connection, changes.watermark)
    if answer := changes_answer(connection):
        put_away(connection, answer, run_id)
    return dirty_periods(connection)


def changes_since(connection: OpenConnection) -> datetime | None:
    """Answer where the feed stands (aware UTC): at first, when the oldest read began; None where nothing was read yet."""
    stored = sa.select(watermark.c.at).where(watermark.c.connection == connection.name, watermark.c.feed == FEED)
    oldest = (
        sa.select(snapshot.c.read_began_at)
        .where(snapshot.c.connection == connection.name, snapshot.c.current)
        .order_by(snapshot.c.read_began_at)
        .limit(1)
    )
    with connection.store.read() as database:
        return database.execute(stored).scalar() or database.execute(oldest).scalar()


def dirty_periods(connection: OpenConnection) -> tuple[DirtyPeriod, ...]:
    """Answer what is noted, not yet read again and can be read by now; no network."""
    columns = [dirty_period.c[name] for name in DirtyPeriod.__dataclass_fields__]
    query = (
        sa.select(*columns)
        .where(dirty_period.c.connection == connection.name)
        .order_by(dirty_period.c.period, dirty_period.c.entity)
    )
    with connection.store.read() as database:
        found = [DirtyPeriod(*row) for row in database.execute(query)]
    derived = {entity.name for entity in connection.source.entities if entity.derived_from}
    now = connection.store.now()
    return tuple(
        replace(dirty, attempt=dirty.attempt + int(max(now - dirty.noted_at, timedelta(0)) / TRIED_AGAIN))
        for dirty in found
        if dirty.noted_at <= now - (DERIVED_WAIT if dirty.entity in derived else timedelta(0))
    )


def periods_to_read(connection: OpenConnection) -> tuple[DirtyPeriod, ...]:
    """Answer the dirty periods that a run should read now: not those whose answer is on its way or has come."""
    awaited = asked_for(connection)
    return tuple(
        one for one in dirty_periods(connection) if not awaited & {(one.entity, one.period), (one.entity, EVERY_PERIOD)}
    )


def dirty_since(connection: OpenConnection, entity: str, period: Period) -> datetime | None:
    """Answer when it was noted (aware UTC) that the entity and period must be read again; None where it need not."""
    with connection.store.read() as database:
        query = sa.select(dirty_period.c.noted_at).where(*_key(connection, entity, period))
        return database.execute(query).scalar()


def open_period(connection: OpenConnection) -> Period:
    """Answer the month that is open now in the company's own calendar."""
    zone = ZoneInfo(connection.settings.source.time_zone)
    return Period.of(connection.store.now().astimezone(zone).date())


def _to_note(connection: OpenConnection, changes: Changes) -> Iterator[tuple[str, Period]]:
    start = Period.parse(connection.settings.periods.start)
    snapshots = CurrentSnapshots.of(connection)
    wanted = {(one.entity, one.period) for one in dirty_periods(connection)}
    for entity, periods in sorted(changes.dirty.items()):
        for period in sorted(periods):
            if period < start:
                yield LEDGER_LINES, start
            elif snapshots.at(entity, str(period)) is not None or (entity, str(period)) in wanted:
                yield entity, period


def _move_watermark(connection: OpenConnection, at: datetime) -> None:
    mine = sa.and_(watermark.c.connection == connection.name, watermark.c.feed == FEED)
    with connection.store.begin() as database:
        moved = database.execute(sa.update(watermark).where(mine).values(at=at))
        if not moved.rowcount:
            database.execute(sa.insert(watermark).values(connection=connection.name, feed=FEED, at=at))


def _key(connection: OpenConnection, entity: str, period: Period) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        dirty_period.c.connection == connection.name,
        dirty_period.c.entity == entity,
        dirty_period.c.period == str(period),
    )
