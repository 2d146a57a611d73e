"""Settle what earlier runs left behind in a model: the first act under every lease (protocol 6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ml_connector_dagster.anaplan.lease import Lease
    from ml_connector_dagster.connections.opening import OpenConnection


@dataclass(frozen=True, slots=True)
class SettledLoad:
    """An unfinished load, whoever's it was, and what became of it."""

    load_id: int
    connection: str
    target: str
    period: str
    state: str
    task_id: str
    says: str


def settle_model(connection: OpenConnection, lease: Lease | None = None) -> list[SettledLoad]:
    """Bring every unfinished load of the connection's model to its end; of any connection.

    Args:
        connection: The opened connection; its model is what counts.
        lease: The lease already held; None takes it.

    Raises:
        LockBusy: Another run holds the model.
        OutcomeUnknown: A task still runs after the deadline.
    """
    raise NotImplementedError
