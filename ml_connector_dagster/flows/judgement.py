"""From a started task to the end of its load: follow it, judge it, keep what it refused, read the figures back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert

from ml_connector_dagster.anaplan.actions import Route
from ml_connector_dagster.anaplan.dumps import DumpRow, fetch_dump, read_dump
from ml_connector_dagster.anaplan.tasks import Task, follow
from ml_connector_dagster.anaplan.verdict import Verdict, judge
from ml_connector_dagster.audit.explain import SourceLine, file_lines, remedy, source_lines
from ml_connector_dagster.errors import (
    ConnectorError,
    FiguresDiffer,
    RequestRejected,
    SettingWrong,
    TemporarilyRefused,
)
from ml_connector_dagster.flows.incomplete import MOST_NAMED_LINES, incomplete
from ml_connector_dagster.flows.verify import verify_load
from ml_connector_dagster.store.faultpoints import fault_point
from ml_connector_dagster.store.tables.loads import rejected_row

if TYPE_CHECKING:
    from ml_connector_dagster.flows.desk import Desk
    from ml_connector_dagster.flows.load_rows import LoadRow

MOST_REJECTED_ROWS = 10_000
"""Kept in the table; the whole dump is kept as a blob."""
FORGOTTEN = "FORGOTTEN"
"""Verdict on a task that Anaplan no longer lists: the figures alone decide."""


def conclude(desk: Desk, row: LoadRow) -> tuple[LoadRow, ConnectorError | None]:
    """Bring a started or finished load to its end; answer the row and what kept it from ``verified``.

    An adopted load that does not fit its file stays ``finished``: the task was somebody else's, and the caller decides.

    Raises:
        ConnectorError: The task could not be followed or the model not be read; the load stays unsettled.
    """
    if row.state == "started":
        row = _finish(desk, row)
    desk.beat()
    error: ConnectorError | None = incomplete(row)
    if error is None:
        error = _unproved(desk, row)
    if error is None:
        return desk.book.move(row, "verified", error="", retry_at=None), None
    if row.adopted:
        return row, error
    return desk.book.move(row, "refused", error=str(error)[:2000], retry_at=None), error


def _unproved(desk: Desk, row: LoadRow) -> ConnectorError | None:
    """Answer what keeps the load from being verified.

    A view or list that is no longer there ends the load unproved; if it stayed in doubt, it would block the whole model.
    """
    try:
        return verify_load(desk.model, desk.book.store, desk.blobs, row)
    except (SettingWrong, RequestRejected, FiguresDiffer) as error:
        return error


def foreign_task(row: LoadRow) -> TemporarilyRefused:
    """Say that tasks of other people were in the way; the load is tried again."""
    return TemporarilyRefused(
        f"The tasks found for load {row.id} were other people's: their rows are not this file's.",
        "Whether this file's figures are in the model is not known.",
        "The load is tried again by itself; let nobody run this import by hand meanwhile.",
        load=row.id,
    )


def _finish(desk: Desk, row: LoadRow) -> LoadRow:
    route, task_id = Route.of(row.route["action"]), str(row.task_id)
    try:
        task = follow(desk.model, route, task_id, desk.beat)
    except RequestRejected as refused:
        if refused.status != 404:
            raise
        return desk.book.move(row, "finished", verdict=FORGOTTEN)
    verdict = judge(task)
    desk.beat()
    dumps, is_gone = _dumps(desk, row, route, verdict)
    kept = _keep_rejected(desk, row, [one for dump in dumps for one in read_dump(dump, route)])
    fault_point("load.dump_kept")
    return desk.book.move(
        row,
        "finished",
        verdict=verdict.outcome.value,
        rows_ignored=verdict.rows_ignored,
        rows_rejected=verdict.rows_rejected,
        dump_blob=desk.blobs.put_bytes("dump", b"".join(dumps)) if dumps else None,
        counts={
            "rows_read": list(verdict.rows_read),
            "says": verdict.says[:1000],
            "raw": _raw(task),
            "rows_warned": verdict.rows_warned,
            "first_reason": kept[0]["reason"] if kept else "",
            "lines": sorted({one["file_row"] for one in kept} - {0})[: MOST_NAMED_LINES + 1],
            "dump_gone": is_gone,
        },
    )


def _dumps(desk: Desk, row: LoadRow, route: Route, verdict: Verdict) -> tuple[list[bytes], bool]:
    """Answer the dump of each import that has one, and whether some dump is gone already."""
    asked = [fetch_dump(desk.model, route, str(row.task_id), one) for one in verdict.actions if one.has_dump]
    return [one for one in asked if one is not None], None in asked


def _keep_rejected(desk: Desk, row: LoadRow, dumped: list[DumpRow]) -> list[dict[str, Any]]:
    """Tie refused rows back to their source lines and keep them; a repeat replaces what it kept before."""
    kept = list(_tied(desk, row, dumped[:MOST_REJECTED_ROWS]))
    with desk.book.store.begin() as connection:
        connection.execute(delete(rejected_row).where(rejected_row.c.load_id == row.id))
        if kept:
            connection.execute(insert(rejected_row), kept)
    return kept


def _tied(desk: Desk, row: LoadRow, rows: list[DumpRow]) -> Iterator[dict[str, Any]]:
    """Yield table rows; a dump line whose values are not what was sent in that line is not attributed to anything."""
    if not rows:
        return
    numbers = [one.line for one in rows]
    sent = dict(file_lines(desk.blobs.local_path(row.file_blob), numbers, row.route["action"]["layout"]))
    lines = source_lines(desk.blobs.local_path(row.sidecar_blob), numbers) if row.sidecar_blob else {}
    for one in rows:
        ours = _is_sent(one, sent.get(one.line, {}))
        behind = [_line(line) for line in lines.get(one.line, ())] if ours else []
        reason = f"{one.reason.rstrip('.')}. {remedy(one.reason)}"
        yield {
            "load_id": row.id,
            "file_row": one.line if ours else 0,
            "status": one.status,
            "reason": reason,
            "row": one.row,
            "source_lines": behind,
        }


def _is_sent(dumped: DumpRow, sent: Mapping[str, str]) -> bool:
    return bool(sent) and all(sent.get(name, value) == value for name, value in dumped.row.items())


def _line(line: SourceLine) -> dict[str, str]:
    return {"entity": line.entity, "record_id": line.record_id, "line_id": line.line_id, "amount": f"{line.amount:f}"}


def _raw(task: Task) -> list[list[Any]]:
    """Keep Anaplan's own counts as they came: their keys differ by kind of result."""
    details = task.result.get("details") or ()
    return [list(one.get("values") or ()) for one in details if isinstance(one, Mapping)][:20]
