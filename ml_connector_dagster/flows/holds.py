"""Why a slice must not be loaded now: each reason is for a person, with its figures (accounting rules §5 and §6)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import sqlalchemy as sa

from ml_connector_dagster.connections.opening import OpenConnection
from ml_connector_dagster.flows.file_plan import Hold, HoldReason, UnmappedMember
from ml_connector_dagster.flows.mapping_use import column_of, used_ids
from ml_connector_dagster.flows.past_loads import LoadFact, PastLoads
from ml_connector_dagster.flows.register import PeriodState, period_states, released_digests
from ml_connector_dagster.flows.slice_rows import SliceRows
from ml_connector_dagster.flows.slices import SliceInputs, SnapshotFact
from ml_connector_dagster.flows.unmapped import reference_of
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.mapping.crosswalk import MovedCode, moved_codes, read_crosswalk
from ml_connector_dagster.mapping.targets import ListTarget, ModuleTarget
from ml_connector_dagster.staging.frames import arrow_schema
from ml_connector_dagster.staging.snapshots import Staging
from ml_connector_dagster.store.tables.staging import snapshot

MOST_NAMED = 5
"""How many ids a sentence names; the rest is counted."""


@dataclass(frozen=True, slots=True)
class SlicePlan:
    """What is known of a slice before the holds are."""

    target: ListTarget | ModuleTarget
    period: str
    inputs: SliceInputs
    digest: str
    file_hash: str
    total: Decimal
    unmapped: tuple[UnmappedMember, ...]

    @property
    def register_period(self) -> str:
        """The period under which holds and releases are kept; a list has one content whatever the period."""
        return "" if self.inputs.kind == "list" else self.period


def find_holds(connection: OpenConnection, plan: SlicePlan, rows: SliceRows) -> tuple[Hold, ...]:
    """Answer every reason for which the slice waits; what a person released for this very content is left out."""
    before = PastLoads.of(connection, plan.target.name).verified(plan.target.name, plan.inputs.kind, plan.period)
    found = [
        *_unmapped(plan),
        *_quarantined(connection, plan),
        *_shrunk(connection, plan, before),
        *_locked(connection, plan, before),
        *_moved_codes(connection, plan, rows),
    ]
    if (plan.register_period, plan.digest) in released_digests(connection, plan.target.name):
        found = [hold for hold in found if not hold.reason.may_be_released]
    return tuple(found)


def _unmapped(plan: SlicePlan) -> Iterator[Hold]:
    if plan.unmapped:
        named = [
            f"{one.dimension} {one.source_code or one.source_id} {one.source_name}".strip() for one in plan.unmapped
        ]
        amount = sum((one.amount for one in plan.unmapped), Decimal(0))
        ids = "1 source id has" if len(named) == 1 else f"{len(named)} source ids have"
        says = f"{ids} no member: {_listed(named)}; {amount:,.2f} would be missing."
        yield Hold(HoldReason.UNMAPPED, says, amount)


def _quarantined(connection: OpenConnection, plan: SlicePlan) -> Iterator[Hold]:
    allowed = isinstance(plan.target, ModuleTarget) and plan.target.load_without == "quarantined"
    count = plan.inputs.quarantined
    if count and not allowed:
        records = "1 record" if count == 1 else f"{count} records"
        first = f" The first: {_first_refused(connection, plan)}"
        says = f"{records} of {plan.period} could not be read and would be missing, kept aside in quarantine.{first}"
        yield Hold(HoldReason.QUARANTINED, says)


def _first_refused(connection: OpenConnection, plan: SlicePlan) -> str:
    """Name the first record in quarantine, of the slice's entity or of those it is derived from, with its reason."""
    staging, main = Staging(connection.store, connection.blobs), plan.inputs.main
    for entity in (main.entity, *connection.source.entity(main.entity).derived_from):
        row = staging.current(connection.name, entity, Period.parse(main.period))
        for one in staging.quarantined(row) if row else ():
            return f"{entity} {one.record_id}: {one.reason}"
    return "the check nothing_quarantined of its source entity names it."


def _shrunk(connection: OpenConnection, plan: SlicePlan, before: LoadFact | None) -> Iterator[Hold]:
    main = plan.inputs.main
    was = _rows_before(connection, main, before)
    delta = plan.total - before.total if before else Decimal(0)
    if was and not main.rows:
        says = f"{main.entity} of {plan.period} had {was} rows and now reads none."
        yield Hold(HoldReason.EMPTIED, says, delta)
    elif main.rows * 2 < was:
        says = f"{main.entity} of {plan.period} fell from {was} rows to {main.rows}."
        yield Hold(HoldReason.HALVED, says, delta)


def _locked(connection: OpenConnection, plan: SlicePlan, before: LoadFact | None) -> Iterator[Hold]:
    """A first load of a locked period restates nothing; neither does the file that stands there already."""
    if plan.inputs.kind == "list" or before is None or before.file_hash == plan.file_hash:
        return
    if period_states(connection).get(plan.period) is PeriodState.LOCKED:
        delta = plan.total - before.total
        says = f"{plan.period} is locked, and its figures moved by {delta:,.2f} (from {before.total:,.2f} to {plan.total:,.2f})."
        yield Hold(HoldReason.LOCKED, says, delta)


def _moved_codes(connection: OpenConnection, plan: SlicePlan, rows: SliceRows) -> Iterator[Hold]:
    moved = [
        f"{one.member}: code {one.code_in_file} is now {one.code_now}" for one in _all_moved(connection, plan, rows)
    ]
    if moved:
        says = f"{len(moved)} codes moved since they were mapped ({_listed(moved)}); confirm or correct the crosswalk."
        yield Hold(HoldReason.MOVED_CODE, says)


def _all_moved(connection: OpenConnection, plan: SlicePlan, rows: SliceRows) -> Iterator[MovedCode]:
    asked = {plan.target.dimension} if isinstance(plan.target, ListTarget) else set(plan.target.columns.values())
    for dimension, mapping in connection.settings.mapping.items():
        entity = reference_of(connection.source, dimension)
        if mapping.file and dimension in asked and entity is not None:
            crosswalk = read_crosswalk(connection.folder / mapping.file)
            used = _used(connection, plan, dimension)
            yield from (
                one for one in moved_codes(rows.reference(entity), crosswalk) if used is None or one.source_id in used
            )


def _used(connection: OpenConnection, plan: SlicePlan, dimension: str) -> frozenset[str] | None:
    """Answer the ids of a dimension that the slice carries; None for all (lists, and tracking: any option may matter)."""
    if plan.inputs.kind == "list" or dimension.startswith("tracking."):
        return None
    column = column_of(dimension, arrow_schema(connection.source.entity(plan.inputs.main.entity).record).names)
    return used_ids(connection.blobs, plan.inputs.main.blob, column)


def _rows_before(connection: OpenConnection, main: SnapshotFact, before: LoadFact | None) -> int:
    """Answer how many rows the snapshot had that was loaded last; a list's may have been read with another period."""
    pinned = before.snapshots if before else {}
    of_entity = (digest for key, digest in pinned.items() if key.partition("@")[0] == main.entity)
    digest = pinned.get(f"{main.entity}@{main.period}") or next(of_entity, None)
    if digest is None:
        return 0
    query = sa.select(snapshot.c.rows).where(
        snapshot.c.connection == connection.name, snapshot.c.entity == main.entity, snapshot.c.digest == digest
    )
    with connection.store.read() as database:
        return database.execute(query.limit(1)).scalar() or 0


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more
