"""What a slice is made from, as facts of the state database: current snapshots, the mapping it uses, its settings.

A slice is one list, or one module and period. Nothing here reads a snapshot's rows, asks the network or writes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Literal

import sqlalchemy as sa

from ml_connector_dagster.connections.opening import OpenConnection
from ml_connector_dagster.errors import HeldForPerson
from ml_connector_dagster.ledger.ledger_account import LedgerAccount
from ml_connector_dagster.ledger.party import TrackingOption
from ml_connector_dagster.ledger.period import Period, periods_between
from ml_connector_dagster.mapping.targets import ListTarget, ModuleTarget
from ml_connector_dagster.sources.contract.entity import EntityKind
from ml_connector_dagster.sources.contract.source import Source
from ml_connector_dagster.store.tables.staging import snapshot

TRIAL_BALANCE = "trial_balance"
"""Name under which the books' own report is staged beside ``ledger_lines``."""
RESIDUALS = "residuals"
"""Name under which the named postings that no document shows are staged beside ``ledger_lines``."""
COMPANY = "company"
"""Name under which the company's own facts (fiscal year, lock date) are staged beside ``ledger_lines``."""
BOOKS = (TRIAL_BALANCE, RESIDUALS, COMPANY)


@dataclass(frozen=True, slots=True)
class SnapshotFact:
    """One current snapshot, without its rows."""

    id: int
    entity: str
    period: str
    digest: str
    blob: str
    rows: int
    records: int
    quarantined: int
    total: Decimal
    read_began_at: datetime
    published_at: datetime


class CurrentSnapshots:
    """The current snapshots of one connection, read once."""

    def __init__(self, facts: Iterable[SnapshotFact]) -> None:
        """Index the facts by entity and period."""
        self._facts = {(fact.entity, fact.period): fact for fact in facts}

    @classmethod
    def of(cls, connection: OpenConnection) -> CurrentSnapshots:
        """Read the facts with one query."""
        columns = [snapshot.c[name] for name in SnapshotFact.__dataclass_fields__]
        query = sa.select(*columns).where(snapshot.c.connection == connection.name, snapshot.c.current)
        with connection.store.read() as database:
            return cls(SnapshotFact(*row) for row in database.execute(query))

    def at(self, entity: str, period: str) -> SnapshotFact | None:
        """Answer the snapshot of an entity and period; None where it was never read."""
        return self._facts.get((entity, period))

    def newest(self, entity: str) -> SnapshotFact | None:
        """Answer the snapshot whose read began last, whatever its period."""
        found = [fact for fact in self._facts.values() if fact.entity == entity]
        return max(found, key=lambda fact: (fact.read_began_at, fact.id), default=None)

    def first_with(self, fact: SnapshotFact) -> SnapshotFact:
        """Answer the current snapshot that first held the same content: its period does not move with each re-read."""
        same = [one for one in self._facts.values() if (one.entity, one.digest) == (fact.entity, fact.digest)]
        return min(same, key=lambda one: one.period)

    def periods(self, entity: str) -> tuple[str, ...]:
        """Answer the periods of an entity that were read, in time order."""
        return tuple(sorted(period for name, period in self._facts if name == entity))


@dataclass(frozen=True, slots=True)
class SliceInputs:
    """Every snapshot that decides what a slice's file holds."""

    kind: Literal["list", "module"]
    main: SnapshotFact
    """The one whose records fill the slice."""
    others: tuple[SnapshotFact, ...] = ()
    chain: tuple[SnapshotFact, ...] = ()
    """Closing balances: the ledger lines from the opening balance on, in time order, ``main`` last. Empty otherwise."""
    quarantined: int = 0
    """Records that could not be read, of the main entity and of those it is derived from."""

    @property
    def pinned(self) -> tuple[SnapshotFact, ...]:
        """All of them, without doubles."""
        return tuple(dict.fromkeys((self.main, *self.chain, *self.others)))

    @property
    def digests(self) -> dict[str, str]:
        """``entity@period`` to digest: what a load pins (protocol 13)."""
        return {f"{fact.entity}@{fact.period}": fact.digest for fact in self.pinned}

    def find(self, entity: str) -> SnapshotFact | None:
        """Answer the pinned snapshot of a reference entity; None where the slice does not use it."""
        return next((fact for fact in self.others if fact.entity == entity), None)


def accounts_entity(source: Source) -> str:
    """Answer the name of the source's chart of accounts."""
    return next(entity.name for entity in source.entities if entity.record is LedgerAccount)


