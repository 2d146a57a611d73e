"""A little company whose October 2026 was read already: made once, copied for each test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from ml_connector_dagster.store.engine import Store
from ml_connector_dagster.store.environment import Environment
from ml_connector_dagster_tests.flows.little_company import LittleConnection, little
from ml_connector_dagster_tests.flows.office import desk, planning_server

__all__ = ["desk", "planning_server"]


def _open(home: Path) -> Store:
    return Store.open(Environment.read({"ML_CONNECTOR_HOME": str(home)}))


@pytest.fixture(scope="session")
def october_home(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with everything of October staged."""
    home = tmp_path_factory.mktemp("october") / "home"
    home.mkdir()
    shutil.copy(sqlite_template, home / "state.db")
    store = _open(home)
    little(store, home / "company").pull("2026-10")
    store.close()
    return home


@pytest.fixture
def october(october_home: Path, tmp_path: Path) -> Iterator[LittleConnection]:
    """The little company with October 2026 staged, on SQLite; the test's own copy."""
    home = tmp_path / "home"
    shutil.copytree(october_home, home)
    store = _open(home)
    yield little(store, home / "company")
    store.close()
