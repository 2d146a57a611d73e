"""Tasks of one model: one runs at a time and locks the model, the others queue; time drives the states."""

import uuid
from dataclasses import dataclass, field
from typing import Any

from ml_connector_dagster.sandbox.anaplan.actions import run_action
from ml_connector_dagster.sandbox.anaplan.model import Model
from ml_connector_dagster.sandbox.anaplan.outcomes import Dump, Outcome
from ml_connector_dagster.sandbox.world import World

_QUEUED_SHARE = 0.1
DUMP_KEPT_SECONDS = 48 * 3600


@dataclass
class TaskPlan:
    """What a test wants of the next tasks of an action: how long, how it ends, how it looks meanwhile.

    fail: a failed type such as internalError, nothing changed. ends: cancelled. state: an unknown word shown while it
    runs. late_seconds: the start is accepted but the task appears only then (a POST delayed on its way).
    dump_gone: the flag says there is a dump, its address says 404. bare: POST answers {"taskId"} alone.
    """

    object_id: str = ""
    seconds: float | None = None
    fail: str = ""
    ends: str = ""
    state: str = ""
    late_seconds: float = 0.0
    dump_gone: bool = False
    bare: bool = False
    times: int = 1

    @classmethod
    def from_json(cls, body: dict[str, Any]) -> "TaskPlan":
        return cls(**body)


@dataclass
class Task:
    """One task. Times are epoch seconds of the sandbox's clock; started_at is when the model became its own."""

    id: str
    kind: str
    object_id: str
    user: str
    created_at: float
    seconds: float
    plan: TaskPlan
    prompted: dict[str, str] = field(default_factory=dict)
    started_at: float | None = None
    cancel_at: float | None = None
    cancelled_by: str = ""
    ended_at: float | None = None
    outcome: Outcome | None = None

    def state(self, now: float) -> str:
        if self.ended_at is not None:
            return "CANCELLED" if self.cancelled_by else "COMPLETE"
        if self.cancel_at is not None:
            return "CANCELLING"
        if self.started_at is None or now < self.started_at + self.seconds * _QUEUED_SHARE:
            return "NOT_STARTED"
        return self.plan.state or "IN_PROGRESS"

    def shown(self, now: float) -> dict[str, Any]:
        state = self.state(now)
        done = self.ended_at is not None
        running = 0.0 if self.started_at is None else min(1.0, (now - self.started_at) / max(self.seconds, 0.001))
        shown: dict[str, Any] = {
            "type": "taskInformation",
            "taskId": self.id,
            "taskState": state,
            "currentStep": "Complete." if done else ("Pending." if state == "NOT_STARTED" else "Processing ..."),
            "progress": 1.0 if done else round(running, 3),
            "creationTime": round(self.created_at * 1000),
        }
        if self.cancelled_by:
            shown["cancelledBy"] = self.cancelled_by
        if self.outcome is not None and done:
            shown["result"] = self.outcome.shown()
        return shown


