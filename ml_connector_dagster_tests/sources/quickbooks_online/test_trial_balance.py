"""The books' side of a tie-out, over a year's end as well."""

from datetime import date
from decimal import Decimal

import pytest

from ml_connector_dagster.errors import RequestRejected
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sources.quickbooks_online.trial_balance import parse_trial_balance
from ml_connector_dagster_tests.sources.quickbooks_online import payloads
from ml_connector_dagster_tests.sources.quickbooks_online.fake_quickbooks import FakeQuickbooks, Posting, Transaction
from ml_connector_dagster_tests.sources.staged import StagedInMemory

CHART = [
    payloads.account(payloads.SALES, "Revenue", "Income", "ServiceFeeIncome"),
    payloads.account(payloads.COST),
    payloads.account(payloads.CHECKING, "Asset", "Bank", "Checking"),
    payloads.account(payloads.RETAINED, "Equity", "Equity", "RetainedEarnings"),
]


def sale(day, amount):
    sides = (Posting(payloads.CHECKING, Decimal(amount)), Posting(payloads.SALES, Decimal(-amount)))
    return Transaction("Sales Receipt", payloads.new_id(), day, sides)


def opened():
    return FakeQuickbooks({"Account": CHART}, [sale(date(2025, 12, 9), 70), sale(date(2026, 1, 8), 30)]).open()


def moved(company, period):
    return {one.ledger_account_id: one.movement for one in company.control(period) if one.movement}


def test_within_a_year_a_movement_is_the_difference_of_two_closings():
    company, http = opened()
    assert moved(company, Period(2026, 2)) == {}
    assert moved(company, Period(2025, 12)) == {payloads.CHECKING: 70, payloads.SALES: -70}
    assert company.residuals(Period(2025, 12), StagedInMemory()) == {}
    assert not any("Account" in asked.params.get("query", "") for asked in http.asked)


def test_in_a_years_first_month_results_start_at_nought_and_the_roll_is_named():
    company, http = opened()
    assert moved(company, Period(2026, 1)) == {payloads.CHECKING: 30, payloads.SALES: -30, payloads.RETAINED: -70}
    assert company.residuals(Period(2026, 1), StagedInMemory()) == {"retained_earnings": {payloads.RETAINED: -70}}
    starts = [asked.params["start_date"] for asked in http.asked if "TrialBalance" in asked.url]
    assert starts == ["2026-01-01", "2025-01-01"]


def test_an_id_that_no_account_has_and_a_row_that_was_cut_off_are_refused():
    columns = {"Column": [{"ColType": "Account"}, {"ColType": "Money"}, {"ColType": "Money"}]}
    row = {"ColData": [{"value": "Checking", "id": "35"}, {"value": "5.00"}, {"value": ""}]}
    grand = {"group": "GrandTotal", "Summary": {"ColData": [{}, {"value": "9.00"}, {"value": "9.00"}]}}
    with pytest.raises(RequestRejected, match="its own total says otherwise"):
        parse_trial_balance({"Columns": columns, "Rows": {"Row": [row, grand]}})
    with pytest.raises(RequestRejected, match="shape that is not known"):
        parse_trial_balance({"Columns": {"Column": columns["Column"][:2]}, "Rows": {"Row": [row]}})
    assert parse_trial_balance({"Columns": columns, "Rows": {"Row": [row]}}) == {"35": 5}
    assert parse_trial_balance({"Columns": columns, "Rows": {}}) == {}
