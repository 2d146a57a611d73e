"""Who consented and for which businesses: one answer gives the three ids that FreshBooks' families of paths need.

``roles[]`` lists accounts in which the person is merely somebody's client, so only ``business_memberships`` is read. The answer
holds a secret (``fasttrack_token``), so it is neither kept nor shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ml_connector_dagster.errors import RequestRejected
from ml_connector_dagster.ledger.posting import Company
from ml_connector_dagster.sources.freshbooks.fields import link, text

if TYPE_CHECKING:
    from ml_connector_dagster.transport.client import VendorHttp

ME = "auth/api/v1/users/me"
ADVANCED = "advanced_accounting.access"
PAYABLES = "accounts_payable.access"
YEAR_END_MONTH = 12
"""FreshBooks' API does not say where the fiscal year ends: the calendar year is taken."""


@dataclass(frozen=True, slots=True)
class Business:
    """One membership of the person who consented."""

    account_id: str
    """In accounting and events paths, and our company id."""
    business_id: str
    """In project paths."""
    business_uuid: str
    """In paths of the chart of accounts."""
    name: str
    time_zone: str
    role: str
    permissions: Mapping[str, Any]

    @property
    def plan_lacks_ledger(self) -> bool:
        """True only where FreshBooks says so itself: double-entry reports are not part of the plan."""
        return self.permissions.get(ADVANCED) is False


def memberships(http: VendorHttp, api_url: str) -> list[Business]:
    """Answer the businesses of this consent, by name; one call. A membership without account id is left out.

    Raises:
        RequestRejected: The answer has not the shape of an identity.
    """
    body = http.get(f"{api_url}/{ME}").json()
    found = body.get("response") if isinstance(body, dict) else None
    if not isinstance(found, dict) or not isinstance(found.get("business_memberships"), list):
        raise RequestRejected(
            "FreshBooks answered users/me in a shape that is not known.",
            "Which companies this consent reaches is not known, so nothing is read.",
            "Run ml-connector check; if it stays, update the connector.",
        )
    permissions = found.get("permissions") or {}
    businesses = [_business(one, permissions) for one in found["business_memberships"]]
    return sorted((one for one in businesses if one.account_id), key=lambda one: one.name)


def chosen(businesses: Sequence[Business], account_id: str) -> Business:
    """Answer the business that is configured.

    Raises:
        RequestRejected: The consent does not reach it; names those it reaches.
    """
    for business in businesses:
        if business.account_id == account_id:
            return business
    others = ", ".join(f"{one.name} ({one.account_id})" for one in businesses) or "none"
    raise RequestRejected(
        f"The consent does not reach the FreshBooks account {account_id}.",
        f"It reaches: {others}.",
        "Let a member of that business consent with ml-connector connect, or correct company_id.",
    )


def company_of(business: Business, base_currency: str) -> Company:
    """Turn a membership into ours; FreshBooks names no lock date."""
    return Company(
        company_id=business.account_id,
        name=business.name,
        base_currency=base_currency,
        fiscal_year_end_month=YEAR_END_MONTH,
        time_zone=business.time_zone,
        lock_on=None,
        opened_on=None,
    )


def _business(membership: Any, permissions: Mapping[str, Any]) -> Business:
    business = membership.get("business") or {}
    account_id = link(business.get("account_id"))
    return Business(
        account_id=account_id,
        business_id=link(business.get("id")),
        business_uuid=text(business, "business_uuid"),
        name=text(business, "name"),
        time_zone=text(business, "timezone") or "UTC",
        role=text(membership, "role"),
        permissions=permissions.get(account_id) or {},
    )
