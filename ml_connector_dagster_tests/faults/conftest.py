"""Fixtures that the tests of loads, and those of tokens, share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ml_connector_dagster.store.engine import Store
from ml_connector_dagster_tests.faults.token_desk import Desk, opened_desk
from ml_connector_dagster_tests.flows.office import desk, planning_server

__all__ = ["desk", "planning_server"]


@pytest.fixture
def sqlite_desk(sqlite_store: Store) -> Iterator[Desk]:
    """A credential whose token has expired, and the vendor behind it, on SQLite."""
    yield from opened_desk(sqlite_store)
