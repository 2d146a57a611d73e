"""The checks that a finance user looks at: nothing refused, nothing lost, books = staged = Anaplan."""

# No postponed annotations here: Dagster looks at the classes that a function's parameters name.

from collections.abc import Iterator

import dagster as dg

from ml_connector_dagster.components import metadata
from ml_connector_dagster.components.failures import as_failure
from ml_connector_dagster.components.partitions import periods_from
from ml_connector_dagster.components.pools import pool_of
from ml_connector_dagster.components.resources import ConnectorResource
from ml_connector_dagster.connections.settings import ConnectionSettings

NOTHING_QUARANTINED = "nothing_quarantined"
NO_ROWS_REJECTED = "no_rows_rejected"
TIED_OUT = "tied_out"
LATEST_LOADED = "latest_open_period_loaded"
MACHINE_SEEN = "machine_seen"


def read_check(key: dg.AssetKey, settings: ConnectionSettings) -> dg.AssetCheckSpec:
    """Answer the check that every record of a read was understood: read = staged + quarantined, and quarantined is 0."""
    return dg.AssetCheckSpec(
        NOTHING_QUARANTINED,
        asset=key,
        description="Every record that was read could be understood; a refused one is kept aside, counted, and named here.",
        partitions_def=periods_from(settings.periods.start, settings.source.time_zone),
    )


def load_check(key: dg.AssetKey, settings: ConnectionSettings) -> dg.AssetCheckSpec:
    """Answer the check that Anaplan took every row of the file."""
    return dg.AssetCheckSpec(
        NO_ROWS_REJECTED,
        asset=key,
        description="Anaplan took every row of the file: none rejected, none ignored, and the cells read back are the file's.",
        partitions_def=periods_from(settings.periods.start, settings.source.time_zone),
    )


def tie_out_check(
    connection: str, key: dg.AssetKey, target_name: str, settings: ConnectionSettings
) -> dg.AssetChecksDefinition:
    """Answer the check that the three totals of a period agree; it runs after each load and by itself on a schedule."""

    @dg.asset_check(
        name=TIED_OUT,
        asset=key,
        description="The number in Anaplan is the number in the books, to the cent, per account; or it says where it is not.",
        partitions_def=periods_from(settings.periods.start, settings.source.time_zone),
        pool=pool_of(settings.anaplan.model),
    )
    def tied_out(context: dg.AssetCheckExecutionContext, connector: ConnectorResource) -> dg.AssetCheckResult:
        from ml_connector_dagster.components.reports import check_of_tie_out
        from ml_connector_dagster.flows.tie_out import newest_tie_outs, tie_out

        with as_failure():
            opened = connector.connection(connection)
            result = tie_out(opened, target_name, context.partition_key)
        return check_of_tie_out(result, newest_tie_outs(opened, [target_name]).values())

    return tied_out


def latest_check(
    connection: str, key: dg.AssetKey, target_name: str, settings: ConnectionSettings
) -> dg.AssetChecksDefinition:
    """Answer the check that the open period was loaded within the hours that the connection promises."""

    @dg.asset_check(
        name=LATEST_LOADED,
        asset=key,
        description=f"The period that is open now was verified within the last {settings.fresh_within_hours} hours.",
    )
    def latest_open_period_loaded(connector: ConnectorResource) -> dg.AssetCheckResult:
        from ml_connector_dagster.flows.freshness import latest_open_period

        with as_failure():
            latest = latest_open_period(connector.connection(connection), target_name)
        return dg.AssetCheckResult(
            passed=latest.is_fresh,
            severity=dg.AssetCheckSeverity.WARN,
            description=latest.says,
            metadata=metadata.without_empty({"mlc/period": latest.period, "mlc/verified_at": latest.verified_text}),
        )

    return latest_open_period_loaded


def heartbeat_check(connection: str, key: dg.AssetKey) -> dg.AssetChecksDefinition:
    """Answer the check that the machine where the books are calls us, and that no question waits too long."""

    @dg.asset_check(
        name=MACHINE_SEEN,
        asset=key,
        description="When the machine where the books are was last seen, whether the books were open, what still waits.",
    )
    def machine_seen(connector: ConnectorResource) -> dg.AssetCheckResult:
        from ml_connector_dagster.components.reports import check_of_heartbeat
        from ml_connector_dagster.flows.awaited import heartbeat
        from ml_connector_dagster.flows.post import record_outcomes

        with as_failure():
            opened = connector.connection(connection)
            record_outcomes(opened)  # of journals: the process that the machine calls knows no connection
            return check_of_heartbeat(heartbeat(opened))

    return machine_seen


def check_names() -> Iterator[str]:
    """Yield every check name, for README's table."""
    yield from (NOTHING_QUARANTINED, NO_ROWS_REJECTED, TIED_OUT, LATEST_LOADED, MACHINE_SEEN)
