"""Snapshots of a period: who is current, what they hold, and which period a record stands in."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import select

from ml_connector_dagster.errors import HeldForPerson
from ml_connector_dagster.ledger.document import DocumentLine
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.staging import record_periods
from ml_connector_dagster.staging.frames import arrow_schema
from ml_connector_dagster.staging.publish import current_of, snapshot_row
from ml_connector_dagster.staging.snapshot import QuarantinedRecord, SliceCount, SliceOf, SnapshotRow
from ml_connector_dagster.staging.spool import row_groups
from ml_connector_dagster.staging.writer import SnapshotWriter
from ml_connector_dagster.store.blobs import Blobs
from ml_connector_dagster.store.engine import Store
from ml_connector_dagster.store.tables.staging import dirty_period, quarantined_record, snapshot


class Staging:
    """Everything staged in one state database."""

    def __init__(self, store: Store, blobs: Blobs) -> None:
        """Take the opened store and the place of the files."""
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
        """Begin a reading.

        Args:
            connection: Its name.
            entity: The entity's name.
            period: What the pages are of.
            record_type: The NamedTuple of ``ledger/`` that a row is.
            read_began_at: ``store.now()`` before the first call to the vendor; decides which of two reads is newer.
            parser_version: Kept with rows and raw answers.
        """
        of = SliceOf(connection, entity, period)
        return SnapshotWriter(
            self.store, self.blobs, of, record_type, read_began_at=read_began_at, parser_version=parser_version
        )

    def current(self, connection: str, entity: str, period: Period) -> SnapshotRow | None:
        """Answer the current snapshot of the slice; None where it was never read."""
        return self._first(current_of(SliceOf(connection, entity, period)))

    def counts(self, connection: str) -> list[SliceCount]:
        """Answer how many vendor records each slice of a connection had when it was read last."""
        columns = (snapshot.c.entity, snapshot.c.period, snapshot.c.records, snapshot.c.read_began_at)
        query = select(*columns).filter_by(connection=connection, current=True)
        with self.store.read() as transaction:
            return [SliceCount(*row) for row in transaction.execute(query).tuples()]

    def newest_row(self, connection: str, entity: str) -> SnapshotRow | None:
        """Answer the newest current snapshot of a reference entity, whatever period it was read with."""
        query = select(snapshot).filter_by(connection=connection, entity=entity, current=True)
        return self._first(query.order_by(snapshot.c.read_began_at.desc(), snapshot.c.id.desc()))

    def tables(self, row: SnapshotRow, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """Yield the snapshot's rows in row groups; the rows of a document are adjacent and never span two of them.

        Args:
            row: Which snapshot.
            columns: Only these, in this order; None for all.
        """
        return row_groups(self.blobs.local_path(row.blob), list(columns) if columns is not None else None)

    def raw_pages(self, row: SnapshotRow) -> Iterator[bytes]:
        """Yield the vendor's answers as they came, for a re-translation without spending quota; none where derived."""
        if row.raw_blob is None:
            return
        for table in row_groups(self.blobs.local_path(row.raw_blob)):
            yield from table.column("body").to_pylist()

    def quarantined(self, row: SnapshotRow) -> list[QuarantinedRecord]:
        """Answer the records the snapshot could not take."""
        query = select(quarantined_record.c.record_id, quarantined_record.c.reason).filter_by(snapshot_id=row.id)
        with self.store.read() as transaction:
            found = transaction.execute(query.order_by(quarantined_record.c.id)).tuples()
            return [QuarantinedRecord(record_id, reason) for record_id, reason in found]

    def astray(self, connection: str, entity: str) -> tuple[str, ...]:
        """Answer the record ids that left their period and were found in none since (protocol 11): fetch them by id."""
        with self.store.read() as transaction:
            return record_periods.astray(transaction, connection, entity)

    def forget(self, connection: str, entity: str, record_ids: Collection[str]) -> None:
        """Stop asking for astray records that the vendor says are gone for good, or whose new period is marked dirty."""
        with self.store.begin() as transaction:
            record_periods.forget(transaction, connection, entity, record_ids)

    def periods_of(self, connection: str, entity: str, record_ids: Iterable[str]) -> Mapping[str, Period]:
        """Answer the period each record stands in; unknown and astray ids are absent."""
        with self.store.read() as transaction:
            return record_periods.periods_of(transaction, connection, entity, record_ids)

    def mark_dirty(
        self, connection: str, entity: str, periods: Iterable[Period], reason: str, *, at: datetime | None = None
    ) -> None:
        """Note that the periods must be read again; noting one twice counts an attempt.

        Args:
            connection: Of which company.
            entity: Its name.
            periods: Which.
            reason: For people.
            at: Aware UTC; a later moment where nothing can be read before. Default: now.
        """
        noted_at = at or self.store.now()
        with self.store.begin() as transaction:
            of = SliceOf(connection, entity, Period(1, 1))
            record_periods.mark_dirty(transaction, of, periods, reason, noted_at)

    def want(self, connection: str, entity: str, period: Period, reason: str, wanted_at: datetime) -> None:
        """Note that the period must be read since then, unless it is noted already; a read that began later ends it."""
        with self.store.begin() as transaction:
            record_periods.want(transaction, SliceOf(connection, entity, period), reason, wanted_at)

    def dirty(self, connection: str) -> Mapping[str, frozenset[Period]]:
        """Answer entity to the periods that must be read again."""
        query = select(dirty_period.c.entity, dirty_period.c.period).filter_by(connection=connection)
        found: dict[str, set[Period]] = {}
        with self.store.read() as transaction:
            for entity, period in transaction.execute(query).tuples():
                found.setdefault(entity, set()).add(Period.parse(period))
        return {entity: frozenset(periods) for entity, periods in found.items()}

    def _first(self, query: Any) -> SnapshotRow | None:
        with self.store.read() as transaction:
            row = transaction.execute(query.limit(1)).mappings().first()
        return snapshot_row(row) if row is not None else None


