"""The behaviours of Dagster that the design stands on (architecture §3), so that an upgrade says which one moved."""

from collections.abc import Iterator

import dagster as dg
import pytest

PERIODS = dg.MonthlyPartitionsDefinition(start_date="2026-01", fmt="%Y-%m", timezone="Europe/London", end_offset=1)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.instance_for_test() as made:
        yield made


def _checked_asset(**options: object) -> dg.AssetsDefinition:
    @dg.asset(
        key=["company", "lines"],
        partitions_def=PERIODS,
        check_specs=[dg.AssetCheckSpec("holds", asset=["company", "lines"], partitions_def=PERIODS)],
        **options,
    )
    def lines(context: dg.AssetExecutionContext) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult]:
        passed = context.partition_key != "2026-02"
        if not passed:
            yield dg.AssetCheckResult(check_name="holds", passed=False, description="red")
            raise dg.Failure("broken period", allow_retries=False)
        yield dg.MaterializeResult(data_version=dg.DataVersion(f"v-{context.partition_key}"))
        yield dg.AssetCheckResult(check_name="holds", passed=True)

    return lines


def test_the_open_month_is_a_partition_with_end_offset_one() -> None:
    from datetime import UTC, datetime

    keys = PERIODS.get_partition_keys(current_time=datetime(2026, 11, 3, tzinfo=UTC))
    assert keys[-1] == "2026-11"
    assert keys[0] == "2026-01"


def test_a_check_yielded_before_a_failure_is_recorded_for_its_partition(instance: dg.DagsterInstance) -> None:
    """A failed load still shows its red check: the generator yields it before it raises."""
    result = dg.materialize([_checked_asset()], partition_key="2026-02", instance=instance, raise_on_error=False)
    assert not result.success
    (evaluation,) = result.get_asset_check_evaluations()
    assert not evaluation.passed
    assert evaluation.description == "red"
    assert evaluation.partition == "2026-02"


def test_a_data_version_is_kept_per_partition(instance: dg.DagsterInstance) -> None:
    asset = _checked_asset()
    for period in ("2026-01", "2026-03"):
        assert dg.materialize([asset], partition_key=period, instance=instance).success
    event = instance.get_latest_materialization_event(asset.key)
    assert event is not None
    materialization = event.asset_materialization
    assert materialization is not None
    assert materialization.partition == "2026-03"
    assert (materialization.tags or {})["dagster/data_version"] == "v-2026-03"


def test_a_registered_pool_keeps_its_limit(instance: dg.DagsterInstance) -> None:
    from ml_connector_dagster.components.pools import register_pool

    register_pool(instance, "anaplan_model_X")
    register_pool(instance, "anaplan_model_X")
    assert {pool.name: pool.limit for pool in instance.event_log_storage.get_pool_limits()} == {"anaplan_model_X": 1}


def test_a_component_may_parse_its_file_with_any_pydantic_model() -> None:
    """One model for Dagster, command line and inbound app: get_model_cls and load are the seam."""
    from ml_connector_dagster.components import Connection
    from ml_connector_dagster.connections.settings import ConnectionSettings

    assert Connection.get_model_cls() is ConnectionSettings


def test_a_run_key_is_used_once_by_a_sensor(instance: dg.DagsterInstance) -> None:
    """Protocol 17 rests on this: the attempt number is in the key, or a failed load would never be tried again."""

    @dg.op
    def nothing() -> None: ...

    @dg.job
    def idle() -> None:
        nothing()

    @dg.sensor(job=idle)
    def always() -> dg.RunRequest:
        return dg.RunRequest(run_key="a:1")

    definitions = dg.Definitions(jobs=[idle], sensors=[always])
    first = always.evaluate_tick(dg.build_sensor_context(instance=instance, definitions=definitions))
    assert first.run_requests is not None
    assert [request.run_key for request in first.run_requests] == ["a:1"]


def test_sqlite_storage_is_made_from_a_folder(tmp_path: object) -> None:
    from dagster._core.storage.sqlite_storage import DagsterSqliteStorage

    storage = DagsterSqliteStorage.from_local(str(tmp_path))
    assert storage.run_storage is not None


def test_a_run_record_knows_when_the_run_was_asked_for_in_utc(instance: dg.DagsterInstance) -> None:
    """Runs of one backfill share a reference entity's read by this time; it is UTC, whatever zone object it carries."""
    from datetime import UTC, datetime, timedelta

    from ml_connector_dagster.components.assets import asked_at

    seen = []

    @dg.asset
    def asks(context: dg.AssetExecutionContext) -> None:
        seen.append(asked_at(context))

    assert dg.materialize([asks], instance=instance).success
    assert seen[0] is not None
    assert abs(datetime.now(UTC) - seen[0]) < timedelta(minutes=2)
