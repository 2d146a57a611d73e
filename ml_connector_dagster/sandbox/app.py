"""The ASGI application: every vendor folder mounted under its name, wrapped in the request log and the faults."""

import asyncio
import importlib
import importlib.util
import pkgutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import ml_connector_dagster.sandbox as sandbox_package
from ml_connector_dagster.sandbox.control import control_routes
from ml_connector_dagster.sandbox.faults import Fault
from ml_connector_dagster.sandbox.request_log import LoggedRequest
from ml_connector_dagster.sandbox.world import Vendor, World

OBSERVERS: list[Callable[[ASGIApp], ASGIApp]] = []
"""What is put around every application made from now on, below log and faults: see exchanges.py."""
_GATEWAY_PAGE = "<html><head><title>{status}</title></head><body><h1>{status}</h1><hr>gateway</body></html>"


def find_vendors() -> list[Vendor]:
    """Every folder beside this file with a vendor.py; a new vendor needs no edit here."""
    found = []
    for folder in pkgutil.iter_modules(sandbox_package.__path__, f"{sandbox_package.__name__}."):
        name = f"{folder.name}.vendor"
        if folder.ispkg and importlib.util.find_spec(name) is not None:
            vendor = importlib.import_module(name).VENDOR
            assert isinstance(vendor, Vendor), f"{name}.VENDOR is not a Vendor"
            found.append(vendor)
    return found


def create_app(world: World) -> ASGIApp:
    """The application for one world, ready for uvicorn."""
    vendors = find_vendors()
    world.models += [model for vendor in vendors for model in vendor.models()]
    control: list[BaseRoute] = [Mount(f"/{vendor.name}", routes=vendor.control(world)) for vendor in vendors]
    mounts: list[BaseRoute] = [Mount("/_control", routes=[*control_routes(world, vendors), *control])]
    mounts += [Mount(f"/{vendor.name}", routes=vendor.create(world)) for vendor in vendors]
    app: ASGIApp = Starlette(routes=mounts)
    for around in OBSERVERS:
        app = around(app)
    return _Watched(app, world)


@dataclass
class _Passed:
    """What went over the wire for one request; written to the log once, before its last byte leaves."""

    scope: Scope
    world: World
    vendor: str
    fault: Fault | None
    number: int
    began: float
    status: int = 0
    request_bytes: int = 0
    response_bytes: int = 0
    logged: bool = False

    def log(self) -> None:
        """Write the entry: a client that has its answer (or its cut) finds the request in the log."""
        if self.logged:
            return
        self.logged = True
        self.world.log.add(
            LoggedRequest(
                number=self.number,
                at=self.world.clock.now().timestamp(),
                vendor=self.vendor,
                method=self.scope["method"],
                path=self.scope["path"],
                query=self.scope["query_string"].decode("latin-1"),
                status=self.status,
                seconds=round(time.monotonic() - self.began, 6),
                request_bytes=self.request_bytes,
                response_bytes=self.response_bytes,
                fault=self.fault.kind if self.fault else "",
            )
        )


class _Watched:
    """Logs each request and lets a planted fault have it; control requests are neither logged nor broken."""

    def __init__(self, app: ASGIApp, world: World) -> None:
        self._app = app
        self._world = world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/_control"):
            await self._app(scope, receive, send)
            return
        vendor = scope["path"].split("/", 2)[1]
        query = scope["query_string"].decode("latin-1")
        target = f"{scope['path']}?{query}" if query else scope["path"]
        fault = self._world.faults.take(vendor, scope["method"], target)
        passed = _Passed(scope, self._world, vendor, fault, self._world.log.number(), time.monotonic())
        try:
            await self._answer(passed, _counting_receive(receive, passed), send)
        finally:
            passed.log()

    async def _answer(self, passed: _Passed, receive: Receive, send: Send) -> None:
        counted, fault, scope = _counting_send(send, passed), passed.fault, passed.scope
        if fault is None:
            await self._app(scope, receive, counted)
        elif fault.kind == "delay":
            await asyncio.sleep(fault.delay_seconds)
            await self._app(scope, receive, counted)
        elif fault.kind == "drop":
            await _cut(send, passed)
        elif fault.kind == "answer_lost":
            await self._app(scope, receive, _swallow)
            await _cut(send, passed)
        elif fault.kind == "truncate":
            await self._app(scope, receive, _truncating(counted, send, passed))
        else:
            await _drain(receive)
            await _planted_answer(fault)(scope, receive, counted)


def _planted_answer(fault: Fault) -> Response:
    if fault.kind == "html":
        page = fault.body or _GATEWAY_PAGE.format(status=fault.status)
        return Response(page, status_code=fault.status, headers=fault.headers, media_type="text/html")
    headers = {"content-type": "application/json", **{name.lower(): value for name, value in fault.headers.items()}}
    return Response(fault.body, status_code=fault.status, headers=headers)


def _counting_receive(receive: Receive, passed: _Passed) -> Receive:
    async def counting() -> Message:
        message = await receive()
        passed.request_bytes += len(message.get("body", b""))
        return message

    return counting


def _counting_send(send: Send, passed: _Passed) -> Send:
    async def counting(message: Message) -> None:
        passed.status = message.get("status", passed.status)
        passed.response_bytes += len(message.get("body", b""))
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            passed.log()
        await send(message)

    return counting


async def _swallow(_message: Message) -> None:
    """Take an answer that must never arrive."""


async def _drain(receive: Receive) -> None:
    """Read the request's body: a gateway that answers early still takes what was sent."""
    while (await receive()).get("more_body", False):
        pass


def _truncating(counted: Send, raw: Send, passed: _Passed) -> Send:
    """Announce the whole length, give the first bytes, cut the connection."""

    async def truncating(message: Message) -> None:
        if message["type"] == "http.response.start":
            await counted(message)
            return
        keep_bytes = passed.fault.keep_bytes if passed.fault else 0
        await counted({**message, "body": message.get("body", b"")[:keep_bytes], "more_body": True})
        await asyncio.sleep(0.02)
        await _cut(raw, passed)

    return truncating


async def _cut(send: Send, passed: _Passed) -> None:
    """Cut the TCP connection under uvicorn's request cycle: the client sees a reset, as from a dying host."""
    passed.log()
    cycle: Any = getattr(send, "__self__", None)
    transport = getattr(cycle, "transport", None)
    if transport is None:
        raise ConnectionAbortedError("the sandbox cut this connection on purpose")
    transport.abort()
    await asyncio.sleep(0.005)
