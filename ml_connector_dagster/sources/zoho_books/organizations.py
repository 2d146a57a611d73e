"""Which organizations a consent reaches, and what each says of itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ml_connector_dagster.ledger.posting import Company
from ml_connector_dagster.sources.contract.session import CompanySession
from ml_connector_dagster.sources.zoho_books.client import Listing, ZohoApi
from ml_connector_dagster.sources.zoho_books.reading import Record, text

if TYPE_CHECKING:
    from ml_connector_dagster.transport.client import VendorHttp

ORGANIZATIONS = Listing("organizations", is_paged=False)
_MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_MONTHS_A_YEAR = 12


def organizations(api: ZohoApi) -> list[dict[str, Any]]:
    """Answer the organizations that the consent reaches, as Zoho writes them; one call."""
    return api.page(ORGANIZATIONS).records


def reached(http: VendorHttp, api_url: str, consent: Mapping[str, str]) -> Sequence[Company]:
    """Answer the active organizations that the consent reaches, by name; one call."""
    api = ZohoApi(CompanySession(http, api_url, "", "UTC", consent=consent))
    found = [company_of(one) for one in organizations(api) if one.get("is_org_active") not in (False, "false")]
    return sorted(found, key=lambda company: company.name)


def company_of(organization: Record) -> Company:
    """Turn Zoho's organization into ours; locks are partial there (``lock_details``), so none is promised."""
    return Company(
        company_id=text(organization, "organization_id"),
        name=text(organization, "name"),
        base_currency=text(organization, "currency_code"),
        fiscal_year_end_month=(first_month(organization.get("fiscal_year_start_month")) - 2) % _MONTHS_A_YEAR + 1,
        time_zone=text(organization, "time_zone") or "UTC",
        lock_on=None,
        opened_on=None,
    )


def first_month(written: object) -> int:
    """Answer the first month of the fiscal year, 1 to 12.

    Zoho writes a name, a number that counts from 0 (as in its own schema), or a number as text, taken to count from 1.
    """
    if isinstance(written, str):
        word = written.strip().casefold()
        if word in _MONTHS:
            return _MONTHS.index(word) + 1
        return int(word) if word.isdigit() and 1 <= int(word) <= _MONTHS_A_YEAR else 1
    if isinstance(written, int) and not isinstance(written, bool) and 0 <= written < _MONTHS_A_YEAR:
        return written + 1
    return 1
