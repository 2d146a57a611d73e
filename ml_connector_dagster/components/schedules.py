"""When a connection reads by itself. A real connection's schedules say "not enabled" until ``ml-connector enable``."""

# No postponed annotations here: Dagster looks at the classes that a function's parameters name.

from collections.abc import Callable, Iterator
from datetime import datetime

import dagster as dg

from ml_connector_dagster.components.assets import source_key
from ml_connector_dagster.components.partitions import periods_from
from ml_connector_dagster.components.resources import ConnectorResource
from ml_connector_dagster.connections.settings import ConnectionSettings
from ml_connector_dagster.errors import AnswerAwaited, ConnectorError
from ml_connector_dagster.mapping.targets import ListTarget, ModuleTarget
from ml_connector_dagster.sources.contract.source import Source

READ_JOB = "_read"
LOAD_JOB = "_load"
CHANGES_JOB = "_changes"


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


def reads(
    connection: str, settings: ConnectionSettings, source: Source, job: dg.JobDefinition
) -> list[dg.ScheduleDefinition]:
    """Answer the schedules that re-read the open periods: the connection's, and one for each target with a schedule of its own.

    What only such targets need is left out of the connection's. Loads follow by themselves where something changed.
    """
    own = [target for target in _targets(settings) if target.schedule]
    needed = entities_by_default(settings, source)
    every = _over_open_periods(
        f"{connection}_daily_read",
        job,
        settings,
        connection,
        cron=settings.schedule,
        says="Re-reads the open periods, since no change feed sees every change (recodes, hard deletes).",
        assets=[source_key(connection, name) for name in needed] if own else None,
    )
    return [every, *(_own_read(connection, settings, source, job, target) for target in own)]


def _own_read(
    connection: str,
    settings: ConnectionSettings,
    source: Source,
    job: dg.JobDefinition,
    target: ListTarget | ModuleTarget,
) -> dg.ScheduleDefinition:
    return _over_open_periods(
        f"{connection}_{target.name}_read",
        job,
        settings,
        connection,
        cron=str(target.schedule),
        says=f"Re-reads what {target.name} is made from, by the schedule it has of its own.",
        assets=[source_key(connection, name) for name in entities_behind(source, target)],
    )


def entities_by_default(settings: ConnectionSettings, source: Source) -> list[str]:
    """Answer the entities that the connection's own schedule reads: all but those that only targets with another one need."""
    targets = _targets(settings)
    elsewhere = {name for target in targets if target.schedule for name in entities_behind(source, target)}
    here = {name for target in targets if not target.schedule for name in entities_behind(source, target)}
    return [entity.name for entity in source.entities if entity.name in here or entity.name not in elsewhere]


def _targets(settings: ConnectionSettings) -> tuple[ListTarget | ModuleTarget, ...]:
    return (*settings.lists, *settings.modules)


def entities_behind(source: Source, target: ListTarget | ModuleTarget) -> list[str]:
    """Answer the entity that fills a target and those it is derived from, in the source's order."""
    main = source.entity(target.entity if isinstance(target, ListTarget) else target.from_)
    return [entity.name for entity in source.entities if entity.name in (main.name, *main.derived_from)]


def daily_tie_out(connection: str, settings: ConnectionSettings, job: dg.JobDefinition) -> dg.ScheduleDefinition:
    """Answer the schedule that ties out the open periods each evening, sent or not: people edit cells."""
    return _over_open_periods(
        f"{connection}_daily_tie_out",
        job,
        settings,
        connection,
        cron="0 19 * * *",
        says="Compares books, staged and Anaplan of the open periods again, whether something was sent or not.",
    )


def _over_open_periods(
    name: str,
    job: dg.JobDefinition,
    settings: ConnectionSettings,
    connection: str,
    *,
    cron: str,
    says: str,
    assets: list[dg.AssetKey] | None = None,
) -> dg.ScheduleDefinition:
    """Answer a schedule that requests one run per open period, of the whole job or of these assets alone."""

    def each_period(at: datetime) -> Iterator[dg.RunRequest]:
        for period in open_periods(settings, at):
            yield dg.RunRequest(run_key=f"{at:%Y-%m-%dT%H:%M}:{period}", partition_key=period, asset_selection=assets)

    return _at_each_tick(name, job, settings, connection, cron=cron, says=says, requests=each_period)


