"""What the lines are compared with, where Zoho has no trial balance to show; and what check says of it."""

from decimal import Decimal

import pytest

from ml_connector_dagster.errors import RequestRejected
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sources.zoho_books.control import Account, debits
from ml_connector_dagster.sources.zoho_books.organizations import first_month
from ml_connector_dagster_tests.sources.fake_http import Told
from ml_connector_dagster_tests.sources.zoho_books import payloads
from ml_connector_dagster_tests.sources.zoho_books.fake_zoho import FakeZoho

SEPTEMBER, OCTOBER = Period(2026, 9), Period(2026, 10)
BALANCES = {payloads.SALES: 300, payloads.RECEIVABLE: 300}


def books(report=None, **balances):
    rows = [row for day in ("2026-09-05", "2026-10-05", "2026-11-05") for row in payloads.transaction(day)]
    chart = [payloads.account(one, current_balance=BALANCES[one]) for one in BALANCES]
    fake = FakeZoho({"chartofaccounts": chart, "chartofaccounts/transactions": rows})
    if report:
        fake.instead["reports/profitandloss"] = Told({"code": 0, "profit_and_loss": report})
    return fake.open()


def report(total):
    sales = {"name": "Sales", "total": total}
    income = {"name": "Operating Income", "total": total, "account_transactions": [sales]}
    return [
        {"name": "Gross Profit", "total": total, "account_transactions": [income]},
        {"name": "Net Profit/Loss", "total": total},
    ]


def movements(company, period):
    return {one.ledger_account_id: (one.movement, one.year_to_date) for one in company.control(period)}


def test_income_comes_from_the_report_and_what_has_none_from_a_second_reading():
    company, _ = books(report(Decimal("100.01")))
    assert movements(company, OCTOBER) == {
        payloads.SALES: (Decimal("-100.01"), Decimal("-100.01")),
        payloads.RECEIVABLE: (100, 200),
    }


def test_without_the_report_every_account_is_read_a_second_time():
    company, http = books()
    assert movements(company, OCTOBER) == {payloads.SALES: (-100, -200), payloads.RECEIVABLE: (100, 200)}
    asked = [one.path.rpartition("/")[2] for one in http.asked]
    reports = ["profitandloss", "balancesheet"]
    assert asked == ["organizations", "chartofaccounts", *reports, "transactions", "transactions"]
    movements(company, SEPTEMBER)
    assert sum("/reports/" in one.path for one in http.asked) == 2


def sheet(day, receivable, heading=None):
    """A balance sheet of one asset and one result that is no account."""
    assets = {"name": "Assets", "total": receivable, "account_transactions": [
        {"name": "Receivable", "total": heading or receivable, "account_transactions": [
            {"name": "Accounts Receivable", "account_id": payloads.RECEIVABLE, "total": receivable}]}]}  # fmt: skip
    earned = {"name": "Equities", "account_transactions": [{"name": "Current Year Earnings", "total": receivable}]}
    return Told({"code": 0, "balance_sheet": [assets, earned], "page_context": {"to_date": day}})


def with_sheets(sheets, **given):
    """Books whose balance sheet is another one each day."""
    company, http = books(report(100))
    told = http._answer

    def answer(asked):
        if not asked.path.endswith("balancesheet"):
            return told(asked)
        assert asked.params["filter_by"] == "TransactionDate.CustomDate"
        return sheet(
            given.get("shown") or asked.params["to_date"], sheets[asked.params["to_date"]], given.get("heading")
        )

    http._answer = answer
    return company, http


OCTOBERS = {"2026-09-30": 100, "2026-10-31": 199.99}


def test_other_accounts_come_from_the_balance_sheets_before_and_after():
    """Another reading than the one that lines come from, so it shows what no account's own list does."""
    company, http = with_sheets(OCTOBERS)
    assert movements(company, OCTOBER)[payloads.RECEIVABLE] == (Decimal("99.99"), Decimal("199.99"))
    assert not any(one.path.endswith("chartofaccounts/transactions") for one in http.asked)


@pytest.mark.parametrize("given", [{"shown": "2026-11-20"}, {"heading": 5}], ids=["another day", "another total"])
def test_a_balance_sheet_that_is_not_what_was_asked_for_is_not_used(given):
    company, http = with_sheets(OCTOBERS, **given)
    assert movements(company, OCTOBER)[payloads.RECEIVABLE] == (100, 200)
    assert sum(one.path.endswith("balancesheet") for one in http.asked) == 1


def test_an_accounts_total_holds_those_inside_it_and_they_are_counted_once():
    nested = report(100)
    sales = nested[0]["account_transactions"][0]["account_transactions"][0]
    inside = {"name": "Receivable", "account_id": payloads.RECEIVABLE, "total": 30}
    sales |= {"account_id": payloads.SALES, "account_transactions": [inside]}
    company, _ = books(nested)
    assert movements(company, OCTOBER)[payloads.SALES][0] == -70


def test_a_line_of_the_report_that_is_no_account_shows():
    strange = report(100)
    strange[0]["account_transactions"][0]["account_transactions"].append({"name": "Novelty", "total": 5})
    company, _ = books(strange)
    assert movements(company, OCTOBER)["report line 'Novelty'"][0] == 5


@pytest.mark.parametrize("sign", [1, -1])
def test_balances_are_read_in_the_direction_in_which_a_chart_sums_to_nought(sign):
    chart = [
        Account("1", "Bank", "asset", Decimal(70)),
        Account("2", "Loan", "liability", Decimal(sign * 50)),
        Account("3", "Sales", "income", Decimal(sign * 20)),
    ]
    assert debits(chart) == {"1": 70, "2": -50, "3": -20}


@pytest.mark.parametrize(
    ("written", "month"),
    [("april", 4), ("April", 4), (3, 4), (0, 1), ("1", 1), ("4", 4), ("", 1), (None, 1), (True, 1)],
)
def test_the_first_month_of_the_year_is_read_however_it_is_written(written, month):
    assert first_month(written) == month


def test_the_organization_says_when_its_year_ends():
    company, _ = books()
    assert (company.company().fiscal_year_end_month, company.company().base_currency) == (3, "GBP")


def test_a_consent_for_another_organization_reads_nothing():
    company, _ = FakeZoho(organization_id="1").open()
    with pytest.raises(RequestRejected, match="does not reach the organization 20078154321"):
        company.company()


def test_check_names_the_control():
    company, _ = books(report(100))
    says = {finding.subject: finding for finding in company.checks()}
    assert all(finding.holds for finding in says.values()), says
    assert "compared with the profit and loss report" in says["control"].says
    assert "all other accounts with a second reading" in says["control"].says
