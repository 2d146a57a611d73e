"""Zoho Books, declared: data centres, grant, limits, entities and the call formula. Nothing here touches the network.

Facts are from the Zoho Books reference page: data centres §1, OAuth §2, limits §7. What nobody could check, and what is done
meanwhile:

- ``debit_amount`` is base currency (inferred): every transaction must sum to nought, or it is set aside.
- Whether a ledger row is a document line or an account's sum of a document: both are read; tags are shared out only where the
  document's lines add up to what is posted.
- The reports that control the figures are not documented (days, shape and scope are those of live records of other clients):
  without them, or where their days or totals are not the ones expected, accounts are read twice, and ``check`` says so.
- The account that a year's result is carried to has a name in the organization's language: it is known by its amount.
- Direction of ``current_balance``: the one in which a whole chart sums to nought.
- Orders' ``date_start``: not sent, their list is read whole. Parameters that Zoho may ignore are applied once more here.
- Reporting tags' list and scope are not in the published schema of 2025: options are taken from the list, else asked for by tag.
- Custom fields: only those of a list of values; their values are those on the newest documents, since Zoho lists none.
- Codes 57 and 14: the token is refreshed once, then the missing scope is named. Numbers not known are refusals for good.
- ``fiscal_year_start_month``: a number counts from 0, a number as text from 1.
- Merges of contacts leave no trace that Zoho documents: the loser is gone from the list.
- A void moves ``last_modified_time`` (believed); the daily read of the open months sees it anyway.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ml_connector_dagster.ledger.posting import Company
from ml_connector_dagster.sources.contract.entity import Entity, EntityKind
from ml_connector_dagster.sources.contract.reader import CompanyReader, KeptAnswers
from ml_connector_dagster.sources.contract.session import CompanySession
from ml_connector_dagster.sources.contract.source import RateLimit, Source
from ml_connector_dagster.sources.zoho_books.entities import ACCOUNT_TRANSACTIONS, ENTITIES, LEDGER_ACCOUNTS
from ml_connector_dagster.sources.zoho_books.refusals import classify
from ml_connector_dagster.sources.zoho_books.regions import PLACES, consented, granted
from ml_connector_dagster.transport.grant_policy import GrantPolicy

if TYPE_CHECKING:
    from ml_connector_dagster.ledger.period import Period
    from ml_connector_dagster.transport.client import VendorHttp

READ_SCOPES = tuple(
    f"ZohoBooks.{module}.READ"
    for module in (
        "settings",
        "contacts",
        "invoices",
        "customerpayments",
        "creditnotes",
        "bills",
        "vendorpayments",
        "debitnotes",
        "purchaseorders",
        "expenses",
        "accountants",
        "projects",
        "reports",
    )
)
RESERVE = 10
"""One call in ten of a day is left to the organization's other programs: the count is shared with them."""
WITHOUT_DETAILS = frozenset({"customer_payments", "vendor_payments", ACCOUNT_TRANSACTIONS.name})
DETAILS = (
    frozenset(entity.name for entity in ENTITIES if entity.kind in (EntityKind.DOCUMENT, EntityKind.COMMITMENT))
    - WITHOUT_DETAILS
)
"""Entities whose lines stand in no list."""


def open_company(session: CompanySession) -> CompanyReader:
    """Open one organization; no call is made yet."""
    from ml_connector_dagster.sources.zoho_books.company import ZohoCompany

    return ZohoCompany(session)


def open_kept(company: Company) -> KeptAnswers:
    """Open what was kept of one organization; there is no client behind it."""
    from ml_connector_dagster.sources.zoho_books.kept import KeptZoho

    return KeptZoho(company)


def discover_companies(http: VendorHttp, api_url: str, consent: Mapping[str, str]) -> Sequence[Company]:
    """Answer the organizations that this consent reaches."""
    from ml_connector_dagster.sources.zoho_books.organizations import reached

    return reached(http, api_url, consent)


def expected_calls(records: Mapping[str, int]) -> int:
    """Answer how many calls one opened company makes to read these entities of a period: see ``CALL_FORMULA``.

    Args:
        records: Entity name to the number of vendor records that were read.
    """
    named = {entity.name: entity for entity in ENTITIES}
    accounts = records.get(LEDGER_ACCOUNTS.name, 0)
    return sum(_calls(named[name], count, accounts) for name, count in records.items())


def count(session: CompanySession, period: Period) -> Mapping[str, int]:
    """Count the accounts, and the documents of a period whose lines cost a call each; see the contract."""
    from ml_connector_dagster.sources.zoho_books.company import count_of

    return count_of(session, period)


