"""The control API under /_control: clock, faults, request log. For tests and demos; no vendor has anything like it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from ml_connector_dagster.sandbox.faults import Fault
from ml_connector_dagster.sandbox.world import Vendor, World


def control_routes(world: World, vendors: Sequence[Vendor]) -> list[BaseRoute]:
    """Routes that every sandbox has, whatever its vendors."""
    return [
        Route("/logins", _logins(vendors), methods=["GET"]),
        Route("/health", _health(world), methods=["GET"]),
        Route("/clock", _clock(world), methods=["GET", "POST"]),
        Route("/faults", _faults(world), methods=["GET", "POST", "DELETE"]),
        Route("/log", _log(world), methods=["GET", "DELETE"]),
        Route("/counters", _counters(world), methods=["GET"]),
    ]


class _InAWorld(Protocol):
    """A vendor's cloud, as far as its control routes need to know."""

    @property
    def world(self) -> World: ...


CloudT = TypeVar("CloudT", bound=_InAWorld)
Acts = Mapping[str, Callable[[CloudT, Mapping[str, Any]], Any]]
"""Name of a route to what it does with the cloud and the body or query; what it answers is JSON."""


def vendor_routes(cloud: CloudT, acts: Acts[CloudT], questions: Acts[CloudT]) -> list[BaseRoute]:
    """One POST an act and one GET a question; what makes no sense is answered 400 with the reason."""
    return [
        *(Route(f"/{name}", _acting(cloud, act), methods=["POST"]) for name, act in acts.items()),
        *(Route(f"/{name}", _asking(cloud, act), methods=["GET"]) for name, act in questions.items()),
    ]


def _acting(cloud: CloudT, act: Callable[[CloudT, Mapping[str, Any]], Any]) -> Any:
    async def endpoint(request: Request) -> JSONResponse:
        # in a thread: a webhook may be answered by another server of this very process
        return await run_in_threadpool(_answered, cloud, act, await request.json())

    return endpoint


def _asking(cloud: CloudT, act: Callable[[CloudT, Mapping[str, Any]], Any]) -> Any:
    async def endpoint(request: Request) -> JSONResponse:
        return _answered(cloud, act, dict(request.query_params))

    return endpoint


def _answered(cloud: CloudT, act: Callable[[CloudT, Mapping[str, Any]], Any], given: Mapping[str, Any]) -> JSONResponse:
    try:
        with cloud.world.lock:
            return JSONResponse(act(cloud, given))
    except (KeyError, ValueError, TypeError, IndexError, StopIteration) as wrong:
        return JSONResponse({"error": f"{type(wrong).__name__}: {wrong}"}, 400)


def _health(world: World) -> Any:
    async def health(_request: Request) -> JSONResponse:
        return JSONResponse({"status": "ok", "seed": world.seed, "today": world.clock.today().isoformat()})

    return health


def _logins(vendors: Sequence[Vendor]) -> Any:
    async def logins(_request: Request) -> JSONResponse:
        """Who may sign in where: what a demo types for its person."""
        return JSONResponse(
            {
                vendor.name: {
                    "login": dict(vendor.login),
                    "redirect_uri": vendor.redirect_uri,
                    "machine": vendor.machine,
                }
                for vendor in vendors
            }
        )

    return logins


def _clock(world: World) -> Any:
    async def clock(request: Request) -> JSONResponse:
        """POST {"advance_seconds": 2100} moves time forward."""
        if request.method == "POST":
            world.clock.advance(float((await request.json())["advance_seconds"]))
        return JSONResponse({"now": world.clock.now().isoformat(), "today": world.clock.today().isoformat()})

    return clock


def _faults(world: World) -> Any:
    async def faults(request: Request) -> JSONResponse:
        """POST one fault, or a list of them; DELETE removes all; GET shows how often each struck."""
        if request.method == "DELETE":
            world.faults.clear()
        if request.method == "POST":
            body = await request.json()
            try:
                planted = [Fault.from_json(entry) for entry in (body if isinstance(body, list) else [body])]
            except (TypeError, ValueError) as wrong:
                return JSONResponse({"error": str(wrong)}, status_code=400)
            return JSONResponse({"ids": [world.faults.plant(fault) for fault in planted]}, status_code=201)
        return JSONResponse({"faults": world.faults.shown()})

    return faults


def _log(world: World) -> Any:
    async def log(request: Request) -> JSONResponse:
        """GET ?vendor=&method=&path=<regex>&after=<number>; DELETE forgets."""
        if request.method == "DELETE":
            world.log.clear()
        asked = request.query_params
        entries = world.log.entries(
            vendor=asked.get("vendor", ""),
            method=asked.get("method", ""),
            path=asked.get("path", ""),
            after=int(asked.get("after", 0)),
        )
        return JSONResponse({"count": len(entries), "requests": [entry.shown() for entry in entries]})

    return log


def _counters(world: World) -> Any:
    async def counters(_request: Request) -> JSONResponse:
        return JSONResponse({"counters": world.log.counts()})

    return counters
