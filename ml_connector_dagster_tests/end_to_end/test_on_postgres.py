"""Serial on Postgres, Dagster's own storage included: the same dagster.yaml, one variable more."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa

from ml_connector_dagster_tests.end_to_end import serial
from ml_connector_dagster_tests.end_to_end.stack import Stack, stack_running

pytestmark = [
    pytest.mark.slow,
    pytest.mark.postgres,
    pytest.mark.timeout(1800),
    pytest.mark.xdist_group("on_postgres"),
]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, new_postgres_database: Callable[[], str]) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("postgres")
    with stack_running(folder, database_url=new_postgres_database(), shape=serial.actuals_alone) as running:
        yield running


def test_loads_launched_at_once_by_daemon_command_line_and_graphql_follow_one_another(stack):
    serial.check_launches_of_every_way_at_once(stack)
    assert stack.connector.store.is_postgres
    assert "event_logs" in sa.inspect(stack.connector.store.engine).get_table_names()


def test_the_load_of_a_killed_run_is_settled_before_the_next_one(stack):
    serial.check_a_run_killed_while_its_task_goes_on(stack)