def calls_left(headers: Mapping[str, str]) -> Mapping[str, int]:
    """Read Zoho's own count of the day, less the share that other programs of the organization keep."""
    remaining, limit = _number(headers, "x-rate-limit-remaining"), _number(headers, "x-rate-limit-limit")
    return {} if remaining is None else {"day": max(0, remaining - (limit or 0) // RESERVE)}


def calls_allowed(headers: Mapping[str, str]) -> Mapping[str, int]:
    """Read the plan's calls of a day, less that share."""
    limit = _number(headers, "x-rate-limit-limit")
    return {} if limit is None else {"day": limit - limit // RESERVE}


def opens_in(headers: Mapping[str, str]) -> Mapping[str, float]:
    """Read how long the day lasts: Zoho resets its count at midnight of the organization, and gives nothing back before."""
    seconds = _number(headers, "x-rate-limit-reset")
    return {} if seconds is None else {"day": float(seconds)}


def _number(headers: Mapping[str, str], wanted: str) -> int | None:
    value = next((value for name, value in headers.items() if name.lower() == wanted), "")
    return int(value) if value.isdigit() else None


def _calls(entity: Entity, count: int, accounts: int) -> int:
    if not entity.endpoint:
        return 0
    if entity.name == ACCOUNT_TRANSACTIONS.name:
        pages = -(-count // entity.page_size)
        return 1 + max(accounts, 2 if count else 0) + 4 * max(0, pages - 1)
    lists = entity.endpoint.count(",")
    pages = max(1, -(-count // entity.page_size)) if entity.page_size else 1
    again = pages - 1
    return lists + pages + again + (count if entity.name in DETAILS else 0)


CALL_FORMULA = (
    "ceil(records / 200) for each list, at least 1, and each page but the last once more to see that the list stood still; "
    "besides one call for each invoice, bill, credit note, vendor credit, expense, journal and purchase order whose stamp is new "
    "(none for one that was read before). tracking reads three lists, the newest page of four more for their custom fields, and "
    "one call for each reporting tag whose list shows no options. account_transactions: one call for the chart, one for each "
    "account, two more for each further 200 postings of an account (reckoned for the two accounts that every transaction has at "
    "least). commitment_lines: the orders and the bills dated after the period. ledger_lines reads no list; its control is the "
    "organization once, the chart with balances, the profit and loss report once or twice (once more in a fiscal year's first "
    "month), and the balance sheet twice; where a report cannot be had, one call for each of its accounts and 200 postings since "
    "the period began."
)

SOURCE = Source(
    system="zoho_books",
    title="Zoho Books",
    company_id_name="organization_id",
    company_id_pattern=r"[0-9]{5,20}",
    grant=GrantPolicy(
        authorize_url="https://accounts.zoho.com/oauth/v2/auth",
        token_url="https://accounts.zoho.com/oauth/v2/token",  # noqa: S106 (an address, no secret)
        revoke_url="https://accounts.zoho.com/oauth/v2/token/revoke",
        scopes=READ_SCOPES,
        client_auth="body",
        body_form="form",
        single_use_refresh=False,
        margin_seconds=300,
        authorize_extra={"access_type": "offline", "prompt": "consent"},
        scope_separator=",",
        scheme="Zoho-oauthtoken",
        revoke_form="query",
        dead_words=("invalid_code",),
        busy_words=("access_denied",),
    ),
    api_url=PLACES["us"].api_url,
    api_version="v3",
    sunset_on=None,
    limits=(
        RateLimit(name="minute", permits=80, per_seconds=60, scope="company"),
        RateLimit(name="day", permits=10_000, per_seconds=86_400, scope="company", wait_at_most_seconds=0),
    ),
    concurrency=4,
    entities=ENTITIES,
    basis=("accrual",),
    call_formula=CALL_FORMULA,
    expected_calls=expected_calls,
    open_company=open_company,
    discover_companies=discover_companies,
    details=DETAILS,
    count=count,
    parser_version="1",
    open_kept=open_kept,
    places=PLACES,
    consented=consented,
    granted=granted,
    rate_divides=False,
    headers={"Accept": "application/json"},
    classify=classify,
    calls_left=calls_left,
    calls_allowed=calls_allowed,
    opens_in=opens_in,
    consent_note=(
        "Consent as a user of the organization who may read accountant's records and reports. Zoho keeps 20 refresh tokens for a "
        "user and client and silently ends the oldest: use an OAuth client of its own for each environment."
    ),
)
