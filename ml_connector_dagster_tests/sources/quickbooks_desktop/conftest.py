from __future__ import annotations

import pytest

from ml_connector_dagster.sources.quickbooks_desktop.queue import Queue
from ml_connector_dagster.sources.quickbooks_desktop.sessions import Sessions
from ml_connector_dagster.store.engine import Store
from ml_connector_dagster_tests.sources.quickbooks_desktop.small_file import FILE_ID, Machine, SmallFile, introduce


def machine_on(store: Store) -> Machine:
    """A machine that may log in; the database flushes nothing, since no test here cuts its power."""
    store._engines.durable = store._engines.quick
    introduce(store)
    file = SmallFile()
    return Machine(Sessions(store, clock=file.clock), file)


@pytest.fixture
def machine(sqlite_store: Store) -> Machine:
    """A machine that may log in, on SQLite."""
    return machine_on(sqlite_store)


@pytest.fixture
def queue(sqlite_store: Store) -> Queue:
    """The queue of the small file, on SQLite."""
    return Queue(sqlite_store, FILE_ID)
