"""The audit trail: one row per load event, chained by hash, so that a changed, removed or inserted row shows.

An event's facts are ids, digests and counts, never secrets; the only figure is the delta that a person released. Each event
of a load also carries the digest of the load row as it stood then, so that a changed load row shows too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, RowMapping, func, insert, select, text

from ml_connector_dagster.store.tables.audit import audit_event
from ml_connector_dagster.store.tables.loads import load

if TYPE_CHECKING:
    from ml_connector_dagster.store.engine import Store

GENESIS = "0" * 64
MOST_SAID = 500
"""Characters kept of what a failed run said."""
_SEALED = (
    "connection", "model_id", "target", "period", "digest", "file_hash", "rows", "total", "state", "task_id", "verdict",
    "rows_ignored", "rows_rejected",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the trail."""

    connection: str
    sequence: int
    at: datetime
    event: str
    facts: Mapping[str, Any]
    hash: str


@dataclass(frozen=True, slots=True)
class Break:
    """A place where the trail and what it vouches for do not agree."""

    connection: str
    sequence: int
    """Of the event; 0 where a load row has none."""
    says: str


def record(connection: Connection, name: str, event: str, facts: Mapping[str, Any]) -> int:
    """Append an event within the caller's write transaction and answer its sequence number.

    Args:
        connection: The transaction in which the recorded change is made, so that both last or neither.
        name: Of the connection whose chain it is.
        event: What happened: planned, uploaded, started …
        facts: Ids, digests and counts that JSON can hold.
    """
    if connection.dialect.name == "postgresql":  # two loads of one connection may write at once
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": f"audit:{name}"})
    newest = select(audit_event.c.sequence, audit_event.c.hash).where(audit_event.c.connection == name)
    last = connection.execute(newest.order_by(audit_event.c.sequence.desc()).limit(1)).one_or_none()
    sequence, previous = (last.sequence + 1, last.hash) if last else (1, GENESIS)
    at = datetime.now(UTC)
    digest = _hash(previous, (name, sequence), at, event, facts)
    connection.execute(
        insert(audit_event).values(
            connection=name, sequence=sequence, at=at, event=event, facts=dict(facts), previous_hash=previous, hash=digest
        )
    )  # fmt: skip
    return sequence


def record_load(connection: Connection, load_id: int, event: str, **facts: Any) -> int:
    """Append an event of a load, sealed with the load row as it stands in this transaction."""
    row = connection.execute(select(load).where(load.c.id == load_id)).mappings().one()
    sealed = {"load": load_id, "state": row["state"], "row": load_digest(row), **facts}
    return record(connection, row["connection"], event, sealed)


def record_failed_run(store: Store, name: str, *, run_id: str, says: str) -> int:
    """Append that a Dagster run failed, so that nothing fails in silence; answers the event's sequence number.

    Args:
        store: The state database.
        name: Of the run's connection.
        run_id: Dagster's.
        says: What the run said last; secrets in it are masked.
    """
    from ml_connector_dagster.transport.redaction import redact

    with store.begin() as connection:
        return record(connection, name, "run_failed", {"run": run_id, "says": redact(says)[:MOST_SAID]})


def load_digest(row: RowMapping) -> str:
    """Answer the digest of what a load row claims: what was sent, where, and what became of it."""
    claims = {name: None if row[name] is None else str(row[name]) for name in _SEALED}
    return hashlib.sha256(json.dumps(claims, sort_keys=True).encode()).hexdigest()


def events(store: Store, name: str, *, load_id: int | None = None, newest: int | None = None) -> list[Event]:
    """Answer the events of a connection in their order; of one load, or the newest few, where asked."""
    query = select(audit_event).where(audit_event.c.connection == name).order_by(audit_event.c.sequence)
    with store.read() as connection:
        rows = connection.execute(query).mappings().all()
    found = [
        Event(row["connection"], row["sequence"], row["at"], row["event"], row["facts"], row["hash"])
        for row in rows
        if load_id is None or row["facts"].get("load") == load_id
    ]
    return found if newest is None else found[-newest:]


def verify(store: Store, name: str | None = None) -> list[Break]:
    """Answer every break of the chains: changed, removed or inserted events, and load rows that differ from their last event.

    Args:
        store: The state database.
        name: One connection; None proves all.
    """
    with store.read() as connection:
        names = [name] if name is not None else _names(connection)
        return [one for each in names for one in _breaks(connection, each)]


def count(store: Store, name: str | None = None) -> int:
    """Answer how many events there are."""
    query = select(func.count()).select_from(audit_event)
    with store.read() as connection:
        total: int = connection.execute(
            query if name is None else query.where(audit_event.c.connection == name)
        ).scalar_one()
    return total


def _names(connection: Connection) -> list[str]:
    recorded = connection.execute(select(audit_event.c.connection).distinct()).scalars()
    loaded = connection.execute(select(load.c.connection).distinct()).scalars()
    return sorted({*recorded, *loaded})


def _breaks(connection: Connection, name: str) -> Iterator[Break]:
    query = select(audit_event).where(audit_event.c.connection == name).order_by(audit_event.c.sequence)
    previous, expected, sealed = GENESIS, 1, {}
    for row in connection.execute(query).mappings():
        if row["sequence"] != expected:
            yield Break(name, row["sequence"], f"event {expected} is missing")
        if row["previous_hash"] != previous:
            yield Break(name, row["sequence"], "the event before it was changed, removed or inserted")
        own = _hash(row["previous_hash"], (name, row["sequence"]), row["at"], row["event"], row["facts"])
        if row["hash"] != own:
            yield Break(name, row["sequence"], f"event {row['sequence']} ({row['event']}) was changed")
        previous, expected = row["hash"], row["sequence"] + 1
        if "row" in row["facts"]:
            sealed[row["facts"]["load"]] = (row["sequence"], row["facts"]["row"])
    yield from _changed_loads(connection, name, sealed)


def _changed_loads(connection: Connection, name: str, sealed: Mapping[int, tuple[int, str]]) -> Iterator[Break]:
    found = set()
    for row in connection.execute(select(load).where(load.c.connection == name).order_by(load.c.id)).mappings():
        found.add(row["id"])
        sequence, digest = sealed.get(row["id"], (0, ""))
        if not sequence:
            yield Break(name, 0, f"load {row['id']} has no event")
        elif digest != load_digest(row):
            yield Break(name, sequence, f"load {row['id']} was changed after its last event")
    for load_id, (sequence, _) in sealed.items():
        if load_id not in found:
            yield Break(name, sequence, f"load {load_id} was removed")


def _hash(previous: str, where: tuple[str, int], at: datetime, event: str, facts: Mapping[str, Any]) -> str:
    content = [previous, *where, at.astimezone(UTC).isoformat(), event, facts]
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
