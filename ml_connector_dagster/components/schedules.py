"""When a connection reads by itself. A real connection's schedules say "not enabled" until ``ml-connector enable``."""

# No postponed annotations here: Dagster looks at the classes that a function's parameters name.

from collections.abc import Iterator
from datetime import datetime

import dagster as dg

from ml_connector_dagster.components.partitions import periods_from
from ml_connector_dagster.components.resources import ConnectorResource
from ml_connector_dagster.connections.settings import ConnectionSettings

READ_JOB = "_read"
LOAD_JOB = "_load"


def period_job(
    name: str, settings: ConnectionSettings, selection: dg.AssetSelection, connection: str, description: str
) -> dg.JobDefinition:
    """Answer a job that runs over one period of a connection."""
    return dg.define_asset_job(  # type: ignore[return-value]  # resolved when definitions are built
        name,
        selection=selection,
        partitions_def=periods_from(settings.periods.start, settings.source.time_zone),
        tags={"mlc/connection": connection},
        description=description,
    )


def daily_read(connection: str, settings: ConnectionSettings, job: dg.JobDefinition) -> dg.ScheduleDefinition:
    """Answer the schedule that re-reads the open periods; loads follow by themselves where something changed."""

    @dg.schedule(
        name=f"{connection}_daily_read",
        job=job,
        cron_schedule=settings.schedule,
        execution_timezone=settings.source.time_zone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Re-reads the open periods, since no change feed sees every change (recodes, hard deletes).",
    )
    def read_open_periods(
        context: dg.ScheduleEvaluationContext, connector: ConnectorResource
    ) -> Iterator[dg.RunRequest | dg.SkipReason]:
        if not connector.is_enabled(connection):
            yield dg.SkipReason(f"Not enabled. Run: ml-connector enable {connection}")
            return
        for period in open_periods(settings, context.scheduled_execution_time):
            yield dg.RunRequest(run_key=f"{context.scheduled_execution_time:%Y-%m-%d}:{period}", partition_key=period)

    return read_open_periods


def open_periods(settings: ConnectionSettings, at: datetime) -> list[str]:
    """Answer the months that are still open at that time, newest last."""
    keys = periods_from(settings.periods.start, settings.source.time_zone).get_partition_keys(current_time=at)
    return list(keys[-settings.periods.open_months :])


def changes_job(connection: str) -> dg.JobDefinition:
    """Answer the job that asks the change feeds which periods are dirty and looks at the source's lock date."""

    @dg.op(name=f"{connection}_ask_change_feeds")
    def ask_change_feeds(context: dg.OpExecutionContext, connector: ConnectorResource) -> None:
        from ml_connector_dagster.components.failures import as_failure
        from ml_connector_dagster.flows.changes import note_changes
        from ml_connector_dagster.flows.register import update_register

        with as_failure():
            opened = connector.connection(connection)
            dirty = note_changes(opened)
            locked = update_register(opened)
        context.log.info("dirty: %s; newly locked: %s", [f"{d.entity}@{d.period}" for d in dirty], list(locked))

    @dg.job(
        name=f"{connection}_changes",
        tags={"mlc/connection": connection},
        description="Asks the change feeds which periods moved; pulls_due then reads those.",
    )
    def changes() -> None:
        ask_change_feeds()

    return changes


def hourly_changes(connection: str, settings: ConnectionSettings, job: dg.JobDefinition) -> dg.ScheduleDefinition:
    """Answer the schedule that runs the changes job each hour."""

    @dg.schedule(
        name=f"{connection}_hourly_changes",
        job=job,
        cron_schedule="17 * * * *",
        execution_timezone=settings.source.time_zone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
    def ask_hourly(
        context: dg.ScheduleEvaluationContext, connector: ConnectorResource
    ) -> Iterator[dg.RunRequest | dg.SkipReason]:
        if not connector.is_enabled(connection):
            yield dg.SkipReason(f"Not enabled. Run: ml-connector enable {connection}")
            return
        yield dg.RunRequest(run_key=f"{context.scheduled_execution_time:%Y-%m-%dT%H}")

    return ask_hourly


def daily_tie_out(connection: str, settings: ConnectionSettings, job: dg.JobDefinition) -> dg.ScheduleDefinition:
    """Answer the schedule that ties out the open periods each evening."""

    @dg.schedule(
        name=f"{connection}_daily_tie_out",
        job=job,
        cron_schedule="0 19 * * *",
        execution_timezone=settings.source.time_zone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
    def tie_out_open_periods(
        context: dg.ScheduleEvaluationContext, connector: ConnectorResource
    ) -> Iterator[dg.RunRequest | dg.SkipReason]:
        if not connector.is_enabled(connection):
            yield dg.SkipReason(f"Not enabled. Run: ml-connector enable {connection}")
            return
        for period in open_periods(settings, context.scheduled_execution_time):
            yield dg.RunRequest(run_key=f"{context.scheduled_execution_time:%Y-%m-%d}:{period}", partition_key=period)

    return tie_out_open_periods
