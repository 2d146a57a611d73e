"""The code location: everything under ``defs/``, the one resource, the sensors. It decides nothing."""

from __future__ import annotations

from pathlib import Path

import dagster as dg

from ml_connector_dagster.components.resources import ConnectorResource
from ml_connector_dagster.components.sensors import failures_recorded, loads_due_sensor, pulls_due_sensor


@dg.definitions
def defs() -> dg.Definitions:
    """Answer all definitions.

    Loading touches no network, vault or database. Steps run in the run's own process: steps are API calls, a step
    process would cost three seconds each, and a killed run then holds nothing (dagster.md §1.4).
    """
    found = dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
    jobs = list(found.jobs or ())
    return dg.Definitions.merge(
        found,
        dg.Definitions(
            resources={"connector": ConnectorResource()},
            sensors=[loads_due_sensor(jobs), pulls_due_sensor(jobs), failures_recorded],
            executor=dg.in_process_executor,
        ),
    )
