from datetime import date

import pytest

from ml_connector_dagster.sandbox.server import running
from ml_connector_dagster.sandbox.world import World
from ml_connector_dagster_tests.sources.freshbooks.sandboxed import consent, control

TODAY = date(2026, 11, 20)


@pytest.fixture(scope="package")
def sandbox():
    """The agency's books up to one day, with no limit on calls."""
    with running(World.new(today=TODAY)) as started:
        control(started).post("settings", reads=1_000_000, writes=1_000_000)
        yield started


@pytest.fixture(scope="package")
def token(sandbox):
    return consent(sandbox)
