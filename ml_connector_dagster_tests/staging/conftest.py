"""Staging on each of the two databases."""

from __future__ import annotations

from pathlib import Path

import pytest

from ml_connector_dagster.staging.snapshots import Staging
from ml_connector_dagster.store.blobs import Blobs
from ml_connector_dagster.store.engine import Store
from ml_connector_dagster_tests.staging.readings import Reader


@pytest.fixture
def reader(sqlite_store: Store, tmp_path: Path) -> Reader:
    """A reader into staging on SQLite."""
    return Reader(Staging(sqlite_store, Blobs(str(tmp_path / "blobs"))))


@pytest.fixture
def reader_on_both(store: Store, tmp_path: Path) -> Reader:
    """A reader into staging on SQLite and on Postgres in turn."""
    return Reader(Staging(store, Blobs(str(tmp_path / "blobs"))))
