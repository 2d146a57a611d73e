"""Which documents left a period for another one: their row there must not be zeroed, nor missed, from here."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.staging.snapshots import Staging

if TYPE_CHECKING:
    from ml_connector_dagster.store.blobs import Blobs
    from ml_connector_dagster.store.engine import Store

Elsewhere = Callable[[Collection[str]], Collection[str]]
"""Answers which of these documents stand in another period of the books now."""


def elsewhere_than(store: Store, blobs: Blobs, slice_: tuple[str, str, str]) -> Elsewhere:
    """Answer how to ask it for one slice: by what was read of every period.

    Args:
        store: The state database.
        blobs: Of the snapshots.
        slice_: Name of the connection, name of the entity, period.
    """
    connection, entity, period = slice_

    def standing_elsewhere(ids: Collection[str]) -> Collection[str]:
        stands = Staging(store, blobs).periods_of(connection, entity, ids)
        return {record_id for record_id, found in stands.items() if found != Period.parse(period)}

    return standing_elsewhere
