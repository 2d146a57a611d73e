"""The demo tenant: customer, users, workspaces, models with their tasks, the shared rate limit."""

from typing import Any

from ml_connector_dagster.sandbox.anaplan.demo_model import WORKSPACE_ID, demo_model
from ml_connector_dagster.sandbox.anaplan.logins import Logins
from ml_connector_dagster.sandbox.anaplan.model import Model
from ml_connector_dagster.sandbox.anaplan.oauth import OAuth
from ml_connector_dagster.sandbox.anaplan.rate import RateBucket
from ml_connector_dagster.sandbox.anaplan.read_requests import ReadRequests
from ml_connector_dagster.sandbox.anaplan.tasks import Tasks
from ml_connector_dagster.sandbox.anaplan.users import User, demo_users
from ml_connector_dagster.sandbox.world import World

CUSTOMER_GUID = "7c6b5a49382716054f3e2d1c0b9a8877"


class Tenant:
    """Everything of one Anaplan customer; `world.part(Tenant)` is the sandbox's."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.customer_guid = CUSTOMER_GUID
        self.users: dict[str, User] = {user.email: user for user in demo_users()}
        self.logins = Logins(world.clock, self.users)
        self.oauth = OAuth(world.clock, self.logins, next(iter(self.users.values())))
        self.rate = RateBucket(world.clock)
        self.workspaces: dict[str, str] = {WORKSPACE_ID: "Calder & Finch"}
        self.models: dict[str, Model] = {}
        self._tasks: dict[str, Tasks] = {}
        self._reads: dict[str, ReadRequests] = {}
        for definition in (demo_model(), *world.models):
            self.add_model(definition)

    def add_model(self, definition: dict[str, Any]) -> Model:
        """Plant a model, or replace the one with its id."""
        model = Model.build(definition, self.world.clock)
        self.workspaces.setdefault(model.workspace_id, f"Workspace {model.workspace_id[:6]}")
        self.models[model.id] = model
        self._tasks[model.id] = Tasks(model, self.world)
        self._reads[model.id] = ReadRequests(model)
        return model

    def tasks(self, model: Model) -> Tasks:
        return self._tasks[model.id]

    def reads(self, model: Model) -> ReadRequests:
        return self._reads[model.id]
