"""Records that left a period are followed by their id, so that none is lost between two reads (protocol 11)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import date
from typing import Any

import pyarrow as pa

from ml_connector_dagster.connections.opening import OpenConnection
from ml_connector_dagster.errors import AnswerAwaited
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sources.contract.entity import Entity, EntityKind
from ml_connector_dagster.staging.frames import record_id_field, rows_of
from ml_connector_dagster.staging.snapshot import SnapshotRow
from ml_connector_dagster.staging.snapshots import Staging


def follow_departures(
    connection: OpenConnection, staging: Staging, entity: Entity, published: SnapshotRow
) -> tuple[str, ...]:
    """Fetch what left the period by id and mark the periods where it stands now dirty; answers those periods.

    Ids of an earlier, crashed read come along: staging repeats them until they are found or known to be gone. So do those
    that a source which answers later was asked for: the entity's next read looks for their answer.
    """
    if entity.kind is not EntityKind.DOCUMENT or entity.derived_from:
        return ()
    ids = sorted({*published.left, *staging.astray(connection.name, entity.name)})
    if not ids:
        return ()
    try:
        found = dict(_where_now(connection, entity, ids))
    except AnswerAwaited:
        return ()
    by_period: dict[Period, list[str]] = defaultdict(list)
    for record_id, period in found.items():
        by_period[period].append(record_id)
    for period, moved in by_period.items():
        reason = f"{len(moved)} of {entity.name} moved here from {published.period}"
        staging.mark_dirty(connection.name, entity.name, [period], reason)
    staging.forget(
        connection.name, entity.name, ids
    )  # found ones are seen to by the mark, the others are gone for good
    return tuple(sorted(str(period) for period in by_period))


def _where_now(connection: OpenConnection, entity: Entity, ids: Collection[str]) -> Iterator[tuple[str, Period]]:
    key = record_id_field(entity.record)
    for page in connection.reader().read_ids(entity, list(ids)):
        rows: Any = rows_of(entity.record, page.rows) if isinstance(page.rows, pa.Table) else page.rows
        for row in rows:
            stands_on: date = row.document_date
            yield getattr(row, key), Period.of(stands_on)
