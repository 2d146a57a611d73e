"""A company close at hand: one sandbox, one read and one load of October 2026 for all tests of a module."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from ml_connector_dagster.sandbox.server import Running, running
from ml_connector_dagster.sandbox.world import World
from ml_connector_dagster_tests.end_to_end.close_at_hand import Company, company

TODAY = date(2026, 11, 20)


@pytest.fixture(scope="module")
def quick_sandbox() -> Iterator[Running]:
    """A sandbox in a thread whose tasks take no time; its books end on a fixed day."""
    with running(World.new(today=TODAY, task_seconds=0.0)) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def loaded(
    quick_sandbox: Running, tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path
) -> Iterator[Company]:
    """The Irish company with September and October read and loaded; tests change its books one after another."""
    with company(quick_sandbox, tmp_path_factory.mktemp("company"), sqlite_template) as opened:
        opened.read("2026-09", "2026-10")
        opened.load_due()
        yield opened
