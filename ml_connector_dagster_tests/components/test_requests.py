"""Which runs are asked for: one per connection and period, with keys that a retry changes."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

import dagster as dg

from ml_connector_dagster.components.schedules import open_periods
from ml_connector_dagster.components.sensors import answer_requests, load_requests, read_requests
from ml_connector_dagster.connections.settings import load_connection
from ml_connector_dagster.sources.registry import source_named
from ml_connector_dagster_tests.components.demo import DEMO_FILE


@dataclass(frozen=True)
class Due:
    target: str
    period: str
    kind: str = "module"
    digest: str = "d"
    attempt: int = 1
    why: str = "changed"

    @property
    def run_key(self) -> str:
        return f"{self.target}:{self.period}:{self.digest}:{self.attempt}"


@dataclass(frozen=True)
class Dirty:
    entity: str
    period: str
    run_key: str


def test_the_due_loads_of_a_period_share_one_run_and_periods_do_not() -> None:
    found = list(load_requests("uk", [Due("a", "2026-10"), Due("l", "2026-10", "list"), Due("a", "2026-09")]))
    assert [request.partition_key for request in found] == ["2026-09", "2026-10"]
    assert found[1].asset_selection == [
        dg.AssetKey(["uk", "anaplan", "a_module"]),
        dg.AssetKey(["uk", "anaplan", "l_list"]),
    ]
    assert all(request.job_name == "uk_load" for request in found)


def test_protocol_17_a_new_attempt_or_digest_makes_a_new_run_key() -> None:
    """A run key is never used twice, so a failed load would never be tried again without the attempt in it."""
    keys = {
        next(iter(load_requests("uk", [due]))).run_key
        for due in (Due("a", "2026-10"), Due("a", "2026-10", attempt=2), Due("a", "2026-10", digest="e"))
    }
    assert len(keys) == 3
    same = {next(iter(load_requests("uk", [Due("a", "2026-10")]))).run_key for _ in range(2)}
    assert len(same) == 1


def test_a_dirty_entity_is_read_with_what_is_derived_from_it() -> None:
    (request,) = read_requests("uk", source_named("xero"), [Dirty("invoices", "2026-10", "invoices:t:0")])
    assert request.asset_selection == [dg.AssetKey(["uk", "invoices"]), dg.AssetKey(["uk", "ledger_lines"])]
    assert request.job_name == "uk_read"
    assert request.partition_key == "2026-10"


def test_answers_of_a_month_share_one_run_and_the_change_feed_s_has_its_own_job() -> None:
    come = [Dirty("invoices", "2026-10", "i:1"), Dirty("bills", "2026-10", "b:1"), Dirty("changes", "", "changes::7:0")]
    feed, month = answer_requests("uk", source_named("xero"), come)
    assert (feed.job_name, feed.partition_key, feed.run_key) == ("uk_changes", None, "uk:changes::7:0")
    assert (month.job_name, month.partition_key) == ("uk_read", "2026-10")
    assert {key.path[-1] for key in month.asset_selection} == {"invoices", "bills", "ledger_lines"}
    assert month.tags["mlc/trigger"] == "answers_arrived"


def test_the_open_periods_are_the_newest_months_of_the_companys_own_calendar() -> None:
    settings = load_connection(DEMO_FILE)
    at = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)
    assert open_periods(settings, at) == ["2026-09", "2026-10", "2026-11"]
    assert open_periods(settings, datetime(2026, 6, 30, 23, 30, tzinfo=UTC))[-1] == "2026-07"


def test_a_period_that_is_being_read_or_loaded_is_busy_and_a_finished_one_is_not() -> None:
    """A load in the middle of a read would send half of its news."""
    from ml_connector_dagster.components.sensors import busy_slices

    with dg.instance_for_test() as instance:
        for status, period in ((dg.DagsterRunStatus.STARTED, "2026-10"), (dg.DagsterRunStatus.SUCCESS, "2026-09")):
            run = dg.DagsterRun(
                run_id=str(uuid4()),
                job_name="uk_read",
                status=status,
                tags={"dagster/partition": period, "mlc/connection": "uk"},
            )
            instance.add_run(run)
        by_hand = dg.DagsterRun(
            run_id=str(uuid4()),
            job_name="__ASSET_JOB",
            status=dg.DagsterRunStatus.STARTING,
            tags={"dagster/partition": "2026-08"},
            asset_selection=frozenset({dg.AssetKey(["ie", "invoices"])}),
        )
        instance.add_run(by_hand)
        assert {slice_ for slice_ in busy_slices(instance) if slice_[0]} == {("uk", "2026-10"), ("ie", "2026-08")}
