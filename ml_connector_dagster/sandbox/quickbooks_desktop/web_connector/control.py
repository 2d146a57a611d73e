"""Control routes under /_control/quickbooks_desktop/web-connector: what the customer's people and their bad luck do."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.connector import WebConnector
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.fault_plan import CallFault
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.machines import FIRST, Machines
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.qwc import ApplicationRefused

Act = Callable[[Machines, Any], Any]
_SET_BY_HAND = frozenset({"open_file", "is_running", "may_start"})


def web_connector_routes(machines: Machines) -> list[BaseRoute]:
    """Answer the routes. They run without the world's lock: a session waits for the service, which may be this process."""
    posts: dict[str, Act] = {"": _add, "/cycle": _cycle, "/stop": _stop, "/faults": _plant, "/quickbooks": _set}
    gets: dict[str, Act] = {"": _state, "/log": _log, "/faults": _shown_faults}
    return [
        *(Route(f"/web-connector{path}", _endpoint(machines, act), methods=["POST"]) for path, act in posts.items()),
        *(Route(f"/web-connector{path}", _endpoint(machines, act), methods=["GET"]) for path, act in gets.items()),
        Route("/web-connector/faults", _endpoint(machines, _forget_faults), methods=["DELETE"]),
        Route("/web-connector/log", _endpoint(machines, _forget_log), methods=["DELETE"]),
    ]


def _endpoint(machines: Machines, act: Act) -> Callable[[Request], Awaitable[JSONResponse]]:
    async def endpoint(request: Request) -> JSONResponse:
        try:
            given = dict(request.query_params) if request.method == "GET" else await _json(request)
            return JSONResponse(await run_in_threadpool(act, machines, given))
        except ApplicationRefused as refused:
            return JSONResponse({"code": refused.code, "error": refused.text}, 400)
        except (KeyError, ValueError, TypeError) as wrong:
            return JSONResponse({"error": f"{type(wrong).__name__}: {wrong}"}, 400)

    return endpoint


async def _json(request: Request) -> Any:
    return await request.json() if await request.body() else {}


def _named(machines: Machines, given: Mapping[str, Any]) -> WebConnector:
    return machines.connector(str(given.get("machine", FIRST)))


def _add(machines: Machines, given: Mapping[str, Any]) -> Any:
    """{qwc, password, every_seconds?, auto_run?, machine?}: add the application; with every_seconds start polling."""
    connector = _named(machines, given)
    connector.stop()
    application = connector.add(given["qwc"], given["password"], auto_run=bool(given.get("auto_run", True)))
    if given.get("every_seconds") is not None:
        connector.start(float(given["every_seconds"]))
    return {"application": application.name, "machine": connector.around.machine, "is_polling": connector.is_polling}


def _cycle(machines: Machines, given: Mapping[str, Any]) -> Any:
    """{machine?}: run one session now and answer its outcome with the calls it made."""
    connector = _named(machines, given)
    outcome = connector.cycle()
    calls = [one.shown() for one in machines.log.entries(machine=outcome.machine) if one.session == outcome.session]
    return {**asdict(outcome), "calls": calls}


def _stop(machines: Machines, given: Mapping[str, Any]) -> Any:
    """{machine?}: stop the schedule of one machine, or of all."""
    chosen = [_named(machines, given)] if "machine" in given else list(machines.all().values())
    for connector in chosen:
        connector.stop()
    return {"stopped": [connector.around.machine for connector in chosen]}


def _plant(machines: Machines, given: Any) -> Any:
    """Plant one fault, or a list of them: see fault_plan.CallFault."""
    planted = [CallFault.from_json(entry) for entry in (given if isinstance(given, list) else [given])]
    for fault in planted:
        machines.plan.plant(fault)
    return {"planted": len(planted)}


def _set(machines: Machines, given: Mapping[str, Any]) -> Any:
    """{machine?, open_file?, is_running?, may_start?}: open or close a company file, quit QuickBooks, withdraw leave."""
    quickbooks = _named(machines, given).around.quickbooks
    chosen = {name: value for name, value in given.items() if name != "machine"}
    if unknown := set(chosen) - _SET_BY_HAND:
        raise ValueError(f"QuickBooks has no setting {sorted(unknown)}; it has {sorted(_SET_BY_HAND)}.")
    for name, value in chosen.items():
        setattr(quickbooks, name, value)
    return {name: getattr(quickbooks, name) for name in sorted(_SET_BY_HAND)}


def _state(machines: Machines, _given: Mapping[str, Any]) -> Any:
    return {
        name: {
            "is_polling": connector.is_polling,
            "every_seconds": connector.every_seconds,
            "sessions": len(connector.outcomes),
            "last": asdict(connector.outcomes[-1]) if connector.outcomes else None,
        }
        for name, connector in machines.all().items()
    }


def _log(machines: Machines, given: Mapping[str, str]) -> Any:
    """?machine=&call=&after=<number>: the calls in order."""
    entries = machines.log.entries(
        machine=given.get("machine", ""), call=given.get("call", ""), after=int(given.get("after", 0))
    )
    return {"count": len(entries), "calls": [entry.shown() for entry in entries]}


def _shown_faults(machines: Machines, _given: Mapping[str, Any]) -> Any:
    return {"faults": machines.plan.shown()}


def _forget_faults(machines: Machines, _given: Mapping[str, Any]) -> Any:
    machines.plan.clear()
    return {"faults": []}


def _forget_log(machines: Machines, _given: Mapping[str, Any]) -> Any:
    machines.log.clear()
    return {"count": 0}
