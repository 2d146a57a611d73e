"""One reading of one entity and period, from the first page to its publication."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import pyarrow as pa

from ml_connector_dagster.errors import RecordRefused
from ml_connector_dagster.staging.collection import FEWER_COLLECTIONS
from ml_connector_dagster.staging.digest import grouped
from ml_connector_dagster.staging.frames import arrow_schema, record_id_field, table_of
from ml_connector_dagster.staging.publish import Reading, publish
from ml_connector_dagster.staging.repeats import Seen, latest_alone
from ml_connector_dagster.staging.snapshot import QuarantinedRecord, Readable, SliceOf, SnapshotRow, StaleRead
from ml_connector_dagster.staging.spool import RawSpool, RowSpool, SpoolFolder
from ml_connector_dagster.store.blobs import Blobs
from ml_connector_dagster.store.engine import Store

INEXACT = (pa.ArrowInvalid, pa.ArrowTypeError, TypeError, ValueError)
"""What Arrow raises for a value that its column cannot hold exactly."""


class SnapshotWriter:
    """Writes one reading in row groups, page by page; a context manager that throws the spool away unless finished."""

    def __init__(
        self,
        store: Store,
        blobs: Blobs,
        of: SliceOf,
        record_type: type[tuple[Any, ...]],
        *,
        read_began_at: datetime,
        parser_version: str,
    ) -> None:
        """Begin a reading; nothing is visible to anybody before ``finish``."""
        self._store, self._blobs, self._of, self._record = store, blobs, of, record_type
        self._read_began_at, self._parser_version = read_began_at, parser_version
        self._schema = arrow_schema(record_type)
        self._id_field = record_id_field(record_type)
        self._is_unique = self._id_field != "record_id"
        self._folder = SpoolFolder(store.home)
        self._spool = RowSpool(self._folder.path / "rows.parquet", self._schema, self._id_field)
        self._raw = RawSpool(self._folder.path / "raw.parquet", parser_version)
        self._seen = Seen()
        self._quarantined: list[QuarantinedRecord] = []
        self._unknown_fields: Counter[str] = Counter()
        self._records = 0

    def add(self, page: Readable) -> None:
        """Keep one page.

        The rows of a record must all be in one page; a table of postings is grouped by record here. A record that comes
        again on a later page (it moved while the list was read) replaces the earlier one. A record whose values have no
        exact column is quarantined whole.
        """
        table = self._table(page.rows)
        self._spool.add(table)
        if self._is_unique:
            self._seen.add(table.column(self._id_field))
        for answer in (*page.read_with, page.raw):
            self._raw.add(answer)
        self._records += page.read
        self._quarantined += [QuarantinedRecord(refused.record_id, refused.reason) for refused in page.refused]
        self._unknown_fields.update(page.unknown_fields)

    def finish(self, calls: int, run_id: str) -> SnapshotRow | StaleRead:
        """Publish what was read, by compare-and-swap on when the read began (protocol 10).

        ``left`` and ``came_from`` of the answer say what protocol 11 asks to do; both are durable already.

        Args:
            calls: Calls the reading took.
            run_id: The run that publishes.
        """
        with self._folder:
            self._spool.close()
            self._raw.close()
            rows, dropped = self._spool, 0
            if self._is_unique:
                rows, dropped = latest_alone(rows, self._id_field, self._seen, self._folder.path / "latest.parquet")
            reading = Reading(
                of=self._of,
                rows=rows,
                raw=self._raw.path if self._raw.began else None,
                record_type=self._record,
                parser_version=self._parser_version,
                records=self._records - dropped,
                quarantined=tuple(self._quarantined),
                unknown_fields=dict(self._unknown_fields),
                calls=calls,
                run_id=run_id,
                read_began_at=self._read_began_at,
            )
            return publish(self._store, self._blobs, reading)

    def __enter__(self) -> Self:
        FEWER_COLLECTIONS.begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        FEWER_COLLECTIONS.end()
        self._folder.remove()
        pa.default_memory_pool().release_unused()  # a process that reads many months keeps no more than the largest needs

    def _table(self, rows: Any) -> pa.Table:
        if isinstance(rows, pa.Table):
            table = rows.select(self._schema.names).cast(self._schema)
            return table if self._is_unique else grouped(table, self._id_field)
        try:
            return table_of(self._record, rows)
        except INEXACT:
            return self._readable_part(rows)

    def _readable_part(self, rows: Iterable[tuple[Any, ...]]) -> pa.Table:
        by_record: dict[str, list[tuple[Any, ...]]] = {}
        for row in rows:
            by_record.setdefault(getattr(row, self._id_field), []).append(row)
        tables = [self._schema.empty_table()]
        for record_id, own in by_record.items():
            try:
                tables.append(table_of(self._record, own))
            except INEXACT as error:
                self._quarantined.append(self._inexact(record_id, error))
        return pa.concat_tables(tables)

    def _inexact(self, record_id: str, error: Exception) -> QuarantinedRecord:
        refused = RecordRefused(
            f"Record {record_id} has a value that no column holds exactly ({error}).",
            "Its figures would be rounded or lost, so all its rows are left out and counted.",
            "Correct the record in the accounting system, or update the connector; then read the period again.",
        )
        return QuarantinedRecord(record_id, str(refused))
