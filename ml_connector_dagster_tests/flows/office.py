"""A planning office for tests of loads: a sandbox model, a state database, and files made by hand."""

from __future__ import annotations

import csv
import hashlib
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ml_connector_dagster.anaplan.auth import AnaplanTokens, BasicLogin, SavedToken
from ml_connector_dagster.anaplan.client import AnaplanModel
from ml_connector_dagster.anaplan.patience import Patience
from ml_connector_dagster.anaplan.refusals import classify
from ml_connector_dagster.flows.file_plan import FilePlan
from ml_connector_dagster.flows.load_rows import LoadBook, LoadRow
from ml_connector_dagster.ledger.money import plain
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.mapping.targets import ListTarget, ModuleTarget
from ml_connector_dagster.sandbox.anaplan.demo_model import MODEL_ID, WORKSPACE_ID, demo_model
from ml_connector_dagster.sandbox.anaplan.tasks import TaskPlan
from ml_connector_dagster.sandbox.anaplan.tenant import Tenant
from ml_connector_dagster.sandbox.faults import Fault
from ml_connector_dagster.sandbox.server import Running, running
from ml_connector_dagster.sandbox.world import World
from ml_connector_dagster.store.blobs import Blobs
from ml_connector_dagster.store.engine import Store
from ml_connector_dagster.store.locks import Locks
from ml_connector_dagster.transport.client import VendorHttp
from ml_connector_dagster.transport.retry import RetryPolicy

PERIOD = "2026-10"
HEADER = ("Entity", "Version", "Period", "Account", "Customer", "Region", "Amount")
DECIMAL = pa.decimal128(38, 10)
ACCOUNTS = ("200", "260", "400", "429")
CUSTOMERS = ("UK-a", "UK-b", "unassigned")
Cells = Mapping[tuple[str, str], Decimal | int | str]
"""Account and customer to amount."""
CELLS = {("200", "UK-a"): "1200.50", ("200", "UK-b"): "99.99", ("400", "unassigned"): "310.00"}

ACTUALS = ModuleTarget.model_validate(
    {
        "name": "actuals",
        "from": "ledger_lines",
        "import": "Actuals from Xero",
        "columns": {
            "Entity": "=UK", "Version": "=Actual", "Period": "period", "Account": "ledger_account",
            "Customer": "customer", "Region": "tracking.Region", "Amount": "amount",
        },
        "clear": {
            "Entity": "in_file", "Version": "in_file", "Period": "in_file", "Account": "all", "Customer": "all", "Region": "all",
        },
        "read_back": {
            "view": "Actuals by entity",
            "line_item": "Amount",
            "columns": {
                "Entity": "Entities", "Version": "Versions", "Period": "Time", "Account": "Accounts",
                "Customer": "Customers", "Region": "Regions",
            },
        },
    }
)  # fmt: skip
CUSTOMER_LIST = ListTarget.model_validate(
    {"name": "customers", "from": "customers", "import": "Customers from Xero", "anaplan_list": "Customers"}
)


class OneToken:
    """A shared token that only this process knows."""

    def __init__(self) -> None:
        self.saved: SavedToken | None = None

    def read(self) -> SavedToken | None:
        return self.saved

    def locked(self) -> Any:
        return nullcontext()

    def write(self, token: SavedToken) -> None:
        self.saved = token


class Hurry:
    """A clock that sleeping moves on, so that hours of waiting take no time; real naps only where a task needs them.

    A wait for an idle model is about sixteen looks: the naps of eight outlast the task, on a machine of any speed.
    """

    def __init__(self, nap_seconds: float = 0.0) -> None:
        self.at = 0.0
        self.slept: list[float] = []
        self.nap_seconds = nap_seconds

    def sleep(self, seconds: float) -> None:
        self.at += seconds
        self.slept.append(seconds)
        if self.nap_seconds:
            time.sleep(self.nap_seconds)

    def clock(self) -> float:
        return self.at

    def patience(self, **changed: Any) -> Patience:
        return Patience(sleep=self.sleep, clock=self.clock, **{"lease_wait_seconds": 0.0, **changed})


