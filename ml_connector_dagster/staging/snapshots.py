"""Snapshots of a period: who publishes, who is current, and which period a record stands in."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa

from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.staging.snapshot import QuarantinedRecord, Readable, SnapshotRow, StaleRead
from ml_connector_dagster.store.blobs import Blobs
from ml_connector_dagster.store.engine import Store


class SnapshotWriter:
    """Writes one reading in row groups, page by page; a context manager that throws the spool away unless finished."""

    def add(self, page: Readable) -> None:
        """Keep one page; a document's rows must all be in one page."""
        raise NotImplementedError

    def finish(self, calls: int, run_id: str) -> SnapshotRow | StaleRead:
        """Publish, by compare-and-swap on when the read began; see SnapshotRow.left and came_from for protocol 11."""
        raise NotImplementedError

    def __enter__(self) -> SnapshotWriter:
        raise NotImplementedError

    def __exit__(self, *exc: object) -> None:
        raise NotImplementedError


class Staging:
    """Everything staged in one state database."""

    def __init__(self, store: Store, blobs: Blobs) -> None:
        self.store = store
        self.blobs = blobs

    def writer(
        self,
        connection: str,
        entity: str,
        period: Period,
        record_type: type[tuple[Any, ...]],
        *,
        read_began_at: datetime,
        parser_version: str,
    ) -> SnapshotWriter:
        """Begin a reading; ``read_began_at`` is the database's clock before the first call."""
        raise NotImplementedError

    def current(self, connection: str, entity: str, period: Period) -> SnapshotRow | None:
        """Answer the current snapshot of the slice; None where it was never read."""
        raise NotImplementedError

    def newest_row(self, connection: str, entity: str) -> SnapshotRow | None:
        """Answer the newest current snapshot of a reference entity, whatever period it was read with."""
        raise NotImplementedError

    def currents(self, connection: str) -> list[SnapshotRow]:
        """Answer every current snapshot of the connection, by entity and period."""
        raise NotImplementedError

    def by_digest(self, connection: str, entity: str, digest: str) -> SnapshotRow | None:
        """Answer the newest snapshot with this content, current or not (a load pins its digests, protocol 13)."""
        raise NotImplementedError

    def tables(self, snapshot: SnapshotRow, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """Yield the snapshot's rows in row groups; a document never spans two of them."""
        raise NotImplementedError

    def raw_pages(self, snapshot: SnapshotRow) -> Iterator[bytes]:
        """Yield the vendor's answers as they came, for a re-translation without spending quota."""
        raise NotImplementedError

    def quarantined(self, snapshot: SnapshotRow) -> list[QuarantinedRecord]:
        """Answer the records the snapshot could not take."""
        raise NotImplementedError

    def astray(self, connection: str, entity: str) -> tuple[str, ...]:
        """Answer the record ids that left their period and were found in none since (protocol 11)."""
        raise NotImplementedError

    def forget(self, connection: str, entity: str, record_ids: Collection[str]) -> None:
        """Stop asking for records that the vendor says are gone for good."""
        raise NotImplementedError

    def periods_of(self, connection: str, entity: str, record_ids: Iterable[str]) -> Mapping[str, Period]:
        """Answer the period each record stands in; unknown and astray ids are absent."""
        raise NotImplementedError

    def mark_dirty(self, connection: str, entity: str, periods: Iterable[Period], reason: str) -> None:
        """Note that the periods must be read again; noting twice counts an attempt."""
        raise NotImplementedError

    def dirty(self, connection: str) -> Mapping[str, frozenset[Period]]:
        """Answer entity to dirty periods."""
        raise NotImplementedError


class StagedCompany:
    """The staged snapshots of one connection, as ``sources.contract.StagedReader``; remembers what it showed."""

    def __init__(self, staging: Staging, connection: str, pinned: Iterable[SnapshotRow] = ()) -> None:
        self.used: dict[str, str] = {}
        """``entity@2026-10`` (``entity`` for newest) to the digest shown: what a load was planned from."""

    def batches(self, entity: str, period: Period, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """Yield the snapshot of the entity and period in row groups; raises HeldForPerson where there is none."""
        raise NotImplementedError

    def newest(self, entity: str) -> pa.Table:
        """Answer the newest snapshot of a reference entity; raises HeldForPerson where there is none."""
        raise NotImplementedError

    def find(self, entity: str, record_ids: Iterable[str]) -> pa.Table:
        """Answer the current rows of these documents, in whatever period they stand; unknown ids are absent."""
        raise NotImplementedError
