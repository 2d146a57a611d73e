"""Read one entity of one period from the accounting system into staging."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from ml_connector_dagster.connections.opening import OpenConnection
from ml_connector_dagster.errors import AnswerAwaited, QuotaExhausted
from ml_connector_dagster.flows.awaited import answer_to, put_away, want
from ml_connector_dagster.flows.books import Books, ask_books, stage_books, staged_movement, unexplained
from ml_connector_dagster.flows.changes import dirty_since
from ml_connector_dagster.flows.departures import follow_departures
from ml_connector_dagster.flows.register import update_register
from ml_connector_dagster.flows.reuse import reuse_newest
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sources.contract.answers import Page
from ml_connector_dagster.sources.contract.entity import Entity, EntityKind
from ml_connector_dagster.staging.snapshot import QuarantinedRecord, SnapshotRow, StaleRead
from ml_connector_dagster.staging.snapshots import StagedCompany, Staging

LOCK_WAIT_SECONDS = 3600.0
"""A longer wait for another run's pull is refused, so that the run ends before its limit."""
MOST_READS = 3
"""How often documents and report are read before "the books moved while reading" is said."""
MOST_NAMED = 50
"""How many quarantined records an outcome names; the count has all of them."""


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
    """What the source's formula says this entity adds to what the opened company read before; None where nothing was read,
    or where the books moved and more reads were needed."""
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
    refused: tuple[QuarantinedRecord, ...] = ()
    """The quarantined records, each with its reason: the first fifty."""


def pull(
    connection: OpenConnection,
    entity_name: str,
    period: str,
    *,
    run_id: str = "",
    wanted_at: datetime | None = None,
) -> PullOutcome:
    """Read an entity of a period and publish its snapshot, or answer the fresh one another run published.

    One pull at a time per credential, company and entity: the second waits and then finds a fresh snapshot. The company
    is in the lock's name since two companies of one credential never share a snapshot.

    Args:
        connection: The opened connection.
        entity_name: One of the source's entities.
        period: 2026-10.
        run_id: Kept with the snapshot.
        wanted_at: Aware UTC; when this read was asked for (the run's creation). A snapshot whose read began later is
            reused. Default: now.

    Raises:
        HeldForPerson: An entity that this one is derived from was not read yet.
        QuotaExhausted: The vendor's day quota is spent; says when it opens.
        AnswerAwaited: The source answers later, and was asked; the slice is noted as wanted until it is read.
    """
    wanted_at = wanted_at or connection.store.now()
    return _Pull(connection, connection.source.entity(entity_name), Period.parse(period), run_id, wanted_at).run()


def pull_lock(connection: OpenConnection, entity: str) -> str:
    """Name the lock under which an entity of a company is read and published."""
    source = connection.settings.source
    return f"pull:{source.credential}:{source.company_id}:{entity}"


def mark_derived(connection: OpenConnection, staging: Staging, changed: Entity, period: Period) -> None:
    """Note that what is derived from an entity must be made anew: its rows are others than before."""
    for entity in connection.source.entities:
        if changed.name in entity.derived_from:
            reason = f"{changed.name} was read again and differs"
            staging.mark_dirty(connection.name, entity.name, [period], reason)


