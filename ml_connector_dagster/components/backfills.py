"""What a run that belongs to a backfill says before it reads: how many calls the whole of it makes, and how many days."""

# No postponed annotations here: Dagster looks at the classes that a function's parameters name.

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import dagster as dg

from ml_connector_dagster.components import metadata
from ml_connector_dagster.components.assets import source_key
from ml_connector_dagster.components.resources import ConnectorResource
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sources.contract.source import Source

if TYPE_CHECKING:
    from ml_connector_dagster.connections.opening import OpenConnection
    from ml_connector_dagster.sources.budget import Budget

BACKFILL_TAG = "dagster/backfill"


@dataclass(frozen=True)
class Backfill:
    """A backfill that a run is one period of."""

    began_at: datetime
    """Aware UTC."""
    periods: Sequence[Period]


def say_budget(context: dg.AssetExecutionContext, connector: ConnectorResource, name: str, key: dg.AssetKey) -> None:
    """Say once a run how many calls it makes, as a backfill or alone, before the first of them is for a document.

    Where they burn the vendor's day it is a warning, and an observation on the asset that is read first.
    """
    if not connector.is_first_read(name):
        return
    budget = _budget(context, connector.connection(name), key)
    if budget is None:
        return
    if not budget.burns:
        context.log.info(budget.says)
        return
    context.log.warning(budget.says)
    facts = {metadata.CALLS_PLANNED: budget.calls, metadata.CALLS_LEFT: budget.quota.left, metadata.DAYS: budget.days}
    context.log_event(
        dg.AssetObservation(asset_key=key, partition=context.partition_key, description=budget.says, metadata=facts)
    )


def backfill_of(context: dg.AssetExecutionContext, key: dg.AssetKey) -> Backfill | None:
    """Answer the backfill of several periods that the run belongs to; None outside one.

    Dagster starts one run a period and tells a run only the backfill's id (dagster.md §2): the instance has the rest.
    """
    found = context.instance.get_backfill(context.run.tags.get(BACKFILL_TAG, ""))
    if found is None:
        return None
    names = found.partition_names  # of a job's backfill
    if names is None and found.asset_backfill_data is not None:
        names = list(found.asset_backfill_data.get_target_partitions_subset(key).get_partition_keys())
    if names is None or len(names) < 2:
        return None
    return Backfill(datetime.fromtimestamp(found.backfill_timestamp, UTC), sorted(map(Period.parse, names)))


def _budget(context: dg.AssetExecutionContext, opened: "OpenConnection", key: dg.AssetKey) -> "Budget | None":
    from ml_connector_dagster.connections.budget import budget_of_backfill, budget_of_period

    backfill = backfill_of(context, key)
    if backfill is None:
        return budget_of_period(opened, Period.parse(context.partition_key))
    what = f"This backfill of {len(backfill.periods)} months"
    entities = _entities_of_run(context, opened.name, opened.source)
    return budget_of_backfill(opened, what, entities, backfill.periods, began_at=backfill.began_at)


def _entities_of_run(context: dg.AssetExecutionContext, name: str, source: Source) -> list[str]:
    """Answer the entities that the run reads, as every run of its backfill does."""
    selected = context.job_def.asset_layer.selected_asset_keys
    return [entity.name for entity in source.entities if source_key(name, entity.name) in selected]
