"""A company whose machine calls us, through Dagster: asked, not materialized, answered, followed, loaded, tied out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from unittest import mock

import dagster as dg
import pytest

from ml_connector_dagster.cli.demo_credentials import enter_credentials
from ml_connector_dagster.components.resources import ConnectorResource
from ml_connector_dagster.connections.opening import Connector, OpenConnection
from ml_connector_dagster.definitions import defs
from ml_connector_dagster.flows.awaited import waiting
from ml_connector_dagster.flows.post import post_file, postings_of
from ml_connector_dagster.flows.tie_out import tie_out
from ml_connector_dagster.sandbox.server import running
from ml_connector_dagster.sandbox.world import World
from ml_connector_dagster_tests.connections.sandboxed import shell_of
from ml_connector_dagster_tests.sources.machine import Machine, machine_calling

NAME, PERIOD, TODAY = "brackenridge", "2026-10", date(2026, 11, 20)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("answered_later"),
    pytest.mark.filterwarnings("ignore::dagster.BetaWarning"),
]


@dataclass
class Office:
    """Dagster over the company, and the machine in the other building."""

    repository: dg.RepositoryDefinition
    instance: dg.DagsterInstance
    opened: OpenConnection
    machine: Machine
    home: Path

    def run(self, job: str, period: str | None = PERIOD, **more: object) -> dg.ExecuteInProcessResult:
        """Run a job as the daemon does."""
        found = self.repository.get_job(job)
        return found.execute_in_process(partition_key=period, instance=self.instance, raise_on_error=False, **more)

    def tick(self, sensor: str) -> list[dg.ExecuteInProcessResult]:
        """Let a sensor look, and run what it asks for."""
        resources = {"connector": ConnectorResource()}
        with dg.build_sensor_context(self.instance, repository_def=self.repository, resources=resources) as context:
            told = self.repository.get_sensor_def(sensor).evaluate_tick(context)
        return [
            self.run(one.job_name, one.partition_key, asset_selection=one.asset_selection, tags=one.tags)
            for one in told.run_requests
        ]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    home = tmp_path_factory.mktemp("office")
    with (
        running(World.new(today=TODAY, task_seconds=0.0)) as sandbox,
        mock.patch.dict(os.environ, shell_of(home, sandbox.base_url, NAME)),
        Connector.of_process() as connector,
    ):
        enter_credentials(connector)
        with machine_calling(connector, NAME) as machine, dg.instance_for_test() as instance:
            yield Office(defs().get_repository_def(), instance, connector.connection(NAME), machine, home)


def materialized(*runs: dg.ExecuteInProcessResult) -> set[str]:
    return {
        event.asset_key.path[-1] for run in runs for event in run.get_asset_materialization_events() if event.asset_key
    }


def test_a_month_is_asked_for_answered_read_loaded_and_tied_out(office):
    lines = dg.AssetKey([NAME, "ledger_lines"])
    asked, again = office.run(f"{NAME}_read"), office.run(f"{NAME}_read", asset_selection=[lines])
    assert (asked.success, again.success) == (True, True)
    assert materialized(asked, again) == set()
    seen = [event.asset_observation_data.asset_observation for event in asked.get_asset_observation_events()]
    assert len(seen) == len(office.opened.source.entities) == len(waiting(office.opened))
    assert all("has never called" in one.description for one in seen)
    assert office.tick("answers_arrived") == office.tick("pulls_due") == []
    office.machine.answers_all()
    read = office.tick("answers_arrived")
    assert len(read) == 1
    assert materialized(*read) == {entity.name for entity in office.opened.source.entities}
    assert all(check.passed for check in read[0].get_asset_check_evaluations())
    assert office.tick("answers_arrived") == office.tick("pulls_due") == []
    (loaded,) = office.tick("loads_due")
    assert loaded.success
    checks = {(one.asset_key.path[-1], one.check_name): one for one in loaded.get_asset_check_evaluations()}
    assert checks["actuals_module", "tied_out"].passed
    assert checks["balances_module", "tied_out"].passed
    assert checks["invoice_register_module", "tied_out"].passed
    assert office.tick("loads_due") == []


def test_a_journal_is_posted_once_and_the_month_names_it(office):
    file = office.home / "journal.csv"
    file.write_text(
        "connection,journal,date,account,debit,credit,class,memo\n"
        f"{NAME},rent,{PERIOD}-15,6100,1250.00,,Warehouse,Rent\n{NAME},rent,{PERIOD}-15,2300,,1250.00,,Rent\n"
    )
    for _ in range(2):
        post_file(office.opened.connector, file, by="a planner")
    office.machine.calls()
    (posting,) = postings_of(office.opened)
    assert (posting.state, bool(posting.transaction_id)) == ("posted", True)
    assert office.run(f"{NAME}_changes", None).success
    office.machine.answers_all()
    assert [run.success for run in office.tick("answers_arrived")] == [True]
    assert materialized(*office.tick("pulls_due")) == set(), "the feed showed the month moved: it is asked for"
    office.machine.answers_all()
    assert "ledger_lines" in materialized(*office.tick("answers_arrived"))
    compared = tie_out(office.opened, "actuals", PERIOD)
    assert (compared.holds, compared.residuals) == (True, {"posted_plan": Decimal("1250.00")})
    (loaded,) = office.tick("loads_due")
    assert [one.passed for one in loaded.get_asset_check_evaluations() if one.check_name == "tied_out"] == [True]


def test_the_heartbeat_says_when_the_machine_was_seen(office):
    (check,) = office.run(f"{NAME}_heartbeat", None).get_asset_check_evaluations()
    assert check.passed
    assert "The Windows machine was last seen" in check.description
