"""Runs inside the checkout that got the sixth source: reads, loads and checks one period through Dagster, prints what came."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import dagster as dg

from ml_connector_dagster.connections.consent import Consents
from ml_connector_dagster.connections.entering import enter
from ml_connector_dagster.connections.opening import Connector
from ml_connector_dagster.connections.preparing import prepare
from ml_connector_dagster.definitions import defs
from ml_connector_dagster.sandbox.anaplan.demo_model import MODEL_ID
from ml_connector_dagster.sandbox.anaplan.tenant import Tenant
from ml_connector_dagster.sandbox.server import running
from ml_connector_dagster.sandbox.world import World
from ml_connector_dagster_tests.connections.sandboxed import ANAPLAN_LOGIN, REDIRECT, redirect_of

COMPANY, PERIOD = "corner_shop", "2026-10"


def main(home: Path) -> None:
    """Print one JSON object."""
    with running(World.new(task_seconds=0.0)) as sandbox:
        os.environ.update(ML_CONNECTOR_HOME=str(home), ML_CONNECTOR_SANDBOX_URL=sandbox.base_url)
        connect()
        repository = defs().get_repository_def()
        with dg.DagsterInstance.ephemeral() as instance:
            ran = [
                repository.get_job(f"{COMPANY}_{job}").execute_in_process(
                    partition_key=PERIOD, instance=instance, raise_on_error=False
                )
                for job in ("read", "load")
            ]
        model = sandbox.world.part(Tenant).models[MODEL_ID]
        cell = {"Entities": "UK", "Versions": "Budget", "Time": "Oct 26", "Accounts": "200"}
        checks = [check for run in ran for check in run.get_asset_check_evaluations()]
        told = {
            "assets": sorted(
                key.to_user_string() for key in repository.asset_graph.get_all_asset_keys() if key.path[0] == COMPANY
            ),
            "succeeded": [run.success for run in ran],
            "checks": {f"{one.asset_key.path[-1]}:{one.check_name}": one.passed for one in checks},
            "sales": str(model.read("Balances", "Closing Balance", cell)),
            "vendors": sorted(item.code for item in model.list_named("Vendors").items()),
        }
    print(json.dumps(told))


def connect() -> None:
    """Enter the two credentials and consent."""
    with Connector.of_process() as connector:
        prepare(connector.environment)
        enter(connector, "corner_abacus", "abacus", "oauth", {"client_id": "c", "client_secret": "s"})
        enter(connector, "demo_anaplan", "anaplan", "basic", ANAPLAN_LOGIN)
        consents = Consents(connector)
        began = consents.begin("corner_abacus", redirect_uri=REDIRECT, session="a browser")
        consents.finish(redirect_of(began.authorize_url), session="a browser")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
