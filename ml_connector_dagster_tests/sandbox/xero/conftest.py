"""A sandbox that all tests of Xero share, and a caller who has consented."""

import gc
import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from ml_connector_dagster.sandbox.app import create_app
from ml_connector_dagster.sandbox.books.scribe import IRELAND, UK
from ml_connector_dagster.sandbox.server import Running, running
from ml_connector_dagster.sandbox.world import World
from ml_connector_dagster.sandbox.xero.cloud import XeroCloud

TODAY = date(2026, 11, 29)
REDIRECT = "http://localhost:8701/connect/callback"
READ = (
    "offline_access accounting.invoices.read accounting.payments.read accounting.banktransactions.read "
    "accounting.manualjournals accounting.settings.read accounting.contacts.read accounting.budgets.read "
    "accounting.journals.read accounting.reports.trialbalance.read accounting.reports.profitandloss.read "
    "accounting.reports.balancesheet.read accounting.reports.banksummary.read accounting.reports.aged.read"
)
CLIENT = ("sandbox-xero-client", "sandbox-xero-secret")
IDS = {"uk": UK.tenant_id, "ie": IRELAND.tenant_id}


@dataclass
class Xero:
    """A client with a token: as small as can be, so that nothing of the product stands between test and sandbox."""

    running: Running
    http: httpx.Client
    token: dict[str, Any] = field(default_factory=dict)
    home: str = "uk"
    """The organisation meant where a call names none; the Irish one is a third of the size."""

    @property
    def cloud(self) -> XeroCloud:
        return self.running.world.part(XeroCloud)

    def authorize(self, scope: str = READ, **extra: str) -> dict[str, str]:
        """The query of the redirect."""
        query = {
            "response_type": "code",
            "client_id": CLIENT[0],
            "redirect_uri": REDIRECT,
            "scope": scope,
            "state": "s",
        }
        answer = self.http.get("/xero/identity/connect/authorize", params=query | extra)
        assert answer.status_code == 302, answer.text
        return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}

    def token_call(self, client: tuple[str, str] | None = CLIENT, **form: str) -> httpx.Response:
        return self.http.post("/xero/connect/token", data=form, auth=client)

    def connect(self, scope: str = READ) -> "Xero":
        code = self.authorize(scope)["code"]
        answer = self.token_call(grant_type="authorization_code", code=code, redirect_uri=REDIRECT)
        assert answer.status_code == 200, answer.text
        self.token = answer.json()
        return self

    def headers(self, tenant: str = "", **more: str) -> dict[str, str]:
        bearer = f"Bearer {self.token['access_token']}"
        return {
            "Authorization": bearer,
            "xero-tenant-id": IDS[tenant or self.home],
            "Accept": "application/json",
        } | more

    def ask(
        self, path: str, *, tenant: str = "", headers: dict[str, str] | None = None, **params: Any
    ) -> httpx.Response:
        wanted = self.headers(tenant) | (headers or {})
        return self.http.get(f"/xero/api.xro/2.0/{path}", params=params, headers=wanted)

    def get(self, path: str, *, tenant: str = "", **params: Any) -> dict[str, Any]:
        """The decoded body of a call that must succeed, amounts as Decimal."""
        answer = self.ask(path, tenant=tenant, **params)
        assert answer.status_code == 200, answer.text
        return json.loads(answer.content, parse_float=Decimal)

    def every(self, plural: str, *, tenant: str = "", **params: Any) -> list[dict[str, Any]]:
        """All records of a collection, page by page."""
        found, page = [], 1
        while True:
            body = self.get(plural, tenant=tenant, page=page, pageSize=1000, **params)
            found += body[plural]
            if "pagination" not in body or page >= body["pagination"]["pageCount"]:
                return found
            page += 1

    def write(self, body: Any, *, method: str = "POST", path: str = "ManualJournals", **headers: str) -> httpx.Response:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.request(method, f"/xero/api.xro/2.0/{path}", json=body, headers=self.headers() | names)

    def control(self, action: str, **body: Any) -> dict[str, Any]:
        answer = self.http.post(f"/_control/xero/{action}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def question(self, name: str, **query: str) -> dict[str, Any]:
        answer = self.http.get(f"/_control/xero/{name}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()


class Switchboard:
    """One server for the whole session; each test of a fresh world puts its own application behind it."""

    def __init__(self) -> None:
        self.app: ASGIApp = Starlette()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


@contextmanager
def served(app: ASGIApp) -> Iterator[str]:
    """Serve an application from a thread while the block lasts; yields its address."""
    bound = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_config=None))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    yield f"http://127.0.0.1:{bound.getsockname()[1]}"
    server.should_exit = server.force_exit = True
    thread.join(timeout=10)
    bound.close()


@pytest.fixture(scope="session")
def shared() -> Iterator[Running]:
    """One sandbox for the whole session; its limits are lifted, so that tests do not wait for windows."""
    world = World.new(seed=1, today=TODAY)
    cloud = world.part(XeroCloud)
    cloud.limits.minute = cloud.limits.day = cloud.limits.app_minute = 1_000_000
    for tenant_id in IDS.values():
        cloud.tenant(tenant_id).open_ledger()
    gc.freeze()  # what lasts for the session need not be looked through at every collection
    with running(world) as started:
        yield started


@pytest.fixture(scope="session")
def switchboard() -> Iterator[tuple[Switchboard, str]]:
    board = Switchboard()
    with served(board) as address:
        yield board, address


@pytest.fixture
def xero(shared: Running) -> Iterator[Xero]:
    """A connected caller on the shared sandbox; a test changes only documents of its own there."""
    with httpx.Client(base_url=shared.base_url, verify=False, timeout=60) as http:
        yield Xero(shared, http).connect()


@pytest.fixture
def fresh(switchboard: tuple[Switchboard, str]) -> Iterator[Xero]:
    """A sandbox of the test's own, with Xero's true limits; books are generated only if it reads them."""
    board, address = switchboard
    world = World.new(seed=1, today=TODAY)
    board.app = create_app(world)
    with httpx.Client(base_url=address, verify=False, timeout=60) as http:
        yield Xero(Running(address, world), http).connect()


def milliseconds(stamp: str) -> int:
    match = re.fullmatch(r"/Date\((-?\d+)(?:\+0000)?\)/", stamp)
    assert match, stamp
    return int(match.group(1))
