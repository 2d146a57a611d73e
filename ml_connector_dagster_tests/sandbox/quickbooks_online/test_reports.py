"""Reports are views of the ledger (quickbooks_online.md 7): trial balance, profit and loss, general ledger."""

from decimal import Decimal

import pytest

from ml_connector_dagster.sandbox.quickbooks_online.chart import ACCOUNTS
from ml_connector_dagster_tests.sandbox.quickbooks_online.conftest import by_key, data_rows, trial_balance

COLUMNS = "account_name,tx_date,txn_type,doc_num,name,cust_name,vend_name,klass_name,dept_name,debt_amt,credit_amt"


def profit(report):
    """Amounts by account id of the first column, as printed; parents' own postings from their headers."""
    found = {}

    def walk(rows):
        for row in rows:
            cells = row.get("ColData") or row.get("Header", {}).get("ColData") or []
            if cells and cells[0].get("id") and cells[-1]["value"]:
                found[cells[0]["id"]] = Decimal(cells[-1]["value"])
            walk(row.get("Rows", {}).get("Row", []))

    walk(report["Rows"].get("Row", []))
    return found


def posted(rows):
    """Movement by account id from the general ledger's rows."""
    found = {}
    for row in rows:
        amount = Decimal(row["debt_home_amt"]["value"] or 0) - Decimal(row["credit_home_amt"]["value"] or 0)
        account = row["account_name"]["id"]
        found[account] = found.get(account, 0) + amount
    return {account: amount for account, amount in found.items() if amount}


def test_the_general_ledger_shows_every_posting_of_the_month_under_its_account(quickbooks):
    rows = by_key(quickbooks.report("GeneralLedger", columns=COLUMNS))
    assert posted(rows) == quickbooks.ledger()
    kinds = {row["txn_type"]["value"] for row in rows}
    assert {"Invoice", "Bill", "Payroll Check", "Statement Charge", "Journal Entry", "Deposit"} <= kinds
    assert {"Bill Payment (Check)", "Bill Payment (Credit Card)", "Transfer", "Expense"} <= kinds
    assert any(row["klass_name"].get("id") for row in rows)
    assert any(row["cust_name"].get("id") and row["vend_name"].get("id") for row in rows)


def test_columns_come_in_the_reports_own_order_and_in_home_variants(quickbooks):
    report = quickbooks.report(
        "GeneralLedger", columns="debt_amt,account_name,credit_home_amt,tx_date,no_such,txn_type"
    )
    kinds = [column["ColType"] for column in report["Columns"]["Column"]]
    assert kinds == ["tx_date", "txn_type", "account_name", "debt_home_amt", "credit_home_amt"]
    assert report["Columns"]["Column"][0]["MetaData"] == [{"Name": "ColKey", "Value": "tx_date"}]
    standard = quickbooks.report("GeneralLedger")["Columns"]["Column"]
    assert "rbal_nat_home_amount" in {column["ColType"] for column in standard}


def sections(rows):
    for row in rows:
        if row.get("type") == "Section":
            yield row
            yield from sections(row.get("Rows", {}).get("Row", []))


def test_headers_of_nested_sections_carry_the_wrong_id_or_none(quickbooks):
    report = quickbooks.report("GeneralLedger", columns=COLUMNS + ",rbal_nat_amount")
    found = list(sections(report["Rows"]["Row"]))
    headers = {
        section["Header"]["ColData"][0]["value"]: section["Header"]["ColData"][0]
        for section in found
        if "Header" in section
    }
    assert headers["Consulting Income"]["id"] == "46"
    assert "id" not in headers["Strategy"]
    assert headers["Operations"]["id"] == "47"
    bare = [section for section in found if "Header" not in section and "Rows" not in section]
    assert bare
    assert all(section["Summary"]["ColData"][0]["value"].endswith("with sub-accounts") for section in bare)
    checking = next(section for section in found if section["Summary"]["ColData"][0]["value"] == "Total for Checking")
    first = checking["Rows"]["Row"][0]["ColData"]
    assert first[0] == {"value": "Beginning Balance"}
    assert not any("id" in cell for cell in first)


def test_the_trial_balance_closes_the_month_and_balances(quickbooks):
    report = quickbooks.report("TrialBalance")
    found = trial_balance(report)
    assert sum(found.values()) == 0
    assert report["Rows"]["Row"][-1]["group"] == "GrandTotal"
    assert found == trial_balance(quickbooks.report("TrialBalance", start_date="2026-01-01"))
    before = trial_balance(quickbooks.report("TrialBalance", start_date="2026-09-01", end_date="2026-09-30"))
    moved = {account: found.get(account, 0) - before.get(account, 0) for account in found | before}
    assert {account: cents for account, cents in moved.items() if cents} == quickbooks.ledger()


def test_a_new_year_rolls_profit_into_retained_earnings(quickbooks):
    december = trial_balance(quickbooks.report("TrialBalance", start_date="2025-12-01", end_date="2025-12-31"))
    january = trial_balance(quickbooks.report("TrialBalance", start_date="2026-01-01", end_date="2026-01-02"))
    result = sum(amount for account, amount in december.items() if ACCOUNTS[account].in_profit_and_loss)
    assert january["2"] - december.get("2", 0) == result
    assert abs(january.get("46", 0)) < abs(december["46"])


