"""Xero, declared: grant, limits, entities and the call formula. Nothing here touches the network.

Facts are from the Xero reference page: endpoints and scopes §1-2, limits §4, paging §5.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ml_connector_dagster.ledger.posting import Company
from ml_connector_dagster.sources.contract.entity import Entity, EntityKind
from ml_connector_dagster.sources.contract.reader import CompanyReader, KeptAnswers
from ml_connector_dagster.sources.contract.session import CompanySession
from ml_connector_dagster.sources.contract.source import RateLimit, Source
from ml_connector_dagster.sources.xero.entities import ENTITIES
from ml_connector_dagster.sources.xero.refusals import classify
from ml_connector_dagster.transport.grant_policy import GrantPolicy

if TYPE_CHECKING:
    from ml_connector_dagster.transport.client import VendorHttp

READ_SCOPES = (
    "offline_access",
    "accounting.invoices.read",
    "accounting.payments.read",
    "accounting.banktransactions.read",
    "accounting.manualjournals.read",
    "accounting.settings.read",
    "accounting.contacts.read",
    "accounting.reports.trialbalance.read",
    "accounting.reports.profitandloss.read",
    "accounting.reports.banksummary.read",
    "accounting.reports.aged.read",
    "accounting.budgets.read",
)
"""Granular scopes only: an app registered after 2 March 2026 never gets the broad ones."""


def open_company(session: CompanySession) -> CompanyReader:
    """Open one Xero organisation; no call is made yet."""
    from ml_connector_dagster.sources.xero.company import XeroCompany

    return XeroCompany(session)


def open_kept(company: Company) -> KeptAnswers:
    """Open what was kept of one Xero organisation; there is no client behind it."""
    from ml_connector_dagster.sources.xero.kept import KeptXero

    return KeptXero(company)


def discover_companies(http: VendorHttp, api_url: str, consent: Mapping[str, str]) -> Sequence[Company]:
    """Answer the organisations that this consent reaches; practices, which are no companies, are left out."""
    from ml_connector_dagster.sources.xero.tenants import connected_organisations

    del consent  # one address for all, and Xero says itself what a consent reaches
    return connected_organisations(http, api_url)


def expected_calls(records: Mapping[str, int]) -> int:
    """Answer how many calls one opened company makes to read these entities of a period: see ``CALL_FORMULA``.

    Args:
        records: Entity name to the number of vendor records that were read.
    """
    named = {entity.name: entity for entity in ENTITIES}
    kinds = {named[name].kind for name in records}
    pages = sum(_pages(named[name], count) for name, count in records.items() if named[name].endpoint)
    about_itself = (
        CONTEXT_CALLS if EntityKind.DOCUMENT in kinds else ORGANISATION_CALLS if EntityKind.LEDGER in kinds else 0
    )
    return pages + about_itself + (REPORT_CALLS if EntityKind.LEDGER in kinds else 0)


def calls_left(headers: Mapping[str, str]) -> Mapping[str, int]:
    """Read Xero's own count of what remains, so that other programs on the same app are seen."""
    lowered = {name.lower(): value for name, value in headers.items()}
    named = {"minute": "x-minlimit-remaining", "day": "x-daylimit-remaining"}
    return {name: int(lowered[header]) for name, header in named.items() if lowered.get(header, "").isdigit()}


def _pages(entity: Entity, count: int) -> int:
    lists = entity.endpoint.count(",") + 1
    return max(lists, -(-count // entity.page_size)) if entity.page_size else 1


CONTEXT_CALLS = 3
ORGANISATION_CALLS = 1
REPORT_CALLS = 2
CALL_FORMULA = (
    "ceil(records / 1000) for each entity, at least 1 (3 for allocations, which stand in three lists); "
    "one call for accounts, tracking categories and bank transfers. "
    "Once for each opened company: 3 calls where it reads documents (organisation, tracking categories, tax rates), "
    "1 where it reads ledger lines alone (organisation). "
    "ledger_lines reads no list; its control is 2 trial balances, and the chart of accounts in a fiscal year's first month. "
    "Besides, by need: one call for each 40 foreign invoices and bills that were settled in the period, to sum the cents they "
    "left, and one for each 40 that stand in no staged period, to learn their rate (single calls for other documents). "
    "Where currency gains stand in the books: 3 lists of open foreign documents, for both month ends one aged report a currency "
    "(more where one contact leaves the rate in doubt), and one bank summary."
)

SOURCE = Source(
    system="xero",
    title="Xero",
    company_id_name="tenantId",
    company_id_pattern=r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    grant=GrantPolicy(
        authorize_url="https://login.xero.com/identity/connect/authorize",
        token_url="https://identity.xero.com/connect/token",  # noqa: S106 (an address, no secret)
        revoke_url="https://identity.xero.com/connect/revocation",
        scopes=READ_SCOPES,
        client_auth="basic",
        body_form="form",
        single_use_refresh=True,
        old_token_grace_seconds=1800,
        margin_seconds=300,
        refresh_life_days=60,
        uses_pkce=True,
    ),
    api_url="https://api.xero.com/api.xro/2.0",
    api_version="2.0",
    sunset_on=None,
    limits=(
        RateLimit(name="minute", permits=60, per_seconds=60, scope="company"),
        RateLimit(name="day", permits=5000, per_seconds=86_400, scope="company", wait_at_most_seconds=0),
        RateLimit(name="app_minute", permits=10_000, per_seconds=60, scope="app"),
    ),
    concurrency=4,
    entities=ENTITIES,
    basis=("accrual",),
    call_formula=CALL_FORMULA,
    expected_calls=expected_calls,
    open_company=open_company,
    discover_companies=discover_companies,
    parser_version="1",
    open_kept=open_kept,
    rate_divides=True,
    headers={"Accept": "application/json"},
    classify=classify,
    calls_left=calls_left,
    consent_note=(
        "Consent as a user with the Adviser role, or Standard with reports: Xero answers 403 to reports and manual journals "
        "otherwise. Pick one organisation per consent; a second consent by the same user adds the next."
    ),
)
