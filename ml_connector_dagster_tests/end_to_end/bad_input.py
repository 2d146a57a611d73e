"""What goes wrong at a company's desk, tried the way a person or a run tries it, and what was said and kept."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
import httpx
import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from ml_connector_dagster.cli.main import ConnectorCommands, main
from ml_connector_dagster.cli.output import show_error
from ml_connector_dagster.connections.entering import enter
from ml_connector_dagster.connections.opening import Connector, OpenConnection
from ml_connector_dagster.errors import ConnectorError
from ml_connector_dagster.flows.load import load_target
from ml_connector_dagster.flows.pull import PullOutcome, pull
from ml_connector_dagster.flows.tie_out import TieOut, tie_out
from ml_connector_dagster.flows.translate import translate
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sandbox.anaplan.demo_model import MODEL_ID
from ml_connector_dagster.sandbox.anaplan.tenant import Tenant
from ml_connector_dagster.sandbox.server import Running
from ml_connector_dagster.staging.snapshots import Staging
from ml_connector_dagster.store.environment import Environment
from ml_connector_dagster.store.tables.staging import snapshot
from ml_connector_dagster_tests.connections.sandboxed import ANAPLAN_LOGIN, DEMO, connected, consent, variables
from ml_connector_dagster_tests.end_to_end.close_at_hand import in_a_hurry, without_limits

NAME, OCT = "calder_ie", "2026-10"
EXPENSES = "429"
"""The account of the bill that arrives before each mishap: its figure moves only when a load succeeds."""


@dataclass(frozen=True)
class Told:
    """What a try told the person."""

    exit_code: int
    error: ConnectorError
    lines: list[str]
    """Standard error, as printed."""

    @classmethod
    def by(cls, command: click.Command, arguments: tuple[str, ...], shell: Mapping[str, str]) -> Told:
        """Run a command, and remember which error the command line turned into sentences and an exit code."""
        met: list[ConnectorError] = []

        def remember(error: ConnectorError) -> None:
            met.append(error)
            show_error(error)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("ml_connector_dagster.cli.main.show_error", remember)
            result = CliRunner().invoke(command, arguments, env=shell)
        assert met, (result.output, result.exc_info)
        return cls(result.exit_code, met[0], result.stderr.splitlines())


@dataclass
class Scene:
    """The Irish company, a sandbox, and the shell of the person who runs things."""

    sandbox: Running
    shell: dict[str, str]
    tries: int = 0
    newest_bill: str = ""
    wrong_line: int = 0
    """Line of ``defs.yaml`` that was spoiled last."""

    # ── what goes wrong ───────────────────────────────────────────────────────────────────────────────────────────────
    def control(self, act: str, /, **body: Any) -> dict[str, Any]:
        """Use the sandbox's control API."""
        answer = httpx.post(f"{self.sandbox.base_url}/_control/{act}", json=body, verify=False)
        assert answer.status_code in (200, 201), answer.text
        return dict(answer.json())

    def fault(self, vendor: str, path: str, **what: Any) -> None:
        """Plant a fault that stays until it is cleared."""
        self.control("faults", vendor=vendor, path=path, times=0, **what)

    def clear_faults(self) -> None:
        """Remove every planted fault."""
        httpx.delete(f"{self.sandbox.base_url}/_control/faults", verify=False).raise_for_status()

    def bill(self, amount: str) -> str:
        """Let a bill arrive; answers its id."""
        told = self.control("xero/late-document", tenant="ie", date="2026-10-14", amount=amount, account=EXPENSES)
        return str(told["document"])

    @property
    def defs(self) -> Path:
        """The settings of the company."""
        return Path(self.shell["ML_CONNECTOR_CONNECTIONS"]) / NAME / "defs.yaml"

    @property
    def crosswalk(self) -> Path:
        """Its crosswalk of accounts."""
        return self.defs.parent / "mapping" / "accounts.csv"

    @property
    def home(self) -> Path:
        """The home of state database and vault key."""
        return Path(self.shell["ML_CONNECTOR_HOME"])

    def write(self, old: str, new: str, *, times: int = 1) -> int:
        """Change the first places in ``defs.yaml`` where a text stands; answers the line of the first."""
        text = self.defs.read_text(encoding="utf-8")
        assert old in text, old
        self.defs.write_text(text.replace(old, new, times), encoding="utf-8")
        return text[: text.index(old)].count("\n") + 1

    def restore(self) -> None:
        """Put the settings and the crosswalk back."""
        shutil.copytree(DEMO / NAME, self.defs.parent, dirs_exist_ok=True)

    def wait(self, seconds: float) -> None:
        """Let real time pass: the state database's clock cannot be moved."""
        time.sleep(seconds)

    def sign_in(self) -> None:
        """Enter the Anaplan login again, and consent to Xero again: what a person does after a refusal."""
        with Connector(Environment.read(self.shell)) as connector:
            enter(connector, "demo_anaplan", "anaplan", "basic", ANAPLAN_LOGIN)
            consent(connector)

    # ── what is tried ─────────────────────────────────────────────────────────────────────────────────────────────────
    @contextmanager
    def opened(self) -> Iterator[OpenConnection]:
        """Open the company as a new process does."""
        with Connector(Environment.read(self.shell)) as connector:
            in_a_hurry(connector, NAME)
            yield connector.connection(NAME)

    def read(self, *entities: str) -> list[PullOutcome]:
        """Read entities of October, as the source assets do."""
        self.tries += 1
        with self.opened() as connection:
            return [pull(connection, name, OCT, run_id=f"read-{self.tries}") for name in entities]

    def load(self, target: str = "actuals", *, force: bool = False) -> None:
        """Load a list or module for October, as its asset does."""
        self.tries += 1
        with self.opened() as connection:
            load_target(connection, translate(connection, target, OCT), run_id=f"load-{self.tries}", force=force)

    def recover(self) -> TieOut:
        """Read the bills and load again, now that the cause is gone; compare books, staged and Anaplan."""
        self.tries += 1
        with self.opened() as connection:
            for name in ("bills", "ledger_lines"):
                pull(connection, name, OCT, run_id=f"read-{self.tries}")
            load_target(connection, translate(connection, "actuals", OCT), run_id=f"load-{self.tries}")
            return tie_out(connection, "actuals", OCT)

    def attempt(self, act: Callable[[Scene], object]) -> Told:
        """Try a flow; the command line's own group prints the error and chooses the exit code."""
        command = click.Command("attempt", callback=lambda: act(self))
        group = ConnectorCommands(commands={"attempt": command})
        return Told.by(group, ("attempt",), self.shell)

    def command(self, *arguments: str, **shell: str) -> Told:
        """Type a command."""
        return Told.by(main, arguments, {**self.shell, **shell})

    # ── what is kept ──────────────────────────────────────────────────────────────────────────────────────────────────
    def figure(self) -> Decimal:
        """Answer the bill's cell as the model holds it."""
        at = {"Entities": "IE", "Versions": "Actual", "Time": "Oct 26", "Accounts": EXPENSES}
        at |= {"Customers": "unassigned", "Regions": "unassigned", "module": "Actuals", "line_item": "Amount"}
        answer = httpx.get(f"{self.sandbox.base_url}/_control/anaplan/cells", params=at, verify=False)
        return Decimal(answer.json()["value"])

    def figures(self) -> Mapping[str, dict[Any, Any]]:
        """Answer every cell of the model."""
        modules = self.model.modules.values()
        return {
            f"{module.name} {item.name}": dict(item.cells) for module in modules for item in module.line_items.members
        }

    def staged(self) -> dict[str, str]:
        """Answer which content is current for each entity of October."""
        with Connector(Environment.read(self.shell)) as connector, connector.store.read() as database:
            row = snapshot
            found = database.execute(
                sa.select(row.c.entity, row.c.digest).where(row.c.period == OCT, row.c.current.is_(True))
            )
            return dict(found.tuples().all())

    def counted(self) -> tuple[int, int, int]:
        """Answer how many bills of October were read, stand in the staged file, and are named in quarantine."""
        with self.opened() as connection:
            staging = Staging(connection.store, connection.blobs)
            row = staging.current(NAME, "bills", Period.parse(OCT))
            assert row is not None
            staged = {one for table in staging.tables(row, ["document_id"]) for one in table.column(0).to_pylist()}
            return row.records, len(staged), len(staging.quarantined(row))

    @property
    def model(self) -> Any:
        """The sandbox's side of the model."""
        return self.sandbox.world.part(Tenant).models[MODEL_ID]


@contextmanager
def scene(sandbox: Running, folder: Path, database: Path) -> Iterator[Scene]:
    """Set the scene: October of the Irish company read, its lists, actuals and register loaded."""
    without_limits(sandbox)
    shell = variables(folder, sandbox.base_url, database, NAME)
    with connected(shell) as connector:
        entities = [entity.name for entity in connector.connection(NAME).source.entities]
    opened = Scene(sandbox, shell)
    opened.read(*entities)
    for target in ("accounts", "customers", "regions", "actuals", "invoice_register"):
        opened.load(target)
    yield opened
