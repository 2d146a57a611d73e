"""The control API under /_control: clock, faults, request log. For tests and demos; no vendor has anything like it."""

from collections.abc import Sequence
from typing import Any

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


def _health(world: World) -> Any:
    async def health(_request: Request) -> JSONResponse:
        return JSONResponse({"status": "ok", "seed": world.seed, "today": world.clock.today().isoformat()})

    return health


def _logins(vendors: Sequence[Vendor]) -> Any:
    async def logins(_request: Request) -> JSONResponse:
        """Who may sign in where: what a demo types for its person."""
        shown = {vendor.name: {"login": dict(vendor.login), "redirect_uri": vendor.redirect_uri} for vendor in vendors}
        return JSONResponse(shown)

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
