"""A sandbox that all tests of QuickBooks Online share, and a caller who has consented."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from ml_connector_dagster.sandbox.quickbooks_online.cloud import QuickBooksCloud
from ml_connector_dagster.sandbox.quickbooks_online.company import REALM_ID
from ml_connector_dagster.sandbox.server import Running, running
from ml_connector_dagster.sandbox.world import World

TODAY = date(2026, 11, 29)
REDIRECT = "http://localhost:8701/connect/callback"
CLIENT = ("sandbox-qbo-client", "sandbox-qbo-secret")
SCOPE = "com.intuit.quickbooks.accounting"
TOKEN = "/quickbooks_online/oauth2/v1/tokens/bearer"
OCTOBER = {"start_date": "2026-10-01", "end_date": "2026-10-31", "accounting_method": "Accrual"}
IN_OCTOBER = "TxnDate >= '2026-10-01' AND TxnDate <= '2026-10-31'"
UNLIMITED = {"per_second": 10**6, "per_minute": 10**6, "monthly_reads": 10**9}


@dataclass
class QuickBooks:
    """A client with a token: as small as can be, so that nothing of the product stands between test and sandbox."""

    running: Running
    http: httpx.Client
    token: dict[str, Any] = field(default_factory=dict)

    @property
    def cloud(self) -> QuickBooksCloud:
        return self.running.world.part(QuickBooksCloud)

    def authorize(self, **changed: str) -> httpx.Response:
        query = {
            "response_type": "code",
            "client_id": CLIENT[0],
            "redirect_uri": REDIRECT,
            "scope": SCOPE,
            "state": "s1",
        }
        return self.http.get("/quickbooks_online/connect/oauth2", params=query | changed)

    def sent_back(self, **changed: str) -> dict[str, str]:
        """The query of the redirect."""
        answer = self.authorize(**changed)
        assert answer.status_code == 302, answer.text
        return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}

    def token_call(self, client: tuple[str, str] | None = CLIENT, hard: bool = False, **form: str) -> httpx.Response:
        headers = {"x-include-refresh-token-hard-expires-in": "true"} if hard else {}
        return self.http.post(TOKEN, data=form, auth=client, headers=headers)

    def redeem(self, **changed: str) -> httpx.Response:
        code = {"code": changed.pop("code", "") or self.sent_back()["code"]}
        return self.token_call(grant_type="authorization_code", redirect_uri=REDIRECT, **code, **changed)

    def refresh(self, token: str = "", **more: Any) -> httpx.Response:
        wanted = token or self.token["refresh_token"]
        return self.token_call(grant_type="refresh_token", refresh_token=wanted, **more)

    def connect(self) -> "QuickBooks":
        answer = self.redeem()
        assert answer.status_code == 200, answer.text
        self.token = answer.json()
        return self

    def ask(
        self, path: str, *, realm: str = REALM_ID, headers: dict[str, str] | None = None, **params: Any
    ) -> httpx.Response:
        wanted = {"Authorization": f"Bearer {self.token['access_token']}", "Accept": "application/json"} | (
            headers or {}
        )
        return self.http.get(
            f"/quickbooks_online/v3/company/{realm}/{path}", params=params | {"minorversion": "75"}, headers=wanted
        )

    def get(self, path: str, **params: Any) -> dict[str, Any]:
        """The decoded body of a call that must succeed, amounts as Decimal."""
        answer = self.ask(path, **params)
        assert answer.status_code == 200, answer.text
        return json.loads(answer.content, parse_float=Decimal)

    def query(self, statement: str) -> dict[str, Any]:
        return self.get("query", query=statement)["QueryResponse"]

    def every(self, entity: str, where: str = "") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while True:
            clause = f"WHERE {where} " if where else ""
            page = self.query(f"SELECT * FROM {entity} {clause}STARTPOSITION {len(found) + 1} MAXRESULTS 1000")
            found += page.get(entity, [])
            if len(page.get(entity, [])) < 1000:
                return found

    def read(self, entity: str, record_id: str) -> dict[str, Any]:
        return self.get(f"{entity.lower()}/{record_id}")[entity]

    def fault(self, path: str, status: int = 400, **params: Any) -> dict[str, Any]:
        """The first error of a call that must be refused."""
        answer = self.ask(path, **params)
        assert answer.status_code == status, answer.text
        return answer.json()["Fault"]["Error"][0]

    def report(self, name: str, **params: Any) -> dict[str, Any]:
        return self.get(f"reports/{name}", **(OCTOBER | params))

    def write(self, path: str, **body: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token['access_token']}", "Accept": "application/json"}
        return self.http.post(f"/quickbooks_online/v3/company/{REALM_ID}/{path}", json=body, headers=headers)

    def control(self, action: str, **body: Any) -> dict[str, Any]:
        answer = self.http.post(f"/_control/quickbooks_online/{action}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def question(self, name: str, **query: str) -> dict[str, Any]:
        answer = self.http.get(f"/_control/quickbooks_online/{name}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def ledger(self) -> dict[str, Decimal]:
        """What October's general ledger shows, by account."""
        found = self.question("ledger", first="2026-10-01", last="2026-10-31")["movement"]
        return {account: Decimal(amount) for account, amount in found.items()}


def trial_balance(report: dict[str, Any]) -> dict[str, Decimal]:
    """Closing balances by account id, debit positive."""
    found = {}
    for row in report["Rows"].get("Row", []):
        if "ColData" in row:
            account, debit, credit = row["ColData"]
            found[account["id"]] = Decimal(debit["value"] or 0) - Decimal(credit["value"] or 0)
    return found


def data_rows(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Every data row of a report, sections opened, headers and summaries left out."""
    for row in rows:
        if "ColData" in row:
            yield row
        yield from data_rows(row.get("Rows", {}).get("Row", []))


def by_key(report: dict[str, Any]) -> list[dict[str, dict[str, str]]]:
    """The general ledger's postings: cells by the column's type; beginning balances left out."""
    keys = [column["ColType"] for column in report["Columns"]["Column"]]
    rows = [dict(zip(keys, row["ColData"], strict=True)) for row in data_rows(report["Rows"].get("Row", []))]
    return [row for row in rows if row["txn_type"].get("id")]


@contextmanager
def open_sandbox() -> Iterator[QuickBooks]:
    with (
        running(World.new(today=TODAY)) as sandbox,
        httpx.Client(base_url=sandbox.base_url, timeout=30, follow_redirects=False, verify=False) as http,
    ):
        caller = QuickBooks(sandbox, http)
        caller.control("settings", **UNLIMITED)
        yield caller.connect()


@pytest.fixture(scope="session")
def shared_quickbooks() -> Iterator[QuickBooks]:
    """One sandbox for all tests that only look."""
    with open_sandbox() as caller:
        yield caller


@pytest.fixture
def quickbooks(shared_quickbooks) -> QuickBooks:
    """Looks, and changes nothing."""
    return shared_quickbooks


@pytest.fixture(scope="session")
def shared_changing() -> Iterator[QuickBooks]:
    """One sandbox for all tests that change books; each takes documents of its own and compares before with after."""
    with open_sandbox() as caller:
        yield caller


@pytest.fixture
def changing(shared_changing) -> QuickBooks:
    return shared_changing


@pytest.fixture
def fresh() -> Iterator[QuickBooks]:
    """A sandbox of the test's own, with the true limits; books are generated only if it reads them."""
    with (
        running(World.new(today=TODAY)) as sandbox,
        httpx.Client(base_url=sandbox.base_url, timeout=30, follow_redirects=False, verify=False) as http,
    ):
        yield QuickBooks(sandbox, http).connect()
