"""The steps of a load under the model's lease: upload, intend, start, follow, judge, read back.

Each step ends in a committed state. A start whose answer was lost is looked for in the action's task list and adopted;
it is started again only when it left no trace there (protocols 7 and 8).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ml_connector_dagster.anaplan.actions import Route
from ml_connector_dagster.anaplan.files import upload
from ml_connector_dagster.anaplan.tasks import SeenTask, candidates, follow, newest_tasks, start
from ml_connector_dagster.errors import (
    ConnectorError,
    CredentialRefused,
    OutcomeUnknown,
    RequestRejected,
    TemporarilyRefused,
)
from ml_connector_dagster.flows.judgement import conclude, foreign_task
from ml_connector_dagster.store.faultpoints import fault_point

if TYPE_CHECKING:
    from ml_connector_dagster.flows.desk import Desk
    from ml_connector_dagster.flows.load_rows import LoadRow

_MOST_STARTS = 2


def send(desk: Desk, row: LoadRow) -> LoadRow:
    """Bring a planned load to ``verified``.

    Raises:
        ConnectorError: Whatever stopped it; the row says so too.
    """
    for _ in range(_MOST_STARTS):
        row = _upload(desk, row)
        row = _start(desk, row)
        row, error = conclude(desk, row)
        if error is None:
            return row
        if not (row.adopted and row.state == "finished"):
            raise error
        row = desk.book.disown_task(row)
    raise foreign_task(row)


def notice_tasks(desk: Desk, row: LoadRow, route: Route) -> list[SeenTask]:
    """Account for the tasks of the action that no load of ours knows, wait for those that still run, and answer the list.

    A task that appeared since an action's last start is a late duplicate of a start whose answer was lost, or somebody
    else's. Before the very first start nobody knows what the older tasks were; they are only remembered.
    """
    book = desk.book
    tasks = newest_tasks(desk.model, route)
    last = book.last_start(row.model_id, row.import_id, row.id)
    fresh = candidates(tasks, last.seen_tasks, book.known_tasks(row.model_id)) if last is not None else []
    lost = book.lost_starts(row.model_id, row.import_id) if fresh else []
    for task in fresh:
        origin = next((one for one in lost if task.created >= max(one.seen_tasks.values(), default=0)), None)
        book.note_task(row.model_id, task.task_id, origin)
        lost = [one for one in lost if one is not origin]
    for task in tasks:
        if task.state not in ("COMPLETE", "CANCELLED"):
            follow(desk.model, route, task.task_id, desk.beat)
    return tasks


def adopt(desk: Desk, row: LoadRow, route: Route, looks: int) -> LoadRow | None:
    """Look for the task of an intended load in the action's list, and make it the load's own; None where there is none.

    Where several appeared at once, the last is taken and the others are noted as not ours: all of them imported this very
    file, or the row count and the read-back will tell.
    """
    known = desk.book.known_tasks(row.model_id)
    for look in range(looks):
        if look:
            desk.model.patience.sleep(desk.model.patience.adoption_window_seconds / max(looks - 1, 1))
        desk.beat()
        found = candidates(newest_tasks(desk.model, route), row.seen_tasks, known)
        if found:
            for other in found[1:]:
                desk.book.note_task(row.model_id, other.task_id, None)
            return desk.book.own_task(row, found[0].task_id, adopted=True)
    return None


def _upload(desk: Desk, row: LoadRow) -> LoadRow:
    route = Route.of(row.route["action"])
    _wait_until_idle(desk)
    tasks = notice_tasks(desk, row, route)
    fault_point("load.before_upload")
    upload(desk.model, route, desk.blobs.local_path(row.file_blob), desk.beat)
    return desk.book.move(row, "uploaded", seen_tasks={one.task_id: one.created for one in tasks})


def _start(desk: Desk, row: LoadRow) -> LoadRow:
    route = Route.of(row.route["action"])
    desk.beat()
    row = desk.book.move(row, "intended", starts=row.starts + 1)
    for again in range(_MOST_STARTS):
        if again:
            row = desk.book.note(row, "start_repeated", starts=row.starts + 1)
            desk.beat()
        try:
            task_id = start(desk.model, route)
        except OutcomeUnknown:
            fault_point("load.start_lost")
            adopted = adopt(desk, row, route, desk.model.patience.adoption_looks)
            if adopted is not None:
                return adopted
            continue
        except (RequestRejected, TemporarilyRefused, CredentialRefused) as error:
            raise _not_started(desk, row, error) from error
        fault_point("load.before_started")
        return desk.book.own_task(row, task_id, adopted=False)
    raise OutcomeUnknown(
        f"Anaplan did not answer when {route.name!r} was started, and no task of it appeared.",
        "Nothing is known to have been loaded; the load stays unsettled.",
        "The next run looks again before it starts anything.",
        load=row.id,
    )


def _not_started(desk: Desk, row: LoadRow, error: ConnectorError) -> ConnectorError:
    """The start was refused, so nothing runs; the load ends here, and may be tried again where the refusal passes."""
    retry_at = desk.book.retry_at(row, error) if isinstance(error, TemporarilyRefused) else None
    desk.book.move(row, "refused", error=str(error)[:2000], retry_at=retry_at)
    return error


def _wait_until_idle(desk: Desk) -> None:
    """Wait for whatever runs in the model, started by whomever; a load that follows on it would only hang.

    Raises:
        TemporarilyRefused: The model is still at work after the patience's ``idle_wait_seconds``.
    """
    patience = desk.model.patience
    deadline, waits = patience.clock() + patience.idle_wait_seconds, patience.waits()
    desk.beat()
    while activity := desk.model.activity():
        if patience.clock() + (wait := next(waits)) > deadline:
            raise TemporarilyRefused(
                f"The Anaplan model is still busy after {patience.idle_wait_seconds:.0f} seconds ({activity}).",
                "Nothing was sent.",
                "The load is tried again by itself.",
            )
        patience.sleep(wait)
        desk.beat()
