"""What every Integration API request passes: token, tenant limit, model and role, model state, model lock."""

import asyncio
from collections.abc import Awaitable, Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from ml_connector_dagster.sandbox.anaplan.call import Call, Endpoint, Refused
from ml_connector_dagster.sandbox.anaplan.logins import Token
from ml_connector_dagster.sandbox.anaplan.model import Model
from ml_connector_dagster.sandbox.anaplan.tenant import Tenant

_SCHEMES = {"AnaplanAuthToken", "Bearer"}
_STATE_CODES = {"ARCHIVED": 422, "LOCKED": 423, "MAINTENANCE": 424, "PRODUCTION_MAINTENANCE": 424}
_LOOK_SECONDS = 0.01


def gated(tenant: Tenant, endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
    """The ASGI endpoint for one row of the API."""

    async def answer(request: Request) -> Response:
        body = await request.body()
        try:
            token = _token(tenant, request)
            _take_permit(tenant)
            call = Call(request, tenant, token.user, dict(request.path_params), body)
            if "model" in call.params:
                call.found = _model(call)
                await _settle(tenant, call.model)
                if not endpoint.ungated:
                    _check_state(call, endpoint)
                if endpoint.waits:
                    await _wait_until_idle(tenant, call.model)
            if endpoint.heavy:
                return await run_in_threadpool(_locked, endpoint, call)
            return _locked(endpoint, call)
        except Refused as refused:
            return refused.answer(request)

    return answer


def _token(tenant: Tenant, request: Request) -> Token:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    token = tenant.logins.valid(value) if scheme in _SCHEMES else None
    if token is None:
        raise Refused(401)
    return token


def _take_permit(tenant: Tenant) -> None:
    if not tenant.rate.take():
        raise Refused(429, headers=tenant.rate.retry_after())


def _model(call: Call) -> Model:
    """404 for an unknown or wrong-case id, a wrong workspace, and for no access: the vendor masks it."""
    model = call.tenant.models.get(call.params["model"])
    if model is None or call.params.get("workspace", model.workspace_id) != model.workspace_id:
        raise Refused(404)
    return model


def _check_state(call: Call, endpoint: Endpoint) -> None:
    if call.model.id in call.user.no_access:
        raise Refused(404)
    code = _STATE_CODES.get(call.model.state)
    if code is not None:
        raise Refused(code)
    if endpoint.structural and call.model.state == "PRODUCTION":
        raise Refused(425)


async def _settle(tenant: Tenant, model: Model) -> None:
    tasks = tenant.tasks(model)
    if tasks.due():
        await run_in_threadpool(tasks.settle)
    else:
        tasks.settle()


async def _wait_until_idle(tenant: Tenant, model: Model) -> None:
    """Hold the answer while a task holds the model; or say 409, as the vendor sometimes does."""
    tasks = tenant.tasks(model)
    while await run_in_threadpool(tasks.busy):
        if model.busy_answer == "conflict":
            raise Refused(409, "The model is busy.")
        await asyncio.sleep(_LOOK_SECONDS)


def _locked(endpoint: Endpoint, call: Call) -> Response:
    if call.found is None:
        return endpoint.handler(call)
    with call.model.lock:
        return endpoint.handler(call)
