"""FreshBooks as a vendor of the sandbox: which paths it answers."""

from typing import Any

from starlette.routing import BaseRoute, Route

from ml_connector_dagster.sandbox.anaplan.demo_model import WORKSPACE_ID
from ml_connector_dagster.sandbox.anaplan.planning_model import PlanningModel
from ml_connector_dagster.sandbox.freshbooks import callback_pages, endpoints, oauth, reports
from ml_connector_dagster.sandbox.freshbooks.access import Handler, guarded
from ml_connector_dagster.sandbox.freshbooks.cloud import FreshBooksCloud
from ml_connector_dagster.sandbox.freshbooks.control import control_routes
from ml_connector_dagster.sandbox.freshbooks.identity_pages import identity_routes
from ml_connector_dagster.sandbox.freshbooks.resources import RESOURCES
from ml_connector_dagster.sandbox.world import Vendor, World

_ACCOUNT = "/accounting/account/{account_id}"
_BUSINESS = "/accounting/businesses/{business_uuid}"
_PROJECTS = "/projects/business/{business_id}"
_CALLBACKS = "/events/account/{account_id}/events/callbacks"

_STUDIO_PLANNING = PlanningModel(
    model_id="0A6F4E1B9C3D4B7E8F2A5D6C7B8E9F01",
    name="Studio Planning",
    workspace_id=WORKSPACE_ID,
    system="FreshBooks",
    entities={"LL": "Lantern & Loom"},
    dimensions={"Clients": "Client", "Vendors": "Vendor"},
    register="Invoices",
    register_currency=True,
)


def create(world: World) -> list[BaseRoute]:
    """All routes of FreshBooks in one world."""
    cloud = world.part(FreshBooksCloud)
    routes = identity_routes(cloud)
    for resource in RESOURCES:
        path = f"{_ACCOUNT}/{resource.path}"
        routes.append(_route(cloud, path, "accounting", resource.name, endpoints.listed(resource)))
        one = endpoints.single(resource)
        methods = ("GET", "PUT", "DELETE")
        routes.append(_route(cloud, f"{path}/{{record_id}}", "accounting", resource.name, one, *methods))
    routes += [_route(cloud, *entry) for entry in _OTHERS]
    routes += [
        _route(cloud, _CALLBACKS, "events", "callbacks", callback_pages.callbacks, "GET", "POST"),
        _route(
            cloud, f"{_CALLBACKS}/{{record_id}}", "events", "callbacks", callback_pages.callback, "GET", "PUT", "DELETE"
        ),
    ]
    return routes


_OTHERS: tuple[tuple[str, str, str, Handler], ...] = (
    (f"{_ACCOUNT}/taxes/taxes", "accounting", "taxes", endpoints.taxes),
    (f"{_ACCOUNT}/items/items", "accounting", "items", endpoints.items),
    (
        f"{_ACCOUNT}/journal_entry_accounts/journal_entry_accounts",
        "accounting",
        "journal_entry_accounts",
        endpoints.journal_entry_accounts,
    ),
    (
        f"{_ACCOUNT}/journal_entries/journal_entry_details",
        "accounting",
        "journal_entry_details",
        endpoints.journal_entry_details,
    ),
    (f"{_ACCOUNT}/reports/accounting/trial_balance", "accounting", "double_entry_reports", reports.trial_balance),
    (f"{_ACCOUNT}/reports/accounting/profitloss_entity", "accounting", "reports", reports.profit_and_loss),
    (f"{_BUSINESS}/reports/trial_balance", "accounting", "double_entry_reports", reports.trial_balance),
    (f"{_BUSINESS}/reports/general_ledger", "accounting", "double_entry_reports", reports.general_ledger),
    (f"{_BUSINESS}/reports/chart_of_accounts", "accounting", "double_entry_reports", reports.chart_of_accounts),
    (f"{_BUSINESS}/ledger_accounts/accounts", "ledger", "ledger_accounts", endpoints.ledger_accounts),
    (f"{_BUSINESS}/ledger_accounts/accounts/{{record_id}}", "ledger", "ledger_accounts", endpoints.ledger_account),
    ("/accounting/ledger_accounts/types", "ledger", "ledger_accounts", endpoints.account_types),
    ("/accounting/ledger_accounts/sub_types", "ledger", "ledger_accounts", endpoints.account_sub_types),
    (f"{_PROJECTS}/projects", "project", "projects", endpoints.projects),
    (f"{_PROJECTS}/project/{{record_id}}", "project", "projects", endpoints.project),
)


def control(world: World) -> list[BaseRoute]:
    """The control routes under /_control/freshbooks."""
    return control_routes(world.part(FreshBooksCloud))


def models() -> tuple[dict[str, Any], ...]:
    """The Anaplan model that Lantern & Loom plans in."""
    return (_STUDIO_PLANNING.definition(),)


def _route(cloud: FreshBooksCloud, path: str, family: str, resource: str, handler: Handler, *methods: str) -> Route:
    route = Route(path, guarded(cloud, family, resource, handler), methods=list(methods or ("GET",)))
    # Starlette adds HEAD to GET; FreshBooks has no use for it
    route.methods = set(methods or ("GET",))
    return route


VENDOR = Vendor(
    name="freshbooks",
    create=create,
    control=control,
    login={"client_id": oauth.CLIENT_ID, "client_secret": oauth.CLIENT_SECRET},
    redirect_uri=oauth.REDIRECT_URI,
    models=models,
)
