"""A desk to build files at."""

from __future__ import annotations

from pathlib import Path

import pytest

from ml_connector_dagster_tests.mapping.books import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Builds files in the test's own folder; every id is its own member."""
    return Desk(tmp_path)
