from datetime import date
from decimal import Decimal

import pytest

from ml_connector_dagster.errors import RequestRejected
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sources.xero.reports import parse_trial_balance
from ml_connector_dagster_tests.sources.xero.fake_xero import FakeXero
from ml_connector_dagster_tests.sources.xero.payloads import account_id


def report(balances, *, titles=("Account", "Debit", "Credit", "YTD Debit", "YTD Credit"), result=False):
    """A trial balance: {account id: balance, debit positive}; the month's columns hold nonsense on purpose."""
    rows = []
    for account, balance in balances.items():
        figure = f"{abs(balance):,.2f}"
        values = [f"{account} (200)", "9.99", "", figure if balance > 0 else "", figure if balance < 0 else ""]
        values = [account, f"{balance:,.2f}"] if result else values
        attributes = [{"Value": account, "Id": "account"}]
        rows.append({"RowType": "Row", "Cells": [{"Value": value, "Attributes": attributes} for value in values]})
    header = {"RowType": "Header", "Cells": [{"Value": title} for title in titles]}
    computed = {"RowType": "Row", "Cells": [{"Value": "Net Profit"}, *({"Value": "1.00"} for _ in range(4))]}
    total = {"RowType": "SummaryRow", "Cells": [{"Value": "Total"}, *({"Value": "1.00"} for _ in range(4))]}
    return {"Reports": [{"Rows": [header, {"RowType": "Section", "Title": "All", "Rows": [*rows, computed, total]}]}]}


def company_with(closing, opening, period):
    xero = FakeXero()
    xero.reports = {
        period.last_on.isoformat(): _told(closing),
        period.previous().last_on.isoformat(): _told(opening),
    }
    return xero.open()


def _told(balances):
    return report({account_id(name): balance for name, balance in balances.items()})


def movements(company, period):
    return {balance.ledger_account_id: balance.movement for balance in company.control(period)}


def test_a_row_is_joined_by_account_id_and_blank_is_nought():
    assert parse_trial_balance(report({"a": Decimal("1234.56"), "b": Decimal("-0.01")})) == {
        "a": Decimal("1234.56"),
        "b": Decimal("-0.01"),
    }


def test_computed_and_summary_rows_are_no_accounts():
    assert parse_trial_balance(report({})) == {}


@pytest.mark.parametrize(
    "body",
    [{}, {"Reports": []}, [], {"Reports": [{"Rows": []}]}, report({"a": 1}, titles=("Account", "Debit"))],
)
def test_a_report_of_another_shape_is_refused(body):
    with pytest.raises(RequestRejected, match="shape that is not known"):
        parse_trial_balance(body)


def test_a_movement_is_the_difference_within_a_fiscal_year():
    company, http = company_with({"sales": -300, "bank": 300}, {"sales": -100, "bank": 100}, Period(2026, 10))
    assert movements(company, Period(2026, 10)) == {account_id("sales"): -200, account_id("bank"): 200}
    assert sum(one.path.endswith("TrialBalance") for one in http.asked) == 2


def test_in_the_first_month_a_result_starts_at_nought_and_a_balance_does_not():
    company, _ = company_with(
        {"sales": -50, "bank": 350, "retained": -300}, {"sales": -300, "bank": 300}, Period(2026, 4)
    )
    moved = movements(company, Period(2026, 4))
    assert moved == {account_id("sales"): -50, account_id("bank"): 50, account_id("retained"): -300}


def test_an_account_that_a_report_leaves_out_is_nought():
    company, _ = company_with({"bank": 5}, {"fees": 7}, Period(2026, 10))
    assert movements(company, Period(2026, 10)) == {account_id("bank"): 5, account_id("fees"): -7}


def test_the_balance_is_the_year_to_date_column():
    company, _ = company_with({"sales": -300}, {"sales": -100}, Period(2026, 10))
    assert company.control(Period(2026, 10))[0].year_to_date == -300


def test_the_report_is_asked_for_on_the_last_day():
    company, http = company_with({}, {}, Period(2026, 3))
    company.control(Period(2026, 3))
    asked = [one.params["date"] for one in http.asked if one.path.endswith("TrialBalance")]
    assert asked == [str(date(2026, 3, 31)), str(date(2026, 2, 28))]
