"""Which company a consent reaches: QuickBooks says it in the redirect alone, never with the token."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ml_connector_dagster.errors import RequestRejected
from ml_connector_dagster.ledger.posting import Company
from ml_connector_dagster.sources.contract.session import CompanySession

if TYPE_CHECKING:
    from ml_connector_dagster.transport.client import VendorHttp

REALM = "realm_id"
REALM_PATTERN = r"\d{10,19}"


def consented(fields: Mapping[str, str]) -> Mapping[str, str]:
    """Answer the realm that the redirect names.

    Raises:
        RequestRejected: It names none, or something that is no realm.
    """
    realm = fields.get("realmId", "")
    if not re.fullmatch(REALM_PATTERN, realm):
        raise RequestRejected(
            "QuickBooks' answer to the consent names no company (realmId).",
            "Nobody could tell whose books the token opens, so its code was not exchanged.",
            "Begin again with ml-connector connect, and paste the whole address where you paste it.",
        )
    return {REALM: realm}


def reached_company(http: VendorHttp, api_url: str, consent: Mapping[str, str]) -> Sequence[Company]:
    """Answer the one company of a consent; 2 calls. None where the consent is older than this product."""
    from ml_connector_dagster.sources.quickbooks_online.company import QuickbooksCompany

    realm = consent.get(REALM, "")
    if not realm:
        return ()
    return (QuickbooksCompany(CompanySession(http, api_url, realm, "UTC", consent)).company(),)
