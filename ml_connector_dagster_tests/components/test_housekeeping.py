"""The nightly job: tidies the state, and forgets old runs that materialized nothing, never those of an asset."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import dagster as dg

from ml_connector_dagster.components.housekeeping import JOB, forget_runs, housekeeping
from ml_connector_dagster.components.resources import ConnectorResource
from ml_connector_dagster.store.blobs import Blobs


@dg.op
def nothing():
    return None


def _job(name):
    return dg.GraphDefinition(name=name, node_defs=[nothing]).to_job(name=name)


def test_the_job_tidies_and_only_old_runs_of_named_jobs_are_forgotten(sqlite_store, tmp_path, monkeypatch):
    opened = SimpleNamespace(store=sqlite_store, blobs=Blobs(str(tmp_path / "blobs")))
    monkeypatch.setattr(ConnectorResource, "connector", lambda self: opened)
    instance = dg.DagsterInstance.ephemeral()
    for name in ("uk_changes", "uk_read"):
        assert _job(name).execute_in_process(instance=instance).success
    definitions = dg.Definitions.merge(
        housekeeping(["uk_changes"]), dg.Definitions(resources={"connector": ConnectorResource()})
    )
    assert definitions.resolve_job_def(JOB).execute_in_process(instance=instance).success
    assert len(instance.get_runs()) == 3  # none is old
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assert forget_runs(instance, "uk_changes", tomorrow) == 1
    assert {run.job_name for run in instance.get_runs()} == {"uk_read", JOB}
