"""What starts runs by itself: ``loads_due`` and ``pulls_due`` ask the state database and nothing else; failures are recorded.

Automation conditions were tried and do not fit (architecture §3): they reload unchanged periods, never retry a failed
load, and do not see an edited mapping.
"""

# No postponed annotations here: Dagster looks at the classes that a function's parameters name.

import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg

from ml_connector_dagster.components.assets import source_key
from ml_connector_dagster.components.pools import register_pool
from ml_connector_dagster.components.resources import ConnectorResource
from ml_connector_dagster.components.schedules import CHANGES_JOB, LOAD_JOB, READ_JOB
from ml_connector_dagster.sources.contract.later import CHANGES
from ml_connector_dagster.sources.contract.source import Source

if TYPE_CHECKING:
    from ml_connector_dagster.flows.answered import AnsweredSlice
    from ml_connector_dagster.flows.changes import DirtyPeriod
    from ml_connector_dagster.flows.due import DueLoad

AnyJob = Any
"""A job or an asset job not yet resolved; Dagster has no public name for both."""
SECONDS_BETWEEN_LOOKS = 5
NOT_FINISHED = (
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
)


def loads_due_sensor(jobs: Sequence[AnyJob]) -> dg.SensorDefinition:
    """Answer the sensor that starts what is due: one run per connection and period, through the connection's load job."""

    @dg.sensor(
        name="loads_due",
        jobs=_ending(jobs, LOAD_JOB),
        minimum_interval_seconds=SECONDS_BETWEEN_LOOKS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Starts what is due: changed figures, an edited mapping, an unfinished load, a retry whose time has come.",
    )
    def loads_due(
        context: dg.SensorEvaluationContext, connector: ConnectorResource
    ) -> Iterator[dg.RunRequest | dg.SkipReason]:
        from ml_connector_dagster.flows.due import loads_due as due_loads

        def due(name: str) -> Iterator[dg.RunRequest]:
            opened = connector.connection(name)
            register_pool(context.instance, opened.pool)
            return load_requests(name, due_loads(opened))

        nothing = "Nothing is due, or what is due is still being read or loaded."
        yield from _of_each(connector, due, nothing, busy=busy_slices(context.instance))

    return loads_due


def pulls_due_sensor(jobs: Sequence[AnyJob]) -> dg.SensorDefinition:
    """Answer the sensor that reads dirty periods: one run per connection and period, through the connection's read job."""

    @dg.sensor(
        name="pulls_due",
        jobs=_ending(jobs, READ_JOB),
        minimum_interval_seconds=SECONDS_BETWEEN_LOOKS * 6,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Reads the periods that a change feed, a webhook or another read has shown to be dirty.",
    )
    def pulls_due(connector: ConnectorResource) -> Iterator[dg.RunRequest | dg.SkipReason]:
        from ml_connector_dagster.flows.changes import periods_to_read

        def dirty(name: str) -> Iterator[dg.RunRequest]:
            opened = connector.connection(name)
            return read_requests(name, opened.source, periods_to_read(opened))

        yield from _of_each(connector, dirty, "No period is dirty.")

    return pulls_due


def answers_arrived_sensor(jobs: Sequence[AnyJob]) -> dg.SensorDefinition:
    """Answer the sensor that reads what a source has answered since it was asked: one run per connection and period."""

    @dg.sensor(
        name="answers_arrived",
        jobs=[*_ending(jobs, READ_JOB), *_ending(jobs, CHANGES_JOB)],
        minimum_interval_seconds=SECONDS_BETWEEN_LOOKS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Reads what was asked for and is answered now, where the books are on a machine that calls us.",
    )
    def answers_arrived(
        context: dg.SensorEvaluationContext, connector: ConnectorResource
    ) -> Iterator[dg.RunRequest | dg.SkipReason]:
        from ml_connector_dagster.flows.answered import answered_slices
        from ml_connector_dagster.flows.post import record_outcomes

        def arrived(name: str) -> Iterator[dg.RunRequest]:
            opened = connector.connection(name)
            record_outcomes(opened)  # of journals that the machine took or refused: they belong into the trail
            return answer_requests(name, opened.source, answered_slices(opened))

        nothing = "No answer has come that is not being read."
        yield from _of_each(connector, arrived, nothing, busy=busy_slices(context.instance))

    return answers_arrived


