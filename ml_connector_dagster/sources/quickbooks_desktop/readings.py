"""Readings: reads that are only worth anything together, such as an entity's month with the balances that control it."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from ml_connector_dagster.errors import TemporarilyRefused
from ml_connector_dagster.sources.quickbooks_desktop import rows
from ml_connector_dagster.sources.quickbooks_desktop.operations import FINAL, Kind, Phase, State
from ml_connector_dagster.store.tables.desktop import desktop_operation, desktop_page, reading

if TYPE_CHECKING:
    from ml_connector_dagster.store.engine import Store

PENDING, COMPLETE, FAILED, PUBLISHED, REPLACED = "pending", "complete", "failed", "published", "replaced"
Request = tuple[str, Mapping[str, Any]]
"""Name and arguments, as ``requests.READS`` says."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One row of ``reading``, as it stood when it was read."""

    id: str
    company_id: str
    purpose: str
    state: str
    error: str
    """Why it failed, in words; empty otherwise."""
    asked_at: datetime
    finished_at: datetime | None

    @property
    def is_complete(self) -> bool:
        """Whether every answer is there."""
        return self.state == COMPLETE

    @classmethod
    def of(cls, row: RowMapping) -> Reading:
        """Answer the reading of a row."""
        return cls(**{name.name: row[name.name] for name in fields(cls)})


def ask(database: Connection, company_id: str, purpose: str, requests: Sequence[Request], now: datetime) -> Reading:
    """Answer the open reading of that purpose, asking for it where there is none; the caller holds the company's lock.

    One that is complete, or still pending with the same requests, is found again. One that failed, or that asks for something
    else, is replaced: its operations are cancelled and everything is asked anew.
    """
    standing = find(database, company_id, purpose)
    if standing is not None and (standing.is_complete or _asks_the_same(database, standing, requests)):
        return standing
    if standing is not None:
        let_go(database, standing, now)
    return _new(database, company_id, purpose, requests, now)


def find(database: Connection, company_id: str, purpose: str) -> Reading | None:
    """Answer the reading of that purpose that is not published yet, whatever its state."""
    table = reading.c
    query = select(reading).where(table.company_id == company_id, table.open_key == purpose)
    found = database.execute(query).mappings().first()
    return Reading.of(found) if found is not None else None


def open_readings(database: Connection, company_id: str, *states: str) -> list[Reading]:
    """Answer the readings in one of these states, oldest first."""
    table = reading.c
    query = select(reading).where(table.company_id == company_id, table.state.in_(states)).order_by(table.asked_at)
    return [Reading.of(row) for row in database.execute(query).mappings()]


def answers(store: Store, of: Reading) -> Iterator[tuple[str, Mapping[str, Any], bytes]]:
    """Yield (name, arguments, answer) of every page, in the order asked; one page in memory at a time.

    Raises:
        TemporarilyRefused: Another run published the reading meanwhile.
    """
    for operation_id, name, generation, pages in _answered(store, of):
        for page in range(1, pages + 1):
            arguments, body = _page(store, operation_id, generation, page)
            yield name, arguments, rows.unpacked(body)


def settle(database: Connection, reading_id: str, now: datetime) -> None:
    """Note that a reading is complete, or failed, after one of its operations came to its end."""
    table = desktop_operation.c
    query = select(table.state, table.name, table.error).where(table.reading_id == reading_id)
    ended = [tuple(row) for row in database.execute(query.order_by(table.position))]
    wrong = [(name, error) for state, name, error in ended if state in (State.FAILED, State.CONFLICT)]
    if wrong:
        says = "; ".join(f"{name}: {error}" for name, error in wrong)
        _cancel_rest(database, reading_id, now)
        _end(database, reading_id, FAILED, now, error=says)
    elif all(state == State.SUCCEEDED for state, _, _ in ended):
        _end(database, reading_id, COMPLETE, now)


def publish(database: Connection, of: Reading, run_id: str, now: datetime) -> None:
    """Mark a reading published by a run and drop its pages; staging keeps the answers from here on."""
    done = {"state": PUBLISHED, "open_key": None, "published_at": now, "published_by": run_id}
    complete = (reading.c.id == of.id, reading.c.state == COMPLETE)
    if database.execute(update(reading).where(*complete).values(**done)).rowcount:
        _drop_pages(database, of.id)


