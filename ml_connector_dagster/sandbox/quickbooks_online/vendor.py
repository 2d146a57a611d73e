"""QuickBooks Online as a vendor of the sandbox: which paths it answers."""

from collections.abc import Callable, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

from ml_connector_dagster.sandbox.anaplan.planning_model import PlanningModel
from ml_connector_dagster.sandbox.quickbooks_online import capture, reading, reports, writing
from ml_connector_dagster.sandbox.quickbooks_online.access import Call, Handler, accounting
from ml_connector_dagster.sandbox.quickbooks_online.cloud import QuickBooksCloud
from ml_connector_dagster.sandbox.quickbooks_online.control import control_routes
from ml_connector_dagster.sandbox.quickbooks_online.identity_pages import identity_routes
from ml_connector_dagster.sandbox.quickbooks_online.oauth import CLIENT_ID, CLIENT_SECRET, REDIRECT_URI
from ml_connector_dagster.sandbox.world import Vendor, World

PLANNING = PlanningModel(
    model_id="1B7A5F2C0D4E4C8F9A3B6E7D8C9F0A12",
    name="Partner Planning",
    workspace_id="8a81b09d7f1c4e2a9b3d5c6e7f8a9b0c",
    system="QuickBooks",
    entities={"FP": "Fennimore Partners"},
    dimensions={"Customers": "Customer", "Classes": "Class"},
    lists=("Vendors",),
)


def create(world: World) -> list[BaseRoute]:
    """All routes of QuickBooks in one world."""
    cloud = world.part(QuickBooksCloud)
    api: list[BaseRoute] = [
        _route(cloud, "/query", _query_kind, reading.query, "GET", "POST"),
        _route(cloud, "/cdc", _named("cdc"), capture.cdc, "GET"),
        _route(cloud, "/preferences", _named("read preferences"), reading.preferences, "GET"),
        _route(cloud, "/companyinfo/{record_id}", _named("read companyinfo"), reading.company_info, "GET"),
        _route(
            cloud,
            "/reports/{name}",
            lambda request: f"report {request.path_params['name']}",
            reports.report_endpoint,
            "GET",
        ),
        _route(
            cloud, "/{entity}/{record_id}", lambda request: f"read {request.path_params['entity']}", reading.read, "GET"
        ),
        _route(cloud, "/{entity}", _named("write"), writing.write, "POST"),
        _route(cloud, "/{rest:path}", _named("other"), _unsupported, "GET", "POST", "PUT", "PATCH", "DELETE"),
    ]
    return [*identity_routes(cloud.identity), Mount("/v3/company/{realm}", routes=api)]


def control(world: World) -> list[BaseRoute]:
    """The control routes under /_control/quickbooks_online."""
    return control_routes(world.part(QuickBooksCloud))


def _models() -> Sequence[dict[str, Any]]:
    return (PLANNING.definition(),)


def _route(cloud: QuickBooksCloud, path: str, kind: Callable[[Request], str], handler: Handler, *methods: str) -> Route:
    route = Route(path, accounting(cloud, kind, handler), methods=list(methods))
    # Starlette adds HEAD to GET; QuickBooks has no use for it
    route.methods = set(methods)
    return route


def _named(kind: str) -> Callable[[Request], str]:
    return lambda _request: kind


def _query_kind(_request: Request) -> str:
    return "query"


def _unsupported(call: Call) -> Response:
    status = 400 if call.request.method == "GET" else 405
    raise call.refuse("500", "Unsupported Operation", "Operation is not supported.", status=status)


VENDOR = Vendor(
    "quickbooks_online",
    create,
    control,
    {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET},
    REDIRECT_URI,
    _models,
)
