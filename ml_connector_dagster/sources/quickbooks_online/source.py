"""QuickBooks Online, declared: grant, limits, entities and the call formula. Nothing here touches the network.

Facts are from the QuickBooks reference page: OAuth §1, queries §3, change feed §5, reports §7, limits §11. Leaned on although
Intuit's text could not confirm them, each with its safe default:

- change feed beyond 30 days, and exactly 1,000 objects: never asked beyond 29, and 1,000 are taken as cut off;
- what a trial balance's start date does to income and expense: asked from the fiscal year's first day, where both readings
  agree, and compared with profit and loss in ``check``;
- the general ledger's home-currency columns: asked for by name where the company has several currencies, and the report is
  refused where it answers without them;
- which cells of it carry ids besides account, transaction and name: an id is used where there is one, else the name is looked up;
- how a month's spent quota is told from a minute's limit: by the message, else every wait is sat out and the run ends;
- whether a report may cover a single day: only asked where two days are too large;
- whether a superseded refresh token ends the grant: it is shown once more only after a lost answer;
- CloudEvents' date and form of merges: both webhook forms are read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ml_connector_dagster.ledger.posting import Company
from ml_connector_dagster.sources.contract.entity import Entity, EntityKind
from ml_connector_dagster.sources.contract.reader import CompanyReader, KeptAnswers
from ml_connector_dagster.sources.contract.session import CompanySession
from ml_connector_dagster.sources.contract.source import RateLimit, Source
from ml_connector_dagster.sources.quickbooks_online.consent import REALM_PATTERN, consented
from ml_connector_dagster.sources.quickbooks_online.entities import ENTITIES
from ml_connector_dagster.sources.quickbooks_online.refusals import classify
from ml_connector_dagster.transport.grant_policy import GrantPolicy

if TYPE_CHECKING:
    from ml_connector_dagster.transport.client import VendorHttp


def open_company(session: CompanySession) -> CompanyReader:
    """Open one company; no call is made yet."""
    from ml_connector_dagster.sources.quickbooks_online.company import QuickbooksCompany

    return QuickbooksCompany(session)


def open_kept(company: Company) -> KeptAnswers:
    """Open what was kept of one company; there is no client behind it."""
    from ml_connector_dagster.sources.quickbooks_online.kept import KeptQuickbooks

    return KeptQuickbooks(company)


def discover_companies(http: VendorHttp, api_url: str, consent: Mapping[str, str]) -> Sequence[Company]:
    """Answer the company that this consent reaches: always one, the one its redirect named."""
    from ml_connector_dagster.sources.quickbooks_online.consent import reached_company

    return reached_company(http, api_url, consent)


def expected_calls(records: Mapping[str, int]) -> int:
    """Answer how many calls one opened company makes to read these entities of a period: see ``CALL_FORMULA``.

    Args:
        records: Entity name to the number of vendor records that were read.
    """
    named = {entity.name: entity for entity in ENTITIES}
    kinds = {named[name].kind for name in records}
    calls = sum(_pages(named[name], count) for name, count in records.items())
    calls += PREFERENCES_CALLS if kinds - {EntityKind.REFERENCE} else 0
    calls += ITEM_CALLS if EntityKind.DOCUMENT in kinds else 0
    return calls + (COMPANY_CALLS + REPORT_CALLS if EntityKind.LEDGER in kinds else 0)


def _pages(entity: Entity, count: int) -> int:
    if not entity.page_size:
        return 1
    lists = entity.endpoint.count(",") + 1
    return lists if count < entity.page_size else lists + COUNTS + -(-count // entity.page_size)


COUNTS = 2
PREFERENCES_CALLS = 1
ITEM_CALLS = 1
COMPANY_CALLS = 1
REPORT_CALLS = 2
CALL_FORMULA = (
    "One call for each entity below 1,000 records in the period (two for tracking: classes and departments); from 1,000 on "
    "3 + ceil(records / 1000), with a count before and after. One general ledger for ledger_lines, and 2 trial balances for "
    "their control. Once for each opened company: preferences, the items where it reads documents, company info where it "
    "reads ledger lines. Besides, by need: the chart of accounts for the control of a fiscal year's first month; one list "
    "each where the general ledger names a customer, vendor, class or department without its id; two calls more each time a "
    "general ledger is too large and is halved; another pass of a list that moved while it was paged; one call an item page "
    "beyond the first 1,000."
)

SOURCE = Source(
    system="quickbooks_online",
    title="QuickBooks Online",
    company_id_name="realmId",
    company_id_pattern=REALM_PATTERN,
    grant=GrantPolicy(
        authorize_url="https://appcenter.intuit.com/connect/oauth2",
        token_url="https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer",  # noqa: S106 (an address, no secret)
        revoke_url="https://developer.api.intuit.com/v2/oauth2/tokens/revoke",
        scopes=("com.intuit.quickbooks.accounting",),
        client_auth="basic",
        body_form="form",
        single_use_refresh=True,
        old_token_grace_seconds=86_400,
        margin_seconds=300,
        refresh_life_days=100,
        revoke_form="json",
        token_headers={"x-include-refresh-token-hard-expires-in": "true"},
        ends_in_field="x_refresh_token_hard_expires_in",
    ),
    api_url="https://quickbooks.api.intuit.com/v3/company",
    api_version="v3, minor version 75",
    sunset_on=None,
    limits=(
        RateLimit(name="second", permits=10, per_seconds=1, scope="company"),
        RateLimit(name="minute", permits=500, per_seconds=60, scope="company"),
        RateLimit(name="month", permits=500_000, per_seconds=30 * 86_400, scope="app", wait_at_most_seconds=0),
    ),
    concurrency=4,
    entities=ENTITIES,
    basis=("accrual",),
    call_formula=CALL_FORMULA,
    expected_calls=expected_calls,
    open_company=open_company,
    discover_companies=discover_companies,
    parser_version="1",
    consented=consented,
    open_kept=open_kept,
    rate_divides=False,
    headers={"Accept": "application/json"},
    classify=classify,
    consent_note=(
        "Consent as an administrator of the company, and pick the one company that is to be read: a consent reaches one. "
        "Intuit's consent always names writing as well; this product sends reads alone, by an allow-list of addresses."
    ),
)