def tracking_entity(source: Source) -> str | None:
    """Answer the name of the source's reporting dimensions; None where it has none."""
    return next((entity.name for entity in source.entities if entity.record is TrackingOption), None)


def inputs_of(
    connection: OpenConnection, target: ListTarget | ModuleTarget, period: str, snapshots: CurrentSnapshots
) -> SliceInputs | None:
    """Answer the snapshots a slice is made from; None where one of them was not read yet.

    A list takes the newest snapshot whatever the period, so that an old month's replay never takes it backwards.
    """
    if isinstance(target, ListTarget):
        newest = snapshots.newest(target.entity)
        return SliceInputs("list", newest, quarantined=newest.quarantined) if newest else None
    main = snapshots.at(target.from_, period)
    others = [_reference(snapshots, name, period) for name in _references(connection.source, target)]
    if main is None or None in others:
        return None
    known = tuple(fact for fact in others if fact is not None)
    inputs = SliceInputs("module", main, known, quarantined=_quarantined(connection.source, main, snapshots))
    if target.measure == "movement" or target.grain != "cell":
        return inputs
    return _with_opening(connection, inputs, snapshots)


def need_inputs(
    connection: OpenConnection, target: ListTarget | ModuleTarget, period: str, snapshots: CurrentSnapshots
) -> SliceInputs:
    """Answer the snapshots a slice is made from.

    Raises:
        HeldForPerson: One was not read yet.
    """
    inputs = inputs_of(connection, target, period, snapshots)
    if inputs is None:
        raise HeldForPerson(
            f"{connection.name}: {target.name} of {period} cannot be made: {target.from_}, or an entity it needs, was not read.",
            "Nothing was loaded.",
            f"Materialize the source entities of {period} first.",
            connection=connection.name,
            target=target.name,
            period=period,
        )
    return inputs


def slice_digest(inputs: SliceInputs, settings_hash: str, mapping_hash: str) -> str:
    """Answer the digest that ``loads_due`` compares: content, mapping and settings, never a time.

    A reference entity counts by content alone: the same chart read again with another period changes nothing.
    """
    loose = {fact.entity for fact in inputs.others if fact.entity not in BOOKS}
    if inputs.kind == "list":
        loose.add(inputs.main.entity)
    content = sorted((fact.entity, "" if fact.entity in loose else fact.period, fact.digest) for fact in inputs.pinned)
    return hash_of([content, inputs.quarantined, settings_hash, mapping_hash])


def hash_of(value: object) -> str:
    """Answer the SHA-256 of a JSON-able value, keys sorted."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()


def _references(source: Source, target: ModuleTarget) -> list[str]:
    kind = source.entity(target.from_).kind
    signed = kind in (EntityKind.LEDGER, EntityKind.COMMITMENT)  # sign and statement follow the account
    names = [accounts_entity(source)] if signed or "ledger_account" in target.columns.values() else []
    tracking = tracking_entity(source)
    if tracking and any(field.startswith("tracking.") for field in target.columns.values()):
        names.append(tracking)
    return names


def _reference(snapshots: CurrentSnapshots, entity: str, period: str) -> SnapshotFact | None:
    """Answer what the period was validated with, else the newest."""
    return snapshots.at(entity, period) or snapshots.newest(entity)


def _quarantined(source: Source, main: SnapshotFact, snapshots: CurrentSnapshots) -> int:
    behind = [snapshots.at(name, main.period) for name in source.entity(main.entity).derived_from]
    return main.quarantined + sum(fact.quarantined for fact in behind if fact is not None)


def _with_opening(connection: OpenConnection, inputs: SliceInputs, snapshots: CurrentSnapshots) -> SliceInputs | None:
    """Add the opening balance: of ``periods.start`` where every month since was read, else of the month itself.

    Falling back to the month's own opening keeps a first load of three recent months possible; the months between move
    a closing balance only once, when the last gap closes.
    """
    main = inputs.main
    period = Period.parse(main.period)
    months = list(periods_between(Period.parse(connection.settings.periods.start), period.next())) or [period]
    for since in (months, [period]):
        chain = [snapshots.at(main.entity, str(month)) for month in since]
        books = [snapshots.at(TRIAL_BALANCE, str(since[0])), snapshots.at(COMPANY, main.period)]
        books += [snapshots.at(RESIDUALS, str(month)) for month in since]
        if None not in chain and None not in books:
            others = tuple(dict.fromkeys(fact for fact in (*inputs.others, *books) if fact is not None))
            return replace(inputs, others=others, chain=tuple(fact for fact in chain if fact is not None))
    return None
