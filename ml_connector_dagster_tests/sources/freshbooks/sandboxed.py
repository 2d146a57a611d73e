"""Opens the demo company of a running sandbox: one consent, one token, no state database."""

import secrets

import httpx

from ml_connector_dagster.sandbox.server import Running
from ml_connector_dagster.sources.contract.session import CompanySession
from ml_connector_dagster.sources.freshbooks.company import FreshBooksCompany
from ml_connector_dagster.sources.freshbooks.source import SOURCE
from ml_connector_dagster.transport.client import VendorHttp
from ml_connector_dagster.transport.retry import RetryPolicy
from ml_connector_dagster_tests.sources.bearer import Bearer
from ml_connector_dagster_tests.sources.in_sandbox import VendorControl

ACCOUNT = "LnL8k2"
CLIENT = {"client_id": "sandbox-freshbooks-client", "client_secret": "sandbox-freshbooks-secret"}
REDIRECT = "https://connect.lanternloom.example/callback"


def consent(running: Running) -> str:
    """Answer an access token with our scopes."""
    base = f"{running.base_url}/freshbooks"
    query = {
        "response_type": "code",
        "client_id": CLIENT["client_id"],
        "redirect_uri": REDIRECT,
        "scope": " ".join(SOURCE.grant.scopes),
        "state": secrets.token_urlsafe(16),
    }
    with httpx.Client(verify=False) as browser:
        sent_to = browser.get(f"{base}/oauth/authorize", params=query).headers["location"]
        form = {"grant_type": "authorization_code", "code": httpx.URL(sent_to).params["code"], "redirect_uri": REDIRECT}
        return browser.post(f"{base}/auth/oauth/token", data=form | CLIENT).json()["access_token"]


def http_with(token: str) -> VendorHttp:
    """Answer a client that asks once and waits for nothing."""
    return VendorHttp(
        "FreshBooks",
        authorize=Bearer(token),
        retry=RetryPolicy(attempts=1),
        headers=SOURCE.headers,
        classify=SOURCE.classify,
    )


def opened(running: Running, token: str) -> FreshBooksCompany:
    """Answer the company, opened with a client of its own."""
    session = CompanySession(http_with(token), f"{running.base_url}/freshbooks", ACCOUNT, "America/New_York")
    company = SOURCE.open_company(session)
    assert isinstance(company, FreshBooksCompany)
    return company


def control(running: Running) -> VendorControl:
    """Answer what happens behind FreshBooks' back."""
    return VendorControl(running.base_url, "freshbooks")
