"""The tenant's users: who they are and what their model roles let them see and run."""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class User:
    """One user. no_access: models on which the role is NO ACCESS; denied: action ids that the role does not grant."""

    guid: str
    email: str
    password: str
    first_name: str
    last_name: str
    password_expired: bool = False
    no_access: set[str] = field(default_factory=set)
    denied: set[str] = field(default_factory=set)

    def shown(self, customer_guid: str) -> dict[str, Any]:
        return {
            "id": self.guid,
            "firstName": self.first_name,
            "lastName": self.last_name,
            "email": self.email,
            "active": True,
            "emailOptIn": False,
            "customerId": customer_guid,
        }


def demo_users() -> list[User]:
    """The demo tenant's: the integration user, a model builder, and one without a role on the model."""
    return [
        User(
            "4f0c1d2e3b4a59687f6e5d4c3b2a1908", "demo@calderfinch.example", "sandbox-anaplan-password", "Dana", "Moor"
        ),
        User(
            "5a1b2c3d4e5f60718293a4b5c6d7e8f9", "builder@calderfinch.example", "sandbox-builder-password", "Bo", "Ward"
        ),
        User("6b7c8d9e0f1a2b3c4d5e6f708192a3b4", "guest@calderfinch.example", "sandbox-guest-password", "Gil", "Noone"),
    ]
