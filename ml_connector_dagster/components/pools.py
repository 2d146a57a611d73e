"""One pool per Anaplan model. It queues and shows; the lease in ``anaplan.lease`` is what guards."""

from __future__ import annotations

import dagster as dg

from ml_connector_dagster.anaplan.identifiers import lease_name


def pool_of(model_id: str) -> str:
    """Answer the pool in which all work on that model waits."""
    return lease_name(model_id)


def register_pool(instance: dg.DagsterInstance, pool: str) -> None:
    """Give the pool its limit of one, explicitly.

    A pool that is known only through the default limit lets the whole first batch through (dagster.md §1.2).
    """
    if instance.event_log_storage.supports_global_concurrency_limits:
        limits = {info.name: info.limit for info in instance.event_log_storage.get_pool_limits()}
        if limits.get(pool) != 1:
            instance.event_log_storage.set_concurrency_slots(pool, 1)
