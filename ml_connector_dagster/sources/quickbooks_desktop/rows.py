"""The rows of the queue within one transaction: locked, read, changed by compare-and-set. Decides nothing."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, RowMapping, Table, delete, insert, select, update

from ml_connector_dagster.errors import TemporarilyRefused
from ml_connector_dagster.sources.quickbooks_desktop.operations import Operation
from ml_connector_dagster.store.tables.desktop import (
    desktop_attempt,
    desktop_company,
    desktop_operation,
    desktop_page,
    desktop_session,
)

if TYPE_CHECKING:
    from ml_connector_dagster.store.engine import Store

FASTEST = 1
"""zlib's level: XML shrinks to a tenth at it, in a third of the default's time."""


def insert_once(store: Store, database: Connection, table: Table, row: Mapping[str, Any]) -> None:
    """Insert a row unless one with its key stands there."""
    from sqlalchemy.dialects import postgresql, sqlite

    made = (postgresql if store.is_postgres else sqlite).insert(table).values(dict(row))
    database.execute(made.on_conflict_do_nothing())


def company(store: Store, database: Connection, company_id: str) -> RowMapping:
    """Answer the company's row, locked until the transaction ends; an unknown company gets one.

    Every transaction that changes anything of a company takes this lock first: one writer a company file.
    """
    query = select(desktop_company).where(desktop_company.c.company_id == company_id).with_for_update()
    found = database.execute(query).mappings().first()
    if found is not None:
        return found
    insert_once(store, database, desktop_company, {"company_id": company_id})
    return database.execute(query).mappings().one()


def known_company(database: Connection, company_id: str) -> RowMapping | None:
    """Answer the company's row, not locked; None where nothing was ever asked of it."""
    query = select(desktop_company).where(desktop_company.c.company_id == company_id)
    return database.execute(query).mappings().first()


def company_of_user(database: Connection, username: str) -> RowMapping | None:
    """Answer the company whose .qwc names this user."""
    query = select(desktop_company).where(desktop_company.c.username == username)
    return database.execute(query).mappings().first()


def change_company(database: Connection, company_id: str, **values: Any) -> None:
    """Change the company's row; the caller holds its lock."""
    database.execute(update(desktop_company).where(desktop_company.c.company_id == company_id).values(**values))


def ticket_hash(ticket: str) -> str:
    """Answer what is kept of a ticket."""
    return hashlib.sha256(ticket.encode("utf-8", "replace")).hexdigest()


def session_of(database: Connection, ticket: str) -> RowMapping | None:
    """Answer the session of a ticket, whatever became of it; None for one we never gave out."""
    query = select(desktop_session).where(desktop_session.c.ticket_hash == ticket_hash(ticket))
    return database.execute(query).mappings().first()


def open_session(database: Connection, company_id: str) -> RowMapping | None:
    """Answer the newest session of a company that nobody ended."""
    table = desktop_session.c
    query = select(desktop_session).where(table.company_id == company_id, table.state.in_(("open", "failed")))
    query = query.where(table.closed_at.is_(None)).order_by(table.epoch.desc()).limit(1)
    return database.execute(query).mappings().first()


def change_session(database: Connection, session_id: str, **values: Any) -> None:
    """Change the session's row."""
    database.execute(update(desktop_session).where(desktop_session.c.id == session_id).values(**values))


def operation(database: Connection, operation_id: str) -> Operation:
    """Answer an operation."""
    query = select(desktop_operation).where(desktop_operation.c.id == operation_id)
    return Operation.of(database.execute(query).mappings().one())


def change_operation(database: Connection, before: Operation, **values: Any) -> Operation:
    """Change an operation by compare-and-set and answer it as it is now.

    Raises:
        TemporarilyRefused: Somebody else changed it since it was read; nothing of this transaction counts.
    """
    values = {"version": before.version + 1, **values}
    table = desktop_operation.c
    condition = (table.id == before.id, table.version == before.version, table.state == before.state)
    plain = {name: value.value if isinstance(value, StrEnum) else value for name, value in values.items()}
    if database.execute(update(desktop_operation).where(*condition).values(**plain)).rowcount != 1:
        raise TemporarilyRefused(
            f"Operation {before.id} was changed by another process at the same moment.",
            "Nothing was changed here.",
            "It goes on by itself with the next call.",
            operation=before.id,
        )
    return replace(before, **values)


def note_attempt(database: Connection, **values: Any) -> None:
    """Append what was handed out, or what came unasked."""
    database.execute(insert(desktop_attempt).values(**values))


def last_attempt(database: Connection, operation_id: str, session_id: str) -> RowMapping | None:
    """Answer the newest message of an operation that this session was given, answered or not."""
    table = desktop_attempt.c
    query = select(desktop_attempt).where(table.operation_id == operation_id, table.session_id == session_id)
    query = query.where(table.sent_at.is_not(None)).order_by(table.id.desc()).limit(1)
    return database.execute(query).mappings().first()


def close_attempt(database: Connection, operation_id: str, session_id: str, **values: Any) -> None:
    """Write the received side of the message that this session was given last and that nothing came to yet."""
    table = desktop_attempt.c
    mine = (table.operation_id == operation_id, table.session_id == session_id, table.note == "")
    database.execute(update(desktop_attempt).where(*mine).values(**values))


def store_page(database: Connection, owner: Operation, arguments: Mapping[str, Any], body: bytes, **at: Any) -> None:
    """Keep one packed page of an operation, as it stands after the change that counts the page."""
    page = {
        "operation_id": owner.id, "generation": owner.generation, "page": owner.page, "arguments": dict(arguments),
        "body": body,
    }  # fmt: skip
    database.execute(insert(desktop_page).values(**page, **at))


def drop_pages(database: Connection, operation_id: str, *, before_generation: int) -> None:
    """Delete the pages of generations that can never be read."""
    table = desktop_page.c
    database.execute(
        delete(desktop_page).where(table.operation_id == operation_id, table.generation < before_generation)
    )


def packed(answer: bytes) -> bytes:
    """Compress an answer."""
    return zlib.compress(answer, FASTEST)


def unpacked(body: bytes) -> bytes:
    """Answer what ``packed`` was given."""
    return zlib.decompress(body)


def moment(value: datetime | None) -> str:
    """Answer a time for a sentence: UTC to the minute, or ``never``."""
    return f"{value:%Y-%m-%d %H:%M} UTC" if value is not None else "never"