def test_profit_and_loss_of_a_month_is_the_ledgers_movement(quickbooks):
    report = quickbooks.report("ProfitAndLoss")
    groups = [row.get("group") for row in report["Rows"]["Row"]]
    assert groups == [
        "Income",
        "COGS",
        "GrossProfit",
        "Expenses",
        "NetOperatingIncome",
        "OtherIncome",
        "OtherExpenses",
        "NetOtherIncome",
        "NetIncome",
    ]
    signed = {
        account: -amount if ACCOUNTS[account].credit_is_natural else amount
        for account, amount in profit(report).items()
    }
    ledger = {
        account: amount for account, amount in quickbooks.ledger().items() if ACCOUNTS[account].in_profit_and_loss
    }
    assert signed == ledger
    assert Decimal(report["Rows"]["Row"][-1]["Summary"]["ColData"][1]["value"]) == -sum(ledger.values())


def test_profit_by_class_has_an_unassigned_column_without_an_id(quickbooks):
    report = quickbooks.report("ProfitAndLoss", summarize_column_by="Classes")
    marks = [[meta["Name"] for meta in column["MetaData"]] for column in report["Columns"]["Column"]]
    assert marks == [["ColKey"], ["ID"], ["ID"], ["ID"], ["ID"], ["ColKey"], ["ColKey"]]
    for row in data_rows(report["Rows"]["Row"]):
        *parts, total = [Decimal(cell["value"] or 0) for cell in row["ColData"][1:]]
        assert sum(parts) == total
    assert profit(report) == profit(quickbooks.report("ProfitAndLoss"))


def test_the_balance_sheet_balances_and_its_net_income_has_no_account(quickbooks):
    report = quickbooks.report("BalanceSheet")
    sums = {row["group"]: Decimal(row["Summary"]["ColData"][1]["value"]) for row in report["Rows"]["Row"]}
    assets = sum(sums[group] for group in ("BankAccounts", "AR", "OtherCurrentAssets", "FixedAssets"))
    assert assets == sum(sums.values()) - assets
    equity = next(row for row in report["Rows"]["Row"] if row["group"] == "Equity")["Rows"]["Row"]
    assert equity[-1]["group"] == "NetIncome"
    assert "id" not in equity[-1]["ColData"][0]


@pytest.mark.parametrize("name", ["TrialBalance", "ProfitAndLoss", "GeneralLedger"])
def test_a_span_without_books_says_so(quickbooks, name):
    report = quickbooks.report(name, start_date="2019-01-01", end_date="2019-01-31")
    assert {"Name": "NoReportData", "Value": "true"} in report["Header"]["Option"]
    assert report["Rows"] == {}


@pytest.mark.parametrize(
    "wrong",
    [
        {"accounting_method": "Modified"},
        {"start_date": "2026-10-31"},
        {"end_date": "31.10.2026"},
        {"summarize_column_by": "Employees"},
    ],
)
def test_a_wrong_request_is_refused(quickbooks, wrong):
    asked = {"start_date": "2026-10-01", "end_date": "2026-10-31"} | wrong
    assert quickbooks.fault("reports/ProfitAndLoss", **asked)["code"] == "4001"


def test_an_unknown_report_is_not_supported(quickbooks):
    assert quickbooks.fault("reports/CashFlow")["code"] == "500"


def test_one_account_or_class_can_be_asked_for(quickbooks):
    rows = by_key(quickbooks.report("GeneralLedger", columns=COLUMNS, account="1"))
    assert {row["account_name"]["id"] for row in rows} == {"46", "47", "48"}
    rows = by_key(quickbooks.report("GeneralLedger", columns=COLUMNS, **{"class": "2"}))
    assert {row["klass_name"]["id"] for row in rows} == {"2"}


def test_too_large_a_report_is_a_sentence_with_status_200(changing):
    changing.control("settings", report_cells=500)
    answer = changing.ask("reports/GeneralLedger", start_date="2026-10-01", end_date="2026-10-31")
    assert answer.status_code == 200
    assert "Unable to display more data. Please reduce the date range." in answer.text
    changing.control("settings", report_cells=400_000)


def test_a_report_may_time_out_at_the_gateway_come_empty_or_be_forbidden(changing):
    changing.control("settings", gateway_timeouts=1, empty_reports=1)
    asked = {"start_date": "2026-10-01", "end_date": "2026-10-31"}
    late = changing.ask("reports/TrialBalance", **asked)
    assert (late.status_code, late.headers["content-type"]) == (504, "application/xml")
    assert 'code="6002"' in late.text
    assert changing.ask("reports/TrialBalance", **asked).content == b""
    changing.control("settings", may_report=False)
    assert changing.fault("reports/TrialBalance", status=403, **asked)["code"] == "5020"
    changing.control("settings", may_report=True)


def test_on_the_cash_basis_an_invoice_counts_when_it_is_paid(quickbooks):
    """What all months ever earned differs between the bases by what stands open, and the cash ledger balances too."""
    report = quickbooks.report("GeneralLedger", columns=COLUMNS, accounting_method="Cash")
    rows = by_key(report)
    assert report["Header"]["ReportBasis"] == "Cash"
    shown = quickbooks.question("ledger", first="2026-10-01", last="2026-10-31", basis="cash")["movement"]
    assert posted(rows) == {account: Decimal(amount) for account, amount in shown.items()}
    assert "Invoice" not in {row["txn_type"]["value"] for row in rows if row["account_name"]["id"] == "46"}
    earned = profit(quickbooks.report("ProfitAndLoss", accounting_method="Cash"))
    assert earned["46"] == -posted(rows)["46"]
    assert earned["46"] != profit(quickbooks.report("ProfitAndLoss"))["46"]
    assert sum(trial_balance(quickbooks.report("TrialBalance", accounting_method="Cash")).values()) == 0
