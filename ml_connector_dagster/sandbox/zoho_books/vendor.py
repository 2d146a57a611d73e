"""Zoho Books as a vendor of the sandbox: eight data centres as path prefixes, each with its accounts host and its API."""

from collections.abc import Iterator, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

from ml_connector_dagster.sandbox.anaplan.planning_model import PlanningModel
from ml_connector_dagster.sandbox.world import Vendor, World
from ml_connector_dagster.sandbox.zoho_books import endpoints, oauth, reference_wire, shelves, webhook_routes
from ml_connector_dagster.sandbox.zoho_books.access import Handler, guarded
from ml_connector_dagster.sandbox.zoho_books.answers import Refusal
from ml_connector_dagster.sandbox.zoho_books.cloud import ZohoCloud
from ml_connector_dagster.sandbox.zoho_books.control import control_routes
from ml_connector_dagster.sandbox.zoho_books.oauth_pages import oauth_routes
from ml_connector_dagster.sandbox.zoho_books.places import PLACES

WORKSPACE_ID = "8a81b09d7f1c4e2a9b3d5c6e7f8a9b0c"
MODEL_ID = "2C8B6A3D1E5F4D9A0B4C7F8E9D0A1B23"

Endpoint = tuple[str, str, str, Handler]
"""Method, path below the API, the module whose scope it asks for, and what answers."""

_CONSUMER_PLANNING = PlanningModel(
    model_id=MODEL_ID,
    name="Consumer Planning",
    workspace_id=WORKSPACE_ID,
    system="Zoho Books",
    entities={"MH": "Marlow Home Goods Ltd"},
    dimensions={"Customers": "Customer", "Tags": "Tag"},
    lists=("Vendors",),
    commitments=True,
)


def create(world: World) -> list[BaseRoute]:
    """All routes of Zoho in one world; no books are made yet."""
    cloud = world.part(ZohoCloud)
    return [
        Mount(
            f"/{location}",
            routes=[*oauth_routes(cloud.accounts, location), Mount("/books/v3", routes=_api(cloud, location))],
        )
        for location in PLACES
    ]


def control(world: World) -> list[BaseRoute]:
    """The control routes under /_control/zoho_books."""
    return control_routes(world.part(ZohoCloud))


def models() -> Sequence[dict[str, Any]]:
    """The Anaplan model that the demo company loads into."""
    return (_CONSUMER_PLANNING.definition(),)


def _api(cloud: ZohoCloud, location: str) -> list[BaseRoute]:
    found = [*_chart_and_reports(), *_records(), *_reference(), *_settings(), *_webhooks()]
    organizations = guarded(cloud, location, "", endpoints.organizations, needs_organization=False)
    return [
        _route("GET", "/organizations", organizations),
        _route("GET", "/organizations/{record_id}", guarded(cloud, location, "settings", endpoints.organization)),
        *(_route(method, path, guarded(cloud, location, module, handler)) for method, path, module, handler in found),
        Route("/{rest:path}", _nothing_here, methods=["GET", "POST", "PUT", "DELETE", "PATCH"]),
    ]


def _chart_and_reports() -> list[Endpoint]:
    return [
        ("GET", "/chartofaccounts/transactions", "accountants", endpoints.account_transactions),
        ("GET", "/chartofaccounts", "accountants", endpoints.chart_of_accounts),
        ("GET", "/chartofaccounts/{record_id}", "accountants", _account_detail()),
        ("GET", "/reports/profitandloss", "reports", endpoints.profit_and_loss),
        ("GET", "/reports/balancesheet", "reports", endpoints.balance_sheet),
        ("GET", "/reports/accounttransaction", "reports", endpoints.all_account_transactions),
        ("GET", "/itemdetails", "settings", endpoints.item_details),
    ]


def _records() -> Iterator[Endpoint]:
    """Documents and entries: listed, read by id, deleted."""
    for shelf in shelves.SHELVES:
        yield "GET", shelf.path, shelf.module, endpoints.listed(shelf)
        yield "GET", f"{shelf.path}/{{record_id}}", shelf.module, endpoints.single(shelf)
        yield "DELETE", f"{shelf.path}/{{record_id}}", shelf.module, endpoints.removed(shelf)


def _reference() -> Iterator[Endpoint]:
    """What documents refer to: listed and read by id."""
    for shelf, rows in (
        (shelves.CONTACTS, endpoints.contacts),
        (shelves.ITEMS, endpoints.items),
        (shelves.PROJECTS, reference_wire.projects),
        (shelves.CURRENCIES, reference_wire.currencies),
        (shelves.TAXES, lambda _company: reference_wire.taxes()),
    ):
        yield "GET", shelf.path, shelf.module, endpoints.simple(shelf, rows)
        yield "GET", f"{shelf.path}/{{record_id}}", shelf.module, endpoints.simple_single(shelf, rows)


def _settings() -> Iterator[Endpoint]:
    for path, body in (
        ("/locations", lambda _call: {"locations": reference_wire.locations()}),
        ("/reportingtags", lambda _call: {"reporting_tags": reference_wire.reporting_tags()}),
        ("/settings/openingbalances", lambda call: {"opening_balance": reference_wire.opening_balance(call.company)}),
        ("/users/me", lambda call: {"user": reference_wire.user({"plan_name": call.cloud.settings.plan})}),
    ):
        yield "GET", path, "settings", endpoints.plain(body)


def _webhooks() -> Iterator[Endpoint]:
    for method, path, handler in webhook_routes.handlers():
        yield method, path, "settings", handler


def _account_detail() -> Handler:
    return endpoints.simple_single(
        shelves.ACCOUNTS,
        endpoints.accounts,
        lambda company, account_id: reference_wire.account_detail(company, company.accounts[account_id]),
    )


def _route(method: str, path: str, endpoint: Any) -> Route:
    route = Route(path, endpoint, methods=[method])
    route.methods = {method}  # Starlette adds HEAD to GET; Zoho has no use for it
    return route


async def _nothing_here(_request: Request) -> Response:
    return Refusal(404, 5, "Invalid URL Passed").response()


VENDOR = Vendor(
    "zoho_books",
    create,
    control,
    {"client_id": oauth.CLIENT_ID, "client_secret": oauth.CLIENT_SECRET},
    redirect_uri="http://localhost:8701/connect/callback",
    models=models,
)
