"""What was loaded before, as far as due, holds and previews ask."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa

from ml_connector_dagster.connections.opening import OpenConnection
from ml_connector_dagster.store.tables.loads import load as load_table

DONE = frozenset({"verified", "skipped"})
"""The slice stands in Anaplan, read back and equal."""
REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class LoadFact:
    """One row of the load table, without its files."""

    id: int
    model_id: str
    target: str
    target_kind: str
    period: str
    digest: str
    state: str
    attempt: int
    retry_at: datetime | None
    error: str
    file_hash: str
    rows: int
    total: Decimal
    snapshots: Mapping[str, str]
    cells_blob: str
    file_blob: str
    planned_at: datetime
    uploaded_at: datetime | None
    intended_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    verified_at: datetime | None

    @property
    def moved_at(self) -> datetime:
        """When the load last took a step."""
        steps = (self.uploaded_at, self.intended_at, self.started_at, self.finished_at, self.verified_at)
        return max((step for step in steps if step is not None), default=self.planned_at)

    @property
    def is_done(self) -> bool:
        """True where the slice stands in Anaplan as this load left it."""
        return self.state in DONE

    @property
    def is_unfinished(self) -> bool:
        """True where somebody should go on with it."""
        return not self.is_done and self.state != REFUSED


class PastLoads:
    """Loads of one connection by slice; a list has one slice whatever the period."""

    def __init__(self, loads: Iterable[LoadFact]) -> None:
        """Index the loads, oldest first."""
        self._loads: dict[tuple[str, str], list[LoadFact]] = defaultdict(list)
        for load in sorted(loads, key=lambda one: one.id):
            self._loads[_slice(load.target, load.target_kind, load.period)].append(load)

    @classmethod
    def of(cls, connection: OpenConnection, target: str) -> PastLoads:
        """Read the loads of one target with one query."""
        columns = [load_table.c[name] for name in LoadFact.__dataclass_fields__]
        query = sa.select(*columns).where(load_table.c.connection == connection.name, load_table.c.target == target)
        with connection.store.read() as database:
            return cls(LoadFact(*row) for row in database.execute(query))

    @classmethod
    def newest_of(cls, connection: OpenConnection) -> PastLoads:
        """Read no more than the newest load and the newest one that is done of each slice: a tick must stay cheap."""
        period = sa.case((load_table.c.target_kind == "list", ""), else_=load_table.c.period)
        newest = (
            sa.select(sa.func.max(load_table.c.id))
            .where(load_table.c.connection == connection.name)
            .group_by(load_table.c.target, period)
        )
        done = newest.where(load_table.c.state.in_(DONE))
        columns = [load_table.c[name] for name in LoadFact.__dataclass_fields__]
        query = sa.select(*columns).where(sa.or_(load_table.c.id.in_(newest), load_table.c.id.in_(done)))
        with connection.store.read() as database:
            return cls(LoadFact(*row) for row in database.execute(query))

    @property
    def any_unfinished(self) -> bool:
        """True where the newest load of some slice is unfinished."""
        return any(loads[-1].is_unfinished for loads in self._loads.values())

    def newest(self, target: str, kind: str, period: str) -> LoadFact | None:
        """Answer the newest load of a slice."""
        loads = self._loads.get(_slice(target, kind, period))
        return loads[-1] if loads else None

    def verified(self, target: str, kind: str, period: str) -> LoadFact | None:
        """Answer the newest load of a slice that stands in Anaplan."""
        loads = self._loads.get(_slice(target, kind, period), [])
        return next((load for load in reversed(loads) if load.is_done), None)

    def any_cells_known(self, target: str, period: str, model_id: str) -> bool:
        """Answer whether some load of a module may have reached this model, and its cells are still kept."""
        loads = self._loads.get(_slice(target, "module", period), [])
        return any(load.intended_at and load.cells_blob and load.model_id == model_id for load in loads)


def attempts(connection: OpenConnection, target: str, kind: str, period: str, digest: str) -> int:
    """Answer how often this content was tried, over all its loads: the next run key must be another (protocol 17)."""
    query = sa.select(sa.func.coalesce(sa.func.sum(load_table.c.attempt), 0)).where(
        load_table.c.connection == connection.name, load_table.c.target == target, load_table.c.digest == digest
    )
    if kind != "list":
        query = query.where(load_table.c.period == period)
    with connection.store.read() as database:
        return int(database.execute(query).scalar_one())


def _slice(target: str, kind: str, period: str) -> tuple[str, str]:
    return target, "" if kind == "list" else period
