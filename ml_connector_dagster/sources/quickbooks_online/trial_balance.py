"""QuickBooks' trial balance: the books' side of a tie-out.

The report shows closing balances: to date for the balance sheet, since the fiscal year began for income and expense. It is
always asked for from the fiscal year's first day, so that its start date means the same whether QuickBooks heeds it or not. A
period's movement is the difference of two closings; in a fiscal year's first month income and expense start at 0, and the
year before stands in retained earnings from its first day, a roll that the general ledger never posts.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ml_connector_dagster.errors import RecordRefused, RequestRejected
from ml_connector_dagster.ledger.ledger_account import AccountClass
from ml_connector_dagster.ledger.money import ZERO
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.ledger.posting import Company
from ml_connector_dagster.ledger.trial_balance import TrialBalances
from ml_connector_dagster.sources.quickbooks_online.client import QuickbooksApi, Window, records_of
from ml_connector_dagster.sources.quickbooks_online.parse_reference import RETAINED_EARNINGS, account_row
from ml_connector_dagster.sources.quickbooks_online.report_rows import Table, own_rows, unknown_shape

REPORT = "TrialBalance"
RESULT_REPORT = "ProfitAndLoss"
_TWO = 2
_RESULTS = {AccountClass.INCOME.value, AccountClass.EXPENSE.value}


def read_trial_balances(api: QuickbooksApi, company: Company, period: Period) -> TrialBalances:
    """Ask for both reports; in a fiscal year's first month for the chart as well, to know which accounts start at 0.

    Raises:
        RequestRejected: The report has not the shape of a trial balance, or does not add up.
    """
    starts_year = period == period.fiscal_year_start(company.fiscal_year_end_month)
    results, retained = _chart(api) if starts_year else (frozenset[str](), "")
    return TrialBalances(
        closing=trial_balance(api, company, period),
        opening=trial_balance(api, company, period.previous()),
        results=results,
        retained_earnings=retained,
        starts_year=starts_year,
    )


def trial_balance(api: QuickbooksApi, company: Company, period: Period) -> dict[str, Decimal]:
    """Answer the balance of every listed account at a period's end, year to date."""
    start = period.fiscal_year_start(company.fiscal_year_end_month)
    return parse_trial_balance(api.get(f"reports/{REPORT}", _params(start, period)).body)


def profit_and_loss(api: QuickbooksApi, period: Period) -> dict[str, Decimal]:
    """Answer what each income and expense account moved in a period, as the report prints it: both positive."""
    table = Table.of(RESULT_REPORT, api.get(f"reports/{RESULT_REPORT}", _params(period, period)).body)
    found: dict[str, Decimal] = {}
    try:
        for cells in own_rows(table.rows):
            account, figure = table.at(cells, 0), table.at(cells, len(table.types) - 1)
            if account.record_id:
                found[account.record_id] = found.get(account.record_id, ZERO) + figure.figure
    except RecordRefused:
        raise unknown_shape(RESULT_REPORT) from None
    return found


def parse_trial_balance(body: Mapping[str, Any]) -> dict[str, Decimal]:
    """Read a report's rows, debit less credit, by account id; its own total proves that none was missed.

    Raises:
        RequestRejected: It has not two money columns, a figure is none, or rows and total disagree.
    """
    table = Table.of(REPORT, body)
    money = table.money_columns()
    if len(money) != _TWO:
        raise unknown_shape(REPORT)
    balances: dict[str, Decimal] = {}
    sums = [ZERO, ZERO]
    try:
        for cells in table.data():
            account = table.at(cells, 0).record_id
            debit, credit = (table.at(cells, place).figure for place in money)
            sums = [sums[0] + debit, sums[1] + credit]
            if account:
                balances[account] = balances.get(account, ZERO) + debit - credit
            elif debit or credit:
                raise unknown_shape(REPORT)
    except RecordRefused:
        raise unknown_shape(REPORT) from None
    _must_agree(table, money, sums)
    return balances


def _must_agree(table: Table, money: list[int], sums: list[Decimal]) -> None:
    for row in table.rows:
        total = (row.get("Summary") or {}).get("ColData") if row.get("group") == "GrandTotal" else None
        if total and [table.at(total, place).figure for place in money] != sums:
            raise RequestRejected(
                f"The rows of QuickBooks' trial balance add up to {sums[0]} and {sums[1]}, its own total says otherwise.",
                "A row was cut off or is not understood, so none of its figures was used.",
                "Read the period again; if it stays, report it.",
                endpoint=REPORT,
            )


def _params(start: Period, end: Period) -> dict[str, str]:
    return {
        "start_date": start.first_on.isoformat(),
        "end_date": end.last_on.isoformat(),
        "accounting_method": "Accrual",
        "summarize_column_by": "Total",
    }


def _chart(api: QuickbooksApi) -> tuple[frozenset[str], str]:
    results, retained = set(), ""
    for answered in api.pages("Account", Window.whole()):
        for record in records_of(answered.body, "Account"):
            try:
                row = account_row(record)
            except RecordRefused:  # its pull reports it; an account that is no result keeps its balance
                continue
            if row.account_class in _RESULTS:
                results.add(row.ledger_account_id)
            if row.system_role == RETAINED_EARNINGS:
                retained = row.ledger_account_id
    return frozenset(results), retained
