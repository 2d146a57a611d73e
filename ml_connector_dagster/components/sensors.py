"""What starts runs by itself: ``loads_due`` and ``pulls_due`` ask the state database and nothing else; failures are recorded.

Automation conditions were tried and do not fit (architecture §3): they reload unchanged periods, never retry a failed
load, and do not see an edited mapping.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import dagster as dg

from ml_connector_dagster.components.assets import source_key
from ml_connector_dagster.components.pools import register_pool
from ml_connector_dagster.components.resources import ConnectorResource

if TYPE_CHECKING:
    from ml_connector_dagster.flows.due import DueLoad

SECONDS_BETWEEN_LOOKS = 5


@dg.sensor(
    target=dg.AssetSelection.all(),
    minimum_interval_seconds=SECONDS_BETWEEN_LOOKS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Starts the loads that are due: changed figures, an edited mapping, an unfinished load, or a retry whose time has come.",
)
def loads_due(context: dg.SensorEvaluationContext, connector: ConnectorResource) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Request one run per connection and period that has loads due; looks at enabled connections alone."""
    from ml_connector_dagster.flows.due import loads_due as due_loads  # noqa: PLC0415

    requested = 0
    for name in connector.connector().enabled_names():
        opened = connector.connection(name)
        register_pool(context.instance, opened.pool)
        for request in _load_requests(name, due_loads(opened)):
            requested += 1
            yield request
    if not requested:
        yield dg.SkipReason("Nothing is due: every loaded slice equals what was read.")


@dg.sensor(
    target=dg.AssetSelection.all(),
    minimum_interval_seconds=SECONDS_BETWEEN_LOOKS * 6,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Reads the periods that a change feed, a webhook or another read has shown to be dirty.",
)
def pulls_due(context: dg.SensorEvaluationContext, connector: ConnectorResource) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Request one read run per connection and dirty period."""
    del context
    from ml_connector_dagster.flows.changes import dirty_periods  # noqa: PLC0415

    requested = 0
    for name in connector.connector().enabled_names():
        by_period = defaultdict(list)
        for dirty in dirty_periods(connector.connection(name)):
            by_period[dirty.period].append(dirty)
        for period, found in sorted(by_period.items()):
            requested += 1
            stamps = (f"{d.entity}:{d.noted_at.isoformat()}:{d.attempt}" for d in found)
            yield dg.RunRequest(
                run_key=f"{name}:{period}:{_digest(stamps)}",
                job_name=None,
                partition_key=period,
                asset_selection=_with_derived(connector, name, {d.entity for d in found}),
                tags={"mlc/connection": name, "mlc/trigger": "changes"},
            )
    if not requested:
        yield dg.SkipReason("No period is dirty.")


@dg.run_failure_sensor(
    name="failures_recorded",
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Writes each failed run into the connection's audit trail, so that nothing fails in silence.",
)
def failures_recorded(context: dg.RunFailureSensorContext, connector: ConnectorResource) -> None:
    """Append the failure to the audit trail of the run's connection."""
    from ml_connector_dagster.audit.trail import record_failed_run  # noqa: PLC0415

    name = context.dagster_run.tags.get("mlc/connection", "")
    record_failed_run(
        connector.connector().store, name or "all", run_id=context.dagster_run.run_id, says=context.failure_event.message or ""
    )


def _load_requests(name: str, due: Iterable[DueLoad]) -> Iterator[dg.RunRequest]:
    by_period: dict[str, list[DueLoad]] = defaultdict(list)
    for load in due:
        by_period[load.period].append(load)
    for period, loads in sorted(by_period.items()):
        yield dg.RunRequest(
            run_key=f"{name}:{period}:{_digest(load.run_key for load in loads)}",
            partition_key=period,
            asset_selection=[dg.AssetKey([name, "anaplan", f"{load.target}_{load.kind}"]) for load in loads],
            tags={"mlc/connection": name, "mlc/trigger": "loads_due", "mlc/why": "; ".join(sorted({d.why for d in loads}))},
        )


def _with_derived(connector: ConnectorResource, name: str, entities: set[str]) -> list[dg.AssetKey]:
    source = connector.connection(name).source
    derived = {entity.name for entity in source.entities if entities & set(entity.derived_from)}
    return [source_key(name, entity) for entity in sorted(entities | derived)]


def _digest(parts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(sorted(parts)).encode()).hexdigest()[:16]
