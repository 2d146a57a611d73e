"""One sandbox that all tests of FreshBooks share."""

from collections.abc import Iterator
from datetime import date

import httpx
import pytest

from ml_connector_dagster.sandbox.freshbooks.cloud import FreshBooksCloud
from ml_connector_dagster.sandbox.server import Running, running
from ml_connector_dagster.sandbox.world import World
from ml_connector_dagster_tests.sandbox.freshbooks.caller import Caller


@pytest.fixture(scope="session")
def freshbooks_running() -> Iterator[Running]:
    world = World.new(seed=1, today=date(2026, 11, 20))
    world.part(FreshBooksCloud).limits.reads = 1_000_000
    with running(world) as started:
        yield started


@pytest.fixture
def caller(freshbooks_running: Running) -> Iterator[Caller]:
    """A connected caller; a test changes only documents of its own and puts settings back."""
    with httpx.Client(base_url=freshbooks_running.base_url, timeout=60, verify=False) as http:
        yield Caller(freshbooks_running, http).connect()


@pytest.fixture
def changed(caller: Caller) -> Iterator[Caller]:
    """A caller whose test changes settings: what FreshBooks is by itself is put back."""
    yield caller
    usual = {"burst": 0, "plan": "premium", "withheld": [], "denies_consent": False, "old_access_dies": False}
    caller.control("settings", errors_with_200=False, created_at_lag_seconds=30, **usual)
