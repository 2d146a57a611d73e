"""Questions to QuickBooks Desktop that were answered and published long ago: what nobody will look at again.

Journals and everything that was said about them stay for ever: they are the trail of what stands in the books.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, Select, delete, func, select

from ml_connector_dagster.store.tables.desktop import (
    desktop_attempt,
    desktop_operation,
    desktop_page,
    desktop_session,
    reading,
)

CLOSED = ("published", "replaced")


def count_closed(connection: Connection, before: datetime) -> int:
    """Answer how many questions belong to readings that were published, or replaced, before that time (aware UTC)."""
    query = (
        select(func.count()).select_from(desktop_operation).where(desktop_operation.c.reading_id.in_(_closed(before)))
    )
    return int(connection.execute(query).scalar_one())


def forget_closed(connection: Connection, before: datetime) -> None:
    """Delete these readings with all that belongs to them, sessions that ended, and answers that belonged to nothing."""
    closed = _closed(before)
    asked = select(desktop_operation.c.id).where(desktop_operation.c.reading_id.in_(closed))
    attempt = desktop_attempt.c
    connection.execute(delete(desktop_page).where(desktop_page.c.operation_id.in_(asked)))
    connection.execute(delete(desktop_attempt).where(attempt.operation_id.in_(asked)))
    connection.execute(delete(desktop_attempt).where(attempt.operation_id.is_(None), attempt.received_at < before))
    connection.execute(delete(desktop_operation).where(desktop_operation.c.reading_id.in_(closed)))
    connection.execute(delete(reading).where(reading.c.id.in_(closed)))
    connection.execute(delete(desktop_session).where(desktop_session.c.closed_at < before))


def _closed(before: datetime) -> Select[tuple[str]]:
    return select(reading.c.id).where(reading.c.state.in_(CLOSED), reading.c.finished_at < before)
