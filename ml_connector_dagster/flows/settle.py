"""Settle what earlier runs left behind in a model: the first act under every lease (protocol 6)."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ml_connector_dagster.anaplan.actions import Route
from ml_connector_dagster.anaplan.lease import Lease, leased
from ml_connector_dagster.flows.desk import Desk
from ml_connector_dagster.flows.judgement import conclude, foreign_task
from ml_connector_dagster.flows.load_rows import LoadBook, LoadRow
from ml_connector_dagster.flows.send import adopt

if TYPE_CHECKING:
    from ml_connector_dagster.connections.opening import OpenConnection


@dataclass(frozen=True, slots=True)
class SettledLoad:
    """An unfinished load, whoever's it was, and what became of it."""

    load_id: int
    connection: str
    target: str
    period: str
    state: str
    task_id: str
    says: str


def settle_model(connection: OpenConnection, lease: Lease | None = None) -> list[SettledLoad]:
    """Bring every unfinished load of the connection's model to its end; of any connection.

    Args:
        connection: The opened connection; its model is what counts.
        lease: The lease already held; None takes it.

    Raises:
        LockBusy: Another run holds the model.
        OutcomeUnknown: A task still runs after the deadline.
    """
    model = connection.model()
    with ExitStack() as stack:
        held = lease if lease is not None else stack.enter_context(leased(model))
        desk = Desk(model, LoadBook(connection.store), connection.blobs, held.ping)
        return [_told(_settle(desk, row)) for row in desk.book.unsettled(model.model_id)]


def _settle(desk: Desk, row: LoadRow) -> LoadRow:
    if row.state == "uploaded":
        why = "Its run ended before anything was started."
        return desk.book.move(row, "refused", error=why, retry_at=desk.book.store.now())
    if row.state == "intended":
        adopted = adopt(desk, row, Route.of(row.route["action"]), _looks(desk, row))
        if adopted is None:
            why = "Its run ended around the start; no task of it appeared in Anaplan."
            return desk.book.move(row, "refused", error=why, retry_at=desk.book.store.now())
        row = adopted
    row, error = conclude(desk, row)
    if error is None or row.state == "refused":
        return row
    row = desk.book.disown_task(row)
    return desk.book.move(row, "refused", error=str(foreign_task(row)), retry_at=desk.book.store.now())


def _looks(desk: Desk, row: LoadRow) -> int:
    """One look is enough where the start is longer ago than a lost one takes to appear."""
    patience = desk.model.patience
    now = desk.book.store.now()
    age = (now - (row.intended_at or now)).total_seconds()
    return 1 if age > patience.adoption_window_seconds else patience.adoption_looks


def _told(row: LoadRow) -> SettledLoad:
    says = row.error or f"{row.rows} rows, read back and equal"
    return SettledLoad(row.id, row.connection, row.target, row.period, row.state, row.task_id or "", says)
