"""Everything the vendors of one sandbox share: seed, time, faults, the request log, and each vendor's own state."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol, TypeVar, cast

from starlette.routing import BaseRoute

from ml_connector_dagster.sandbox.clock import Clock
from ml_connector_dagster.sandbox.faults import Faults
from ml_connector_dagster.sandbox.request_log import RequestLog


class _Part(Protocol):
    def __init__(self, world: "World") -> None: ...


PartT = TypeVar("PartT", bound=_Part)


@dataclass
class World:
    """One sandbox. `World.new()` gives a fresh one; parts are made when first asked for and then shared.

    task_seconds is how long an Anaplan task takes in real seconds. lock guards state that a test changes from
    its own thread while the server answers.
    """

    seed: int = 1
    clock: Clock = field(default_factory=Clock)
    faults: Faults = field(default_factory=Faults)
    log: RequestLog = field(default_factory=RequestLog)
    task_seconds: float = 0.3
    lock: threading.RLock = field(default_factory=threading.RLock)
    models: list[dict[str, Any]] = field(default_factory=list)
    """Anaplan models that the vendors' demo companies load into; planted when the tenant is first asked for."""
    _parts: dict[type[Any], Any] = field(default_factory=dict)

    @classmethod
    def new(cls, *, seed: int = 1, today: date | None = None, task_seconds: float = 0.3) -> "World":
        """A world whose books end today, or on the day given."""
        return cls(seed=seed, clock=Clock(today), task_seconds=task_seconds)

    def part(self, kind: type[PartT]) -> PartT:
        """The world's only instance of kind, made as kind(world) on first use: `world.part(Books)`."""
        with self.lock:
            if kind not in self._parts:
                self._parts[kind] = kind(self)
            return cast(PartT, self._parts[kind])


def _no_routes(_world: World) -> list[BaseRoute]:
    return []


def _no_models() -> Sequence[dict[str, Any]]:
    return ()


@dataclass(frozen=True)
class Vendor:
    """What a folder's vendor.py declares as VENDOR: routes under /<name>, control routes under /_control/<name>."""

    name: str
    create: Callable[[World], list[BaseRoute]]
    control: Callable[[World], list[BaseRoute]] = _no_routes
    login: Mapping[str, str] = field(default_factory=dict)
    """How a person of the demo company signs in: client_id and client_secret of a registered app, or user and password."""
    redirect_uri: str = ""
    """The redirect address that is registered for the app; empty where any loopback address will do."""
    models: Callable[[], Sequence[dict[str, Any]]] = _no_models
    """Definitions of the Anaplan models that the vendor's demo companies load into: see anaplan.planning_model."""
    machine: str = ""
    """Control route, below the vendor's own, that brings an invitation to the company's machine; empty where there is none.

    Its body has the invitation's file under its ending, the password, and every_seconds: how often it shall call.
    """