def let_go(database: Connection, standing: Reading, now: datetime) -> None:
    """Close a reading that nothing is made of: what is left of it is cancelled, its pages are dropped."""
    _cancel_rest(database, standing.id, now)
    _drop_pages(database, standing.id)
    database.execute(
        update(reading).where(reading.c.id == standing.id).values(state=REPLACED, open_key=None, finished_at=now)
    )


def payload_hash(payload: Mapping[str, Any]) -> str:
    """Answer what tells two payloads apart."""
    return hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()


def _new(database: Connection, company_id: str, purpose: str, requests: Sequence[Request], now: datetime) -> Reading:
    made = uuid.uuid4().hex
    row = {"id": made, "company_id": company_id, "purpose": purpose, "open_key": purpose, "state": PENDING}
    database.execute(insert(reading).values(**row, asked_at=now))
    reads = [_read(company_id, made, position, request, now) for position, request in enumerate(requests)]
    if reads:
        database.execute(insert(desktop_operation), reads)
    else:
        _end(database, made, COMPLETE, now)
    found = find(database, company_id, purpose)
    assert found is not None
    return found


def _read(company_id: str, reading_id: str, position: int, request: Request, now: datetime) -> dict[str, Any]:
    name, arguments = request
    return {
        "id": uuid.uuid4().hex, "company_id": company_id, "reading_id": reading_id, "position": position,
        "kind": Kind.READ.value, "name": name, "payload": dict(arguments), "payload_hash": payload_hash(arguments),
        "dedupe_key": f"{reading_id}:{position}", "phase": Phase.START.value, "state": State.PENDING.value, "created_at": now,
    }  # fmt: skip


def _asks_the_same(database: Connection, standing: Reading, requests: Sequence[Request]) -> bool:
    table = desktop_operation.c
    query = select(table.name, table.payload_hash).where(table.reading_id == standing.id).order_by(table.position)
    asked = [(name, kept) for name, kept in database.execute(query).tuples()]
    return standing.state == PENDING and asked == [(name, payload_hash(wanted)) for name, wanted in requests]


def _cancel_rest(database: Connection, reading_id: str, now: datetime) -> None:
    """Cancel what is not at its end; an answer to it that still comes changes nothing."""
    table = desktop_operation.c
    ended = [state.value for state in FINAL]
    left = (table.reading_id == reading_id, table.state.not_in(ended))
    values = {"state": State.CANCELLED.value, "finished_at": now, "version": table.version + 1}
    database.execute(update(desktop_operation).where(*left).values(**values))


def _drop_pages(database: Connection, reading_id: str) -> None:
    mine = select(desktop_operation.c.id).where(desktop_operation.c.reading_id == reading_id)
    database.execute(delete(desktop_page).where(desktop_page.c.operation_id.in_(mine)))


def _end(database: Connection, reading_id: str, state: str, now: datetime, *, error: str = "") -> None:
    pending = (reading.c.id == reading_id, reading.c.state == PENDING)
    database.execute(update(reading).where(*pending).values(state=state, finished_at=now, error=error))


def _answered(store: Store, of: Reading) -> list[tuple[str, str, int, int]]:
    table = desktop_operation.c
    query = select(table.id, table.name, table.generation, table.page).where(
        table.reading_id == of.id, table.state == State.SUCCEEDED.value
    )
    with store.read() as database:
        return [
            (one, name, at, pages) for one, name, at, pages in database.execute(query.order_by(table.position)).tuples()
        ]


def _page(store: Store, operation_id: str, generation: int, page: int) -> tuple[Mapping[str, Any], bytes]:
    table = desktop_page.c
    query = select(table.arguments, table.body).where(
        table.operation_id == operation_id, table.generation == generation, table.page == page
    )
    with store.read() as database:
        found = database.execute(query).first()
    if found is None:
        raise TemporarilyRefused(
            "Another run published this reading and put its answers away.",
            "Nothing is lost: they stand in that run's snapshot.",
            "Start the run again if the snapshot is to be read anew.",
        )
    return found.arguments, found.body
