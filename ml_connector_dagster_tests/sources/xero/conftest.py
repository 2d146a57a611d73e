from datetime import date

import pytest

from ml_connector_dagster.sandbox.server import running
from ml_connector_dagster.sandbox.world import World
from ml_connector_dagster_tests.sources.xero.sandboxed import consent, without_limits

TODAY = date(2026, 11, 20)


@pytest.fixture(scope="package")
def sandbox():
    """The firm's books up to one day, with no limit on calls."""
    with running(World.new(today=TODAY)) as started:
        without_limits(started)
        yield started


@pytest.fixture(scope="package")
def token(sandbox):
    return consent(sandbox)
