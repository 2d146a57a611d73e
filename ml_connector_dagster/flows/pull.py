"""Read one entity of one period from the accounting system into staging."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from ml_connector_dagster.connections.opening import OpenConnection


@dataclass(frozen=True, slots=True)
class PullOutcome:
    """What stands in staging after a pull, whether this run read it or found it fresh."""

    entity: str
    period: str
    digest: str
    """Of the content; Dagster's data version."""
    rows: int
    records: int
    """Vendor records: staged + quarantined."""
    quarantined: int
    total: Decimal
    """Sum of amount or net_amount over the rows; 0 for reference entities."""
    calls: int
    """Calls this pull made; 0 where a fresh snapshot was reused."""
    expected_calls: int | None
    """What the source's formula says for these counts; None where nothing was read."""
    drift: dict[str, int]
    """Vendor fields the parser does not know, counted."""
    reused: bool
    """True where another run's read was younger than this run's start and nothing was asked for."""
    stale: bool
    """True where a newer read published first; the figures here are the winner's."""
    dirtied: tuple[str, ...] = ()
    """Other periods that this read showed to be dirty (a record left for them or stood in both)."""
    moved: str = ""
    """Empty, or what moved in the books while reading, in words."""


def pull(connection: OpenConnection, entity_name: str, period: str, *, run_id: str = "") -> PullOutcome:
    """Read an entity of a period (``2026-10``) and publish its snapshot, or answer the fresh one another run published."""
    raise NotImplementedError
