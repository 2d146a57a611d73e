"""The sandbox as every contestant finds it: one tenant with N bulk invoices of three lines, no call limits, a token."""

from __future__ import annotations

import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from ml_connector_dagster.sources.xero.source import READ_SCOPES

TENANT = "7d1f6a52-3c84-4b0e-9a61-2f5b8c7d9e10"
CLIENT = ("sandbox-xero-client", "sandbox-xero-secret")
REDIRECT = "http://localhost:8701/connect/callback"
PERIOD = "2026-10"
WHERE = 'Type=="ACCREC" AND Date>=DateTime(2026,10,01) AND Date<DateTime(2026,11,01)'
"""The filter of the same pages that ours asks for."""
PAGE_SIZE = 1000


@dataclass(frozen=True)
class Sandbox:
    """Where it is, and what opens it."""

    base_url: str
    token: str
    refresh_token: str
    invoices: int

    def control(self, action: str, **body: Any) -> Any:
        """Do something behind the vendor's back."""
        answer = httpx.post(f"{self.base_url}/_control/xero/{action}", json=body, timeout=120)
        answer.raise_for_status()
        return answer.json()

    def calls(self) -> int:
        """Answer how many API calls the sandbox itself counted for the tenant."""
        answer = httpx.get(f"{self.base_url}/_control/xero/calls", params={"tenant": "uk"}, timeout=30)
        answer.raise_for_status()
        return sum(answer.json()["calls"].values())


@contextmanager
def sandbox_with(invoices: int) -> Iterator[Sandbox]:
    """Run a sandbox with so many bulk invoices in October while the block lasts."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.sandbox_process"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        base_url = process.stdout.readline().strip()
        sandbox = _consented(base_url, invoices)
        sandbox.control("settings", minute=10**9, day=10**9, app_minute=10**9)
        sandbox.control("bulk-invoices", tenant="uk", count=invoices, period=PERIOD)
        yield sandbox
    finally:
        process.stdin.close()
        process.wait(timeout=30)
        process.stdout.close()


def _consented(base_url: str, invoices: int) -> Sandbox:
    query = {
        "response_type": "code",
        "client_id": CLIENT[0],
        "redirect_uri": REDIRECT,
        "scope": " ".join(READ_SCOPES),
        "state": secrets.token_urlsafe(16),
    }
    with httpx.Client(timeout=120) as browser:
        sent_to = browser.get(f"{base_url}/xero/identity/connect/authorize", params=query).headers["location"]
        form = {"grant_type": "authorization_code", "code": httpx.URL(sent_to).params["code"], "redirect_uri": REDIRECT}
        tokens = browser.post(f"{base_url}/xero/connect/token", data=form, auth=CLIENT).json()
    return Sandbox(base_url, tokens["access_token"], tokens["refresh_token"], invoices)