def _of_each(
    connector: ConnectorResource,
    wanted: Callable[[str], Iterator[dg.RunRequest]],
    nothing: str,
    *,
    busy: Collection[tuple[str, str | None]] = (),
) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Yield what is wanted of each enabled connection, but for slices that a run has in hand; says where that is nothing."""
    requested = False
    for name in connector.enabled_names():
        for request in wanted(name):
            if (name, request.partition_key) not in busy:
                requested = True
                yield request
    if not requested:
        yield dg.SkipReason(nothing)


@dg.run_failure_sensor(
    name="failures_recorded",
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Writes each failed run into the connection's audit trail, so that nothing fails in silence.",
)
def failures_recorded(context: dg.RunFailureSensorContext, connector: ConnectorResource) -> None:
    """Append the failure to the audit trail of the run's connection."""
    from ml_connector_dagster.audit.trail import record_failed_run

    name = context.dagster_run.tags.get("mlc/connection", "")
    record_failed_run(
        connector.connector().store,
        name or "all",
        run_id=context.dagster_run.run_id,
        says=context.failure_event.message or "",
    )


def busy_slices(instance: dg.DagsterInstance) -> set[tuple[str, str]]:
    """Answer the connections and periods that a queued or running run reads or loads.

    A load that started in the middle of a read would send half of its news, and a second one would follow at once.
    """
    runs = instance.get_runs(dg.RunsFilter(statuses=list(NOT_FINISHED)))
    return {
        (name, period)
        for run in runs
        if (period := run.tags.get("dagster/partition"))
        for name in {run.tags.get("mlc/connection", ""), *(key.path[0] for key in run.asset_selection or ())}
    }


def load_requests(name: str, due: Iterable["DueLoad"]) -> Iterator[dg.RunRequest]:
    """Answer one request per period; the key holds every target's digest and attempt (protocol 17)."""
    by_period: dict[str, list[DueLoad]] = defaultdict(list)
    for load in due:
        by_period[load.period].append(load)
    for period, loads in sorted(by_period.items()):
        yield dg.RunRequest(
            run_key=f"{name}:{period}:{_digest(load.run_key for load in loads)}",
            job_name=f"{name}{LOAD_JOB}",
            partition_key=period,
            asset_selection=[dg.AssetKey([name, "anaplan", f"{load.target}_{load.kind}"]) for load in loads],
            tags={
                "mlc/connection": name,
                "mlc/trigger": "loads_due",
                "mlc/why": "; ".join(sorted({d.why for d in loads})),
            },
        )


def answer_requests(name: str, source: Source, answered: Iterable["AnsweredSlice"]) -> Iterator[dg.RunRequest]:
    """Answer one request per period whose answers have come, and one where the change feed has answered."""
    known = list(answered)
    for one in known:
        if one.entity != CHANGES:
            continue
        yield dg.RunRequest(
            run_key=f"{name}:{one.run_key}",
            job_name=f"{name}{CHANGES_JOB}",
            tags={"mlc/connection": name, "mlc/trigger": "answers_arrived"},
        )
    yield from read_requests(name, source, (one for one in known if one.entity != CHANGES), trigger="answers_arrived")


def read_requests(
    name: str, source: Source, slices: Iterable["DirtyPeriod | AnsweredSlice"], trigger: str = "changes"
) -> Iterator[dg.RunRequest]:
    """Answer one request per period; what is derived from an entity is read with it."""
    by_period: dict[str, list[DirtyPeriod | AnsweredSlice]] = defaultdict(list)
    for one in slices:
        by_period[one.period].append(one)
    for period, found in sorted(by_period.items()):
        entities = {one.entity for one in found}
        derived = {entity.name for entity in source.entities if entities & set(entity.derived_from)}
        yield dg.RunRequest(
            run_key=f"{name}:{period}:{_digest(one.run_key for one in found)}",
            job_name=f"{name}{READ_JOB}",
            partition_key=period,
            asset_selection=[source_key(name, entity) for entity in sorted(entities | derived)],
            tags={"mlc/connection": name, "mlc/trigger": trigger},
        )


def _ending(jobs: Sequence[AnyJob], suffix: str) -> list[AnyJob]:
    return [job for job in jobs if job.name.endswith(suffix)]


def _digest(parts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(sorted(parts)).encode()).hexdigest()[:16]
