"""One call of a Web Connector while its transaction is open: company and session, and how an operation changes in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, func, or_, select

from ml_connector_dagster.sources.quickbooks_desktop import readings, rows
from ml_connector_dagster.sources.quickbooks_desktop.operations import (
    FINAL,
    RUNNABLE,
    Change,
    Operation,
    Phase,
    State,
)
from ml_connector_dagster.store.tables.desktop import desktop_company, desktop_operation

PAUSE = timedelta(hours=1)
"""How long nothing is handed out after QuickBooks gave this application no right; then it is tried once more."""
NOBODYS = {"owner_session": None, "owner_epoch": None}


@dataclass(frozen=True, slots=True)
class Call:
    """What every step of a call needs; company and session as they stood when the call began."""

    database: Connection
    company: RowMapping
    """Its row is locked until the transaction ends."""
    session: RowMapping
    now: datetime
    """Aware UTC, the database's clock."""

    @property
    def company_id(self) -> str:
        """The company file's."""
        return str(self.company["company_id"])

    @property
    def session_id(self) -> str:
        """The session's."""
        return str(self.session["id"])

    def given(self) -> Operation | None:
        """Answer what this session was given last, whatever became of it."""
        found = self.session["operation_id"]
        return rows.operation(self.database, found) if found else None

    def has_in_hand(self, given: Operation) -> bool:
        """Answer whether this session has the operation, unanswered."""
        return given.state is State.IN_FLIGHT and given.owner_session == self.session_id

    def seconds_of(self, given: Operation) -> float:
        """Answer for how long it has been handed out."""
        return (self.now - given.sent_at).total_seconds() if given.sent_at is not None else 0.0

    def pace(self, of: Operation) -> Mapping[str, int]:
        """Answer what was learned of a question's size."""
        found: Mapping[str, int] = self.company["pace"].get(of.name, {})
        return found

    def learn(self, of: Operation, pace: Mapping[str, int] | None) -> None:
        """Keep what was learned."""
        if pace is not None and pace != self.pace(of):
            kept = {**self.company["pace"], of.name: dict(pace)}
            rows.change_company(self.database, self.company_id, pace=kept)

    def change(self, before: Operation, change: Change, *, keeps_owner: bool = False) -> Operation:
        """Write what an answer, or its loss, does to an operation, and answer it as it is now.

        Args:
            before: As it was read in this transaction.
            change: What happens to it.
            keeps_owner: True where a late answer of the same session still counts as evidence.
        """
        is_final = change.state in FINAL
        later = self.now + timedelta(seconds=change.retry_in_seconds)
        values: dict[str, Any] = {**change.values, "state": change.state, "phase": change.phase}
        values["not_before"] = later if change.retry_in_seconds and not is_final else None
        values |= {"finished_at": self.now} if is_final else {}
        values |= {} if keeps_owner or change.phase is Phase.CONTINUE else NOBODYS
        after = rows.change_operation(self.database, before, **values)
        if after.generation != before.generation:
            rows.drop_pages(self.database, after.id, before_generation=after.generation)
        if change.pause:
            rows.change_company(self.database, self.company_id, paused=change.pause, paused_until=self.now + PAUSE)
        return after

    def settle(self, after: Operation) -> None:
        """Let its reading know that an operation came to its end."""
        if after.state in FINAL and after.reading_id is not None:
            readings.settle(self.database, after.reading_id, self.now)


def runnable(company_id: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Answer the condition of operations that may be handed out now."""
    table = desktop_operation.c
    return (
        table.company_id == company_id,
        table.state.in_([state.value for state in RUNNABLE]),
        or_(table.not_before.is_(None), table.not_before <= now),
    )


def left(database: Connection, company_id: str, now: datetime, *, unpaused: bool = False) -> int:
    """Answer how many operations could be handed out now; ``unpaused`` answers 0 where the company is paused."""
    query = select(func.count()).select_from(desktop_operation).where(*runnable(company_id, now))
    if unpaused:
        paused = select(desktop_company.c.paused).where(desktop_company.c.company_id == company_id)
        query = query.where(paused.scalar_subquery() == "")
    return int(database.execute(query).scalar_one())
