"""A day's calls that end in the middle of a backfill: it stops, says when it goes on, and then asks for the rest alone."""

import time
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from ml_connector_dagster.connections.budget import budget_of_backfill
from ml_connector_dagster.errors import QuotaExhausted
from ml_connector_dagster.flows.changes import dirty_periods
from ml_connector_dagster.flows.pull import pull
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sandbox.server import running
from ml_connector_dagster.sandbox.world import World
from ml_connector_dagster.sources.budget import Budget
from ml_connector_dagster.sources.zoho_books.client import DETAILS
from ml_connector_dagster.staging.snapshots import Staging
from ml_connector_dagster.store.engine import Store
from ml_connector_dagster.store.tables.staging import kept_detail
from ml_connector_dagster_tests.sources.in_sandbox import sandboxed_company

MONTH = "2026-10"
A_DAY = 130
OURS = A_DAY - A_DAY // 10
"""A tenth is left to other programs."""
LONDON = ZoneInfo("Europe/London")


@pytest.fixture
def marlow(tmp_path):
    with (
        running(World.new(today=date(2026, 11, 20))) as sandbox,
        sandboxed_company(sandbox, "zoho_books", tmp_path) as company,
    ):
        company.vendor.post("settings", day=A_DAY, forget_calls=True)
        yield company


def test_a_backfill_stops_at_the_days_end_and_asks_for_the_rest_alone_on_the_next(marlow, monkeypatch):
    connection = marlow.connection
    planned = budget_of_october(connection)
    assert planned.calls > OURS
    assert not [path for path in calls(marlow) if "{id}" in path], "no document was asked for yet"
    marlow.vendor.post("settings", forget_calls=True)
    spent = backfill(connection)
    local = datetime.now(LONDON)
    midnight = datetime.combine(local.date() + timedelta(days=1), datetime.min.time(), LONDON)
    assert spent
    assert all(abs(one.opens_at - midnight) < timedelta(minutes=1) for one in spent)
    assert sum(calls(marlow).values()) == OURS
    assert dirty_periods(connection) == (), "nothing is due before the day ends"

    pass_time(marlow, monkeypatch, midnight - local + timedelta(minutes=2))
    due = [(one.entity, one.period) for one in dirty_periods(connection)]
    assert len(due) == len(spent)
    for entity, month in due:
        pull(connection, entity, month)
    assert dirty_periods(connection) == ()
    details = {path: count for path in DETAILS if (count := calls(marlow)[f"GET /{path}/{{id}}"])}
    assert details == kept(connection), "no document was asked for twice"
    assert sum(calls(marlow).values()) < 2 * OURS

    again, documents = budget_of_october(connection).calls, documents_read(connection)
    assert documents > 0
    assert again <= planned.calls - documents, "what is kept costs nothing again"


def documents_read(connection) -> int:
    """How many documents of the month have details."""
    counts = Staging(connection.store, connection.blobs).counts(connection.name)
    return sum(one.records for one in counts if one.entity in connection.source.details - {"commitment_lines"})


def budget_of_october(connection) -> Budget:
    """What reading every entity of the month takes, as it is said before."""
    entities = [one.name for one in connection.source.entities]
    budget = budget_of_backfill(connection, "October", entities, [Period.parse(MONTH)])
    assert budget is not None
    return budget


def backfill(connection) -> list[QuotaExhausted]:
    """Read every entity of the month, as a run does; answers what those met that could not be read."""
    spent = []
    for entity in (one for one in connection.source.entities if not one.derived_from):
        try:
            pull(connection, entity.name, MONTH)
        except QuotaExhausted as error:
            spent.append(error)
    connection.close()
    return spent


def pass_time(company, monkeypatch, passed: timedelta) -> None:
    """Let the vendor's clock and ours run ahead."""
    company.vendor.advance(passed.total_seconds())
    company.connection.limits._clock = lambda: time.time() + passed.total_seconds()
    monkeypatch.setattr(Store, "now", lambda _store: datetime.now(UTC) + passed)


def calls(company) -> Counter[str]:
    """Calls that the sandbox admitted, by method and path."""
    return Counter(company.vendor.get("calls")["calls"])


def kept(connection) -> dict[str, int]:
    """How many documents of each list have their lines kept."""
    entity, paths = kept_detail.c.entity, {one.name: one.endpoint for one in connection.source.entities}
    query = sa.select(entity, sa.func.count()).group_by(entity)
    with connection.store.read() as database:
        return {paths[name]: count for name, count in database.execute(query).tuples()}
