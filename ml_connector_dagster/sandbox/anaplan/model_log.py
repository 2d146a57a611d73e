"""A model's own event log: who uploaded, started, ended and read what, when. It proves that loads were serial."""

import threading
from dataclasses import asdict, dataclass
from typing import Any

from ml_connector_dagster.sandbox.clock import Clock


@dataclass(frozen=True)
class ModelEvent:
    """One event. at is epoch seconds of the sandbox's clock; agent the caller's User-Agent, peer its TCP port.

    event: file_opened, chunk, file_completed, task_created, task_started, task_looked, task_ended, task_cancelled,
    dump_read, view_read, items_read. object_id is the file, action, view or list.
    """

    number: int
    at: float
    model_id: str
    event: str
    object_id: str
    user: str = ""
    task_id: str = ""
    agent: str = ""
    peer: int = 0
    note: str = ""

    def shown(self) -> dict[str, Any]:
        return asdict(self)


@dataclass
class Interval:
    """One load of a file as the model saw it: from the opened upload to the last reading that followed its task.

    callers: the connections (User-Agent and TCP port) that uploaded, started, or looked at its task.
    """

    model_id: str
    file_id: str
    user: str
    began_at: float
    ended_at: float
    task_ids: list[str]
    callers: list[tuple[str, int]]

    def shown(self) -> dict[str, Any]:
        return asdict(self)


class ModelLog:
    """Events in order; intervals are computed from them and owe nothing to what a client claims."""

    def __init__(self, model_id: str, clock: Clock) -> None:
        self._model_id = model_id
        self._clock = clock
        self._events: list[ModelEvent] = []
        self._lock = threading.Lock()

    def add(self, event: str, object_id: str, *, at: float | None = None, **facts: Any) -> None:
        with self._lock:
            moment = self._clock.now().timestamp() if at is None else at
            self._events.append(ModelEvent(len(self._events) + 1, moment, self._model_id, event, object_id, **facts))

    def events(self) -> list[ModelEvent]:
        with self._lock:
            return list(self._events)

    def intervals(self) -> list[Interval]:
        """Opened upload … last dump or view read, one an upload.

        A task belongs to the newest upload of its file before it was created (note holds the file's id). A view read
        belongs to the newest load that the same connection worked on, else to the newest upload of all once its task
        exists: so a load that still reads after another one began overlaps, and a stranger's look makes none. A client
        may read by other connections than it writes by: looking at a task tells whose those are.
        """
        made: list[Interval] = []
        for event in self.events():
            _place(event, made)
        return made


def _place(event: ModelEvent, made: list[Interval]) -> None:
    caller = (event.agent, event.peer)
    if event.event == "file_opened":
        made.append(Interval(event.model_id, event.object_id, event.user, event.at, event.at, [], [caller]))
        return
    found = next((interval for interval in reversed(made) if _belongs(event, interval)), None)
    if event.event == "view_read" and found is None and made and made[-1].task_ids:
        found = made[-1]
    if found is None:
        return
    found.ended_at = max(found.ended_at, event.at)
    if event.event != "view_read" and event.agent and caller not in found.callers:
        found.callers.append(caller)
    if event.event == "task_created":
        found.task_ids.append(event.task_id)


def _belongs(event: ModelEvent, interval: Interval) -> bool:
    if event.event in {"chunk", "file_completed"}:
        return interval.file_id == event.object_id and interval.user == event.user
    if event.event == "task_created":
        return interval.file_id in event.note.split() and interval.user == event.user
    if event.event == "view_read":
        return bool(interval.task_ids) and (event.agent, event.peer) in interval.callers
    return bool(event.task_id) and event.task_id in interval.task_ids
