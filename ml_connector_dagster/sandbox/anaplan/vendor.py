"""Mounts the Anaplan sandbox: authentication and OAuth at the root, the Integration API under /2/0."""

from typing import Any

from starlette.applications import Starlette
from starlette.convertors import Convertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

from ml_connector_dagster.sandbox.anaplan.auth_routes import auth_routes
from ml_connector_dagster.sandbox.anaplan.call import Endpoint, Refused
from ml_connector_dagster.sandbox.anaplan.control import control_routes
from ml_connector_dagster.sandbox.anaplan.discovery import ACCOUNT_ENDPOINTS, MODEL_ENDPOINTS
from ml_connector_dagster.sandbox.anaplan.file_routes import FILE_ENDPOINTS
from ml_connector_dagster.sandbox.anaplan.gate import gated
from ml_connector_dagster.sandbox.anaplan.list_routes import LIST_ENDPOINTS
from ml_connector_dagster.sandbox.anaplan.task_routes import KINDS, TASK_ENDPOINTS
from ml_connector_dagster.sandbox.anaplan.tenant import Tenant
from ml_connector_dagster.sandbox.anaplan.users import demo_users
from ml_connector_dagster.sandbox.anaplan.view_routes import VIEW_ENDPOINTS
from ml_connector_dagster.sandbox.world import Vendor, World

_PREFIXES = {"W": "/workspaces/{workspace}/models/{model}", "M": "/models/{model}"}
_UNDER_MODEL = [*MODEL_ENDPOINTS, *FILE_ENDPOINTS, *TASK_ENDPOINTS, *VIEW_ENDPOINTS, *LIST_ENDPOINTS]


class _ActionKind(Convertor[str]):
    """imports, exports, processes or actions in a path."""

    regex = "|".join(KINDS)

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("action_kind", _ActionKind())


def create(world: World) -> list[BaseRoute]:
    """All routes of the vendor."""
    tenant = world.part(Tenant)
    routes = [_route(tenant, endpoint, endpoint.path) for endpoint in ACCOUNT_ENDPOINTS]
    routes += [
        _route(tenant, endpoint, _PREFIXES[form] + endpoint.path)
        for endpoint in _UNDER_MODEL
        for form in endpoint.forms
    ]
    routes.append(Route(_PREFIXES["W"], _not_readable, methods=["POST"]))
    api = Starlette(routes=routes, exception_handlers={HTTPException: _refused})
    api.router.redirect_slashes = False
    return [Mount("/2/0", app=api), *auth_routes(tenant)]


def _route(tenant: Tenant, endpoint: Endpoint, path: str) -> BaseRoute:
    return Route(path, gated(tenant, endpoint), methods=[endpoint.method])


async def _not_readable(_request: Request) -> Response:
    """GET on a model under its workspace is 405: the route exists for no verb that reads."""
    return Response(status_code=404)


def _refused(request: Request, wrong: Any) -> Response:
    return Refused(wrong.status_code).answer(request)


_PERSON = demo_users()[0]
VENDOR = Vendor("anaplan", create, control_routes, {"user": _PERSON.email, "password": _PERSON.password})