class StagedCompany:
    """Fulfils ``sources.contract.reader.StagedReader``; shows each snapshot once chosen until the end, and remembers which.

    A pull that publishes meanwhile does not change what is shown (protocol 13): what was computed from two looks at one
    slice is of one content.
    """

    def __init__(self, staging: Staging, connection: str, pinned: Iterable[SnapshotRow] = ()) -> None:
        """Look at a connection.

        Args:
            staging: Where the snapshots are.
            connection: Whose.
            pinned: Show these instead of the current ones of their slices.
        """
        self._staging = staging
        self._connection = connection
        self._shown = {(row.entity, row.period): row for row in pinned}
        self._newest: dict[str, SnapshotRow] = {}
        self.used: dict[str, str] = {}
        """``entity@2026-10`` (``entity`` alone for newest) to the digest shown: what a load was planned from."""

    def batches(self, entity: str, period: Period, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """Yield the snapshot of the entity and period in row groups; a document never spans two of them.

        Args:
            entity: Its name.
            period: Which.
            columns: Only these, in this order; None for all.

        Raises:
            HeldForPerson: There is no snapshot yet.
        """
        row = self.row(entity, period)
        return self._staging.tables(row, columns)

    def newest(self, entity: str) -> pa.Table:
        """Answer the newest snapshot of a reference entity, whatever period it was read with.

        Raises:
            HeldForPerson: There is no snapshot yet.
        """
        row = self.newest_row(entity)
        return pa.concat_tables(self._staging.tables(row)).combine_chunks()

    def find(self, entity: str, record_ids: Iterable[str]) -> pa.Table:
        """Answer the current rows of these documents, in whatever period they stand; unknown ids are absent."""
        periods = self._staging.periods_of(self._connection, entity, dict.fromkeys(record_ids))
        found = [arrow_schema(DocumentLine).empty_table()]
        for period in sorted(set(periods.values())):
            wanted = pa.array([record_id for record_id, stands in periods.items() if stands == period])
            found += [
                table.filter(pc.is_in(table.column("document_id"), wanted)) for table in self.batches(entity, period)
            ]
        return pa.concat_tables(found).combine_chunks()

    def row(self, entity: str, period: Period) -> SnapshotRow:
        """Answer the snapshot that ``batches`` shows.

        Raises:
            HeldForPerson: There is no snapshot yet.
        """
        row = self._shown.get((entity, period)) or self._staging.current(self._connection, entity, period)
        if row is None:
            raise _never_read(self._connection, entity, str(period))
        self._shown[entity, period] = row
        self.used[f"{entity}@{period}"] = row.digest
        return row

    def newest_row(self, entity: str) -> SnapshotRow:
        """Answer the snapshot that ``newest`` shows.

        Raises:
            HeldForPerson: There is no snapshot yet.
        """
        row = self._newest.get(entity) or self._staging.newest_row(self._connection, entity)
        if row is None:
            raise _never_read(self._connection, entity, "any period")
        self._newest[entity] = row
        self.used[entity] = row.digest
        return row


def _never_read(connection: str, entity: str, period: str) -> HeldForPerson:
    return HeldForPerson(
        f"{entity} of {connection} were never read for {period}.",
        "What is computed from them cannot be computed yet; nothing was loaded.",
        f"Materialize {connection}/{entity} for {period} first.",
        connection=connection,
        entity=entity,
        period=period,
    )
