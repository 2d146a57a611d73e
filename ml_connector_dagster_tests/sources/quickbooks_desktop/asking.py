"""What tests of sessions ask of a company file, and how they look at what came of it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from ml_connector_dagster.sources.quickbooks_desktop.operations import Kind, Operation
from ml_connector_dagster.sources.quickbooks_desktop.queue import Queue
from ml_connector_dagster.store.engine import Store
from ml_connector_dagster.store.tables.desktop import desktop_attempt
from ml_connector_dagster_tests.sources.quickbooks_desktop.small_file import (
    records_in,
)

MONTH = {"from": "2026-10-01", "to": "2026-10-31"}
NOTHING = ("", "none", "", "60")


def ask_for(queue: Queue, *names: str) -> str:
    """Ask for these in one reading, and answer its purpose."""
    purpose = "+".join(names)
    queue.ask(purpose, [(name, MONTH if name not in {"ledger_accounts", "classes"} else {}) for name in names])
    return purpose


def read_back(queue: Queue) -> list[str]:
    """Every record of every reading that is complete."""
    return [one for of in queue.arrived() for *_, body in queue.answers(of) for one in records_in(body)]


def reads_of(queue: Queue) -> Sequence[Operation]:
    return queue.operations(Kind.READ)


def notes(store: Store) -> list[str]:
    with store.read() as database:
        return list(database.execute(select(desktop_attempt.c.note).order_by(desktop_attempt.c.id)).scalars())
