"""The sandbox's QuickBooks, driven in this process: its company file, its control routes and its ledger, no server between."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from starlette.applications import Starlette
from starlette.testclient import TestClient

from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sandbox.quickbooks_desktop.control import control_routes
from ml_connector_dagster.sandbox.quickbooks_desktop.desktop import Desktop
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.first_message import host_company_preferences
from ml_connector_dagster.sandbox.world import World
from ml_connector_dagster_tests.sources.control_routes import movement_of, span_of
from ml_connector_dagster_tests.sources.quickbooks_desktop.desk import opened, straight
from ml_connector_dagster_tests.sources.quickbooks_desktop.payloads import OWNER

TODAY = date(2026, 11, 20)


class SandboxFile:
    """The sandbox's company file as a machine has it open."""

    def __init__(self, desktop: Desktop):
        self._processor = desktop.processor(wait=lambda seconds: None)

    def greeting(self) -> str:
        return self.answer(host_company_preferences(OWNER))

    def answer(self, message: str) -> str:
        if not self._processor.in_session:
            self._processor.begin_session()
        return self._processor.process(message)

    def end_session(self) -> None:
        self._processor.end_session()


@dataclass
class Brackenridge:
    """The demo company: the reader, the machine, and what happens behind the client's back."""

    reader: Any
    machine: Any
    """Counts the questions: a Desk, or a queue that asks at once."""
    client: TestClient

    @classmethod
    def open(cls) -> "Brackenridge":
        """Open it as the product does, over a state database; each read sees the books of now."""
        desktop = _desktop()
        return cls(*opened(SandboxFile(desktop), anew=True), _client(desktop))

    @classmethod
    def open_straight(cls) -> "Brackenridge":
        """Open it without sessions: every question is answered at once, and stays answered."""
        desktop = _desktop()
        return cls(*straight(SandboxFile(desktop)), _client(desktop))

    def post(self, act: str, **body: Any) -> dict[str, Any]:
        answer = self.client.post(f"/{act}", json=body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def ledger(self, period: Period) -> dict[str, Decimal]:
        """What the sandbox's own ledger posted that the detail shows: by account, debit positive."""
        return movement_of(self.client.get("/ledger", params=span_of(period)).json()["movement"])


def _desktop() -> Desktop:
    return World.new(today=TODAY).part(Desktop)


def _client(desktop: Desktop) -> TestClient:
    return TestClient(Starlette(routes=control_routes(desktop)))
