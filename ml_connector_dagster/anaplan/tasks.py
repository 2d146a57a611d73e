"""Starts a task once, finds it again, and follows it to its end (reference: anaplan.md §6.1 to §6.3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ml_connector_dagster.errors import OutcomeUnknown, RequestRejected, TemporarilyRefused

if TYPE_CHECKING:
    from ml_connector_dagster.anaplan.actions import Route
    from ml_connector_dagster.anaplan.client import AnaplanModel

TERMINAL = frozenset({"COMPLETE", "CANCELLED"})
"""COMPLETE says nothing about success. A state nobody knows counts as running until the deadline."""
_NOT_FOUND = 404
_LOOKED_AT = 50
"""Newest tasks in a look: an action whose start was lost a minute ago has not had that many since."""


@dataclass(frozen=True, slots=True)
class SeenTask:
    """A line of an action's task list; it shows the tasks of all users (protocol 7)."""

    task_id: str
    created: int
    """Anaplan's own clock, epoch milliseconds; only ever compared with other tasks' of the same list."""
    state: str


@dataclass(frozen=True, slots=True)
class Task:
    """A task as Anaplan describes it."""

    task_id: str
    state: str
    result: Mapping[str, Any] = field(default_factory=dict)
    cancelled_by: str = ""

    @property
    def ended(self) -> bool:
        """True where the task will not change any more."""
        return self.state in TERMINAL


def newest_tasks(model: AnaplanModel, route: Route) -> list[SeenTask]:
    """Answer the newest tasks of an action, newest first; an import's task list takes no limit, it is cut here."""
    body = model.get(route.address(model), {"sort": "-creationTime"})
    tasks = [_seen(one) for one in body.get("tasks") or ()]
    return sorted(tasks, key=lambda one: -one.created)[:_LOOKED_AT]


def start(model: AnaplanModel, route: Route) -> str:
    """Start the import or process and answer the task's id; the request is never sent twice.

    Raises:
        OutcomeUnknown: The answer was lost, or a server error came: the task may run. Look at the task list.
        RequestRejected: 404 also means that this login may not run the action.
        TemporarilyRefused: The model is locked or busy, or the limit is spent; nothing was started.
    """
    try:
        body = model.post(route.address(model), {"localeName": "en_US"}, repeatable=False)
    except RequestRejected as refused:
        if refused.status != _NOT_FOUND:
            raise
        raise _may_not_run(route) from refused
    task_id = (body.get("task") or body).get("taskId")
    if not task_id:
        raise OutcomeUnknown(
            f"Anaplan answered without a task id when {route.name!r} was started.",
            "The task may run or not.",
            "The task list is looked at before anything is started again.",
        )
    return str(task_id)


def _may_not_run(route: Route) -> RequestRejected:
    return RequestRejected(
        f"Anaplan answered 404 when {route.name!r} ({route.action_id}) was started.",
        "This login may see it and not run it, or it was deleted a moment ago; nothing was loaded.",
        "Let the model builder give the login's role the right to run it; ml-connector check shows what the login sees.",
        status=_NOT_FOUND,
    )


def look(model: AnaplanModel, route: Route, task_id: str) -> Task:
    """Ask once how a task stands."""
    body = model.get(route.address(model, f"/{task_id}")).get("task") or {}
    return Task(
        task_id,
        str(body.get("taskState") or "unknown"),
        body.get("result") or {},
        str(body.get("cancelledBy") or ""),
    )


def follow(model: AnaplanModel, route: Route, task_id: str, beat: Callable[[], None]) -> Task:
    """Look until the task is COMPLETE or CANCELLED.

    A look that Anaplan refuses for now is not the task's end; it is repeated until the deadline. A task that was only
    just started may not be known yet, so a 404 counts only after the patience's ``adoption_window_seconds``.

    Args:
        model: The model.
        route: The action whose task it is.
        task_id: 32 hex digits.
        beat: Called before each look; raises when the lease is lost.

    Raises:
        OutcomeUnknown: The deadline passed; the task goes on in Anaplan and is settled by the next run.
        RequestRejected: Anaplan does not know the task (404).
    """
    patience = model.patience
    began = patience.clock()
    deadline = began + patience.task_deadline_seconds
    state, waits = "unknown", patience.waits()
    while patience.clock() + (wait := next(waits)) <= deadline:
        patience.sleep(wait)
        beat()
        try:
            task = look(model, route, task_id)
        except TemporarilyRefused:
            continue
        except RequestRejected as refused:
            if refused.status != 404 or patience.clock() - began > patience.adoption_window_seconds:
                raise
            continue
        if task.ended:
            return task
        state = task.state
    raise OutcomeUnknown(
        f"Anaplan task {task_id} of {route.name!r} is still {state} after {patience.task_deadline_seconds:.0f} seconds.",
        "It goes on in Anaplan; whether its rows landed is not known yet.",
        "The next load of this model settles it first; cancel it in Anaplan if it hangs.",
        task_id=task_id,
    )


def candidates(tasks: list[SeenTask], seen_before: Mapping[str, int], known: frozenset[str]) -> list[SeenTask]:
    """Answer the tasks that may be ours: not listed before the start, not known otherwise, and not older than the newest seen.

    Only Anaplan's own times are compared, so that no clock of ours matters.
    """
    newest_before = max(seen_before.values(), default=0)
    return [
        one
        for one in tasks
        if one.task_id not in seen_before and one.task_id not in known and one.created >= newest_before
    ]


def _seen(one: Mapping[str, Any]) -> SeenTask:
    created = one.get("creationTime")
    return SeenTask(
        str(one.get("taskId")),
        int(created) if isinstance(created, int | Decimal | str) and str(created).isdigit() else 0,
        str(one.get("taskState") or "unknown"),
    )
