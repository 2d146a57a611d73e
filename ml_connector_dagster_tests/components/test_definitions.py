"""The graph that a person sees: what every asset must carry, and what loading it must not touch."""

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from ml_connector_dagster.components.resources import ConnectorResource
from ml_connector_dagster.connections.settings import find_connections, load_connection
from ml_connector_dagster.definitions import defs
from ml_connector_dagster.sources.registry import source_named
from ml_connector_dagster_tests.components.demo import DEMO_FILE

pytestmark = pytest.mark.filterwarnings("ignore::dagster.BetaWarning")  # the asset graph warns of itself
COMPANIES = find_connections(DEMO_FILE.parents[1])
DEMO = tuple(COMPANIES)
CALLS_US = [name for name, path in COMPANIES.items() if source_named(load_connection(path).source.system).later]
"""Companies whose books answer later."""


@pytest.fixture(scope="module")
def repository() -> dg.RepositoryDefinition:
    return defs().get_repository_def()


def _specs(repository: dg.RepositoryDefinition) -> list[dg.AssetSpec]:
    return [node.to_asset_spec() for node in repository.asset_graph.asset_nodes]


def test_every_asset_has_an_owner_a_description_a_kind_and_its_connection_as_group(
    repository: dg.RepositoryDefinition,
) -> None:
    for spec in _specs(repository):
        assert spec.owners, spec.key
        assert spec.description, spec.key
        assert spec.kinds, spec.key
        assert spec.group_name == spec.key.path[0]


def test_every_asset_is_partitioned_by_period_and_none_has_a_backfill_policy(
    repository: dg.RepositoryDefinition,
) -> None:
    """Any backfill policy loses the partition of checks (architecture §3)."""
    for node in repository.asset_graph.asset_nodes:
        assert isinstance(node.partitions_def, dg.MonthlyPartitionsDefinition), node.key
        assert node.backfill_policy is None, node.key


def test_every_load_waits_in_the_pool_of_its_model_and_no_read_does(repository: dg.RepositoryDefinition) -> None:
    pools = {key: node.pools for key, node in ((n.key, n) for n in repository.asset_graph.asset_nodes)}
    models = {name: load_connection(path).anaplan.model for name, path in COMPANIES.items()}
    for key, found in pools.items():
        expected = {f"anaplan_model_{models[key.path[0]]}"} if "anaplan" in key.path else set()
        assert set(found or ()) == expected, key


def test_the_last_segments_of_a_connection_tell_its_assets_apart(repository: dg.RepositoryDefinition) -> None:
    """The graph shows the last segment only."""
    for connection in DEMO:
        last = [spec.key.path[-1] for spec in _specs(repository) if spec.key.path[0] == connection]
        assert len(last) == len(set(last))


def test_the_graph_of_a_demo_company_is_the_documented_one(repository: dg.RepositoryDefinition) -> None:
    keys = {spec.key.to_user_string() for spec in _specs(repository) if spec.key.path[0] == "calder_uk"}
    assert {"calder_uk/ledger_lines", "calder_uk/invoices", "calder_uk/bills"} <= keys
    loads = {key for key in keys if "/anaplan/" in key}
    assert loads == {
        f"calder_uk/anaplan/{name}"
        for name in (
            "accounts_list",
            "customers_list",
            "regions_list",
            "actuals_module",
            "balances_module",
            "invoice_register_module",
        )
    }


def test_modules_come_after_the_lists(repository: dg.RepositoryDefinition) -> None:
    graph = repository.asset_graph
    module = graph.get(dg.AssetKey(["calder_uk", "anaplan", "actuals_module"]))
    assert dg.AssetKey(["calder_uk", "anaplan", "accounts_list"]) in module.parent_keys
    assert dg.AssetKey(["calder_uk", "ledger_lines"]) in module.parent_keys


def test_the_jobs_sensors_and_schedules_are_the_documented_ones(repository: dg.RepositoryDefinition) -> None:
    jobs = {job.name for job in repository.get_all_jobs()} - {"__ASSET_JOB"}
    per_company = {f"{name}_{kind}" for name in DEMO for kind in ("read", "load", "changes", "tie_out")}
    assert jobs == {"housekeeping", *per_company, *(f"{name}_heartbeat" for name in CALLS_US)}
    sensors = {"loads_due", "pulls_due", "answers_arrived", "failures_recorded"}
    assert {sensor.name for sensor in repository.sensor_defs} == sensors
    schedules = {schedule.name for schedule in repository.schedule_defs}
    per_company = {f"{n}_{kind}" for n in DEMO for kind in ("daily_read", "hourly_changes", "daily_tie_out")}
    looks = {f"{name}_half_hourly_heartbeat" for name in CALLS_US}
    assert schedules == {"nightly_housekeeping", *per_company, *looks}


