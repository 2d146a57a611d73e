"""A run of a backfill says what the whole of it costs before it asks for a single document: in its log and on its asset."""

from datetime import UTC, date, datetime

import dagster as dg
import pytest
from dagster._core.definitions.assets.graph.asset_graph_subset import AssetGraphSubset
from dagster._core.definitions.events import AssetKeyPartitionKey
from dagster._core.execution.backfill import BulkActionStatus, PartitionBackfill

from ml_connector_dagster.components.assets import source_assets, source_key
from ml_connector_dagster.components.backfills import BACKFILL_TAG, Backfill, backfill_of
from ml_connector_dagster.components.resources import ConnectorResource
from ml_connector_dagster.errors import QuotaExhausted
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sandbox.server import running
from ml_connector_dagster.sandbox.world import World
from ml_connector_dagster.sources.zoho_books.client import DETAILS
from ml_connector_dagster.store.engine import Store
from ml_connector_dagster_tests.flows.little_company import LITTLE, settings
from ml_connector_dagster_tests.sources.in_sandbox import sandboxed_company

BEGAN = datetime(2026, 11, 20, 8, tzinfo=UTC)
MONTHS = ["2026-09", "2026-10", "2026-11"]
AUTUMN = Backfill(BEGAN, [Period.parse(month) for month in MONTHS])


def of_assets(assets, instance, months=MONTHS) -> PartitionBackfill:
    """A backfill as the UI stores one that was launched from assets."""
    graph = dg.Definitions(assets=assets, resources={"connector": ConnectorResource()}).resolve_asset_graph()
    chosen = {AssetKeyPartitionKey(asset.key, month) for asset in assets for month in months}
    return PartitionBackfill.from_asset_graph_subset(
        backfill_id="autumn",
        asset_graph_subset=AssetGraphSubset.from_asset_partition_set(chosen, graph),
        backfill_timestamp=BEGAN.timestamp(),
        tags={},
        dynamic_partitions_store=instance,
        title=None,
        description=None,
        run_config=None,
    )


def of_job(assets, instance, months=MONTHS) -> PartitionBackfill:
    """A backfill as the UI stores one that was launched from a job."""
    return PartitionBackfill(
        "autumn", BulkActionStatus.REQUESTED, False, {}, BEGAN.timestamp(), partition_names=months
    )  # fmt: skip


@pytest.mark.parametrize(
    ("store_backfill", "tag", "found"),
    [
        (of_assets, "autumn", AUTUMN),
        (of_job, "autumn", AUTUMN),
        (lambda *given: of_assets(*given, months=["2026-10"]), "autumn", None),
        (of_assets, "another", None),
        (of_assets, "", None),
    ],
    ids=["of assets", "of a job", "of one month", "forgotten", "no backfill"],
)
def test_a_run_finds_the_months_of_its_backfill(store_backfill, tag, found, monkeypatch):
    seen = []
    key = source_key("uk", "ledger_accounts")
    monkeypatch.setattr(
        "ml_connector_dagster.components.backfills.say_budget",
        lambda context, *_: seen.append(backfill_of(context, key)),
    )
    monkeypatch.setattr(ConnectorResource, "connection", lambda self, name: None)
    assets = source_assets("uk", settings(), LITTLE)[:1]
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_backfill(store_backfill(assets, instance))
        dg.materialize(
            assets,
            partition_key="2026-10",
            instance=instance,
            tags={BACKFILL_TAG: tag} if tag else {},
            resources={"connector": ConnectorResource()},
            raise_on_error=False,
        )
    assert seen == [found]


@pytest.fixture
def marlow(tmp_path):
    with (
        running(World.new(today=date(2026, 11, 20))) as sandbox,
        sandboxed_company(sandbox, "zoho_books", tmp_path) as company,
    ):
        company.vendor.post("settings", day=130, forget_calls=True)
        company.connection.settings.source.__dict__["quota_share"] = 1.0
        yield company


def test_what_a_backfill_burns_is_said_and_recorded_before_its_first_document(marlow, monkeypatch):
    asked = []

    def pull(opened, entity, period, **_):
        asked.append(marlow.vendor.get("calls")["calls"])
        raise QuotaExhausted("Spent.", "Nothing was read.", "Wait.")

    opened = marlow.connection
    monkeypatch.setattr("ml_connector_dagster.flows.pull.pull", pull)
    monkeypatch.setattr(ConnectorResource, "connection", lambda self, name: opened)
    monkeypatch.setattr(Store, "now", lambda _store: datetime(2026, 11, 20, 9, tzinfo=UTC))
    assets = [
        asset
        for asset in source_assets(opened.name, opened.settings, opened.source)
        if asset.key.path[-1] in {"invoices", "bills", "expenses"}
    ]
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_backfill(of_assets(assets, instance))
        ran = dg.materialize(
            assets,
            partition_key="2026-10",
            instance=instance,
            tags={BACKFILL_TAG: "autumn"},
            resources={"connector": ConnectorResource()},
            raise_on_error=False,
        )
        entries = instance.all_logs(ran.run_id)
    assert len(asked) == 3, "each asset was tried"
    assert not [path for path in asked[0] if "{id}" in path and path.split("/")[1] in DETAILS], "no document yet"
    events = [entry.dagster_event for entry in entries if entry.dagster_event]
    (seen,) = [one.asset_observation_data.asset_observation for one in events if one.is_asset_observation]
    assert seen.partition == "2026-10"
    assert seen.description.startswith("This backfill of 3 months: about ")
    assert "are left of the 117 that Zoho Books allows us a day" in seen.description
    assert [entry.user_message for entry in entries].count(seen.description) == 1, "said once a run"
    assert seen.metadata["mlc/days_of_calls"].value > 1
    assert seen.metadata["mlc/api_calls_to_come"].value > seen.metadata["mlc/api_calls_left_today"].value
