"""Wake-ups from outside, kept until the run that acted on them has published: rows are pending, then done; no cursor."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite

from ml_connector_dagster.store.engine import Store
from ml_connector_dagster.store.tables.database import mailbox

PENDING = "pending"
DONE = "done"


@dataclass(frozen=True, slots=True)
class Letter:
    """One wake-up; what it says is a hint only, the record itself is fetched."""

    id: int
    kind: str
    key: str
    body: Mapping[str, Any]
    received_at: datetime


class Mailbox:
    """The mailbox of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def put(self, kind: str, key: str, body: Mapping[str, Any]) -> bool:
        """Keep the letter, and answer whether it is new; the same key again changes nothing.

        Args:
            kind: What it is about, for example ``xero.webhook``.
            key: The sender's id of the event.
            body: Identifiers and times, never a secret.
        """
        make = postgresql.insert if self._store.is_postgres else sqlite.insert
        row = {"kind": kind, "key": key, "body": dict(body), "state": PENDING, "received_at": self._store.now()}
        with self._store.begin() as connection:
            kept = connection.execute(make(mailbox).values(row).on_conflict_do_nothing())
        return kept.rowcount == 1

    def pending(self, kind: str, limit: int = 1000) -> tuple[Letter, ...]:
        """Answer the letters of that kind that no run has finished, oldest first."""
        query = (
            select(mailbox)
            .where(mailbox.c.kind == kind, mailbox.c.state == PENDING)
            .order_by(mailbox.c.id)
            .limit(limit)
        )
        with self._store.read() as connection:
            rows = connection.execute(query).all()
        return tuple(Letter(row.id, row.kind, row.key, row.body, row.received_at) for row in rows)

    def mark_done(self, ids: Collection[int], run_id: str) -> int:
        """Mark these letters done by the run that published, and answer how many it was the first to mark."""
        change = (
            update(mailbox)
            .where(mailbox.c.id.in_(ids), mailbox.c.state == PENDING)
            .values(state=DONE, done_at=self._store.now(), done_by=run_id)
        )
        with self._store.begin() as connection:
            return connection.execute(change).rowcount
