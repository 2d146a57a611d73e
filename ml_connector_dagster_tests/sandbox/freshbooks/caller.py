"""A caller who has consented: as small as can be, so that nothing of the product stands between test and sandbox."""

import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from ml_connector_dagster.sandbox.freshbooks import firm, oauth
from ml_connector_dagster.sandbox.freshbooks.cloud import FreshBooksCloud
from ml_connector_dagster.sandbox.freshbooks.scopes import NEEDED
from ml_connector_dagster.sandbox.server import Running

READ = " ".join(sorted({f"user:{one}:read" for one in NEEDED.values()}))
ACCOUNT = f"/freshbooks/accounting/account/{firm.ACCOUNT_ID}"
BUSINESS = f"/freshbooks/accounting/businesses/{firm.BUSINESS_UUID}"
CLIENT = {"client_id": oauth.CLIENT_ID, "client_secret": oauth.CLIENT_SECRET, "redirect_uri": oauth.REDIRECT_URI}


@dataclass
class Caller:
    running: Running
    http: httpx.Client
    token: dict[str, Any] = field(default_factory=dict)

    @property
    def cloud(self) -> FreshBooksCloud:
        return self.running.world.part(FreshBooksCloud)

    def authorize(self, scope: str = READ, **extra: str) -> dict[str, str]:
        """The query of the redirect."""
        query = {"response_type": "code", "client_id": oauth.CLIENT_ID, "redirect_uri": oauth.REDIRECT_URI}
        asked = query | {"scope": scope, "state": "s"} | extra
        answer = self.http.get("/freshbooks/oauth/authorize", params=asked)
        assert answer.status_code == 302, answer.text
        return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}

    def token_call(self, *, as_json: bool = False, **body: str) -> httpx.Response:
        sent = {"json": CLIENT | body} if as_json else {"data": CLIENT | body}
        return self.http.post("/freshbooks/auth/oauth/token", **sent)

    def refresh(self, token: str) -> httpx.Response:
        return self.token_call(grant_type="refresh_token", refresh_token=token)

    def connect(self, scope: str = READ) -> "Caller":
        answer = self.token_call(grant_type="authorization_code", code=self.authorize(scope)["code"])
        assert answer.status_code == 200, answer.text
        self.token = answer.json()
        return self

    def ask(
        self, path: str, method: str = "GET", *, version: str = "", body: Any = None, **params: Any
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token['access_token']}"} if self.token else {}
        headers |= {"X-API-VERSION": version} if version else {}
        sent = {} if body is None else {"json": body}
        return self.http.request(method, path, params=params, headers=headers, **sent)

    def result(self, path: str, **params: Any) -> dict[str, Any]:
        """The result of an accounting call that must succeed, amounts as they are written."""
        answer = self.ask(path if path.startswith("/") else f"{ACCOUNT}/{path}", **params)
        assert answer.status_code == 200, answer.text
        return json.loads(answer.content, parse_float=Decimal)["response"]["result"]

    def every(self, path: str, key: str, **params: Any) -> list[dict[str, Any]]:
        """All records of a list, page by page."""
        found, number = [], 1
        while True:
            body = self.result(path, page=number, per_page=100, **params)
            found += body[key]
            if number >= body["pages"]:
                assert len(found) == body["total"]
                return found
            number += 1

    def feed(self, first: str, last: str) -> list[dict[str, Any]]:
        span = {"search[start_date]": first, "search[end_date]": last}
        return self.every("journal_entries/journal_entry_details", "journal_entry_details", **span)

    def control(self, act: str, **body: Any) -> dict[str, Any]:
        answer = self.http.post(f"/_control/freshbooks/{act}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def question(self, name: str, **query: str) -> dict[str, Any]:
        answer = self.http.get(f"/_control/freshbooks/{name}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()


def signed(row: dict[str, Any]) -> Decimal:
    """Debit − credit of a row of the feed or of a report."""
    debit, credit = ((row[side] or {"amount": "0"})["amount"] for side in ("debit", "credit"))
    return Decimal(debit) - Decimal(credit)
