"""Control routes of the Anaplan sandbox under /_control/anaplan: plant models, cells, tasks, states; read the log."""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from ml_connector_dagster.sandbox.anaplan.demo_model import MODEL_ID
from ml_connector_dagster.sandbox.anaplan.grid import cell_text
from ml_connector_dagster.sandbox.anaplan.model import Model
from ml_connector_dagster.sandbox.anaplan.tasks import TaskPlan
from ml_connector_dagster.sandbox.anaplan.tenant import Tenant
from ml_connector_dagster.sandbox.world import World

_Body = dict[str, Any]
_Do = Callable[[Tenant, _Body], Any]


def control_routes(world: World) -> list[BaseRoute]:
    """Each takes a JSON body or query parameters; model defaults to the demo model."""
    table: list[tuple[str, str, _Do]] = [
        ("GET", "/log", _log),
        ("GET", "/counts", _counts),
        ("POST", "/models", _plant_model),
        ("POST", "/state", _set_state),
        ("GET", "/cells", _read_cell),
        ("POST", "/cells", _plant_cells),
        ("POST", "/plans", _plan_task),
        ("POST", "/tasks", _start_task),
        ("POST", "/files", _set_file),
        ("POST", "/users", _set_user),
        ("POST", "/rate", _set_rate),
        ("POST", "/logins", _set_logins),
        ("POST", "/oauth", _set_oauth),
        ("POST", "/device", _answer_device),
    ]
    return [Route(path, _answering(world, do), methods=[method]) for method, path, do in table]


def _answering(world: World, do: _Do) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        body = await request.json() if request.method == "POST" else dict(request.query_params)
        tenant = world.part(Tenant)
        try:
            return JSONResponse(await run_in_threadpool(do, tenant, body))
        except (KeyError, ValueError, TypeError, StopIteration) as wrong:
            return JSONResponse({"error": f"{type(wrong).__name__}: {wrong}"}, status_code=400)

    return answer


def _model(tenant: Tenant, body: _Body) -> Model:
    model = tenant.models[body.get("model", MODEL_ID)]
    tenant.tasks(model).settle()
    return model


def _log(tenant: Tenant, body: _Body) -> Any:
    """Events and intervals of one model's own log."""
    log = _model(tenant, body).log
    return {
        "events": [event.shown() for event in log.events()],
        "intervals": [interval.shown() for interval in log.intervals()],
    }


def _counts(tenant: Tenant, _body: _Body) -> Any:
    """Logins and refreshes so far, and how many requests met the tenant's limit."""
    return {**tenant.logins.counts, "oauth_refresh": tenant.oauth.refresh_counts, "rate_refused": tenant.rate.refused}


def _plant_model(tenant: Tenant, body: _Body) -> Any:
    """Plant the definition given, or replace the model of that id."""
    model = tenant.add_model(body)
    names = model.action_names() | {view.id: view.name for view in model.views.values()}
    return {"id": model.id, "ids": {name: object_id for object_id, name in names.items()}}


def _set_state(tenant: Tenant, body: _Body) -> Any:
    """{"state": "LOCKED", "busy_answer": "conflict"}."""
    model = _model(tenant, body)
    model.state = body.get("state", model.state)
    model.busy_answer = body.get("busy_answer", model.busy_answer)
    return {"state": model.state, "busy_answer": model.busy_answer}


def _read_cell(tenant: Tenant, body: _Body) -> Any:
    """Query: module, line_item, and per dimension its member by name or code."""
    coordinates = {key: value for key, value in body.items() if key not in {"model", "module", "line_item"}}
    return {"value": cell_text(_model(tenant, body).read(body["module"], body["line_item"], coordinates))}


def _plant_cells(tenant: Tenant, body: _Body) -> Any:
    """{"cells": [{"module", "line_item", "at": {dimension: member}, "value"}]}: a planner's edit."""
    for cell in body["cells"]:
        _model(tenant, body).plant(cell["module"], cell["line_item"], cell["at"], cell["value"])
    return {"planted": len(body["cells"])}


