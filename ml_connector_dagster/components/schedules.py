"""When a connection reads by itself. A real connection's schedules say "not enabled" until ``ml-connector enable``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

import dagster as dg

from ml_connector_dagster.components.partitions import periods_from
from ml_connector_dagster.components.resources import ConnectorResource
from ml_connector_dagster.connections.settings import ConnectionSettings


def read_job(connection: str, settings: ConnectionSettings, keys: Sequence[dg.AssetKey]) -> dg.JobDefinition:
    """Answer the job that reads all source entities of one period."""
    return dg.define_asset_job(  # type: ignore[return-value]  # resolved when definitions are built
        f"{connection}_read",
        selection=dg.AssetSelection.assets(*keys),
        partitions_def=periods_from(settings.periods.start, settings.source.time_zone),
        tags={"mlc/connection": connection},
        description="Reads every source entity of one period.",
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
        if not connector.connector().is_enabled(connection):
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
        from ml_connector_dagster.components.failures import as_failure  # noqa: PLC0415
        from ml_connector_dagster.flows.changes import note_changes  # noqa: PLC0415
        from ml_connector_dagster.flows.register import update_register  # noqa: PLC0415

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
        if not connector.connector().is_enabled(connection):
            yield dg.SkipReason(f"Not enabled. Run: ml-connector enable {connection}")
            return
        yield dg.RunRequest(run_key=f"{context.scheduled_execution_time:%Y-%m-%dT%H}")

    return ask_hourly


def tie_out_job(
    connection: str, settings: ConnectionSettings, checks: Sequence[dg.AssetChecksDefinition]
) -> dg.JobDefinition:
    """Answer the job that ties out one period again without sending anything: people edit cells."""
    keys = [key for check in checks for key in check.check_keys]
    return dg.define_asset_job(  # type: ignore[return-value]  # resolved when definitions are built
        f"{connection}_tie_out",
        selection=dg.AssetSelection.checks(*keys),
        partitions_def=periods_from(settings.periods.start, settings.source.time_zone),
        tags={"mlc/connection": connection},
        description="Compares books, staged and Anaplan of one period again, without loading.",
    )


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
        if not connector.connector().is_enabled(connection):
            yield dg.SkipReason(f"Not enabled. Run: ml-connector enable {connection}")
            return
        for period in open_periods(settings, context.scheduled_execution_time):
            yield dg.RunRequest(run_key=f"{context.scheduled_execution_time:%Y-%m-%d}:{period}", partition_key=period)

    return tie_out_open_periods
