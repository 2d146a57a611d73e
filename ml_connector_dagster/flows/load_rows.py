"""The table ``load``: one row a try, moved from state to state, each move with its line in the audit trail.

planned → uploaded → intended → started → finished → verified, with skipped and refused as other ends. ``intended_at`` is
what tells that a load may have reached Anaplan; what was only planned or uploaded never did.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, insert, select, update

from ml_connector_dagster.audit.trail import record_load
from ml_connector_dagster.errors import ConnectorError, OutcomeUnknown, QuotaExhausted, TemporarilyRefused
from ml_connector_dagster.store.faultpoints import fault_point
from ml_connector_dagster.store.locks import LockLost
from ml_connector_dagster.store.tables.loads import known_task, load

if TYPE_CHECKING:
    from ml_connector_dagster.store.engine import Store

UNSENT = ("planned", "uploaded")
IN_FLIGHT = ("intended", "started", "finished")
SETTLED = ("verified", "refused", "skipped")
MOST_ATTEMPTS = 8
_LOOKED_BACK = 100
_FIRST_RETRY_SECONDS = 60.0
_LONGEST_RETRY_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class LoadRow:
    """One try to bring a slice into a model; the columns of the table ``load``."""

    id: int
    connection: str
    model_id: str
    target: str
    target_kind: str
    period: str
    digest: str
    snapshots: Mapping[str, str]
    settings_hash: str
    mapping_hash: str
    import_id: str
    file_id: str
    file_hash: str
    file_blob: str
    sidecar_blob: str
    cells_blob: str
    rows: int
    total: Decimal
    state: str
    route: Mapping[str, Any]
    seen_tasks: Mapping[str, int]
    starts: int
    task_id: str | None
    adopted: bool
    verdict: str
    rows_ignored: int
    rows_rejected: int
    dump_blob: str | None
    counts: Mapping[str, Any]
    attempt: int
    retry_at: datetime | None
    error: str
    planned_at: datetime
    uploaded_at: datetime | None
    intended_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    verified_at: datetime | None
    run_id: str

    @property
    def may_have_reached(self) -> bool:
        """True where a start was at least intended: the model may hold this file's figures."""
        return self.intended_at is not None

    @property
    def slice(self) -> tuple[str, str, str]:
        """Connection, target and period; a list is one slice whatever the period it was planned with."""
        return self.connection, self.target, "" if self.target_kind == "list" else self.period

    def holds_the_same(self, other: LoadRow) -> bool:
        """Tell whether another load brings the very same bytes to the very same place."""
        mine = (self.model_id, self.import_id, self.file_id, self.file_hash)
        return mine == (other.model_id, other.import_id, other.file_id, other.file_hash)