@dataclass
class Office:
    """One sandbox model and one state database; connections are made as tests need them."""

    world: World
    base_url: str
    store: Store
    folder: Path
    hurry: Hurry = field(default_factory=Hurry)
    token: OneToken = field(default_factory=OneToken)
    opened: list[VendorHttp] = field(default_factory=list)
    facts: dict[tuple[str, ...], Any] | None = None
    """What models know of an unshaped office; shared by cheap tests, so that each load asks only what it must."""

    @property
    def tenant(self) -> Tenant:
        return self.world.part(Tenant)

    @property
    def model(self) -> Any:
        """The sandbox's side of the model."""
        return self.tenant.models[MODEL_ID]

    @property
    def tasks(self) -> list[Any]:
        return self.tenant.tasks(self.model).all()

    @property
    def book(self) -> LoadBook:
        return LoadBook(self.store)

    def rows(self) -> list[LoadRow]:
        """All loads, oldest first."""
        from sqlalchemy import select

        from ml_connector_dagster.store.tables.loads import load

        with self.store.read() as connection:
            ids = connection.execute(select(load.c.id).order_by(load.c.id)).scalars().all()
        return [self.book.get(one) for one in ids]

    def known_tasks(self) -> dict[str, str]:
        """Task id to note."""
        from sqlalchemy import select

        from ml_connector_dagster.store.tables.loads import known_task

        with self.store.read() as connection:
            return {row.task_id: row.note for row in connection.execute(select(known_task))}

    def connection(self, name: str = "uk", *, chunk_bytes: int = 10_000_000, patience: Patience | None = None) -> Any:
        """A connection as flows see it; targets and store are real, the accounting system is absent."""
        base = f"{self.base_url}/anaplan"
        login = VendorHttp("Anaplan")
        tokens = AnaplanTokens(
            login,
            auth_url=base,
            login=BasicLogin("demo@calderfinch.example", "sandbox-anaplan-password"),
            shared=self.token,
        )
        retry = RetryPolicy(attempts=2, base_seconds=0.0, wait_at_most_seconds=0.0)
        http = VendorHttp("Anaplan", authorize=tokens, classify=classify, retry=retry)
        self.opened += [login, http]
        model = AnaplanModel(
            http,
            api_url=f"{base}/2/0",
            workspace_id=WORKSPACE_ID,
            model_id=MODEL_ID,
            locks=Locks(self.store),
            patience=patience or self.hurry.patience(),
            chunk_bytes=chunk_bytes,
        )
        if self.facts is not None:
            model._facts = self.facts
        targets = {"actuals": ACTUALS, "customers": CUSTOMER_LIST}
        return SimpleNamespace(
            name=name,
            path=self.folder / name / "defs.yaml",
            settings=SimpleNamespace(anaplan=SimpleNamespace(model=MODEL_ID)),
            refuse_neighbours=lambda target: None,
            store=self.store,
            blobs=Blobs(str(self.folder / "blobs")),
            model=lambda: model,
            target=targets.__getitem__,
        )

    def plan(self, cells: Cells, *, period: str = PERIOD, connection: str = "uk", **changed: Any) -> FilePlan:
        """A whole slice: one row per (account, customer), in entity UK or IE after the connection's name."""
        constants = {
            "Entity": connection.upper()[:2],
            "Version": "Actual",
            "Period": Period.parse(period).label("iso_date"),
        }
        rows = [
            {**constants, "Account": account, "Customer": customer, "Region": "unassigned", "amount": Decimal(amount)}
            for (account, customer), amount in cells.items()
        ]
        columns = {**ACTUALS.columns, "Entity": f"={constants['Entity']}"}
        target = ACTUALS.model_copy(update={"columns": columns})
        return self.plan_of(rows, target, period=period, connection=connection, **changed)

    def plan_of(
        self, rows: list[dict[str, Any]], module: ModuleTarget, *, period: str, connection: str = "uk", **changed: Any
    ) -> FilePlan:
        """A plan of any module file; each row's amount is one source line."""
        folder = self.folder / uuid.uuid4().hex
        folder.mkdir()
        file, sidecar, cells = folder / "file.csv", folder / "sidecar.parquet", folder / "cells.parquet"
        header = tuple(module.columns)
        with file.open("w", encoding="utf-8", newline="") as opened:
            writer = csv.writer(opened)
            writer.writerow(header)
            for row in rows:
                writer.writerow(
                    [plain(row["amount"]) if module.columns[name] == "amount" else row[name] for name in header]
                )
        dimensions = [name for name in header if module.columns[name] != "amount"]
        schema = pa.schema([*((name, pa.string()) for name in dimensions), ("amount", DECIMAL)])
        pq.write_table(pa.Table.from_pylist([{**row, "amount": row["amount"]} for row in rows], schema=schema), cells)
        _write_sidecar(sidecar, [row["amount"] for row in rows])
        file_hash = hashlib.sha256(file.read_bytes()).hexdigest()
        plan = FilePlan(
            connection=connection,
            target=module,
            kind="module",
            period=period,
            header=header,
            file=file,
            rows=len(rows),
            file_hash=file_hash,
            sidecar=sidecar,
            cells=cells,
            total=sum((row["amount"] for row in rows), Decimal(0)),
            snapshots={f"ledger_lines@{period}": file_hash},
            settings_hash="s",
            mapping_hash="m",
            digest=file_hash,
        )
        return replace(plan, **changed)

    def list_plan(self, members: Mapping[str, str], *, period: str = PERIOD) -> FilePlan:
        """The customers list: code to name."""
        folder = self.folder / uuid.uuid4().hex
        folder.mkdir()
        file, sidecar = folder / "file.csv", folder / "sidecar.parquet"
        with file.open("w", encoding="utf-8", newline="") as opened:
            csv.writer(opened).writerows(
                [("Code", "Name", "Active"), *((code, name, "true") for code, name in members.items())]
            )
        _write_sidecar(sidecar, [Decimal(0) for _ in members])
        file_hash = hashlib.sha256(file.read_bytes()).hexdigest()
        return FilePlan(
            connection="uk", target=CUSTOMER_LIST, kind="list", period=period, header=("Code", "Name", "Active"), file=file,
            rows=len(members), file_hash=file_hash, sidecar=sidecar, cells=None, total=Decimal(len(members)),
            snapshots={f"customers@{period}": file_hash}, settings_hash="s", mapping_hash="m", digest=file_hash,
        )  # fmt: skip

    def figure(self, account: str, customer: str = "UK-a", *, month: str = "Oct 26", entity: str = "UK") -> Decimal:
        """One cell as the sandbox's model holds it."""
        at = {"Entities": entity, "Versions": "Actual", "Time": month, "Accounts": account, "Customers": customer,
              "Regions": "unassigned"}  # fmt: skip
        return self.model.read("Actuals", "Amount", at)

    def edit(self, account: str, value: str, customer: str = "UK-a") -> None:
        """A planner writes a cell of the slice by hand."""
        at = {"Entities": "UK", "Versions": "Actual", "Time": "Oct 26", "Accounts": account, "Customers": customer,
              "Regions": "unassigned"}  # fmt: skip
        self.model.plant("Actuals", "Amount", at, value)

    def figures(self, *, month: str = "Oct 26", entity: str = "UK") -> dict[tuple[str, str], Decimal]:
        """Every non-zero cell of a slice."""
        found = {(account, customer): self.figure(account, customer, month=month, entity=entity)
                 for account in ACCOUNTS for customer in CUSTOMERS}  # fmt: skip
        return {cell: value for cell, value in found.items() if value}

    def plant(self, **plan: Any) -> None:
        """What the next task of the actuals import shall do."""
        self.tenant.tasks(self.model).plan(TaskPlan(object_id=self.import_id, **plan))

    def clear_misfortune(self) -> None:
        """Take back every planted fault and task plan that was not met."""
        self.world.faults.clear()
        self.tenant.tasks(self.model)._plans.clear()

    @property
    def import_id(self) -> str:
        return str(self.model.import_named("Actuals from Xero").id)

    def click(self, user: str = "builder@calderfinch.example") -> str:
        """Somebody starts the import by hand."""
        return str(self.tenant.tasks(self.model).start("imports", self.import_id, user, {}).id)

    def fault(self, path: str, **facts: Any) -> int:
        """Plant a fault on Anaplan's requests."""
        return self.world.faults.plant(Fault(vendor="anaplan", path=path, **facts))


