"""Probes of one Zoho Books organization: what its consent may read, what its control is, and how far a day's calls reach."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import ceil
from typing import TYPE_CHECKING

from ml_connector_dagster.errors import ConnectorError, RequestRejected
from ml_connector_dagster.ledger.money import ZERO
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sources.contract.answers import Finding
from ml_connector_dagster.sources.zoho_books.client import Listing
from ml_connector_dagster.sources.zoho_books.control import chart_with_balances, debits
from ml_connector_dagster.sources.zoho_books.documents import PATHS
from ml_connector_dagster.sources.zoho_books.entities import PAGE_SIZE, POSTING_ENTITIES
from ml_connector_dagster.sources.zoho_books.ledger_feed import TRANSACTIONS, within
from ml_connector_dagster.sources.zoho_books.parse_documents import SHAPES
from ml_connector_dagster.sources.zoho_books.statements import BALANCE_SHEET, PROFIT_AND_LOSS

if TYPE_CHECKING:
    from ml_connector_dagster.sources.zoho_books.company import ZohoCompany

MONTHS = 24
"""Of the backfill that is reckoned."""
RESERVE = 0.1
"""Share of a day's calls that is left to the organization's other programs."""
CONTROL = 15
"""Calls of a month's control, with its reports."""
_SINGLE = ("contacts", "items", "reportingtags", "locations", "projects", "purchaseorders")


@dataclass
class Seen:
    """What the probes learnt, to reckon a backfill by."""

    accounts: int = 0
    lists: int = 0
    documents: int = 0
    """Of one month, those that cost a call of their own."""
    day_limit: int = 0
    counts: dict[str, int] = field(default_factory=dict)


def findings(company: ZohoCompany) -> Iterator[Finding]:
    """Yield what each probe says; they never raise, and write nothing."""
    seen, month = Seen(), Period.of(datetime.now(UTC).date()).previous()
    yield _probed("organization", lambda: _organization(company))
    yield _probed("chart of accounts", lambda: _chart(company, seen))
    yield _probed("account transactions", lambda: _transactions(company, month))
    for entity in POSTING_ENTITIES:
        yield _probed(PATHS[entity.name], lambda name=entity.name: _month_of(company, name, month, seen))  # type: ignore[misc]
    for path in _SINGLE:
        yield _probed(path, lambda path=path: _listed(company, path))  # type: ignore[misc]
    yield _probed("control", lambda: _control(company, month))
    yield _probed("calls of a backfill", lambda: backfill(seen))


def backfill(seen: Seen) -> str:
    """Answer how many calls and days the first reading of two years takes.

    Raises:
        RequestRejected: The probes before did not say enough.
    """
    if not seen.accounts or not seen.day_limit:
        raise RequestRejected(
            "How many calls a backfill takes cannot be said.",
            "The chart of accounts or the day's limit was not answered.",
            "Mend what the lines above name.",
        )
    a_month = seen.accounts + seen.lists + seen.documents + CONTROL
    calls = a_month * MONTHS
    days = ceil(calls / max(1, seen.day_limit * (1 - RESERVE)))
    spread = (
        "within one day's quota"
        if days == 1
        else f"so it takes {days} days: it stops cleanly at each day's end and goes on the next day where it stopped, "
        "since the lines of documents once read are kept"
    )
    return (
        f"A month like the last one makes about {a_month} calls ({seen.documents} of them for documents), so a backfill of "
        f"{MONTHS} months makes about {calls:,} of the {seen.day_limit:,} that a day allows for every program of the "
        f"organization together, {spread}."
    )


def _probed(subject: str, probe: Callable[[], str]) -> Finding:
    try:
        return Finding(subject, holds=True, says=probe())
    except ConnectorError as error:
        return Finding(subject, holds=False, says=str(error))


def _organization(company: ZohoCompany) -> str:
    found = company.company()
    return f"{found.name}, {found.base_currency}, fiscal year ends in month {found.fiscal_year_end_month}, {found.time_zone}."


def _chart(company: ZohoCompany, seen: Seen) -> str:
    accounts = chart_with_balances(company.api)
    seen.accounts = len(accounts)
    unknown = [one.name for one in accounts if not one.account_class]
    if unknown:
        raise RequestRejected(
            f"The account types of {', '.join(unknown[:5])} are not known.",
            "Their figures can be given no sign, so modules that take them are refused.",
            "Report the types; the connector's table must learn them.",
        )
    left = sum(debits(accounts).values(), ZERO)
    apart = (
        ""
        if not left
        else f"; the balances it shows differ by {left}, so those of a balance sheet are not to be trusted"
    )
    return f"{len(accounts)} accounts{apart}."


def _transactions(company: ZohoCompany, month: Period) -> str:
    accounts = chart_with_balances(company.api)
    if not accounts:
        return "There is no account yet."
    found = company.api.page(within(accounts[0].account_id, month))
    return f"{len(found.records)} postings of {accounts[0].name} in {month}; {TRANSACTIONS} can be read."


def _month_of(company: ZohoCompany, entity: str, month: Period, seen: Seen) -> str:
    answered = company.api.page(
        Listing(PATHS[entity], (("date_start", str(month.first_on)), ("date_end", str(month.last_on))))
    )
    limit = {name.lower(): value for name, value in answered.headers.items()}.get("x-rate-limit-limit", "")
    seen.day_limit = int(limit) if limit.isdigit() else seen.day_limit
    seen.lists += 1
    seen.documents += len(answered.records) if SHAPES[entity].has_details else 0
    more = " or more" if len(answered.records) == PAGE_SIZE else ""
    return f"{len(answered.records)}{more} in {month}."


def _listed(company: ZohoCompany, path: str) -> str:
    found = company.api.page(Listing(path, is_paged=path != "locations"))
    return f"{len(found.records)}{' or more' if found.has_more else ''} records."


def _control(company: ZohoCompany, month: Period) -> str:
    """Say what the tie-out compares with: it is another thing with the reports than without."""
    company.company()
    found = company.books.reports(month)
    again = "a second reading of each account's transactions"
    results = "the profit and loss report" if PROFIT_AND_LOSS in found else again
    balances = "the balance sheet report" if BALANCE_SHEET in found else again
    return (
        f"Zoho's API documents no trial balance: income and expense are compared with {results}, all other accounts with "
        f"{balances}; each transaction sums to nought over all accounts."
    )
