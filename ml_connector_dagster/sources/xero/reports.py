"""Xero's trial balance, read by account id: the books' side of a tie-out.

Every value is a string, blank means 0, and the only safe key is the cell's ``account`` attribute ("Name (Code)" is text for
people). An account without balance may be missing: it is 0. The movement of a period is the difference of two year-to-date
columns within a fiscal year; in its first month an income or expense account starts at 0. Xero does not say in its
documents what the columns Debit and Credit of a month hold, so they are not used.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

from ml_connector_dagster.errors import RequestRejected
from ml_connector_dagster.ledger.money import ZERO, amount
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.ledger.posting import Company
from ml_connector_dagster.ledger.trial_balance import TrialBalances
from ml_connector_dagster.sources.xero.chart import RETAINED_EARNINGS
from ml_connector_dagster.sources.xero.client import XeroApi

_unknown_shape = partial(RequestRejected.unknown_shape, "Xero")
"""Answers the refusal of a report that cannot be read."""

TRIAL_BALANCE = "Reports/TrialBalance"
PROFIT_AND_LOSS = "Reports/ProfitAndLoss"
RESULT_CLASSES = ("REVENUE", "EXPENSE")
_DEBIT, _CREDIT = "YTD Debit", "YTD Credit"
_ACCOUNT = ("account",)
_ANY = ("account", "accountID", "invoiceID", "creditNoteID", "overpaymentID")
"""What a row's first cell may point at; the aged reports point at a credit note as at an invoice."""


def read_trial_balances(api: XeroApi, company: Company, period: Period) -> TrialBalances:
    """Ask for both reports; in a fiscal year's first month for the chart as well, to know which accounts start at 0.

    Raises:
        RequestRejected: The report has not the shape of a trial balance.
        CredentialRefused: The consenting user lacks the reporting role.
    """
    starts_year = period == period.fiscal_year_start(company.fiscal_year_end_month)
    accounts = api.one("Accounts").page.records if starts_year else ()
    return TrialBalances(
        closing=trial_balance(api, period.last_on),
        opening=trial_balance(api, period.previous().last_on),
        results=frozenset(one.record_id for one in accounts if one.account_class in RESULT_CLASSES),
        retained_earnings=next((one.record_id for one in accounts if one.system_account == RETAINED_EARNINGS), ""),
        starts_year=starts_year,
    )


def trial_balance(api: XeroApi, on: date) -> dict[str, Decimal]:
    """Answer the balance of every listed account on a day, year to date."""
    return parse_trial_balance(api.get(TRIAL_BALANCE, {"date": on.isoformat()}).json())


def profit_and_loss(api: XeroApi, period: Period) -> dict[str, Decimal]:
    """Answer what each income and expense account moved in the period by the profit and loss report, as it prints them.

    Income and cost are both positive there. The trial balance is the control; this report proves in ``check`` that the
    movements taken from it are the period's.

    Raises:
        RequestRejected: There is no report, or a figure is missing.
    """
    params = {
        "fromDate": period.first_on.isoformat(),
        "toDate": period.last_on.isoformat(),
        "standardLayout": "true",
        "paymentsOnly": "false",
    }
    body = api.get(PROFIT_AND_LOSS, params).json()
    try:
        return {account: _figure(values[1]) for account, values in _account_rows(body["Reports"][0]["Rows"], _ACCOUNT)}
    except (KeyError, IndexError, TypeError):
        raise _unknown_shape(PROFIT_AND_LOSS) from None


def parse_trial_balance(body: Any) -> dict[str, Decimal]:
    """Read a report's rows, debit less credit of the year-to-date columns, by account id.

    Raises:
        RequestRejected: There is no report, or a column is missing: no figure of it may be used.
    """
    try:
        rows = body["Reports"][0]["Rows"]
        titles = [cell["Value"] for row in rows if row["RowType"] == "Header" for cell in row["Cells"]]
        debit, credit = titles.index(_DEBIT), titles.index(_CREDIT)
    except (KeyError, IndexError, TypeError, ValueError):
        raise _unknown_shape(TRIAL_BALANCE) from None
    balances: dict[str, Decimal] = {}
    for account, values in _account_rows(rows, _ACCOUNT):
        balances[account] = balances.get(account, ZERO) + _figure(values[debit]) - _figure(values[credit])
    return balances


def report_rows(body: Any, titles: Container[str], report: str) -> list[tuple[str, list[Decimal]]] | None:
    """Answer (id of the account or document, figures) of a report's rows; None where it has no column of these titles.

    Args:
        body: The report as Xero answered it.
        titles: Titles of the wanted columns, in lower case.
        report: Its path, for the message.

    Raises:
        RequestRejected: There is no report.
    """
    try:
        rows = body["Reports"][0]["Rows"]
        heads = [cell.get("Value") or "" for row in rows if row["RowType"] == "Header" for cell in row["Cells"]]
        columns = [column for column, title in enumerate(heads) if title.lower() in titles]
        found = [(key, [_figure(values[column]) for column in columns]) for key, values in _account_rows(rows)]
    except (KeyError, IndexError, TypeError):
        raise _unknown_shape(report) from None
    return found if columns else None


def _account_rows(rows: list[dict[str, Any]], kinds: Container[str] = _ANY) -> Iterator[tuple[str, list[str]]]:
    """Yield (id, cell values) of rows whose first cell points at something; sections nest, computed lines point at nothing."""
    for row in rows:
        if row.get("RowType") == "Row":
            cells = row["Cells"]
            attributes = cells[0].get("Attributes") or ()
            pointed_at = next((one["Value"] for one in attributes if one.get("Id") in kinds), "")
            if pointed_at:
                yield pointed_at, [str(cell.get("Value") or "") for cell in cells]
        yield from _account_rows(row.get("Rows") or [], kinds)


def _figure(written: str) -> Decimal:
    return amount(written.replace(",", "")) if written.strip() else ZERO
