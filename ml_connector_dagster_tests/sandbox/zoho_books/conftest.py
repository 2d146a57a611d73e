"""A sandbox that all tests of Zoho Books share, and a caller who has consented."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from ml_connector_dagster.sandbox.server import Running, running
from ml_connector_dagster.sandbox.world import World
from ml_connector_dagster.sandbox.zoho_books.cloud import ZohoCloud
from ml_connector_dagster.sandbox.zoho_books.company import ORGANIZATION_ID

TODAY = date(2026, 11, 29)
REDIRECT = "http://localhost:8701/connect/callback"
CLIENT = {"client_id": "sandbox-zoho-client", "client_secret": "sandbox-zoho-secret"}
OCTOBER = {"first": "2026-10-01", "last": "2026-10-31"}


@dataclass
class Zoho:
    """A client with a token: as small as can be, so that nothing of the product stands between test and sandbox."""

    running: Running
    http: httpx.Client
    token: dict[str, Any] = field(default_factory=dict)
    place: str = "eu"

    @property
    def cloud(self) -> ZohoCloud:
        return self.running.world.part(ZohoCloud)

    def authorize(self, scope: str = "ZohoBooks.fullaccess.all", **extra: str) -> dict[str, str]:
        """The query of the redirect; the consent begins at the us host."""
        query = {"client_id": CLIENT["client_id"], "response_type": "code", "redirect_uri": REDIRECT, "scope": scope}
        query |= {"access_type": "offline", "prompt": "consent", "state": "s"} | extra
        answer = self.http.get("/zoho_books/us/oauth/v2/auth", params=query)
        assert answer.status_code == 302, answer.text
        return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}

    def token_call(self, place: str = "", **form: str) -> httpx.Response:
        return self.http.post(f"/zoho_books/{place or self.place}/oauth/v2/token", data=CLIENT | form)

    def redeem(self, code: str, place: str = "", **form: str) -> dict[str, Any]:
        body = {"grant_type": "authorization_code", "redirect_uri": REDIRECT, "code": code} | form
        return self.token_call(place, **body).json()

    def refresh(self, token: str = "", place: str = "") -> httpx.Response:
        refresh = token or self.token["refresh_token"]
        return self.token_call(place, grant_type="refresh_token", refresh_token=refresh)

    def connect(self, scope: str = "ZohoBooks.fullaccess.all", **extra: str) -> "Zoho":
        self.token = self.redeem(self.authorize(scope, **extra)["code"])
        assert "access_token" in self.token, self.token
        return self

    def ask(self, path: str, *, place: str = "", scheme: str = "Zoho-oauthtoken", **params: Any) -> httpx.Response:
        headers = {"Authorization": f"{scheme} {self.token['access_token']}"}
        params = {"organization_id": ORGANIZATION_ID} | params
        return self.http.get(f"/zoho_books/{place or self.place}/books/v3{path}", params=params, headers=headers)

    def send(self, method: str, path: str, body: Any = None) -> httpx.Response:
        headers = {"Authorization": f"Zoho-oauthtoken {self.token['access_token']}"}
        url = f"/zoho_books/{self.place}/books/v3{path}"
        return self.http.request(method, url, params={"organization_id": ORGANIZATION_ID}, json=body, headers=headers)

    def get(self, path: str, **params: Any) -> dict[str, Any]:
        """The decoded body of a call that must succeed, amounts as Decimal."""
        answer = self.ask(path, **params)
        assert answer.status_code == 200, answer.text
        body = json.loads(answer.content, parse_float=Decimal)
        assert body["code"] == 0, body
        return body

    def every(self, path: str, key: str = "", **params: Any) -> list[dict[str, Any]]:
        """All rows of a list, page by page."""
        found, page = [], 1
        while True:
            body = self.get(path, page=page, per_page=200, **params)
            found += body[key or path.rpartition("/")[2]]
            if not body["page_context"]["has_more_page"]:
                return found
            page += 1

    def transactions(self, account: str, first: str, last: str, **params: Any) -> list[dict[str, Any]]:
        window = {"date.start": first, "date.end": last}
        return self.every("/chartofaccounts/transactions", account_id=account, **window, **params)

    def control(self, action: str, **body: Any) -> dict[str, Any]:
        answer = self.http.post(f"/_control/zoho_books/{action}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def question(self, name: str, **query: str) -> dict[str, Any]:
        answer = self.http.get(f"/_control/zoho_books/{name}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def movement(self, first: str = OCTOBER["first"], last: str = OCTOBER["last"]) -> dict[str, Decimal]:
        told = self.question("ledger", first=first, last=last)["movement"]
        return {account: Decimal(amount) for account, amount in told.items()}

    def account(self, name: str) -> str:
        shown = self.question("accounts")["accounts"]
        return next(key for key, one in shown.items() if name in {one["code"], one["name"]})


@pytest.fixture(scope="package")
def shared() -> Iterator[Running]:
    """One sandbox for all; its limits are lifted, so that tests do not wait for windows."""
    world = World.new(seed=1, today=TODAY)
    cloud = world.part(ZohoCloud)
    cloud.limits.minute = cloud.limits.day = 1_000_000
    cloud.accounts.codes_in_window = 1_000_000
    cloud.accounts.refresh_tokens = 1_000
    with running(world) as started:
        yield started


@pytest.fixture
def zoho(shared: Running) -> Iterator[Zoho]:
    """A connected caller on the shared sandbox; a test changes only documents of its own there."""
    with httpx.Client(base_url=shared.base_url, verify=False, timeout=60) as http:
        yield Zoho(shared, http).connect()


@pytest.fixture
def fresh() -> Iterator[Zoho]:
    """A sandbox of the test's own with Zoho's true limits; no books are made unless it reads them."""
    with running(World.new(today=TODAY)) as started, httpx.Client(base_url=started.base_url, verify=False) as http:
        yield Zoho(started, http)


def signed(row: dict[str, Any]) -> Decimal:
    """The amount of an account transaction, debit positive; the other side is an empty text."""
    return Decimal(str(row["debit_amount"] or 0)) - Decimal(str(row["credit_amount"] or 0))
