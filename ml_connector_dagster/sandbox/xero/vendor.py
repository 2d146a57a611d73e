"""Xero as a vendor of the sandbox: which paths it answers."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

from ml_connector_dagster.sandbox.world import Vendor, World
from ml_connector_dagster.sandbox.xero import currency_reports, endpoints, gl, manual_journals, oauth, reports
from ml_connector_dagster.sandbox.xero.access import Handler, accounting
from ml_connector_dagster.sandbox.xero.answers import not_found
from ml_connector_dagster.sandbox.xero.cloud import XeroCloud
from ml_connector_dagster.sandbox.xero.control import control_routes
from ml_connector_dagster.sandbox.xero.identity_pages import identity_routes
from ml_connector_dagster.sandbox.xero.shelves import RESOURCES

_API = "/api.xro/2.0"


def create(world: World) -> list[BaseRoute]:
    """All routes of Xero in one world."""
    cloud = world.part(XeroCloud)
    api: list[BaseRoute] = []
    for plural in RESOURCES:
        api.append(_route(cloud, f"/{plural}", plural, endpoints.listed(plural)))
        api.append(_route(cloud, f"/{plural}/{{record_id}}", plural, endpoints.single(plural)))
    for path, handler in (
        ("/Organisation", endpoints.organisation),
        ("/TaxRates", endpoints.tax_rates),
        ("/Currencies", endpoints.currencies),
        ("/TrackingCategories", endpoints.tracking_categories),
        ("/Budgets", endpoints.budgets),
        ("/Journals", gl.journals),
        ("/Reports/TrialBalance", reports.trial_balance),
        ("/Reports/ProfitAndLoss", reports.profit_and_loss),
        ("/Reports/BalanceSheet", reports.balance_sheet),
        ("/Reports/BankSummary", currency_reports.bank_summary),
        ("/Reports/AgedReceivablesByContact", currency_reports.aged_receivables),
        ("/Reports/AgedPayablesByContact", currency_reports.aged_payables),
    ):
        api.append(_route(cloud, path, path[1:], handler))
    api += [
        _route(cloud, "/Organisation/Actions", "Organisation", endpoints.organisation_actions),
        _route(cloud, "/TrackingCategories/{record_id}", "TrackingCategories", endpoints.tracking_categories),
        _route(cloud, "/Budgets/{record_id}", "Budgets", endpoints.budgets),
        _route(cloud, "/Journals/{record_id}", "Journals", gl.journal),
        _route(cloud, "/ManualJournals", "ManualJournals", manual_journals.write, "PUT", "POST"),
        _route(cloud, "/ManualJournals/{record_id}", "ManualJournals", manual_journals.write, "POST"),
        Route("/{rest:path}", _nothing_here, methods=["GET", "POST", "PUT", "DELETE", "PATCH"]),
    ]
    return [*identity_routes(cloud), Mount(_API, routes=api)]


def control(world: World) -> list[BaseRoute]:
    """The control routes under /_control/xero."""
    return control_routes(world.part(XeroCloud))


def _route(cloud: XeroCloud, path: str, resource: str, handler: Handler, *methods: str) -> Route:
    route = Route(path, accounting(cloud, resource, handler), methods=list(methods or ("GET",)))
    if not methods:
        # Starlette adds HEAD to GET; Xero has no use for it
        route.methods = {"GET"}
    return route


async def _nothing_here(_request: Request) -> Response:
    return not_found().response


VENDOR = Vendor("xero", create, control, {"client_id": oauth.APPS[0].client_id, "client_secret": oauth.APPS[0].secret})