def test_every_check_is_partitioned_but_those_that_speak_of_now(
    repository: dg.RepositoryDefinition,
) -> None:
    for key in repository.asset_graph.asset_check_keys:
        partitioned = repository.asset_graph.get(key).partitions_def is not None
        assert partitioned == (key.name not in ("latest_open_period_loaded", "machine_seen")), key


def test_steps_run_in_the_process_of_their_run(repository: dg.RepositoryDefinition) -> None:
    assert repository.get_job("calder_uk_load").executor_def.name == "in_process"


def test_loading_definitions_imports_no_heavy_library_and_opens_nothing(tmp_path: Path) -> None:
    """Definitions load in every run's process: pandas, pyarrow, SQLAlchemy and httpx wait until a step needs them."""
    program = (
        "import sys, json\n"
        "opened = []\n"
        "watched = {'socket.connect', 'socket.getaddrinfo', 'sqlite3.connect'}\n"
        "sys.addaudithook(lambda event, given: opened.append(event) if event in watched else None)\n"
        "from ml_connector_dagster.definitions import defs\n"
        "defs().get_repository_def()\n"
        "heavy = [m for m in ('pandas', 'pyarrow', 'sqlalchemy', 'httpx', 'alembic') if m in sys.modules]\n"
        "print(json.dumps([heavy, opened]))\n"
    )
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env={**os.environ, "ML_CONNECTOR_HOME": str(tmp_path / "home")},
    )
    assert json.loads(run.stdout.splitlines()[-1]) == [[], []]
    assert not (tmp_path / "home").exists()


def test_connections_may_lie_in_a_folder_outside_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(DEMO_FILE.parent, tmp_path / "north")
    monkeypatch.setenv("ML_CONNECTOR_CONNECTIONS", str(tmp_path))
    repository = defs().get_repository_def()
    assert {spec.key.path[0] for spec in _specs(repository)} == {"north"}
    assert {job.name for job in repository.get_all_jobs()} >= {"north_read", "north_load"}
    assert {"loads_due", "pulls_due"} <= {sensor.name for sensor in repository.sensor_defs}


def test_a_list_with_a_schedule_of_its_own_is_read_by_it_and_not_by_the_connections(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(DEMO_FILE.parent, tmp_path / "north")
    text = (tmp_path / "north" / "defs.yaml").read_text()
    weekly = text.replace("{name: regions,", '{name: regions, schedule: "0 6 * * 1",')
    assert weekly != text
    (tmp_path / "north" / "defs.yaml").write_text(weekly)
    monkeypatch.setenv("ML_CONNECTOR_CONNECTIONS", str(tmp_path))
    repository = defs().get_repository_def()
    schedules = {one.name: one for one in repository.schedule_defs}
    assert schedules["north_regions_read"].cron_schedule == "0 6 * * 1"
    monday = datetime(2026, 11, 30, 6, tzinfo=UTC)
    asked = {name: _read_by(repository, schedules[f"north_{name}"], monday) for name in ("regions_read", "daily_read")}
    assert asked["regions_read"] == {"tracking"}
    assert {"customers", "invoices", "ledger_lines"} <= asked["daily_read"]
    assert "tracking" not in asked["daily_read"]


def _read_by(repository: dg.RepositoryDefinition, schedule: dg.ScheduleDefinition, at: datetime) -> set[str]:
    """Evaluate a schedule of an enabled connection; answers the entities that its runs read."""

    class Enabled(ConnectorResource):
        def is_enabled(self, name: str) -> bool:
            return True

    with (
        dg.DagsterInstance.ephemeral() as instance,
        dg.build_schedule_context(
            instance,
            scheduled_execution_time=at,
            resources={"connector": Enabled()},
            repository_def=repository,
        ) as context,
    ):
        requests = schedule.evaluate_tick(context).run_requests
    assert {request.partition_key for request in requests} == {"2026-09", "2026-10", "2026-11"}
    return {key.path[-1] for request in requests for key in request.asset_selection or ()}
