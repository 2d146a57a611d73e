"""The period register: open, soft-closed, locked; and what is held until a person releases it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from ml_connector_dagster.connections.opening import OpenConnection


@dataclass(frozen=True, slots=True)
class HeldSlice:
    """One slice that waits, with what it would change."""

    id: int
    target: str
    period: str
    digest: str
    reason: str
    delta: Decimal
    held_at: datetime


def update_register(connection: OpenConnection) -> tuple[str, ...]:
    """Ask the source for its lock date, write each period's state, and dirty the periods it newly locked; answers those."""
    raise NotImplementedError


def held_slices(connection: OpenConnection) -> tuple[HeldSlice, ...]:
    """Answer what waits for a person, oldest first."""
    raise NotImplementedError


def release(connection: OpenConnection, held_id: int, *, by: str) -> HeldSlice:
    """Let one held content go: a release is for this digest alone."""
    raise NotImplementedError
