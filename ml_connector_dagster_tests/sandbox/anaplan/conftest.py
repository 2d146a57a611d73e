"""A fresh sandbox for each test, spoken to through its ASGI application; the real server has tests of its own."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from ml_connector_dagster.sandbox.app import create_app
from ml_connector_dagster.sandbox.world import World
from ml_connector_dagster_tests.sandbox.anaplan.desk import Desk


@pytest.fixture
def stranger() -> Iterator[Desk]:
    """A client that has not logged in. Tasks take 20 seconds, which tests skip by the clock: no test races real time."""
    world = World.new(task_seconds=20)
    with TestClient(create_app(world), raise_server_exceptions=True) as http:
        yield Desk(http, world)


@pytest.fixture
def desk(stranger: Desk) -> Desk:
    """The integration user, logged in, with an empty demo model."""
    return stranger.login()


@pytest.fixture
def stocked(desk: Desk) -> Desk:
    """The same with a few members in the lists."""
    desk.set_up_lists()
    return desk