class LoadBook:
    """Reads and moves load rows; each move is one transaction with its audit event."""

    def __init__(self, store: Store) -> None:
        """Open nothing."""
        self.store = store

    def plan(self, *, zeroes: int = 0, **values: Any) -> LoadRow:
        """Insert a planned load; its attempt follows the newest try for the same content that did not end well.

        Args:
            zeroes: How many figures the model showed that it sets to 0; written into the trail before anything is sent.
            values: Columns of the row.
        """
        with self.store.begin() as connection:
            previous = self._newest(connection, values)
            again = previous and previous.digest == values["digest"] and previous.state not in ("verified", "skipped")
            attempt = previous.attempt + 1 if previous and again else 1
            row_id = connection.execute(
                insert(load)
                .values(state="planned", attempt=attempt, planned_at=self.store.now(), **values)
                .returning(load.c.id)
            ).scalar_one()
            said = {"zeroes_of_model": zeroes} if zeroes else {}
            record_load(connection, row_id, "planned", file=values["file_hash"], attempt=attempt, **said)
        fault_point("load.planned")
        return self.get(row_id)

    def move(self, row: LoadRow, state: str, **values: Any) -> LoadRow:
        """Move a load to its next state, and stamp the time that the state has a column for.

        Raises:
            LockLost: The row is no longer in the state it was read in: another run settled it, so the lease was lost.
        """
        stamp = {f"{state}_at": self.store.now()} if f"{state}_at" in load.c else {}
        with self.store.begin() as connection:
            moved = connection.execute(
                update(load)
                .where(load.c.id == row.id, load.c.state == row.state)
                .values(state=state, **{**stamp, **values})
            )
            if moved.rowcount != 1:
                raise _taken_over(row)
            record_load(connection, row.id, state, **_facts(values))
        fault_point(f"load.{state}")
        return self.get(row.id)

    def note(self, row: LoadRow, event: str, **values: Any) -> LoadRow:
        """Write facts of a load without moving it."""
        with self.store.begin() as connection:
            connection.execute(update(load).where(load.c.id == row.id).values(**values))
            record_load(connection, row.id, event, **_facts(values))
        return self.get(row.id)

    def fail(self, row_id: int, error: ConnectorError) -> LoadRow:
        """Write down why a load stopped: refused for good, or kept with the time of its next try.

        A load whose task may be running is never refused here; settling it decides.
        """
        row = self.get(row_id)
        if row.state in SETTLED:
            return row
        text = str(error)[:2000]
        if row.state in IN_FLIGHT:
            return self.note(row, "unsettled", error=text, retry_at=self.retry_at(row, error))
        if _may_pass_later(error) and row.attempt < MOST_ATTEMPTS:
            return self.note(row, "postponed", error=text, retry_at=self.retry_at(row, error))
        return self.move(row, "refused", error=text, retry_at=None)

    def get(self, row_id: int) -> LoadRow:
        """Answer the load of that number."""
        with self.store.read() as connection:
            return _read(connection.execute(select(load).where(load.c.id == row_id)).mappings().one())

    def find(self, row_id: int) -> LoadRow | None:
        """Answer the load of that number, or None."""
        with self.store.read() as connection:
            row = connection.execute(select(load).where(load.c.id == row_id)).mappings().one_or_none()
        return _read(row) if row is not None else None

    def of_slice(self, slice_: tuple[str, str, str]) -> list[LoadRow]:
        """Answer the newest loads of a slice, newest first: far more than lie between two verified ones.

        Args:
            slice_: ``LoadRow.slice``: connection, target, and period or nothing.
        """
        with self.store.read() as connection:
            return [_read(row) for row in connection.execute(_of_slice(*slice_).limit(_LOOKED_BACK)).mappings()]

    def unsettled(self, model_id: str) -> list[LoadRow]:
        """Answer every load of a model that is past planning and not at its end, oldest first; of any connection."""
        states = ("uploaded", *IN_FLIGHT)
        query = select(load).where(load.c.model_id == model_id, load.c.state.in_(states)).order_by(load.c.id)
        with self.store.read() as connection:
            return [_read(row) for row in connection.execute(query).mappings()]

    def last_start(self, model_id: str, import_id: str, before: int) -> LoadRow | None:
        """Answer the newest earlier load that intended to start this action; its task list is the last one seen."""
        query = (
            select(load)
            .where(load.c.model_id == model_id, load.c.import_id == import_id, load.c.id != before)
            .where(load.c.intended_at.is_not(None))
            .order_by(load.c.intended_at.desc())
            .limit(1)
        )
        with self.store.read() as connection:
            row = connection.execute(query).mappings().one_or_none()
        return _read(row) if row is not None else None

    def lost_starts(self, model_id: str, import_id: str) -> list[LoadRow]:
        """Answer the loads of this action that sent a start nobody answered, newest first; each has one late task at most."""
        found = select(known_task.c.load_id).where(known_task.c.note == "late_duplicate")
        query = (
            select(load)
            .where(load.c.id.not_in(found))
            .where(load.c.model_id == model_id, load.c.import_id == import_id, load.c.intended_at.is_not(None))
            .where((load.c.starts > 1) | load.c.task_id.is_(None))
            .order_by(load.c.id.desc())
            .limit(50)
        )
        with self.store.read() as connection:
            return [_read(row) for row in connection.execute(query).mappings()]

    def known_tasks(self, model_id: str) -> frozenset[str]:
        """Answer the ids of all tasks of a model that are accounted for."""
        with self.store.read() as connection:
            query = select(known_task.c.task_id).where(known_task.c.model_id == model_id)
            return frozenset(connection.execute(query).scalars())

    def own_task(self, row: LoadRow, task_id: str, *, adopted: bool) -> LoadRow:
        """Give a load its task, in one transaction with the list of known tasks."""
        with self.store.begin() as connection:
            moved = connection.execute(
                update(load)
                .where(load.c.id == row.id, load.c.state == "intended")
                .values(state="started", task_id=task_id, adopted=adopted, started_at=self.store.now())
            )
            if moved.rowcount != 1:
                raise _taken_over(row)
            note = "adopted" if adopted else "started"
            connection.execute(insert(known_task).values(**self._known(row, task_id, note)))
            record_load(connection, row.id, note, task=task_id)
        fault_point("load.started")
        return self.get(row.id)

    def disown_task(self, row: LoadRow) -> LoadRow:
        """Undo an adoption that proved wrong: the task was somebody else's; the load is planned again."""
        with self.store.begin() as connection:
            connection.execute(
                update(known_task).where(known_task.c.task_id == row.task_id).values(note="foreign", load_id=None)
            )
            moved = connection.execute(
                update(load)
                .where(load.c.id == row.id, load.c.state == row.state)
                .values(state="planned", task_id=None, adopted=False)
            )
            if moved.rowcount != 1:
                raise _taken_over(row)
            record_load(connection, row.id, "disowned", task=row.task_id)
        return self.get(row.id)

    def note_task(self, model_id: str, task_id: str, load_row: LoadRow | None) -> None:
        """Account for a task that no load started knowingly: a late duplicate of that load, or somebody else's."""
        with self.store.begin() as connection:
            exists = connection.execute(select(known_task.c.task_id).where(known_task.c.task_id == task_id)).scalar()
            if exists is not None:
                return
            note = "late_duplicate" if load_row is not None else "foreign"
            values = {"task_id": task_id, "model_id": model_id, "load_id": load_row.id if load_row else None}
            connection.execute(insert(known_task).values(note=note, noted_at=self.store.now(), **values))
            if load_row is not None:
                record_load(connection, load_row.id, note, task=task_id)

    def supersede(self, row: LoadRow) -> None:
        """End the older tries of the same slice that never reached Anaplan; only under the model's lease."""
        for older in self.of_slice(row.slice):
            if older.id < row.id and older.state in UNSENT:
                self.move(older, "refused", error=f"Superseded by load {row.id}; it was never sent.", retry_at=None)

    def retry_at(self, row: LoadRow, error: ConnectorError) -> datetime | None:
        """Answer when a load that met this error is tried again; None once it was tried often enough."""
        if row.attempt >= MOST_ATTEMPTS:
            return None
        now = self.store.now()
        if isinstance(error, QuotaExhausted) and error.opens_at is not None:
            return max(error.opens_at, now)
        asked = (error.retry_after_seconds or 0.0) if isinstance(error, TemporarilyRefused) else 0.0
        return now + timedelta(seconds=max(asked, retry_seconds(row.attempt)))

    def overtaken(self, row: LoadRow, by: object) -> TemporarilyRefused:
        """End a load whose slice a later plan brought to Anaplan meanwhile, and answer what to raise."""
        error = TemporarilyRefused(
            f"Load {row.id} of {row.connection}/{row.target} {row.period} was overtaken by load {by}.",
            "It was not sent; the model holds the later figures.",
            "Nothing to do: what is due is compared again by itself.",
            load=row.id,
        )
        if self.get(row.id).state in UNSENT:
            self.move(row, "refused", error=str(error), retry_at=None)
        return error

    def _known(self, row: LoadRow, task_id: str, note: str) -> dict[str, Any]:
        return {
            "task_id": task_id,
            "model_id": row.model_id,
            "load_id": row.id,
            "note": note,
            "noted_at": self.store.now(),
        }

    def _newest(self, connection: Any, values: Mapping[str, Any]) -> LoadRow | None:
        period = "" if values["target_kind"] == "list" else values["period"]
        query = _of_slice(values["connection"], values["target"], period).limit(1)
        row = connection.execute(query).mappings().one_or_none()
        return _read(row) if row is not None else None


