"""What the body of a load asset passes on: a run tagged for it asks the model, says what it zeroes, and sends in any case."""

import dagster as dg
import pytest

from ml_connector_dagster.components.assets import target_assets
from ml_connector_dagster.components.resources import ConnectorResource
from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.flows.file_plan import FROM_MODEL_TAG
from ml_connector_dagster_tests.flows.little_company import ACTUALS, settings


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