class _Pull:
    """One pull under way."""

    def __init__(
        self, connection: OpenConnection, entity: Entity, period: Period, run_id: str, wanted_at: datetime
    ) -> None:
        self._connection = connection
        self._entity = entity
        self._period = period
        self._run_id = run_id
        self._wanted_at = wanted_at
        self._staging = Staging(connection.store, connection.blobs)
        self._extra_reads = 0
        self._moved = ""
        self._dirtied: set[str] = set()

    def run(self) -> PullOutcome:
        name = pull_lock(self._connection, self._entity.name)
        with self._connection.locks.hold(name, wait_seconds=LOCK_WAIT_SECONDS):
            fresh = self._fresh()
            if fresh is not None:
                return self._outcome(fresh, calls=0, reused=True)
            calls_before = self._connection.source_calls
            published = self._read_or_note()
            return self._outcome(published, calls=self._connection.source_calls - calls_before)

    def _read_when_it_opens(self, spent: QuotaExhausted) -> None:
        """Let ``pulls_due`` go on by itself once the vendor allows calls again; what was read and kept is not asked twice."""
        reason = "the vendor's calls were spent in the middle of the read"
        opens_at = spent.opens_at
        self._staging.mark_dirty(self._connection.name, self._entity.name, [self._period], reason, at=opens_at)

    def _fresh(self) -> SnapshotRow | None:
        """Answer a snapshot read after this pull was asked for; what is derived costs no call and is always made anew.

        A dirty period is satisfied by a read that began after it was noted, which only another period's can be: the
        newest of a reference entity. What is answered later was asked for when it was noted, by an earlier run.
        """
        dirty_at = dirty_since(self._connection, self._entity.name, self._period)
        if self._entity.kind is EntityKind.REFERENCE:
            asked_at = self._wanted_at if self._connection.source.later is None or dirty_at is None else dirty_at
            since = max(asked_at, dirty_at or asked_at)
            return reuse_newest(self._connection, self._staging, self._entity.name, self._period, since)
        if self._entity.derived_from or dirty_at:
            return None
        found = self._staging.current(self._connection.name, self._entity.name, self._period)
        return found if found is not None and found.read_began_at >= self._wanted_at else None

    def _read_or_note(self) -> SnapshotRow | StaleRead:
        """Read; what cannot be answered yet is noted as wanted, and what was answered is put away.

        An answer from before the slice was wanted is better than none, and it is asked for again.
        """
        wanted_at = dirty_since(self._connection, self._entity.name, self._period) or self._wanted_at
        try:
            published = self._read_ledger() if self._entity.kind is EntityKind.LEDGER else self._read()
        except AnswerAwaited:
            want(self._connection, self._entity, self._period, self._wanted_at)
            raise
        except QuotaExhausted as spent:
            self._read_when_it_opens(spent)
            raise
        if answer := answer_to(self._connection, self._entity, self._period):
            if answer.began_at < wanted_at:
                want(self._connection, self._entity, self._period, wanted_at)
            put_away(self._connection, answer, self._run_id)
        return published

    def _read(self) -> SnapshotRow | StaleRead:
        """Read every page, publish, and follow what left the period (protocols 10 and 11)."""
        connection, entity = self._connection, self._entity
        before = self._staging.current(connection.name, entity.name, self._period)
        calls_before = connection.source_calls
        began_at, pages = self._begin()
        with self._staging.writer(
            connection.name,
            entity.name,
            self._period,
            entity.record,
            read_began_at=began_at,
            parser_version=connection.source.parser_version,
        ) as writer:
            for page in pages:
                writer.add(page)
            published = writer.finish(connection.source_calls - calls_before, self._run_id)
        if isinstance(published, StaleRead):
            return published
        self._dirtied.update(str(period) for period in published.came_from.values())
        self._dirtied.update(follow_departures(connection, self._staging, entity, published))
        if before is not None and before.digest != published.digest:
            mark_derived(connection, self._staging, entity, self._period)
        return published

    def _begin(self) -> tuple[datetime, Iterator[Page]]:
        """Answer when the read began and its pages: an answer that came later tells when its first question was asked."""
        began_at, pages = self._connection.store.now(), self._pages()
        if self._connection.source.later is None:
            return began_at, pages
        first = next(pages, None)  # raises where there is no answer
        answer = answer_to(self._connection, self._entity, self._period)
        return answer.began_at if answer else began_at, itertools.chain([] if first is None else [first], pages)

    def _pages(self) -> Iterator[Page]:
        reader = self._connection.reader()
        if self._entity.derived_from:
            return reader.derive(self._entity, self._period, self._staged())
        return reader.read(self._entity, self._period)

    def _staged(self) -> StagedCompany:
        return StagedCompany(self._staging, self._connection.name)

    def _read_ledger(self) -> SnapshotRow | StaleRead:
        """Read the lines between two looks at the report (protocol 12), then keep the report beside them.

        Lines that agree with the report need no second look. Where they do not, documents are read again between two
        reports: equal reports mean that the books stood still and the difference is real; the tie-out names it. An answer
        that came later holds both: reading it again would bring the same.
        """
        published = self._read()
        books, began_at = self._ask()
        while self._connection.source.later is None and self._differs(books):
            if self._extra_reads == MOST_READS - 1:
                self._say_books_moved()
                break
            before = books.control
            self._extra_reads += 1
            self._read_documents_again()
            published = self._read()
            books, began_at = self._ask()
            if books.control == before:
                break
        stage_books(self._connection, self._staging, self._period, books, began_at=began_at, run_id=self._run_id)
        update_register(self._connection)  # the company was asked for anyway: a load by hand must know of a lock too
        return published

    def _say_books_moved(self) -> None:
        self._moved = (
            f"The books moved while reading {self._period}: each of {MOST_READS} reads met another trial balance."
        )
        reason = "the books moved while reading"
        self._staging.mark_dirty(self._connection.name, self._entity.name, [self._period], reason)

    def _ask(self) -> tuple[Books, datetime]:
        answer = answer_to(self._connection, self._entity, self._period)
        began_at = answer.began_at if answer else self._connection.store.now()
        return ask_books(self._connection, self._period, self._staged()), began_at

    def _differs(self, books: Books) -> Mapping[str, Decimal]:
        staged = staged_movement(self._staged(), self._entity.name, self._period)
        return unexplained(books.movement, staged, books.residuals.values())

    def _read_documents_again(self) -> None:
        now = self._connection.store.now()
        for name in self._entity.derived_from:
            entity = self._connection.source.entity(name)
            if entity.kind is EntityKind.DOCUMENT:
                again = _Pull(self._connection, entity, self._period, self._run_id, now).run()
                self._dirtied.update(again.dirtied)

    def _expected_calls(self, records: int) -> int:
        """Some calls are made once for each opened company, so only what this entity adds to the formula is its own."""
        formula, name = self._connection.source.expected_calls, self._entity.name
        others = {entity: count for entity, count in self._connection.records_read.items() if entity != name}
        self._connection.records_read[name] = records
        return formula({**others, name: records}) - (formula(others) if others else 0)

    def _outcome(self, published: SnapshotRow | StaleRead, *, calls: int, reused: bool = False) -> PullOutcome:
        stale = isinstance(published, StaleRead)
        row = published.winner if isinstance(published, StaleRead) else published
        as_planned = not (reused or stale or self._extra_reads)
        return PullOutcome(
            entity=self._entity.name,
            period=str(self._period),
            digest=row.digest,
            rows=row.rows,
            records=row.records,
            quarantined=row.quarantined,
            total=row.total,
            calls=calls,
            expected_calls=self._expected_calls(row.records) if as_planned else None,
            drift=dict(row.unknown_fields),
            reused=reused,
            stale=stale,
            dirtied=tuple(sorted(self._dirtied)),
            moved=self._moved,
            refused=tuple(self._staging.quarantined(row)[:MOST_NAMED]) if row.quarantined else (),
        )
