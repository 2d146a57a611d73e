"""Ask the change feeds which periods are dirty, and keep that until a pull has read them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ml_connector_dagster.connections.opening import OpenConnection


@dataclass(frozen=True, slots=True)
class DirtyPeriod:
    """One entity and period that must be read again, and why."""

    entity: str
    period: str
    reason: str
    attempt: int


def note_changes(connection: OpenConnection) -> tuple[DirtyPeriod, ...]:
    """Ask the source's feeds since the watermark, note the dirty periods, then move the watermark; answers all dirty now."""
    raise NotImplementedError


def dirty_periods(connection: OpenConnection) -> tuple[DirtyPeriod, ...]:
    """Answer what is noted and not yet read again; no network."""
    raise NotImplementedError


def changes_since(connection: OpenConnection) -> datetime:
    """Answer where the feed stands (aware UTC)."""
    raise NotImplementedError