def _object_id(model: Model, name: str) -> str:
    """An action's id by id or exact name."""
    return next(object_id for object_id, known in model.action_names().items() if name in {object_id, known})


def _plan_task(tenant: Tenant, body: _Body) -> Any:
    """A TaskPlan for the next start of "object" (id or name; any action without it)."""
    model = _model(tenant, body)
    facts = {key: value for key, value in body.items() if key not in {"model", "object"}}
    object_id = _object_id(model, body["object"]) if body.get("object") else ""
    tenant.tasks(model).plan(TaskPlan(object_id=object_id, **facts))
    return {"object_id": object_id}


def _start_task(tenant: Tenant, body: _Body) -> Any:
    """Another user clicks an action: {"object", "user"}."""
    model = _model(tenant, body)
    object_id = _object_id(model, body["object"])
    kinds = {"112": "imports", "116": "exports", "117": "actions", "118": "processes"}
    user = body.get("user", "builder@calderfinch.example")
    task = tenant.tasks(model).start(kinds[object_id[:3]], object_id, user, {})
    return {"task_id": task.id}


def _set_file(tenant: Tenant, body: _Body) -> Any:
    """{"file": name or id, "default": text or null}: what the UI released to everyone."""
    model = _model(tenant, body)
    definition = next(entry for entry in model.file_definitions.values() if body["file"] in {entry.id, entry.name})
    default = body.get("default")
    definition.default = None if default is None else default.encode(definition.encoding)
    return {"file_id": definition.id}


def _set_user(tenant: Tenant, body: _Body) -> Any:
    """{"email", "no_access": [model ids], "denied": [action ids or names], "password", "password_expired"}."""
    user = tenant.users[body["email"]]
    user.password = body.get("password", user.password)
    user.password_expired = body.get("password_expired", user.password_expired)
    user.no_access = set(body.get("no_access", user.no_access))
    if "denied" in body:
        user.denied = {_object_id(_model(tenant, body), name) for name in body["denied"]}
    return {"email": user.email}


def _set_rate(tenant: Tenant, body: _Body) -> Any:
    """{"form": seconds|date|none, "permits", "per_second", "left"}."""
    rate = tenant.rate
    rate.form = body.get("form", rate.form)
    rate.permits = body.get("permits", rate.permits)
    rate.per_second = body.get("per_second", rate.per_second)
    if "left" in body:
        rate.drain(body["left"])
    return {"refused": rate.refused}


def _set_logins(tenant: Tenant, body: _Body) -> Any:
    """{"register": {"pem", "email"}, "cert_formats": ["v1", "v2"], "v2_unit", "revoke_all": true}."""
    logins = tenant.logins
    if "register" in body:
        logins.register_certificate(body["register"]["pem"], body["register"]["email"])
    logins.cert_formats = set(body.get("cert_formats", logins.cert_formats))
    logins.v2_unit = body.get("v2_unit", logins.v2_unit)
    if body.get("revoke_all"):
        logins.revoke_all()
    return logins.counts


def _set_oauth(tenant: Tenant, body: _Body) -> Any:
    """{"client_id", "rotatable", "refresh_seconds", "redirect_uris", "sso", "revoke": true}."""
    oauth = tenant.oauth
    oauth.sso = body.get("sso", oauth.sso)
    if body.get("revoke"):
        oauth.revoke_refresh_tokens()
    if "client_id" in body:
        client = oauth.clients[body["client_id"]]
        client.rotatable = body.get("rotatable", client.rotatable)
        client.refresh_seconds = body.get("refresh_seconds", client.refresh_seconds)
        client.redirect_uris = body.get("redirect_uris", client.redirect_uris)
    return {"refreshes": oauth.refresh_counts}


def _answer_device(tenant: Tenant, body: _Body) -> Any:
    """{"user_code", "approve": true}."""
    return {"found": tenant.oauth.answer_device(body["user_code"], approve=body.get("approve", True))}
