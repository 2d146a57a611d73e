"""Which organisations a consent reaches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ml_connector_dagster.ledger.posting import Company
from ml_connector_dagster.sources.contract.session import CompanySession
from ml_connector_dagster.sources.xero.client import XeroApi
from ml_connector_dagster.sources.xero.company import company_of

if TYPE_CHECKING:
    from ml_connector_dagster.transport.client import VendorHttp

API_PATH = "/api.xro/2.0"
ORGANISATION = "ORGANISATION"


def connections(http: VendorHttp, api_url: str) -> list[dict[str, Any]]:
    """Answer every tenant of the consent as Xero lists it; the address lies beside the API's and takes no tenant header."""
    body = http.get(f"{api_url.removesuffix(API_PATH)}/connections").json()
    return [one for one in body if isinstance(one, dict)]


def connected_organisations(http: VendorHttp, api_url: str) -> Sequence[Company]:
    """Answer the organisations that the consent reaches, by name; a practice is no company. One call each, and one more."""
    tenants = [one["tenantId"] for one in connections(http, api_url) if one.get("tenantType") == ORGANISATION]
    found = [_organisation(http, api_url, tenant) for tenant in tenants]
    return sorted(found, key=lambda company: company.name)


def _organisation(http: VendorHttp, api_url: str, tenant: str) -> Company:
    api = XeroApi(CompanySession(http=http, api_url=api_url, company_id=tenant, time_zone="UTC"))
    return company_of(api.one("Organisation").page.records[0], "UTC")
