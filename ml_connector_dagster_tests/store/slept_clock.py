"""Limits on a clock of the test's own, so that waiting takes no time."""

from __future__ import annotations

import pytest

from ml_connector_dagster.store.engine import Store
from ml_connector_dagster.store.limits import Limits

START = 1_800_000_000.0


class Clock:
    """A clock that sleeping moves."""

    def __init__(self) -> None:
        self.now = START

    def read(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limits(sqlite_store: Store, clock: Clock) -> Limits:
    return Limits(sqlite_store, sleep=clock.sleep, clock=clock.read)
