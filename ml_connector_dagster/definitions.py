"""The code location: everything under ``defs/``, the one resource, the sensors. It decides nothing.

Where ML_CONNECTOR_CONNECTIONS names another folder, the connections are that folder's alone, as for the command line.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import dagster as dg

from ml_connector_dagster.components.connection import Connection
from ml_connector_dagster.components.housekeeping import housekeeping
from ml_connector_dagster.components.resources import ConnectorResource
from ml_connector_dagster.components.schedules import CHANGES_JOB
from ml_connector_dagster.components.sensors import (
    answers_arrived_sensor,
    failures_recorded,
    loads_due_sensor,
    pulls_due_sensor,
)
from ml_connector_dagster.connections.run_limit import check_run_limit
from ml_connector_dagster.connections.settings import find_connections, load_connection
from ml_connector_dagster.store.environment import Environment

PACKAGE = Path(__file__).parent


@dg.definitions
def defs() -> dg.Definitions:
    """Answer all definitions.

    Loading touches no network, vault or database. Steps run in the run's own process: steps are API calls, a step
    process would cost three seconds each, and a killed run then holds nothing (dagster.md §1.4).
    """
    environment = Environment.read()
    check_run_limit(environment.run_limit_seconds)
    root = environment.connections_root
    found = dg.load_from_defs_folder(path_within_project=PACKAGE) if root == PACKAGE / "defs" else connections_in(root)
    jobs = list(found.jobs or ())
    return dg.Definitions.merge(
        found,
        housekeeping(job.name for job in jobs if job.name.endswith(CHANGES_JOB)),
        dg.Definitions(
            resources={"connector": ConnectorResource()},
            sensors=[loads_due_sensor(jobs), pulls_due_sensor(jobs), answers_arrived_sensor(jobs), failures_recorded],
            executor=dg.in_process_executor,
        ),
    )


def connections_in(root: Path) -> dg.Definitions:
    """Answer the connections of a folder outside the package; own assets beside them need a package, so none are read."""
    found = [Connection(name, load_connection(path)) for name, path in find_connections(root).items()]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as Dagster's own loader does: jobs of checks alone must name their partitions
        return dg.Definitions.merge(*(connection.definitions() for connection in found))
