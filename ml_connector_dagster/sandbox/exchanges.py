"""Keeps what went over the wire, bodies and all, for a judge; the request log keeps neither headers nor bodies."""

import json
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ml_connector_dagster.sandbox.app import OBSERVERS

Keep = Callable[["Exchange"], None]


@dataclass(frozen=True)
class Exchange:
    """One request and its answer. Bodies are kept where they are JSON, else empty; kinds are media types without more."""

    method: str
    path: str
    query: str
    agent: str
    sent_kind: str
    sent: str
    status: int
    kind: str
    answered: str


def observe(keep: Keep) -> None:
    """Hand every exchange of the sandboxes made from now on to keep; it is called from the server's thread."""
    OBSERVERS.append(lambda app: _Observed(app, keep))


def into_file(path: Path) -> Keep:
    """Answer a keeper that appends JSON lines to a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = threading.Lock()

    def keep(exchange: Exchange) -> None:
        with lock, path.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(asdict(exchange)) + "\n")

    return keep


class _Observed:
    """Sees what was handled and answered, below the planted faults: those are nobody's true answer."""

    def __init__(self, app: ASGIApp, keep: Keep) -> None:
        self._app = app
        self._keep = keep

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/_control"):
            await self._app(scope, receive, send)
            return
        sent, answered, start = bytearray(), bytearray(), {"status": 0, "headers": []}

        async def hearing() -> Message:
            message = await receive()
            sent.extend(message.get("body", b""))
            return message

        async def saying(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            answered.extend(message.get("body", b""))
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                self._keep(_exchange(scope, bytes(sent), start, bytes(answered)))
            await send(message)

        await self._app(scope, hearing, saying)


def _exchange(scope: Scope, sent: bytes, start: Message, answered: bytes) -> Exchange:
    asked, told = _headers(scope["headers"]), _headers(start["headers"])
    sent_kind, kind = _kind(asked), _kind(told)
    return Exchange(
        method=scope["method"],
        path=scope["path"],
        query=scope["query_string"].decode("latin-1"),
        agent=asked.get("user-agent", ""),
        sent_kind=sent_kind,
        sent=_json_text(sent_kind, sent),
        status=start["status"],
        kind=kind,
        answered=_json_text(kind, answered),
    )


def _headers(pairs: list[tuple[bytes, bytes]]) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in pairs}


def _kind(headers: dict[str, str]) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def _json_text(kind: str, body: bytes) -> str:
    return body.decode("utf-8", "replace") if kind == "application/json" else ""
