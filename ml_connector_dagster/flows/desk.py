"""What the steps of a load share: the model, the lease, the load table, the blobs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ml_connector_dagster.anaplan.client import AnaplanModel
    from ml_connector_dagster.flows.load_rows import LoadBook
    from ml_connector_dagster.store.blobs import Blobs


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything a load under its lease works with; nothing in it belongs to one connection."""

    model: AnaplanModel
    book: LoadBook
    blobs: Blobs
    beat: Callable[[], None]
    """Pings the lease; raises LockLost when it is gone."""
