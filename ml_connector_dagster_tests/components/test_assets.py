"""What the bodies of assets pass on: a tagged load asks the model and forces; a read that is answered later ends green."""

from dataclasses import replace

import dagster as dg
import pytest

from ml_connector_dagster.components.assets import source_assets, target_assets
from ml_connector_dagster.components.checks import heartbeat_check
from ml_connector_dagster.components.resources import ConnectorResource
from ml_connector_dagster.errors import AnswerAwaited, SettingWrong
from ml_connector_dagster.flows import preview as _preview  # noqa: F401 - imported first under the patch below, it would keep it
from ml_connector_dagster.flows.file_plan import FROM_MODEL_TAG
from ml_connector_dagster.sources.contract.answers import Finding
from ml_connector_dagster.sources.contract.later import Later
from ml_connector_dagster_tests.flows.little_company import ACTUALS, LITTLE, settings


@pytest.mark.parametrize("tags", [{}, {FROM_MODEL_TAG: "yes"}], ids=["as planned", "from the model"])
def test_a_tagged_run_reads_the_model_and_forces(tags, monkeypatch):
    asked = {}

    def translate(connection, target, period, *, from_model):
        asked["translate"] = from_model

    def load_target(connection, plan, *, run_id, force):
        asked["load"] = force
        raise SettingWrong("stop.", "here.", "now.")

    monkeypatch.setattr("ml_connector_dagster.flows.translate.translate", translate)
    monkeypatch.setattr("ml_connector_dagster.flows.load.load_target", load_target)
    monkeypatch.setattr("ml_connector_dagster.flows.zeroes.says_zeroes", lambda plan: "one figure")
    monkeypatch.setattr(ConnectorResource, "connection", lambda self, name: None)
    assets = target_assets("uk", settings(modules=[ACTUALS], lists=[], source={
        "system": "xero", "company_id": "7d1f6a52-3c84-4b0e-9a61-2f5b8c7d9e10", "credential": "x"}))  # fmt: skip
    ran = dg.materialize(
        assets, partition_key="2026-10", tags=tags, resources={"connector": ConnectorResource()}, raise_on_error=False
    )
    assert not ran.success
    assert asked == {"translate": bool(tags), "load": bool(tags)}


@pytest.mark.parametrize("later", [True, False], ids=["answered later", "answered at once"])
def test_a_read_that_waits_for_its_answer_ends_green_without_a_materialization_and_says_why(later, monkeypatch):
    """Of a source that answers at once nobody expects that, so its run fails."""

    def pull(*given, **more):
        raise AnswerAwaited("Asked for.", "Nothing was read.", "Leave the machine on.")

    monkeypatch.setattr("ml_connector_dagster.flows.pull.pull", pull)
    monkeypatch.setattr("ml_connector_dagster.components.backfills.say_budget", lambda *_: None)
    monkeypatch.setattr(ConnectorResource, "connection", lambda self, name: None)
    noone = Later(lambda *_: (), lambda *_: (), lambda *_: None, lambda *_: (), "Switch it on.")
    source = replace(LITTLE, later=noone if later else None)
    ran = dg.materialize(
        source_assets("uk", settings(), source)[:1],
        partition_key="2026-10",
        resources={"connector": ConnectorResource()},
        raise_on_error=False,
    )
    assert ran.success == later
    assert ran.get_asset_materialization_events() == []
    assert ran.get_asset_check_evaluations() == []
    if not later:
        return
    (seen,) = [event.asset_observation_data.asset_observation for event in ran.get_asset_observation_events()]
    assert (seen.partition, seen.description) == ("2026-10", "Asked for.")
    assert "Leave the machine on." in seen.metadata["mlc/waits_for"].value


def test_the_heartbeat_says_what_does_not_hold_and_warns(monkeypatch):
    found = [Finding("machine", holds=False, says="Not seen since Friday."), Finding("file", holds=True, says="Open.")]
    monkeypatch.setattr("ml_connector_dagster.flows.awaited.heartbeat", lambda connection: found)
    monkeypatch.setattr("ml_connector_dagster.flows.post.record_outcomes", lambda connection: 0)
    monkeypatch.setattr(ConnectorResource, "connection", lambda self, name: None)
    check = heartbeat_check("uk", dg.AssetKey(["uk", "ledger_lines"]))
    result = check(ConnectorResource())
    assert (result.passed, result.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert result.description == "Not seen since Friday."
