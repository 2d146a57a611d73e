from datetime import date

import pytest

from ml_connector_dagster.sandbox.server import running
from ml_connector_dagster.sandbox.world import World
from ml_connector_dagster_tests.sources.zoho_books.sandboxed import consent, control

TODAY = date(2026, 11, 20)


@pytest.fixture(scope="package")
def sandbox():
    """The company's books up to one day, with no limit on calls."""
    with running(World.new(today=TODAY)) as started:
        control(started, "settings", minute=1_000_000, day=1_000_000)
        yield started


@pytest.fixture(scope="package")
def token(sandbox):
    return consent(sandbox)
