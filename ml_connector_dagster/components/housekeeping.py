"""What keeps the state small by itself: one job a night, for all connections, enabled or not, since it asks no vendor."""

# No postponed annotations here: Dagster looks at the classes that a function's parameters name.

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import dagster as dg

from ml_connector_dagster.components.resources import ConnectorResource

JOB = "housekeeping"
MOST_RUNS = 1000
"""Deleted a night and job: each is several statements, and the other runs wait for the same database."""
ENDED = (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)


def housekeeping(jobs: Iterable[str]) -> dg.Definitions:
    """Answer the job and its schedule.

    Args:
        jobs: Names of jobs whose old runs may go: they materialize nothing. Deleting the run of an asset would take the
            month's green square with it.
    """
    names = (*sorted(jobs), JOB)

    @dg.op
    def take_away_what_is_old(context: dg.OpExecutionContext, connector: ConnectorResource) -> None:
        from ml_connector_dagster.components.failures import as_failure
        from ml_connector_dagster.flows.housekeeping import KEEP_DAYS, tidy

        with as_failure():
            opened = connector.connector()
            for one in tidy(opened.store, opened.blobs):
                context.log.info("%s: %s removed, %s bytes", one.what, one.removed, one.size_bytes)
        before = datetime.now(UTC) - timedelta(days=KEEP_DAYS)
        context.log.info("Dagster runs: %s removed", sum(forget_runs(context.instance, name, before) for name in names))

    @dg.job(name=JOB, description="Takes away replaced snapshots, unreferenced files and old runs that loaded nothing.")
    def tidy_up() -> None:
        take_away_what_is_old()

    schedule = dg.ScheduleDefinition(
        name="nightly_housekeeping",
        job=tidy_up,
        cron_schedule="40 2 * * *",
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
    return dg.Definitions(jobs=[tidy_up], schedules=[schedule])


def forget_runs(instance: dg.DagsterInstance, job: str, before: datetime) -> int:
    """Delete the ended runs of a job that were created before that time, with their events; answers how many."""
    old = instance.get_runs(dg.RunsFilter(job_name=job, statuses=list(ENDED), created_before=before), limit=MOST_RUNS)
    for run in old:
        instance.delete_run(run.run_id)
    return len(old)
