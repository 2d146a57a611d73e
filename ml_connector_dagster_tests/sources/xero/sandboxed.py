"""Opens organisations of a running sandbox: one consent, one token, no state database."""

import secrets

import httpx

from ml_connector_dagster.sandbox.server import Running
from ml_connector_dagster.sources.contract.session import CompanySession
from ml_connector_dagster.sources.xero.company import XeroCompany
from ml_connector_dagster.sources.xero.source import READ_SCOPES, SOURCE
from ml_connector_dagster.transport.client import VendorHttp
from ml_connector_dagster.transport.retry import RetryPolicy
from ml_connector_dagster_tests.sources.bearer import Bearer

UK = "7d1f6a52-3c84-4b0e-9a61-2f5b8c7d9e10"
IRELAND = "c2a9e4b7-58d3-4f16-8b7c-6e1d0f3a5b29"
CLIENT = ("sandbox-xero-client", "sandbox-xero-secret")
REDIRECT = "http://localhost:8701/connect/callback"


def consent(running: Running, scopes=READ_SCOPES) -> str:
    """Answer an access token with these scopes."""
    base = f"{running.base_url}/xero"
    query = {
        "response_type": "code",
        "client_id": CLIENT[0],
        "redirect_uri": REDIRECT,
        "scope": " ".join(scopes),
        "state": secrets.token_urlsafe(16),
    }
    with httpx.Client(verify=False) as browser:
        sent_to = browser.get(f"{base}/identity/connect/authorize", params=query).headers["location"]
        code = httpx.URL(sent_to).params["code"]
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}
        return browser.post(f"{base}/connect/token", data=form, auth=CLIENT).json()["access_token"]


def http_with(token: str) -> VendorHttp:
    """Answer a client that asks once and waits for nothing."""
    return VendorHttp(
        "Xero", authorize=Bearer(token), retry=RetryPolicy(attempts=1), headers=SOURCE.headers, classify=SOURCE.classify
    )


def opened(running: Running, tenant: str, token: str) -> XeroCompany:
    """Answer an organisation, opened with a client of its own."""
    company = SOURCE.open_company(
        CompanySession(http_with(token), f"{running.base_url}/xero/api.xro/2.0", tenant, "Europe/London")
    )
    assert isinstance(company, XeroCompany)
    return company


def control(running: Running, action: str, **body):
    """Do something behind Xero's back."""
    answer = httpx.post(f"{running.base_url}/_control/xero/{action}", json=body, verify=False)
    assert answer.status_code == 200, answer.text
    return answer.json()


def without_limits(running: Running) -> None:
    """Lift the call limits, for tests that are about figures."""
    control(running, "settings", minute=1_000_000, day=1_000_000, app_minute=1_000_000)
