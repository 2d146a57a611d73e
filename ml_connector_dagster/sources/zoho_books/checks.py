"""Probes of one Zoho Books organization: what its consent may read, and what its control is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
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
from ml_connector_dagster.sources.zoho_books.statements import BALANCE_SHEET, PROFIT_AND_LOSS

if TYPE_CHECKING:
    from ml_connector_dagster.sources.zoho_books.company import ZohoCompany

_SINGLE = ("contacts", "items", "reportingtags", "locations", "projects", "purchaseorders")


def findings(company: ZohoCompany) -> Iterator[Finding]:
    """Yield what each probe says; they never raise, and write nothing."""
    month = Period.of(datetime.now(UTC).date()).previous()
    yield _probed("organization", lambda: _organization(company))
    yield _probed("chart of accounts", lambda: _chart(company))
    yield _probed("account transactions", lambda: _transactions(company, month))
    for entity in POSTING_ENTITIES:
        yield _probed(PATHS[entity.name], lambda name=entity.name: _month_of(company, name, month))  # type: ignore[misc]
    for path in _SINGLE:
        yield _probed(path, lambda path=path: _listed(company, path))  # type: ignore[misc]
    yield _probed("control", lambda: _control(company, month))


def _probed(subject: str, probe: Callable[[], str]) -> Finding:
    try:
        return Finding(subject, holds=True, says=probe())
    except ConnectorError as error:
        return Finding(subject, holds=False, says=str(error))


def _organization(company: ZohoCompany) -> str:
    found = company.company()
    return f"{found.name}, {found.base_currency}, fiscal year ends in month {found.fiscal_year_end_month}, {found.time_zone}."


def _chart(company: ZohoCompany) -> str:
    accounts = chart_with_balances(company.api)
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


def _month_of(company: ZohoCompany, entity: str, month: Period) -> str:
    answered = company.api.page(
        Listing(PATHS[entity], (("date_start", str(month.first_on)), ("date_end", str(month.last_on))))
    )
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