def _of_slice(connection: str, target: str, period: str) -> Select[Any]:
    query = select(load).where(load.c.connection == connection, load.c.target == target).order_by(load.c.id.desc())
    return query.where(load.c.period == period) if period else query


def retry_seconds(attempt: int) -> float:
    """Answer how long the next try waits after this many: one minute, doubling to an hour."""
    return float(min(_FIRST_RETRY_SECONDS * 2 ** (attempt - 1), _LONGEST_RETRY_SECONDS))


def _may_pass_later(error: ConnectorError) -> bool:
    return isinstance(error, TemporarilyRefused | QuotaExhausted | OutcomeUnknown)


def _read(row: Mapping[Any, Any]) -> LoadRow:
    return LoadRow(**{field.name: row[field.name] for field in fields(LoadRow)})


def _facts(values: Mapping[str, Any]) -> dict[str, Any]:
    """Keep what the trail may hold: ids, digests and counts."""
    kept = ("task_id", "verdict", "rows_ignored", "rows_rejected", "starts", "dump_blob", "file_blob", "adopted")
    return {name: values[name] for name in kept if values.get(name) is not None}


def _taken_over(row: LoadRow) -> LockLost:
    return LockLost(
        f"Load {row.id} is no longer {row.state}: another run moved it on.",
        "The model's lease was lost meanwhile, so this run stopped before its next step.",
        "Nothing to do: the other run settles the load.",
        load=row.id,
    )
