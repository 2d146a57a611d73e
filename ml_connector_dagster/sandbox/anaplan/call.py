"""One request to the Integration API after it passed the gate, and how answers and refusals are written."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ml_connector_dagster.sandbox.anaplan.model import Model
from ml_connector_dagster.sandbox.anaplan.tasks import Tasks
from ml_connector_dagster.sandbox.anaplan.tenant import Tenant
from ml_connector_dagster.sandbox.anaplan.users import User

PAGE_LIMIT = 5000
_REASONS = {
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    409: "Conflict",
    415: "Unsupported Media Type",
    422: "Model is archived",
    423: "Model is locked",
    424: "Model is in maintenance",
    425: "Model is in deployed mode",
    429: "Too Many Requests",
    500: "Internal Server Error",
}


class Refused(Exception):  # noqa: N818 - named for what happened
    """An answer in the Integration API's error shape."""

    def __init__(self, status: int, message: str = "", headers: dict[str, str] | None = None) -> None:
        super().__init__(message or _REASONS.get(status, "Error"))
        self.status = status
        self.headers = headers or {}

    def answer(self, request: Request) -> Response:
        path = "/2/0" + request.url.path.partition("/2/0")[2]
        stamp = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        body = {"status": {"code": self.status, "message": str(self)}, "path": path, "timestamp": stamp}
        return JSONResponse(body, status_code=self.status, headers=self.headers)


@dataclass
class Call:
    """What a handler gets. model is set wherever the path names one; body is read already."""

    request: Request
    tenant: Tenant
    user: User
    params: dict[str, str]
    body: bytes = b""
    found: Model | None = None

    @property
    def model(self) -> Model:
        assert self.found is not None, "the route has no {model}"
        return self.found

    @property
    def tasks(self) -> Tasks:
        return self.tenant.tasks(self.model)

    def now(self) -> float:
        """Epoch seconds of the sandbox's clock."""
        return self.tenant.world.clock.now().timestamp()

    def query(self, name: str, default: str = "") -> str:
        return self.request.query_params.get(name, default)

    def accepts(self, kind: str) -> bool:
        return kind in self.request.headers.get("accept", "*/*")

    def json(self) -> Any:
        """The body as JSON; anything else is 400, and a body of another declared type 415."""
        kind = self.request.headers.get("content-type", "").partition(";")[0]
        if kind != "application/json":
            raise Refused(415)
        try:
            return json.loads(self.body)
        except ValueError as wrong:
            raise Refused(400, "The body is not JSON.") from wrong

    def note(self, event: str, object_id: str, **facts: Any) -> None:
        """Write to the model's own log who did what."""
        self.model.log.add(event, object_id, user=self.user.email, **self.who(), **facts)

    def who(self) -> dict[str, Any]:
        client = self.request.client
        return {"agent": self.request.headers.get("user-agent", ""), "peer": client.port if client else 0}

    def answer(self, kind: str, **payload: Any) -> Response:
        """The envelope around payload; empty collections lose their key."""
        kept = {key: value for key, value in payload.items() if value != []}
        return JSONResponse({**self._envelope(kind), **kept})

    def page(self, kind: str, key: str, entries: list[Any]) -> Response:
        """One page of a collection.

        The trap is the vendor's: without limit everything (to 5,000) comes back and `next` points at offset 20 anyway.
        """
        limit, offset = self._whole("limit", PAGE_LIMIT), self._whole("offset", 0)
        limit = min(limit, PAGE_LIMIT)
        shown = entries[offset : offset + limit]
        paging: dict[str, Any] = {"currentPageSize": len(shown), "offset": offset, "totalSize": len(entries)}
        if "limit" not in self.request.query_params:
            paging["next"] = self._url(20, offset + 20)
        elif offset + len(shown) < len(entries):
            paging["next"] = self._url(limit, offset + limit)
        if offset > 0:
            paging["previous"] = self._url(limit, max(0, offset - limit))
        envelope = self._envelope(kind)
        envelope["meta"]["paging"] = paging
        return JSONResponse({**envelope, **({key: shown} if shown else {})})

    def _whole(self, name: str, default: int) -> int:
        text = self.query(name, str(default))
        if not text.isdigit() or (name == "limit" and int(text) < 1):
            raise Refused(400, f"{name} is not valid")
        return int(text)

    def _url(self, limit: int, offset: int) -> str:
        return f"{self.request.url.replace(query='')}?limit={limit}&offset={offset}".replace("??", "?")

    @staticmethod
    def _envelope(kind: str) -> dict[str, Any]:
        schema = f"https://api.anaplan.com/2/0/objects/{kind}"
        return {"meta": {"schema": schema}, "status": {"code": 200, "message": "Success"}}


Handler = Callable[[Call], Response]


@dataclass(frozen=True)
class Endpoint:
    """One row of the API: method, path after the model, handler.

    waits: the answer waits while a task holds the model. heavy: worth a thread of its own. structural: refused with
    425 in deployed mode. ungated: answers whatever the model's state.
    """

    method: str
    path: str
    handler: Handler
    waits: bool = False
    heavy: bool = False
    structural: bool = False
    ungated: bool = False
    forms: str = "WM"
