"""Large reads: a view or list written as CSV pages, fetched one by one, gone after half an hour untouched."""

import uuid
from dataclasses import dataclass
from typing import Any

from ml_connector_dagster.sandbox.anaplan.model import Model

_IDLE_SECONDS = 30 * 60
_PAGE_ROWS = 20_000
_READ_SECONDS = 0.05


@dataclass
class ReadRequest:
    """One request: its pages are ready after a moment, all at once."""

    id: str
    object_id: str
    pages: list[str]
    created_at: float
    touched_at: float

    def shown(self, url: str, now: float, key: str) -> dict[str, Any]:
        done = now >= self.created_at + _READ_SECONDS
        object_id: str | int = int(self.object_id) if key == "viewId" else self.object_id
        shown: dict[str, Any] = {
            "requestId": self.id,
            "requestState": "COMPLETE" if done else "IN_PROGRESS",
            "url": url,
        }
        shown[key] = object_id
        return {**shown, "availablePages": len(self.pages), "successful": True} if done else shown


class ReadRequests:
    """The open read requests of one model."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._open: dict[str, ReadRequest] = {}

    def start(self, object_id: str, text: str) -> ReadRequest:
        lines = text.splitlines(keepends=True)
        pages = ["".join(lines[start : start + _PAGE_ROWS]) for start in range(0, len(lines), _PAGE_ROWS)]
        made = ReadRequest(uuid.uuid4().hex.upper(), object_id, pages, self.now(), self.now())
        self._open[made.id] = made
        return made

    def get(self, object_id: str, request_id: str) -> ReadRequest | None:
        found = self._open.get(request_id)
        if found is None or found.object_id != object_id:
            return None
        if self.now() - found.touched_at > _IDLE_SECONDS:
            del self._open[request_id]
            return None
        found.touched_at = self.now()
        return found

    def delete(self, request_id: str) -> None:
        self._open.pop(request_id, None)

    def now(self) -> float:
        return self._model.clock.now().timestamp()