def _at_each_tick(
    name: str,
    job: dg.JobDefinition,
    settings: ConnectionSettings,
    connection: str,
    *,
    cron: str,
    says: str,
    requests: Callable[[datetime], Iterator[dg.RunRequest]],
) -> dg.ScheduleDefinition:
    """Answer a schedule in the source's zone that asks at each tick, given its time, for runs; none of a connection not enabled."""

    @dg.schedule(
        name=name,
        job=job,
        cron_schedule=cron,
        execution_timezone=settings.source.time_zone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=says,
    )
    def tick(
        context: dg.ScheduleEvaluationContext, connector: ConnectorResource
    ) -> Iterator[dg.RunRequest | dg.SkipReason]:
        if connector.is_enabled(connection):
            yield from requests(context.scheduled_execution_time)
        else:
            yield dg.SkipReason(f"Not enabled. Run: ml-connector enable {connection}")

    return tick


def open_periods(settings: ConnectionSettings, at: datetime) -> list[str]:
    """Answer the months that are still open at that time, newest last."""
    keys = periods_from(settings.periods.start, settings.source.time_zone).get_partition_keys(current_time=at)
    return list(keys[-settings.periods.open_months :])


def changes_job(connection: str) -> dg.JobDefinition:
    """Answer the job that asks the change feeds which periods are dirty and looks at the source's lock date."""

    @dg.op(name=f"{connection}_ask_change_feeds")
    def ask_change_feeds(context: dg.OpExecutionContext, connector: ConnectorResource) -> None:
        from ml_connector_dagster.components.failures import failure_of
        from ml_connector_dagster.flows.changes import note_changes
        from ml_connector_dagster.flows.register import update_register

        opened = connector.connection(connection)
        try:
            dirty = note_changes(opened, run_id=context.run_id)
            locked = update_register(opened)
        except AnswerAwaited as awaited:
            context.log.info(str(awaited))
            return
        except ConnectorError as error:
            raise failure_of(error) from error
        context.log.info("dirty: %s; newly locked: %s", [f"{d.entity}@{d.period}" for d in dirty], list(locked))

    @dg.job(
        name=f"{connection}{CHANGES_JOB}",
        tags={"mlc/connection": connection},
        description="Asks the change feeds which periods moved; pulls_due then reads those.",
    )
    def changes() -> None:
        ask_change_feeds()

    return changes


def heartbeat_job(connection: str, check: dg.AssetChecksDefinition) -> dg.JobDefinition:
    """Answer the job that looks whether the machine where the books are calls us."""
    return dg.define_asset_job(  # type: ignore[return-value]  # resolved when definitions are built
        f"{connection}_heartbeat",
        selection=dg.AssetSelection.checks(*check.check_keys),
        tags={"mlc/connection": connection},
        description="Looks when the machine where the books are was last seen; it asks our own database alone.",
    )


def half_hourly_heartbeat(
    connection: str, settings: ConnectionSettings, job: dg.JobDefinition
) -> dg.ScheduleDefinition:
    """Answer the schedule that looks when the machine was last seen; it asks our own database, never the machine."""
    return _at_each_tick(
        f"{connection}_half_hourly_heartbeat",
        job,
        settings,
        connection,
        cron="3,33 * * * *",
        says="Looks when the machine where the books are was last seen, and how long questions have waited.",
        requests=_one_run,
    )


def hourly_changes(connection: str, settings: ConnectionSettings, job: dg.JobDefinition) -> dg.ScheduleDefinition:
    """Answer the schedule that runs the changes job each hour."""
    return _at_each_tick(
        f"{connection}_hourly_changes",
        job,
        settings,
        connection,
        cron="17 * * * *",
        says="Asks the source what changed since the last look; pulls_due then reads the months that moved.",
        requests=_one_run,
    )


def _one_run(at: datetime) -> Iterator[dg.RunRequest]:
    """Yield the run of a job without partitions."""
    yield dg.RunRequest(run_key=f"{at:%Y-%m-%dT%H:%M}")
