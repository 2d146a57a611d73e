"""FreshBooks, declared: grant, limits, entities and the call formula. Nothing here touches the network.

Facts are from the FreshBooks reference page: hosts and grant §1-2, identity §3, limits §12. What that page marks UNVERIFIED and
this folder leans on, with the side it errs to: the plan lacks the ledger only where ``advanced_accounting.access`` is false and the
call answers 403; the fiscal year is the calendar year; ``created`` invoices post; an expense's amount holds its tax; the trial
balance of a window is its movement, an account's figure holds its sub accounts'; entries of deleted documents leave the feed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ml_connector_dagster.ledger.posting import Company
from ml_connector_dagster.sources.contract.entity import Entity, EntityKind
from ml_connector_dagster.sources.contract.reader import CompanyReader, KeptAnswers
from ml_connector_dagster.sources.contract.session import CompanySession
from ml_connector_dagster.sources.contract.source import RateLimit, Source
from ml_connector_dagster.sources.freshbooks.entities import (
    CUSTOMERS,
    ENTITIES,
    JOURNAL_ENTRIES,
    LEDGER_ACCOUNTS,
    TRACKING,
)
from ml_connector_dagster.sources.freshbooks.refusals import classify
from ml_connector_dagster.transport.grant_policy import GrantPolicy

if TYPE_CHECKING:
    from ml_connector_dagster.transport.client import VendorHttp

OBJECTS = (
    "profile",
    "business",
    "clients",
    "invoices",
    "payments",
    "expenses",
    "bills",
    "bill_payments",
    "bill_vendors",
    "journal_entries",
    "reports",
    "other_income",
    "credit_notes",
    "taxes",
    "projects",
)
"""One scope that does not exist or is not ticked on the app fails the whole consent; nothing is ever written."""
API_VERSION = "2023-02-20"


def open_company(session: CompanySession) -> CompanyReader:
    """Open one FreshBooks account; no call is made yet."""
    from ml_connector_dagster.sources.freshbooks.company import FreshBooksCompany

    return FreshBooksCompany(session)


def open_kept(company: Company) -> KeptAnswers:
    """Open what was kept of one FreshBooks account; there is no client behind it."""
    from ml_connector_dagster.sources.freshbooks.kept import KeptFreshBooks

    return KeptFreshBooks(company)


def discover_companies(http: VendorHttp, api_url: str, consent: Mapping[str, str]) -> Sequence[Company]:
    """Answer the businesses that this consent is a member of; one call, and one more for each one's currency."""
    from ml_connector_dagster.sources.freshbooks.company import member_companies

    del consent  # one address for all, and FreshBooks says itself what a consent reaches
    return member_companies(http, api_url)


def expected_calls(records: Mapping[str, int]) -> int:
    """Answer the least number of calls one opened company makes to read these entities of a period: see ``CALL_FORMULA``.

    Args:
        records: Entity name to the number of vendor records that were read.
    """
    named = {entity.name: entity for entity in ENTITIES}
    kinds = {named[name].kind for name in records}
    pages = sum(_pages(named[name], count) for name, count in records.items() if named[name].endpoint)
    about_itself = 0
    if kinds & {EntityKind.DOCUMENT, EntityKind.LEDGER}:
        about_itself = CONTEXT_CALLS
    elif records.keys() & {LEDGER_ACCOUNTS.name, TRACKING.name}:
        about_itself = IDENTITY_CALLS
    return pages + about_itself + (REPORT_CALLS if EntityKind.LEDGER in kinds else 0)


def calls_left(headers: Mapping[str, str]) -> Mapping[str, int]:
    """Read FreshBooks' own count of what remains in its minute, so that other programs on the account are seen."""
    lowered = {name.lower(): value for name, value in headers.items()}
    left = lowered.get("x-ratelimit-remaining", "")
    return {"minute": int(left)} if left.isdigit() else {}


def _pages(entity: Entity, count: int) -> int:
    lines = count * LINES_AN_ENTRY if entity == JOURNAL_ENTRIES else count
    pages = max(1, -(-lines // entity.page_size)) if entity.page_size else 1
    return pages + (entity == CUSTOMERS)


CONTEXT_CALLS = 3
IDENTITY_CALLS = 1
REPORT_CALLS = 3
LINES_AN_ENTRY = 2
"""The fewest that an entry can have."""
CALL_FORMULA = (
    "ceil(records / 100) for each entity, at least 1; clients 1 more, for the deleted ones; 1 for the chart of accounts. "
    "Once for each opened company: 3 calls where it reads documents or ledger lines (identity, currency, chart), 1 where it reads "
    "the chart or projects alone (identity). ledger_lines reads no list; its control is 3 trial balances. "
    "By need beyond that: journal entries come by line, ceil(lines / 100), counted here with the fewest lines, 2 an entry; bills, "
    "bill payments and other income have no date filter, so each period costs ceil(all of them / 100)."
)

SOURCE = Source(
    system="freshbooks",
    title="FreshBooks",
    company_id_name="account_id",
    company_id_pattern=r"[A-Za-z0-9]{4,12}",
    grant=GrantPolicy(
        authorize_url="https://auth.freshbooks.com/oauth/authorize",
        token_url="https://api.freshbooks.com/auth/oauth/token",  # noqa: S106 (an address, no secret)
        revoke_url="https://api.freshbooks.com/auth/oauth/revoke",
        scopes=tuple(f"user:{one}:read" for one in OBJECTS),
        client_auth="body",
        body_form="form",
        refresh_names_redirect=True,
        single_use_refresh=True,
        old_token_grace_seconds=0,
        margin_seconds=3600,
        refresh_life_days=None,
    ),
    api_url="https://api.freshbooks.com",
    api_version=API_VERSION,
    sunset_on=None,
    limits=(RateLimit(name="minute", permits=480, per_seconds=60, scope="company"),),
    concurrency=4,
    entities=ENTITIES,
    basis=("accrual",),
    call_formula=CALL_FORMULA,
    expected_calls=expected_calls,
    open_company=open_company,
    discover_companies=discover_companies,
    parser_version="1",
    open_kept=open_kept,
    headers={"Accept": "application/json", "X-API-VERSION": API_VERSION},
    classify=classify,
    calls_left=calls_left,
    consent_note=(
        "Consent as owner or administrator of the business: FreshBooks answers 403 to reports and journal entries otherwise. Every "
        "scope asked for must be ticked on the app in the developer portal, or the whole consent fails. The redirect address must "
        "be https and registered exactly; a refresh token works once, so let no other program use this app's consent."
    ),
)
