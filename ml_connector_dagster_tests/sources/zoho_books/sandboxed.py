"""Opens the organization of a running sandbox: one consent, one token, no state database."""

from dataclasses import dataclass

import httpx

from ml_connector_dagster.sandbox.server import Running
from ml_connector_dagster.sources.contract.session import CompanySession, KeptDetails
from ml_connector_dagster.sources.zoho_books.company import ZohoCompany
from ml_connector_dagster.sources.zoho_books.source import READ_SCOPES, SOURCE
from ml_connector_dagster.transport.client import VendorHttp
from ml_connector_dagster.transport.retry import RetryPolicy
from ml_connector_dagster_tests.sources.zoho_books.fake_zoho import ORGANIZATION, KeepsAll

CLIENT = {"client_id": "sandbox-zoho-client", "client_secret": "sandbox-zoho-secret"}
REDIRECT = "http://localhost:8701/connect/callback"


@dataclass(frozen=True)
class Granted:
    """A token as the transport asks for it."""

    token: str

    def headers(self, refused):
        del refused
        return {"Authorization": f"Zoho-oauthtoken {self.token}"}


def consent(running: Running) -> str:
    """Answer an access token of the data centre that the person's account lives in."""
    base = f"{running.base_url}/zoho_books"
    query = {
        "response_type": "code",
        "redirect_uri": REDIRECT,
        "state": "s",
        "access_type": "offline",
        "prompt": "consent",
    }
    query |= {"client_id": CLIENT["client_id"], "scope": ",".join(READ_SCOPES)}
    with httpx.Client(verify=False) as browser:
        sent_to = httpx.URL(browser.get(f"{base}/us/oauth/v2/auth", params=query).headers["location"])
        form = {"grant_type": "authorization_code", "code": sent_to.params["code"], "redirect_uri": REDIRECT, **CLIENT}
        answer = browser.post(f"{base}/{sent_to.params['location']}/oauth/v2/token", data=form)
        return answer.json()["access_token"]


def opened(running: Running, token: str, details: KeptDetails | None = None) -> ZohoCompany:
    """Answer the organization, opened with a client of its own that asks once."""
    http = VendorHttp(
        "Zoho Books",
        authorize=Granted(token),
        retry=RetryPolicy(attempts=1),
        headers=SOURCE.headers,
        classify=SOURCE.classify,
    )
    session = CompanySession(
        http, f"{running.base_url}/zoho_books/eu/books/v3", ORGANIZATION, "Europe/London", details=details or KeepsAll()
    )
    company = SOURCE.open_company(session)
    assert isinstance(company, ZohoCompany)
    return company


def control(running: Running, action: str, **body):
    """Do something behind Zoho's back."""
    answer = httpx.post(f"{running.base_url}/_control/zoho_books/{action}", json=body, verify=False)
    assert answer.status_code == 200, answer.text
    return answer.json()
