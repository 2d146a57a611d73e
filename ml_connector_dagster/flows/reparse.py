"""Translate a period anew from the answers that were kept: a better parser costs no call, only a load."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from ml_connector_dagster.connections.opening import OpenConnection
from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.flows.pull import LOCK_WAIT_SECONDS, mark_derived, pull_lock
from ml_connector_dagster.flows.slices import COMPANY
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.ledger.posting import Company
from ml_connector_dagster.sources.contract.answers import Page
from ml_connector_dagster.sources.contract.entity import Entity
from ml_connector_dagster.sources.contract.reader import KeptAnswers
from ml_connector_dagster.staging.frames import rows_of
from ml_connector_dagster.staging.snapshot import SnapshotRow, StaleRead
from ml_connector_dagster.staging.snapshots import StagedCompany, Staging

A_MOMENT = timedelta(microseconds=1)
"""A reading made anew is as old as its answers: only just newer than itself, and any later read of the vendor wins."""


@dataclass(frozen=True, slots=True)
class Reparsed:
    """One entity of the period, before and after."""

    entity: str
    period: str
    parser_before: str
    parser: str
    records: int
    quarantined_before: int
    quarantined: int
    changed: bool
    """True where the rows are others now: what is made from them is due."""
    says: str = ""
    """Why a derived entity could not be made anew without a call; it is marked, and the next read makes it."""


def reparse(
    connection: OpenConnection,
    period: str,
    entities: tuple[str, ...] = (),
    *,
    run_id: str = "",
    step: Callable[[str], None] = lambda _: None,
) -> tuple[Reparsed, ...]:
    """Read the kept answers of a period by the parser of today and publish the snapshots; the vendor is not asked.

    Entities are taken in the source's order, so that ledger lines are made from what was just read. Raw answers stay with
    the new snapshots. What changed is loaded as after any read.

    Args:
        connection: The opened connection.
        period: 2026-10.
        entities: Only these; empty for all that were read.
        run_id: Kept with the snapshots.
        step: Called with the name of each entity that is begun.

    Raises:
        SettingWrong: The period was never read, its answers were not kept, or the source cannot read kept answers.
    """
    again = _Again(connection, Period.parse(period), run_id)
    chosen = [_entity(connection, name) for name in entities] or list(connection.source.entities)
    return tuple(again.read(entity, step) for entity in connection.source.entities if entity in chosen)


class _Again:
    """One period of a connection, read again from what was kept."""

    def __init__(self, connection: OpenConnection, period: Period, run_id: str) -> None:
        self._connection = connection
        self._period = period
        self._run_id = run_id
        self._staging = Staging(connection.store, connection.blobs)
        self._kept = _opened(connection, self._staging)

    def read(self, entity: Entity, step: Callable[[str], None]) -> Reparsed:
        step(entity.name)
        with self._connection.locks.hold(pull_lock(self._connection, entity.name), wait_seconds=LOCK_WAIT_SECONDS):
            before = _current(self._connection, self._staging, entity, self._period)
            try:
                after, says = self._published(entity, before), ""
            except SettingWrong as error:
                if not entity.derived_from:
                    raise
                after, says = before, error.happened
                self._staging.mark_dirty(self._connection.name, entity.name, [self._period], "its parser changed")
            if after.digest != before.digest:
                mark_derived(self._connection, self._staging, entity, self._period)
        return Reparsed(
            entity=entity.name,
            period=str(self._period),
            parser_before=before.parser_version,
            parser=after.parser_version,
            records=after.records,
            quarantined_before=before.quarantined,
            quarantined=after.quarantined,
            changed=after.digest != before.digest,
            says=says,
        )

    def _published(self, entity: Entity, before: SnapshotRow) -> SnapshotRow:
        with self._staging.writer(
            self._connection.name,
            entity.name,
            self._period,
            entity.record,
            read_began_at=before.read_began_at + A_MOMENT,
            parser_version=self._connection.source.parser_version,
        ) as writer:
            for page in self._pages(entity, before):
                writer.add(page)
            published = writer.finish(0, self._run_id)
        return published.winner if isinstance(published, StaleRead) else published

    def _pages(self, entity: Entity, before: SnapshotRow) -> Iterator[Page]:
        connection = self._connection
        if entity.derived_from:
            staged = StagedCompany(self._staging, connection.name)
            return self._kept.derive(entity, self._period, staged, self._staging.raw_pages(before))
        if before.raw_blob is None:
            raise SettingWrong(
                f"No answers of {entity.name} {self._period} were kept with its snapshot.",
                "It cannot be read again without asking the accounting system; nothing was changed.",
                f"Read it again: ml-connector load {connection.name} {self._period} --read, or materialize the entity.",
            )
        return self._kept.read(entity, self._period, self._staging.raw_pages(before))


def _current(connection: OpenConnection, staging: Staging, entity: Entity, period: Period) -> SnapshotRow:
    found = staging.current(connection.name, entity.name, period)
    if found is None:
        raise SettingWrong(
            f"{entity.name} of {period} was never read.",
            "There are no answers to read again; nothing was changed.",
            f"Read it: ml-connector load {connection.name} {period} --read, or materialize the entity.",
        )
    return found


def _opened(connection: OpenConnection, staging: Staging) -> KeptAnswers:
    row = staging.newest_row(connection.name, COMPANY)
    if connection.source.open_kept is None or row is None:
        what = "cannot read kept answers" if connection.source.open_kept is None else "has kept no company record"
        raise SettingWrong(
            f"{connection.name} ({connection.source.title}) {what}.",
            "Its periods cannot be translated anew without asking the accounting system; nothing was changed.",
            f"Read the period again: ml-connector load {connection.name} <period> --read.",
        )
    rows: list[Any] = [one for table in staging.tables(row) for one in rows_of(Company, table)]
    return connection.source.open_kept(rows[0])


def _entity(connection: OpenConnection, name: str) -> Entity:
    try:
        return connection.source.entity(name)
    except KeyError:
        known = ", ".join(entity.name for entity in connection.source.entities)
        raise SettingWrong(
            f"{connection.source.title} has no entity {name!r}.", "Nothing was changed.", f"Use one of: {known}."
        ) from None
