"""The staged snapshots of one connection, as derived entities and translations read them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from ml_connector_dagster.errors import HeldForPerson
from ml_connector_dagster.ledger.document import DocumentLine
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.staging.frames import arrow_schema
from ml_connector_dagster.staging.snapshot import SnapshotRow
from ml_connector_dagster.staging.snapshots import Staging


class StagedCompany:
    """Fulfils ``sources.contract.StagedReader``; shows each snapshot once chosen until the end, and remembers which.

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
