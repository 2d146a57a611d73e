"""The period register: open, soft-closed, locked; and what is held until a person releases it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from ml_connector_dagster.audit.trail import record
from ml_connector_dagster.connections.opening import OpenConnection
from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.flows.changes import open_period
from ml_connector_dagster.flows.file_plan import Hold
from ml_connector_dagster.flows.slices import CurrentSnapshots
from ml_connector_dagster.ledger.period import Period, periods_between
from ml_connector_dagster.mapping.targets import ListTarget
from ml_connector_dagster.sources.contract.entity import EntityKind
from ml_connector_dagster.staging.snapshots import Staging
from ml_connector_dagster.store.tables.loads import held_change, period_register

POST_CLOSE = "the accounting system locked the period: its last changes are read once more"


class PeriodState(StrEnum):
    """Where a period stands."""

    OPEN = "open"
    """Among the newest ``open_months``: re-read every day."""
    SOFT_CLOSED = "soft_closed"
    """Older, yet not locked in the source: a change that a feed shows is loaded."""
    LOCKED = "locked"
    """Locked in the source: a change is held with its delta, never restated silently."""


@dataclass(frozen=True, slots=True)
class HeldSlice:
    """One slice that waits, with what it would change."""

    id: int
    target: str
    period: str
    digest: str
    reason: str
    delta: Decimal
    held_at: datetime
    may_be_released: bool


def update_register(connection: OpenConnection) -> tuple[str, ...]:
    """Ask the source for its lock date, write each period's state, and dirty the periods it newly locked; answers those.

    One control call. A period that was never read is registered but not dirtied: there is nothing to read once more.
    """
    lock_on = connection.reader().company().lock_on if connection.settings.periods.lock_from_source else None
    newest = open_period(connection)
    start = Period.parse(connection.settings.periods.start)
    states = {
        str(period): state_of(period, newest, connection.settings.periods.open_months, lock_on)
        for period in periods_between(start, newest.next())
    }
    before = period_states(connection)
    _write(connection, {period: state for period, state in states.items() if before.get(period) != state})
    locked = [
        period
        for period, state in states.items()
        if state is PeriodState.LOCKED and before.get(period) not in (None, PeriodState.LOCKED)
    ]
    _dirty(connection, locked)
    return tuple(locked)


def state_of(period: Period, newest: Period, open_months: int, lock_on: date | None) -> PeriodState:
    """Answer where a period stands.

    Args:
        period: The period asked about.
        newest: The month that is open now.
        open_months: How many months, the newest included, stay open.
        lock_on: Periods that end on or before this day are locked; None where nothing is.
    """
    if lock_on is not None and period.last_on <= lock_on:
        return PeriodState.LOCKED
    return PeriodState.OPEN if period > newest.shift(-open_months) else PeriodState.SOFT_CLOSED


def period_states(connection: OpenConnection) -> Mapping[str, PeriodState]:
    """Answer what the register says of each period; a period absent was never looked at."""
    query = sa.select(period_register.c.period, period_register.c.state).where(
        period_register.c.connection == connection.name
    )
    with connection.store.read() as database:
        return {period: PeriodState(state) for period, state in database.execute(query)}


def keep_holds(connection: OpenConnection, target: str, period: str, digest: str, holds: Iterable[Hold]) -> None:
    """Write why a slice waits, or that it waits no more; what an earlier content waited for is superseded.

    A list has one content whatever the period; its caller gives the period of its newest snapshot.
    """
    kept = list(holds)
    mine = sa.and_(
        held_change.c.connection == connection.name, held_change.c.target == target, held_change.c.period == period
    )
    row: dict[str, Any] = {
        "reason": " ".join(hold.says for hold in kept),
        "delta": next((hold.delta for hold in kept if hold.delta), Decimal(0)),
        "releasable": all(hold.reason.may_be_released for hold in kept),
    }
    with connection.store.begin() as database:
        database.execute(
            sa.delete(held_change).where(mine, held_change.c.released_at.is_(None), held_change.c.digest != digest)
        )
        here = sa.and_(mine, held_change.c.digest == digest)
        known = database.execute(sa.select(held_change.c.released_at).where(here)).one_or_none()
        if not kept and known is not None and known.released_at is None:
            database.execute(sa.delete(held_change).where(here))
        elif kept and known is None:
            key = {"connection": connection.name, "target": target, "period": period, "digest": digest}
            database.execute(sa.insert(held_change).values(**key, **row, held_at=connection.store.now()))
        elif kept:
            database.execute(sa.update(held_change).where(here).values(**row, released_at=None, released_by=None))


def released_digests(connection: OpenConnection, target: str) -> frozenset[tuple[str, str]]:
    """Answer (period, digest) of what a person released."""
    query = sa.select(held_change.c.period, held_change.c.digest).where(
        held_change.c.connection == connection.name,
        held_change.c.target == target,
        held_change.c.released_at.is_not(None),
    )
    with connection.store.read() as database:
        return frozenset((period, digest) for period, digest in database.execute(query))


def held_slices(connection: OpenConnection) -> tuple[HeldSlice, ...]:
    """Answer what waits for a person, oldest first."""
    query = (
        sa.select(*_held_columns())
        .where(held_change.c.connection == connection.name, held_change.c.released_at.is_(None))
        .order_by(held_change.c.held_at, held_change.c.id)
    )
    with connection.store.read() as database:
        return tuple(HeldSlice(*row) for row in database.execute(query))


def release(connection: OpenConnection, target: str, period: str, *, by: str) -> HeldSlice:
    """Let one held content go: a release is for this digest alone, and the audit trail keeps who, when and what it moves.

    Args:
        connection: The opened connection.
        target: The list or module that waits.
        period: 2026-10; of no meaning for a list, which has one content whatever the period.
        by: Who decides.

    Raises:
        SettingWrong: There is no such target, nothing of it waits, or it waits for a mended mapping or record, which
            nobody can wave through.
    """
    period = "" if isinstance(connection.target(target), ListTarget) else period
    found = next((held for held in held_slices(connection) if (held.target, held.period) == (target, period)), None)
    if found is None:
        raise SettingWrong(
            f"Nothing of {connection.name} waits for {target} {period}.".replace(" .", "."),
            "It was released before, or newer figures took its place.",
            f"Look at: ml-connector held list {connection.name}.",
        )
    if not found.may_be_released:
        raise SettingWrong(
            f"{found.target} of {found.period or 'any period'} cannot be released: {found.reason}",
            "Loading it would make the figures silently smaller.",
            "Complete the mapping or mend the record; the load then follows by itself.",
        )
    _let_go(connection, found, by)
    return found


def _let_go(connection: OpenConnection, held: HeldSlice, by: str) -> None:
    """Mark the content released, in one transaction with its audit event; what somebody else released first stays theirs."""
    now = connection.store.now()
    mine = sa.and_(held_change.c.id == held.id, held_change.c.released_at.is_(None))
    facts = {
        "by": by,
        "target": held.target,
        "period": held.period,
        "digest": held.digest,
        "delta": f"{held.delta.normalize():f}",
        "reason": held.reason,
    }
    with connection.store.begin() as database:
        released = database.execute(sa.update(held_change).where(mine).values(released_at=now, released_by=by))
        if released.rowcount == 1:
            record(database, connection.name, "hold_released", facts)


def _held_columns() -> list[sa.ColumnElement[Any]]:
    names = [name for name in HeldSlice.__dataclass_fields__ if name != "may_be_released"]
    return [*(held_change.c[name] for name in names), held_change.c.releasable]


def _write(connection: OpenConnection, states: Mapping[str, PeriodState]) -> None:
    now = connection.store.now()
    rows = [
        {"connection": connection.name, "period": period, "state": state.value, "changed_at": now}
        for period, state in states.items()
    ]
    if not rows:
        return
    made = (postgresql.insert if connection.store.is_postgres else sqlite.insert)(period_register).values(rows)
    moved = {name: made.excluded[name] for name in ("state", "changed_at")}
    with connection.store.begin() as database:
        database.execute(made.on_conflict_do_update(index_elements=["connection", "period"], set_=moved))


def _dirty(connection: OpenConnection, periods: Iterable[str]) -> None:
    snapshots = CurrentSnapshots.of(connection)
    staging = Staging(connection.store, connection.blobs)
    for entity in connection.source.entities:
        if entity.kind is EntityKind.REFERENCE:
            continue
        read = [Period.parse(period) for period in periods if snapshots.at(entity.name, period) is not None]
        if read:
            staging.mark_dirty(connection.name, entity.name, read, POST_CLOSE)
