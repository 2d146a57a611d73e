"""A demo company, its accounting system and its model in one process: flows called as Dagster would call them, no daemon."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from ml_connector_dagster.anaplan.patience import Patience
from ml_connector_dagster.audit.explain import Explanation, explain_cells
from ml_connector_dagster.connections.opening import Connector, OpenConnection
from ml_connector_dagster.flows.due import DueLoad, loads_due
from ml_connector_dagster.flows.load import load_target
from ml_connector_dagster.flows.pull import PullOutcome, pull
from ml_connector_dagster.flows.tie_out import TieOut, tie_out
from ml_connector_dagster.flows.translate import translate
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.mapping.crosswalk import read_crosswalk
from ml_connector_dagster.sandbox.anaplan.demo_model import MODEL_ID
from ml_connector_dagster.sandbox.anaplan.tenant import Tenant
from ml_connector_dagster.sandbox.server import Running
from ml_connector_dagster_tests.connections.sandboxed import connected, variables

ENTITY = {"calder_uk": "UK", "calder_ie": "IE"}
TENANT = {"calder_uk": "uk", "calder_ie": "ie"}


@dataclass
class Company:
    """One demo company: what happens behind its back, what the flows do, what the model then holds."""

    connection: OpenConnection
    sandbox: Running
    runs: int = field(default=0)

    def happens(self, act: str, **body: Any) -> dict[str, Any]:
        """Change the books behind Xero's back."""
        answer = httpx.post(
            f"{self.sandbox.base_url}/_control/xero/{act}",
            json={"tenant": TENANT[self.connection.name], **body},
            verify=False,
        )
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def asks(self, question: str, **query: str) -> dict[str, Any]:
        """Ask the sandbox's own ledger."""
        answer = httpx.get(
            f"{self.sandbox.base_url}/_control/xero/{question}",
            params={"tenant": TENANT[self.connection.name], **query},
            verify=False,
        )
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def read(self, *periods: str) -> dict[str, PullOutcome]:
        """Read every entity of the periods, as the read job does; the last period's outcomes are answered."""
        found = {}
        for period in periods:
            for entity in self.connection.source.entities:
                found[entity.name] = pull(self.connection, entity.name, period, run_id=self._run())
        return found

    def due(self) -> list[DueLoad]:
        """Answer what the sensor would start."""
        return loads_due(self.connection)

    def load_due(self) -> list[tuple[str, str]]:
        """Load what is due, as the sensor would, until nothing is; answers (target, period) in order."""
        done: list[tuple[str, str]] = []
        while found := self.due():
            for one in found:
                plan = translate(self.connection, one.target, one.period)
                load_target(self.connection, plan, run_id=self._run())
                done.append((one.target, one.period))
        return done

    def tie_out(self, period: str, target: str = "actuals") -> TieOut:
        """Compare books, staged and Anaplan."""
        return tie_out(self.connection, target, period)

    def figure(self, period: str, account: str, customer: str, region: str) -> Decimal:
        """Answer one cell of Actuals as the model itself holds it."""
        at = {
            "Entities": ENTITY[self.connection.name],
            "Versions": "Actual",
            "Time": Period.parse(period).label("mmm_yy"),
            "Accounts": account,
            "Customers": customer,
            "Regions": region,
        }
        return Decimal(self.model.read("Actuals", "Amount", at))

    def explained(self, period: str, target: str = "actuals") -> list[Explanation]:
        """Answer every cell of the last verified load with its source lines."""
        return explain_cells(self.connection.store, self.connection.blobs, (self.connection.name, target, period), {})

    def cells(self, period: str) -> dict[tuple[str, str, str], Decimal]:
        """Answer the cells last loaded, by account, customer and region, zero rows included."""
        return {
            (one.cell["Account"], one.cell["Customer"], one.cell["Region"]): one.amount
            for one in self.explained(period)
        }

    @property
    def members(self) -> dict[str, str]:
        """The company's crosswalk: ledger account id to the member it is loaded as."""
        rows = read_crosswalk(self.connection.folder / "mapping" / "accounts.csv")
        return {row.source_id: row.member for row in rows}

    @property
    def model(self) -> Any:
        """The sandbox's side of the model."""
        return self.sandbox.world.part(Tenant).models[MODEL_ID]

    def _run(self) -> str:
        self.runs += 1
        return f"run-{self.runs}"


@contextmanager
def company(sandbox: Running, folder: Path, database: Path, name: str = "calder_ie") -> Iterator[Company]:
    """Open a demo company over a fresh home; the model is impatient, for the sandbox's tasks take no time."""
    without_limits(sandbox)
    with connected(variables(folder, sandbox.base_url, database, name)) as connector:
        in_a_hurry(connector, name)
        yield Company(connector.connection(name), sandbox)


def in_a_hurry(connector: Connector, name: str) -> None:
    """Let waits of a load last a hundredth, and the company's minute be a large one."""
    patience = Patience(sleep=lambda seconds: time.sleep(seconds / 100))
    connection = connector.connection(name)
    connection.settings.source.__dict__["quota_share"] = 1_000.0
    connection.settings.anaplan.__dict__["requests_per_minute"] = 1_000_000
    connection.model().patience = patience


def without_limits(sandbox: Running) -> None:
    """Lift the vendors' call limits: these tests are about figures."""
    settings = {"minute": 1_000_000, "day": 1_000_000, "app_minute": 1_000_000}
    httpx.post(f"{sandbox.base_url}/_control/xero/settings", json=settings, verify=False).raise_for_status()
    httpx.post(
        f"{sandbox.base_url}/_control/anaplan/rate", json={"permits": 10**9, "left": 10**9}, verify=False
    ).raise_for_status()
