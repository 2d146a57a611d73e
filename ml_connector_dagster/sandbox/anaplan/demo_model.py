"""The demo tenant's model "Group Planning": what its model builder made for the two entities of Calder & Finch."""

from typing import Any

from ml_connector_dagster.sandbox.anaplan.planning_model import PlanningModel

WORKSPACE_ID = "8a81b09d7f1c4e2a9b3d5c6e7f8a9b0c"
MODEL_ID = "B5C0D3F7A1E94C2B8D6F0A1B2C3D4E5F"

_GROUP_PLANNING = PlanningModel(
    model_id=MODEL_ID,
    name="Group Planning",
    workspace_id=WORKSPACE_ID,
    system="Xero",
    entities={"UK": "Calder & Finch Ltd", "IE": "Calder & Finch Ireland Ltd"},
    dimensions={"Customers": "Customer", "Regions": "Region"},
    lists=("Customers", "Vendors", "Regions"),
)


def demo_model() -> dict[str, Any]:
    """The definition, fresh: the caller may change its copy and plant a variant."""
    return _GROUP_PLANNING.definition()
