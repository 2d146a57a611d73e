"""Send one slice to Anaplan and prove that it arrived; every step is a committed state of the table ``load``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ml_connector_dagster.anaplan.actions import Route, find_route
from ml_connector_dagster.anaplan.lease import Lease, leased
from ml_connector_dagster.connections.places import placed
from ml_connector_dagster.errors import ConnectorError
from ml_connector_dagster.flows.desk import Desk
from ml_connector_dagster.flows.file_cut import file_as_asked
from ml_connector_dagster.flows.gates import check_fit, check_release, check_settings
from ml_connector_dagster.flows.load_rows import LoadBook, LoadRow
from ml_connector_dagster.flows.send import send
from ml_connector_dagster.flows.settle import settle_model
from ml_connector_dagster.flows.strayed import has_strayed
from ml_connector_dagster.flows.verify import proof_of

if TYPE_CHECKING:
    from ml_connector_dagster.connections.opening import OpenConnection
    from ml_connector_dagster.flows.file_plan import FilePlan


@dataclass(frozen=True, slots=True)
class LoadOutcome:
    """What became of a load that ended well; everything else is an error."""

    load_id: int
    state: str
    """``verified``: read back and equal; ``skipped``: not sent, the model holds this very file, verified."""
    verdict: str
    """LOADED, or the verdict of the load that a skipped one relies on."""
    sent: bool
    task_id: str
    adopted: bool
    rows: int
    rows_rejected: int
    rows_ignored: int
    says: str
    """One sentence for the check."""


def load_target(connection: OpenConnection, plan: FilePlan, *, run_id: str, force: bool = False) -> LoadOutcome:
    """Send the slice, unless the model already holds this very file, verified; answer when it is verified or skipped.

    A file that the model no longer holds, as a later tie-out found, is sent again.

    Args:
        connection: The opened connection.
        plan: The whole slice as a file.
        run_id: Of the Dagster run or the command; kept in the load row.
        force: Send although the newest verified load holds the same file.

    Raises:
        HeldForPerson: The plan is held, or the period is.
        SettingWrong: Import, its file's cut, header, calendar, version or read-back do not fit; nothing was sent.
        RecordRefused: A text cannot be written in the cut of the import's file; nothing was sent.
        TemporarilyRefused: Model busy or locked, or members still missing; the load's retry time is set.
        LoadIncomplete: Rows rejected or ignored, or the task was cancelled; rejected rows are saved.
        FiguresDiffer: The read-back does not equal the file.
        OutcomeUnknown: The task still runs after the deadline; the next run settles it.
    """
    check_release(plan)
    book = LoadBook(connection.store)
    row = book.plan(zeroes=len(plan.zeroes), **_planned(connection, plan, run_id))
    try:
        return _load(connection, book, row, plan, force=force)
    except ConnectorError as error:
        book.fail(row.id, error)
        raise


def _load(connection: OpenConnection, book: LoadBook, row: LoadRow, plan: FilePlan, *, force: bool) -> LoadOutcome:
    with placed(connection.path, plan.target.name):
        check_settings(plan)
        connection.refuse_neighbours(plan.target.name)
        route = find_route(connection.model(), plan.target.import_action)
        row = _routed(connection, book, row, plan, route)
    relied_on = None if force or has_strayed(book.store, row.slice) else _standing(book, row)
    if relied_on is not None:
        return _skipped(book, row, relied_on)
    with placed(connection.path, plan.target.name):
        check_fit(connection.model(), plan, route)
    with leased(connection.model()) as lease:
        settle_model(connection, lease)
        return _send(connection, book, row, lease, force=force)


def _send(connection: OpenConnection, book: LoadBook, row: LoadRow, lease: Lease, *, force: bool) -> LoadOutcome:
    """Decide again now that nothing of the model is unsettled and nobody else can move it, then send."""
    _refuse_the_overtaken(book, row)
    book.supersede(row)
    relied_on = None if force or has_strayed(book.store, row.slice) else _standing(book, row)
    if relied_on is not None:
        return _skipped(book, row, relied_on)
    desk = Desk(connection.model(), book, connection.blobs, lease.ping)
    return _outcome(send(desk, row), sent=True)


def _planned(connection: OpenConnection, plan: FilePlan, run_id: str) -> dict[str, object]:
    blobs = connection.blobs
    return {
        "connection": connection.name,
        "model_id": connection.settings.anaplan.model,
        "target": plan.target.name,
        "target_kind": plan.kind,
        "period": plan.period,
        "digest": plan.digest,
        "snapshots": dict(plan.snapshots),
        "settings_hash": plan.settings_hash,
        "mapping_hash": plan.mapping_hash,
        "file_hash": plan.file_hash,
        "file_blob": blobs.put_file("file", plan.file),
        "sidecar_blob": blobs.put_file("sidecar", plan.sidecar),
        "cells_blob": blobs.put_file("cells", plan.cells) if plan.cells is not None else "",
        "rows": plan.rows,
        "total": plan.total,
        "run_id": run_id,
    }


def _routed(connection: OpenConnection, book: LoadBook, row: LoadRow, plan: FilePlan, route: Route) -> LoadRow:
    """Keep where the load goes together with the file as it is read there: how it is cut is known by the route alone."""
    facts = {"action": route.facts(), "proof": proof_of(plan.target, plan.period)}
    cut = file_as_asked(connection, plan, route)
    kept = {"file_blob": connection.blobs.put_file("file", cut)} if cut != plan.file else {}
    return book.note(row, "routed", import_id=route.action_id, file_id=route.file_id, route=facts, **kept)


def _standing(book: LoadBook, row: LoadRow) -> LoadRow | None:
    """Answer the verified load that makes sending needless: the newest that may have reached Anaplan, with the same bytes.

    A newer one that crashed between start and proof may have left other figures in the model (protocol 9).
    """
    reached = [one for one in book.of_slice(row.slice) if one.id != row.id and one.may_have_reached]
    newest = max(reached, key=lambda one: (one.intended_at, one.id), default=None)
    return newest if newest is not None and newest.state == "verified" and newest.holds_the_same(row) else None


def _refuse_the_overtaken(book: LoadBook, row: LoadRow) -> None:
    """Refuse a load that waited while a later plan of the same slice was sent: its figures are older."""
    newer = [one for one in book.of_slice(row.slice) if one.id > row.id and one.may_have_reached]
    if newer or book.get(row.id).state != "planned":
        by = newer[0].id if newer else "a later one"
        raise book.overtaken(row, by)


def _skipped(book: LoadBook, row: LoadRow, relied_on: LoadRow) -> LoadOutcome:
    row = book.move(row, "skipped", verdict=relied_on.verdict, task_id=relied_on.task_id, error="", retry_at=None)
    return _outcome(row, sent=False, relied_on=relied_on)


def _outcome(row: LoadRow, *, sent: bool, relied_on: LoadRow | None = None) -> LoadOutcome:
    if relied_on is not None:
        says = f"Not sent: the model holds this very file since load {relied_on.id}, read back and equal."
    else:
        adopted = " (its task was found again after a lost answer)" if row.adopted else ""
        says = f"{row.rows} rows sent by task {row.task_id}{adopted}, read back and equal."
    return LoadOutcome(
        load_id=row.id,
        state=row.state,
        verdict=row.verdict,
        sent=sent,
        task_id=row.task_id or "",
        adopted=row.adopted,
        rows=row.rows,
        rows_rejected=row.rows_rejected,
        rows_ignored=row.rows_ignored,
        says=says,
    )
