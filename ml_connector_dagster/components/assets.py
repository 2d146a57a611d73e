"""The assets of a connection, built from its settings and its source's entities; each body calls one flow."""

# No postponed annotations here: Dagster looks at the classes that a function's parameters name.

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import dagster as dg

from ml_connector_dagster.components.checks import load_check, read_check
from ml_connector_dagster.components.failures import failure_of
from ml_connector_dagster.components.partitions import periods_from
from ml_connector_dagster.components.pools import pool_of
from ml_connector_dagster.components.resources import ConnectorResource
from ml_connector_dagster.connections.settings import ConnectionSettings
from ml_connector_dagster.errors import AnswerAwaited, ConnectorError
from ml_connector_dagster.mapping.targets import ListTarget, ModuleTarget
from ml_connector_dagster.sources.contract.entity import LEDGER_LINES, Entity
from ml_connector_dagster.sources.contract.source import Source

CODE_VERSION = "1"
"""Moves when a rule changes what a figure means; the UI then marks ledger lines and modules as out of date."""


def source_key(connection: str, entity: str) -> dg.AssetKey:
    """Answer the key of a source entity: calder_uk/invoices."""
    return dg.AssetKey([connection, entity])


def target_key(connection: str, target: ListTarget | ModuleTarget) -> dg.AssetKey:
    """Answer the key of a load; the suffix tells it apart in the graph, which shows the last segment only."""
    suffix = "list" if isinstance(target, ListTarget) else "module"
    return dg.AssetKey([connection, "anaplan", f"{target.name}_{suffix}"])


def source_assets(connection: str, settings: ConnectionSettings, source: Source) -> list[dg.AssetsDefinition]:
    """Answer one asset per entity of the source."""
    return [_source_asset(connection, settings, source, entity) for entity in source.entities]


def target_assets(connection: str, settings: ConnectionSettings) -> list[dg.AssetsDefinition]:
    """Answer one asset per list and module; modules wait for the lists."""
    lists = [
        _target_asset(connection, settings, target, [source_key(connection, target.entity)])
        for target in settings.lists
    ]
    after = [target_key(connection, target) for target in settings.lists]
    modules = [
        _target_asset(connection, settings, target, [source_key(connection, target.from_), *after])
        for target in settings.modules
    ]
    return lists + modules


def _source_asset(connection: str, settings: ConnectionSettings, source: Source, entity: Entity) -> dg.AssetsDefinition:
    """Answer the asset of one entity; only that of a source which answers later may end without a materialization."""
    key = source_key(connection, entity.name)
    answers_later = source.later is not None

    @dg.multi_asset(
        name="__".join(key.path),
        specs=[_source_spec(connection, settings, source, entity, skippable=answers_later)],
        check_specs=[read_check(key, settings)],
        can_subset=answers_later,  # else Dagster demands the check of what was not read
    )
    def read_period(
        context: dg.AssetExecutionContext, connector: ConnectorResource
    ) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult[None]]:
        from ml_connector_dagster.components.backfills import say_budget
        from ml_connector_dagster.components.reports import check_of_pull, materialization_of_pull, observation_of_wait
        from ml_connector_dagster.flows.pull import pull

        opened = connector.connection(connection)
        wanted_at = asked_at(context) if answers_later else None
        try:
            say_budget(context, connector, connection, key)
            outcome = pull(opened, entity.name, context.partition_key, run_id=context.run.run_id, wanted_at=wanted_at)
        except ConnectorError as error:
            if not answers_later or not isinstance(error, AnswerAwaited):
                raise failure_of(error) from error
            context.log.info(str(error))
            context.log_event(observation_of_wait(error, key, context.partition_key))
            return
        yield materialization_of_pull(outcome, key)
        yield check_of_pull(outcome, key)

    return read_period


def _source_spec(
    connection: str, settings: ConnectionSettings, source: Source, entity: Entity, *, skippable: bool
) -> dg.AssetSpec:
    return dg.AssetSpec(
        source_key(connection, entity.name),
        partitions_def=periods_from(settings.periods.start, settings.source.time_zone),
        deps=[source_key(connection, name) for name in entity.derived_from],
        group_name=connection,
        kinds={source.system},
        owners=list(settings.owners),
        tags={"mlc/connection": connection, "mlc/entity_kind": entity.kind.value},
        description=f"{entity.description} {source.title} calls this: {entity.vendor_word}.",
        code_version=CODE_VERSION if entity.name == LEDGER_LINES else None,
        skippable=skippable,
    )


def _target_asset(
    connection: str, settings: ConnectionSettings, target: ListTarget | ModuleTarget, deps: Sequence[dg.AssetKey]
) -> dg.AssetsDefinition:
    key = target_key(connection, target)

    @dg.asset(
        key=key,
        partitions_def=periods_from(settings.periods.start, settings.source.time_zone),
        deps=deps,
        group_name=connection,
        kinds={"anaplan", "csv"},
        owners=list(settings.owners),
        tags={"mlc/connection": connection, "mlc/model": settings.anaplan.model},
        pool=pool_of(settings.anaplan.model),
        description=_target_description(target),
        code_version=CODE_VERSION,
        check_specs=[load_check(key, settings)],
        freshness_policy=freshness_of(settings),
    )
    def load_period(
        context: dg.AssetExecutionContext, connector: ConnectorResource
    ) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult[None]]:
        from ml_connector_dagster.components.reports import (
            check_of_failed_load,
            check_of_load,
            materialization_of_load,
        )
        from ml_connector_dagster.flows.file_plan import FROM_MODEL_TAG
        from ml_connector_dagster.flows.load import load_target
        from ml_connector_dagster.flows.preview import totals_by_member
        from ml_connector_dagster.flows.translate import translate
        from ml_connector_dagster.flows.zeroes import says_zeroes

        opened = connector.connection(connection)
        from_model = FROM_MODEL_TAG in context.run.tags
        try:
            plan = translate(opened, target.name, context.partition_key, from_model=from_model)
            if says := says_zeroes(plan):
                context.log.warning(says)
            outcome = load_target(opened, plan, run_id=context.run.run_id, force=from_model)
        except ConnectorError as error:
            yield check_of_failed_load(error, key)
            raise failure_of(error) from error
        yield materialization_of_load(plan, outcome, key, totals_by_member(plan))
        yield check_of_load(outcome, key)

    return load_period


def asked_at(context: dg.AssetExecutionContext) -> datetime | None:
    """Answer when the run was asked for (aware UTC), so that runs of one backfill share each reference entity's read."""
    record = context.instance.get_run_record_by_id(context.run.run_id)
    return record.create_timestamp.replace(tzinfo=UTC) if record else None


def freshness_of(settings: ConnectionSettings) -> dg.FreshnessPolicy:
    """Answer the badge for the whole asset; the check ``latest_open_period_loaded`` speaks for the period."""
    return dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=settings.fresh_within_hours))


def _target_description(target: ListTarget | ModuleTarget) -> str:
    if isinstance(target, ListTarget):
        return f"Members of an Anaplan list, from {target.from_}, by the import “{target.import_action}”."
    what = "balances at the period's end" if target.measure == "closing_balance" else "figures of the period"
    return (
        f"The {what} in Anaplan ({target.accounts.replace('_', ' ')}, one row per {target.grain}), from {target.from_}, "
        f"by the import “{target.import_action}”. Checked: read back from the model and tied out to the books."
    )
