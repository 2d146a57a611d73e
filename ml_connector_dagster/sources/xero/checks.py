"""What ``ml-connector check`` asks Xero: one finding for the tenant and one for each permission; nothing is written."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from functools import partial
from typing import TYPE_CHECKING

from ml_connector_dagster.errors import ConnectorError, FiguresDiffer, RequestRejected
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sources.contract.answers import Finding
from ml_connector_dagster.sources.xero.client import Listing
from ml_connector_dagster.sources.xero.reports import profit_and_loss, read_trial_balances, trial_balance
from ml_connector_dagster.sources.xero.tenants import connections
from ml_connector_dagster.sources.xero.valuations import AGED, BANK_SUMMARY

if TYPE_CHECKING:
    from ml_connector_dagster.sources.xero.company import XeroCompany

PAGED = {
    "Contacts": "accounting.contacts.read",
    "Invoices": "accounting.invoices.read",
    "CreditNotes": "accounting.invoices.read",
    "Payments": "accounting.payments.read",
    "Prepayments": "accounting.payments.read",
    "Overpayments": "accounting.payments.read",
    "BankTransactions": "accounting.banktransactions.read",
    "ManualJournals": "accounting.manualjournals.read",
}
WHOLE = ("Accounts", "TrackingCategories", "TaxRates")
SETTINGS_SCOPE = "accounting.settings.read"
REPORT_SCOPE = "accounting.reports.trialbalance.read"
RESULT_SCOPE = "accounting.reports.profitandloss.read"
BANK_SCOPE = "accounting.reports.banksummary.read"
AGED_SCOPE = "accounting.reports.aged.read"


def findings(company: XeroCompany) -> Iterator[Finding]:
    """Yield what holds and what does not, each with what to do; a refusal is a finding, never an empty list."""
    yield _probe("consent reaches the organisation", lambda: _is_connected(company))
    yield _probe("organisation", lambda: _organisation(company))
    for endpoint in WHOLE:
        yield _probe(f"{endpoint} ({SETTINGS_SCOPE})", partial(_whole_list, company, endpoint))
    for endpoint, scope in PAGED.items():
        yield _probe(f"{endpoint} ({scope})", partial(_first_record, company, endpoint))
    yield _probe(
        f"TrialBalance ({REPORT_SCOPE})",
        lambda: f"{len(trial_balance(company.api, _today()))} accounts with a balance.",
    )
    yield _probe(f"ProfitAndLoss ({RESULT_SCOPE})", partial(_reports_agree, company))
    yield _probe(f"BankSummary ({BANK_SCOPE})", partial(_bank_summary, company))
    yield _probe(f"aged receivables and payables ({AGED_SCOPE})", partial(_aged, company))


def _reports_agree(company: XeroCompany) -> str:
    """Compare both reports of the last whole month, account by account: a movement taken wrongly would show here."""
    period = Period.of(_today()).previous()
    moved = read_trial_balances(company.api, company.company(), period)
    signs = {
        one.record_id: -1 if one.account_class == "REVENUE" else 1 for one in company.api.one("Accounts").page.records
    }
    shown = profit_and_loss(company.api, period)
    differing = [
        account for account, figure in shown.items() if signs.get(account, 1) * moved.movement(account) != figure
    ]
    if not differing:
        return f"{len(shown)} accounts of {period} agree with the trial balance."
    raise FiguresDiffer(
        f"{len(differing)} of {len(shown)} accounts differ between profit and loss and trial balance of {period}, "
        f"among them {differing[0]}.",
        "The period's movement cannot be taken from the trial balance as it is.",
        "Check that the fiscal year ends with a month's last day in Xero's financial settings; else report it.",
    )


def _bank_summary(company: XeroCompany) -> str:
    """Ask for what conversion moved on bank accounts; only a company with foreign ones has that column."""
    company.api.get(BANK_SUMMARY)
    return "It splits the revaluation of foreign bank accounts."


def _aged(company: XeroCompany) -> str:
    """Ask for one contact's aged reports: they split the revaluation of foreign receivables and payables."""
    first = next(company.api.pages(Listing("Contacts", page_size=1))).page.records
    for report in AGED.values() if first else ():
        company.api.get(report, {"contactId": first[0].record_id, "date": _today().isoformat()})
    return "They split the revaluation of foreign receivables and payables."


def _probe(subject: str, ask: Callable[[], str]) -> Finding:
    try:
        return Finding(subject, holds=True, says=ask())
    except ConnectorError as error:
        return Finding(subject, holds=False, says=str(error))


def _is_connected(company: XeroCompany) -> str:
    wanted = company.session.company_id.lower()
    tenants = connections(company.session.http, company.session.api_url)
    named = {str(one.get("tenantId", "")).lower(): str(one.get("tenantName", "")) for one in tenants}
    if wanted in named:
        return f"{named[wanted]} is one of {len(named)} connected."
    others = ", ".join(f"{name} ({tenant})" for tenant, name in sorted(named.items())) or "none"
    raise RequestRejected(
        f"The consent does not reach the organisation {wanted}.",
        f"It reaches: {others}.",
        "Consent again and pick this organisation, or correct company_id.",
    )


def _organisation(company: XeroCompany) -> str:
    found = company.company()
    day, month = company.organisation.financial_year_end_day, found.fiscal_year_end_month
    if day < monthrange(2023, month)[1]:
        raise RequestRejected(
            f"The fiscal year of {found.name} ends on day {day} of month {month}, within a calendar month.",
            "Xero starts income and expense at 0 the day after, so that month's movement cannot be taken from its trial balance: "
            "its tie-out will differ.",
            "Tie that month out by hand, or move the year end to a month's last day in Xero's financial settings.",
        )
    locked = f"locked up to {found.lock_on}" if found.lock_on else "nothing locked"
    return f"{found.name}, {found.base_currency}, fiscal year ends in month {found.fiscal_year_end_month}, {locked}."


def _whole_list(company: XeroCompany, endpoint: str) -> str:
    return _count(len(company.api.one(endpoint).page.records))


def _first_record(company: XeroCompany, endpoint: str) -> str:
    first = next(company.api.pages(Listing(endpoint, page_size=1)))
    return _count(first.page.pagination.item_count if first.page.pagination else len(first.page.records))


def _count(records: int) -> str:
    return f"{records} records."


def _today() -> date:
    return datetime.now(UTC).date()
