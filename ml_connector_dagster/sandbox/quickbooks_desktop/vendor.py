"""QuickBooks Desktop as a vendor of the sandbox: no API of its own, only control routes; its Web Connector calls others."""

from collections.abc import Sequence
from typing import Any

from starlette.routing import BaseRoute

from ml_connector_dagster.sandbox.anaplan.planning_model import PlanningModel
from ml_connector_dagster.sandbox.quickbooks_desktop.control import control_routes
from ml_connector_dagster.sandbox.quickbooks_desktop.desktop import Desktop
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.control import web_connector_routes
from ml_connector_dagster.sandbox.world import Vendor, World

PLANNING = PlanningModel(
    model_id="3D9C7B4E2F6A4E0B1C5D8A9F0E1B2C34",
    name="Operations Planning",
    workspace_id="8a81b09d7f1c4e2a9b3d5c6e7f8a9b0c",
    system="QuickBooks Desktop",
    entities={"BS": "Brackenridge Supply"},
    dimensions={"Customers": "Customer", "Classes": "Class"},
    lists=("Vendors",),
)


def create(_world: World) -> list[BaseRoute]:
    """No routes: QuickBooks Desktop answers nobody, it is driven on its own PC."""
    return []


def control(world: World) -> list[BaseRoute]:
    """The control routes under /_control/quickbooks_desktop."""
    desktop = world.part(Desktop)
    return [*control_routes(desktop), *web_connector_routes(desktop.machines)]


def _models() -> Sequence[dict[str, Any]]:
    return (PLANNING.definition(),)


VENDOR = Vendor("quickbooks_desktop", create, control, models=_models, machine="web-connector")