class Tasks:
    """The queue of one model. Nothing runs by itself: every look first settles what time has finished."""

    def __init__(self, model: Model, world: World) -> None:
        self._model = model
        self._world = world
        self._tasks: list[Task] = []
        self._plans: list[TaskPlan] = []
        self._dumps: dict[tuple[str, str], tuple[str, float]] = {}
        self._free_at = 0.0

    def plan(self, plan: TaskPlan) -> None:
        """Plant what the next start of plan.object_id (any action if empty) shall do."""
        self._plans.append(plan)

    def start(self, kind: str, object_id: str, user: str, prompted: dict[str, str], **who: Any) -> Task:
        """Accept a task; it runs when the model is free."""
        with self._model.lock:
            plan = self._take_plan(object_id)
            seconds = self._world.task_seconds if plan.seconds is None else plan.seconds
            created_at = self._now() + plan.late_seconds
            task = Task(uuid.uuid4().hex.upper(), kind, object_id, user, created_at, seconds, plan, prompted)
            self._tasks.append(task)
            files = " ".join(self._files_of(object_id))
            facts = {"user": user, "task_id": task.id, **who}
            self._model.log.add("task_created", object_id, at=created_at, note=files, **facts)
            return task

    def due(self) -> bool:
        """Whether settling has something to finish: an import may take CPU seconds, so callers leave the event loop."""
        current = self._current()
        return current is not None and self._ends_at(current) <= self._now()

    def settle(self) -> None:
        """Finish everything whose time has come, in order, as if each had run at its own moment."""
        with self._model.lock:
            while (task := self._current()) is not None:
                if task.started_at is None:
                    task.started_at = max(task.created_at, self._free_at)
                    self._note("task_started", task, task.started_at)
                ends_at = self._ends_at(task)
                if ends_at > self._now():
                    return
                self._finish(task, ends_at)

    def busy(self) -> bool:
        """Whether a task holds the model now."""
        self.settle()
        return self._current() is not None

    def running(self) -> Task | None:
        return self._current()

    def get(self, kind: str, object_id: str, task_id: str) -> Task | None:
        """A task is valid only under its own parent."""
        for task in self._visible():
            if (task.id, task.kind, task.object_id) == (task_id, kind, object_id):
                return task
        return None

    def listed(self, kind: str, object_id: str) -> list[Task]:
        """All users' tasks of an action, oldest first."""
        return [task for task in self._visible() if (task.kind, task.object_id) == (kind, object_id)]

    def all(self) -> list[Task]:
        return list(self._tasks)

    def cancel(self, task: Task, user: str) -> None:
        """Ask for cancellation: a queued task dies at once, a running one after a while, an ended one stays."""
        with self._model.lock:
            self.settle()
            if task.ended_at is not None:
                return
            task.cancelled_by = user
            task.cancel_at = self._now() + (task.seconds * 0.3 if task.started_at is not None else 0.0)
            if task.started_at is None:
                self._finish(task, task.cancel_at)

    def dump(self, task: Task, object_id: str, user: str) -> Dump | None:
        """The dump of an action of a task, if it is this user's newest and not yet 48 hours untouched."""
        if task.outcome is None or task.plan.dump_gone:
            return None
        kept = self._dumps.get((user, object_id))
        if kept is None or kept[0] != task.id or self._now() - kept[1] > DUMP_KEPT_SECONDS:
            return None
        self._dumps[user, object_id] = (task.id, self._now())
        return task.outcome.dump_of(object_id)

    def _finish(self, task: Task, at: float) -> None:
        if task.plan.ends == "cancelled" and not task.cancelled_by:
            task.cancelled_by = "system"
        if task.cancelled_by:
            task.outcome = Outcome.failed(task.object_id, "", "msgImportCancelled", "The import was cancelled.")
        elif task.plan.fail:
            task.outcome = Outcome.failed(task.object_id, "", task.plan.fail)
        else:
            task.outcome = run_action(self._model, task.object_id, task.user, task.prompted)
        task.ended_at = at
        self._free_at = max(self._free_at, at)
        self._keep_dumps(task, task.outcome)
        self._note("task_cancelled" if task.cancelled_by else "task_ended", task, at)

    def _keep_dumps(self, task: Task, outcome: Outcome) -> None:
        """The newest run's dump replaces the user's older one; a clean run removes it."""
        for nested in outcome.nested:
            self._keep_dumps(task, nested)
        if outcome.dump is not None:
            self._dumps[task.user, outcome.object_id] = (task.id, self._now())
        else:
            self._dumps.pop((task.user, outcome.object_id), None)

    def _current(self) -> Task | None:
        now = self._now()
        waiting = [task for task in self._tasks if task.ended_at is None and task.created_at <= now]
        return min(waiting, key=lambda task: (task.started_at is None, task.created_at), default=None)

    def _ends_at(self, task: Task) -> float:
        if task.cancel_at is not None:
            return task.cancel_at
        started_at = max(task.created_at, self._free_at) if task.started_at is None else task.started_at
        return started_at + task.seconds

    def _visible(self) -> list[Task]:
        now = self._now()
        return [task for task in self._tasks if task.created_at <= now]

    def _take_plan(self, object_id: str) -> TaskPlan:
        for plan in self._plans:
            if plan.object_id in {"", object_id}:
                plan.times -= 1
                if plan.times <= 0:
                    self._plans.remove(plan)
                return plan
        return TaskPlan()

    def _files_of(self, object_id: str) -> list[str]:
        if object_id in self._model.imports:
            return [self._model.imports[object_id].file.id]
        if object_id in self._model.processes:
            return [file for action in self._model.processes[object_id].actions for file in self._files_of(action)]
        return []

    def _note(self, event: str, task: Task, at: float) -> None:
        note = ""
        if event == "task_ended" and task.outcome is not None:
            note = "successful" if task.outcome.successful else "failed"
        self._model.log.add(event, task.object_id, at=at, user=task.user, task_id=task.id, note=note)

    def _now(self) -> float:
        return self._world.clock.now().timestamp()
