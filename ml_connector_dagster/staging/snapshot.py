"""The words of staging: what a snapshot is, what a stale read is, what a page must carry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from ml_connector_dagster.ledger.period import Period


@dataclass(frozen=True, order=True, slots=True)
class SliceOf:
    """What a snapshot is of."""

    connection: str
    entity: str
    period: Period


@dataclass(frozen=True, slots=True)
class SliceCount:
    """How many vendor records a slice had, and when that was read (aware UTC)."""

    entity: str
    period: str
    """2026-10."""
    records: int
    read_began_at: datetime


@dataclass(frozen=True, slots=True)
class SnapshotRow:
    """One published reading of (connection, entity, period); the content is in ``blob``, never changed afterwards."""

    id: int
    connection: str
    entity: str
    period: Period
    digest: str
    """SHA-256 over the content, independent of row order: Dagster's data version."""
    blob: str
    raw_blob: str | None
    parser_version: str
    rows: int
    records: int
    """Vendor records read = staged + quarantined."""
    quarantined: int
    total: Decimal
    """For a plot over periods: debits of ledger lines, net amounts of posting document lines, 0 for reference entities."""
    calls: int
    unknown_fields: Mapping[str, int]
    read_began_at: datetime
    published_at: datetime
    run_id: str
    left: tuple[str, ...] = ()
    """Only on the answer of ``finish``: record ids that stood in this period before and do not any more. Fetch them by id
    and mark the period where each stands now dirty; ``Staging.astray`` repeats them until then, over any crash."""
    came_from: Mapping[str, Period] = field(default_factory=dict)
    """Only on the answer of ``finish``: record id to the other period that still shows it; that period was marked dirty."""


@dataclass(frozen=True, slots=True)
class StaleRead:
    """A newer read of the same slice was published first (protocol 10); nothing was changed. Report the winner."""

    winner: SnapshotRow


@dataclass(frozen=True, slots=True)
class QuarantinedRecord:
    """A vendor record that could not be read, with the reason in words."""

    record_id: str
    reason: str


class Refused(Protocol):
    """What a page says of a record it could not read."""

    @property
    def record_id(self) -> str:
        """The vendor's id, or what stands for it."""

    @property
    def reason(self) -> str:
        """Why, in words."""


class Readable(Protocol):
    """What ``SnapshotWriter.add`` takes: the ``Page`` of ``sources.contract.answers``, which this package must not import."""

    @property
    def rows(self) -> Sequence[tuple[Any, ...]]:
        """NamedTuples of the record type, or a pyarrow Table with ``frames.arrow_schema`` of it (several times faster)."""

    @property
    def read(self) -> int:
        """Vendor records in the answer."""

    @property
    def refused(self) -> Sequence[Refused]:
        """Records that could not be read."""

    @property
    def raw(self) -> bytes:
        """The vendor's own bytes; empty for derived rows."""

    @property
    def read_with(self) -> Sequence[bytes]:
        """Other answers that the rows were read with; kept before ``raw``."""

    @property
    def unknown_fields(self) -> Mapping[str, int]:
        """Fields the parser does not know, counted."""