@pytest.fixture(scope="session")
def planning_server() -> Iterator[Running]:
    """One sandbox for all offices of a test process: starting one takes longer than most tests."""
    with running(World.new(task_seconds=0.0)) as server:
        yield server


@contextmanager
def office(
    server: Running,
    store: Store,
    folder: Path,
    *,
    task_seconds: float = 0.0,
    shape: Callable[[Any], None] | None = None,
) -> Iterator[Office]:
    """Open an office over a model of its own; ``shape`` may change the model's definition before it is built."""
    definition = demo_model()
    lists = {entry["name"]: entry for entry in definition["lists"]}
    lists["Accounts"] = {**lists["Accounts"], "items": [{"code": code, "name": f"Account {code}"} for code in ACCOUNTS]}
    lists["Customers"] = {
        **lists["Customers"], "items": [{"code": code, "name": f"Customer {code}"} for code in CUSTOMERS],
    }  # fmt: skip
    lists["Regions"] = {**lists["Regions"], "items": [{"code": "unassigned", "name": "No region"}]}
    definition["lists"] = list(lists.values())
    if shape is not None:
        shape(definition)
    world = server.world
    world.task_seconds = task_seconds
    world.faults.clear()
    tenant = world.part(Tenant)
    tenant.add_model(definition)
    tenant.rate.permits = 10**9
    tenant.rate.drain(1e9)
    next(iter(tenant.users.values())).denied = set()
    opened = Office(world, server.base_url, store, folder, Hurry(min(task_seconds / 8, 0.05)))
    try:
        yield opened
    finally:
        for http in opened.opened:
            http.close()


@pytest.fixture
def desk(planning_server: Running, sqlite_store: Store, tmp_path: Path) -> Iterator[Office]:
    """An office with a model of its own and nothing loaded yet."""
    with office(planning_server, sqlite_store, tmp_path) as opened:
        yield opened


def money(cells: Cells) -> dict[tuple[str, str], Decimal]:
    """What ``Office.figures`` shows where a model holds these cells: those of zero are not there."""
    return {cell: Decimal(amount) for cell, amount in cells.items() if Decimal(amount)}


def _write_sidecar(path: Path, amounts: list[Decimal]) -> None:
    rows = [
        {"file_row": number, "entity": "invoices", "record_id": f"record-{number}", "line_id": "1", "amount": amount}
        for number, amount in enumerate(amounts, start=2)
    ]
    schema = pa.schema(
        [
            ("file_row", pa.int32()),
            *((name, pa.string()) for name in ("entity", "record_id", "line_id")),
            ("amount", DECIMAL),
        ]
    )
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), path)
