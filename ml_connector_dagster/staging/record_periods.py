"""Which period each document stands in, so that one that moves between two reads is never in neither or in both."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, Text, bindparam, cast, delete, func, literal, select, true, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.staging.digest import run_starts
from ml_connector_dagster.staging.snapshot import SliceOf
from ml_connector_dagster.staging.spool import row_groups
from ml_connector_dagster.store.chunks import in_chunks
from ml_connector_dagster.store.tables.staging import dirty_period, record_period

NOWHERE = ""
"""The period of a record that left one and was found in none since."""
LISTED = "listed"


@dataclass(frozen=True, slots=True)
class Moves:
    """What a publication found out about records of other periods."""

    left: tuple[str, ...]
    came_from: Mapping[str, Period]


def track_periods(transaction: Connection, of: SliceOf, rows: Path, read_began_at: datetime, now: datetime) -> Moves:
    """Note where each document of a new snapshot stands (protocol 11); the newer read wins, the other period is dirtied.

    Args:
        transaction: The publication's own.
        of: The slice that is published.
        rows: Its Parquet file.
        read_began_at: When its read began; a record that a newer read saw elsewhere stays there.
        now: For the dirty marks.
    """
    came_from: dict[str, Period] = {}
    seen_newer = False
    for table in row_groups(rows, ["document_id", "version_hash"]):
        heads = table.take(run_starts(table.column(0).combine_chunks()))
        versions = _text_of(dict(zip(heads.column(0).to_pylist(), heads.column(1).to_pylist(), strict=True)))
        for record_id, period, began_at in _elsewhere(transaction, of, versions):
            if began_at < read_began_at:
                came_from[record_id] = Period.parse(period)
            else:
                seen_newer = True
        _note(transaction, of, versions, read_began_at)
    dirty = set(came_from.values()) | ({of.period} if seen_newer else set())
    mark_dirty(transaction, of, dirty, f"a record moved between it and {of.period}", now)
    return Moves(_let_go(transaction, of, read_began_at), came_from)


def mark_dirty(transaction: Connection, of: SliceOf, periods: Iterable[Period], reason: str, now: datetime) -> None:
    """Note that the periods of the entity must be read again; noting one twice counts an attempt."""
    for period in sorted(periods):
        key = {"connection": of.connection, "entity": of.entity, "period": str(period)}
        noted = {"reason": reason, "noted_at": now}
        statement = _insert_into(transaction, dirty_period).values(**key, **noted, attempt=0)
        transaction.execute(
            statement.on_conflict_do_update(
                index_elements=list(key), set_={**noted, "attempt": dirty_period.c.attempt + 1}
            )
        )


def want(transaction: Connection, of: SliceOf, reason: str, now: datetime) -> None:
    """Note that the slice must be read, unless that is noted already: the older note stands."""
    key = {"connection": of.connection, "entity": of.entity, "period": str(of.period)}
    statement = _insert_into(transaction, dirty_period).values(**key, reason=reason, noted_at=now, attempt=0)
    transaction.execute(statement.on_conflict_do_nothing(index_elements=list(key)))


def periods_of(transaction: Connection, connection: str, entity: str, record_ids: Iterable[str]) -> dict[str, Period]:
    """Answer the period each record stands in; unknown ids and those that stand nowhere are absent."""
    columns = record_period.c
    found: dict[str, Period] = {}
    for ids in in_chunks(record_ids):
        query = select(columns.record_id, columns.period).where(
            *_of(connection, entity), columns.record_id.in_(ids), columns.period != NOWHERE
        )
        found |= {record_id: Period.parse(period) for record_id, period in transaction.execute(query)}
    return found


def astray(transaction: Connection, connection: str, entity: str) -> tuple[str, ...]:
    """Answer the ids that left a period and were found in none since, sorted."""
    columns = record_period.c
    query = select(columns.record_id).where(*_of(connection, entity), columns.period == NOWHERE)
    return tuple(transaction.execute(query.order_by(columns.record_id)).scalars())


def forget(transaction: Connection, connection: str, entity: str, record_ids: Collection[str]) -> None:
    """Stop asking for these astray ids; one that stands in a period by now is kept."""
    columns = record_period.c
    for ids in in_chunks(record_ids):
        transaction.execute(
            delete(record_period).where(*_of(connection, entity), columns.record_id.in_(ids), columns.period == NOWHERE)
        )


def _elsewhere(transaction: Connection, of: SliceOf, versions: str) -> Iterator[tuple[str, str, datetime]]:
    columns = record_period.c
    listed = _listed(transaction)
    query = select(columns.record_id, columns.period, columns.read_began_at).where(
        *_of(of.connection, of.entity),
        columns.record_id.in_(select(listed.c.key)),
        columns.period.not_in([NOWHERE, str(of.period)]),
    )
    yield from transaction.execute(query, {LISTED: versions}).tuples()


def _note(transaction: Connection, of: SliceOf, versions: str, read_began_at: datetime) -> None:
    listed = _listed(transaction)
    values = {
        "connection": literal(of.connection),
        "entity": literal(of.entity),
        "record_id": listed.c.key,
        "period": literal(str(of.period)),
        "version_hash": listed.c.value,
        "read_began_at": literal(read_began_at, record_period.c.read_began_at.type),
    }
    chosen = select(*values.values()).where(true())  # SQLite takes ON CONFLICT for a join condition without a WHERE
    statement = _insert_into(transaction, record_period).from_select(list(values), chosen)
    transaction.execute(
        statement.on_conflict_do_update(
            index_elements=["connection", "entity", "record_id"],
            set_={name: statement.excluded[name] for name in ("period", "version_hash", "read_began_at")},
            where=record_period.c.read_began_at < statement.excluded.read_began_at,
        ),
        {LISTED: versions},
    )


def _text_of(versions: Mapping[str, str]) -> str:
    return msgspec.json.encode(versions).decode()


def _listed(transaction: Connection) -> Any:
    """Answer {record id: version} as a table ``key, value`` inside the database: one parameter, whatever their number.

    Its text is given with the execution: SQLAlchemy keeps compiled statements, and with them every value written inside.
    """
    text = bindparam(LISTED, type_=Text)
    if transaction.dialect.name == "postgresql":
        return func.json_each_text(cast(text, postgresql.JSON)).table_valued("key", "value")
    return func.json_each(text).table_valued("key", "value")


def _let_go(transaction: Connection, of: SliceOf, read_began_at: datetime) -> tuple[str, ...]:
    """Mark what this read did not see in the period any more; the mark stays until the record is found or forgotten."""
    columns = record_period.c
    statement = update(record_period).where(
        *_of(of.connection, of.entity), columns.period == str(of.period), columns.read_began_at < read_began_at
    )
    gone = transaction.execute(statement.values(period=NOWHERE).returning(columns.record_id)).scalars()
    return tuple(sorted(gone))


def _of(connection: str, entity: str) -> tuple[Any, Any]:
    return record_period.c.connection == connection, record_period.c.entity == entity


def _insert_into(transaction: Connection, table: Any) -> Any:
    return (postgres_insert if transaction.dialect.name == "postgresql" else sqlite_insert)(table)
