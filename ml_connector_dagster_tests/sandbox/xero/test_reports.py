"""Reports: their shape, their columns, and that they come from the ledger."""

from datetime import date
from decimal import Decimal

import pytest

from ml_connector_dagster_tests.sandbox.xero.conftest import IDS
from ml_connector_dagster_tests.sandbox.xero.test_truth import trial_balance


def report(xero, name, **query):
    return xero.get(f"Reports/{name}", **query)["Reports"][0]


def rows_of(found, title):
    section = next(row for row in found["Rows"] if row.get("Title") == title)
    return section["Rows"]


def figure(found, name):
    """The first figure of the row with this name."""
    for section in found["Rows"]:
        for row in section.get("Rows", ()):
            if row["Cells"][0]["Value"] == name:
                return Decimal(row["Cells"][1]["Value"])
    raise KeyError(name)


def test_a_trial_balance_has_four_figures_as_texts_and_the_account_id_on_every_cell(xero):
    found = report(xero, "TrialBalance", date="2026-10-31")
    assert found["ReportTitles"] == ["Trial Balance", "Calder & Finch Ltd", "As at 31 October 2026"]
    header = [cell["Value"] for cell in found["Rows"][0]["Cells"]]
    assert header == ["Account", "Debit", "Credit", "YTD Debit", "YTD Credit"]
    rows = [row for section in found["Rows"][1:-1] for row in section["Rows"]]
    assert all(row["RowType"] == "Row" and len(row["Cells"]) == 5 for row in rows)
    assert all({cell["Attributes"][0]["Id"] for cell in row["Cells"]} == {"account"} for row in rows)
    values = [cell["Value"] for row in rows for cell in row["Cells"][1:]]
    assert "" in values
    assert all(value == "" or value == f"{Decimal(value):.2f}" for value in values)


def test_the_summary_row_of_a_trial_balance_balances_and_has_no_account(xero):
    last = report(xero, "TrialBalance", date="2026-10-31")["Rows"][-1]["Rows"][0]
    assert last["RowType"] == "SummaryRow"
    figures = [cell["Value"] for cell in last["Cells"][1:]]
    assert figures[0] == figures[1]
    assert figures[2] == figures[3]
    assert "Attributes" not in last["Cells"][0]


def test_accounts_without_movement_or_balance_are_left_out(xero):
    moved, _ = trial_balance(xero, "uk", date(2026, 10, 31))
    accounts = {entry["AccountID"] for entry in xero.get("Accounts")["Accounts"]}
    assert set(moved) < accounts


def test_a_trial_balance_inside_a_month_counts_to_its_day(xero):
    early, _ = trial_balance(xero, "uk", date(2026, 10, 2))
    late, _ = trial_balance(xero, "uk", date(2026, 10, 31))
    assert early != late
    assert sum(early.values()) == 0


@pytest.mark.parametrize("tenant", list(IDS))
def test_profit_and_loss_agrees_with_the_trial_balance(xero, tenant):
    found = report(xero, "ProfitAndLoss", tenant=tenant, fromDate="2026-09-01", toDate="2026-09-30")
    moved, _ = trial_balance(xero, tenant, date(2026, 9, 30))
    classes = {entry["AccountID"]: entry["Class"] for entry in xero.get("Accounts", tenant=tenant)["Accounts"]}
    net = -sum(amount for account, amount in moved.items() if classes[account] in {"REVENUE", "EXPENSE"})
    assert figure(found, "Net Profit") == net
    for section in found["Rows"]:
        for row in section.get("Rows", ()):
            if "Attributes" in row["Cells"][0]:
                account = row["Cells"][0]["Attributes"][0]["Value"]
                sign = -1 if classes[account] == "REVENUE" else 1
                assert Decimal(row["Cells"][1]["Value"]) == sign * moved[account]


def test_earlier_periods_stand_beside_the_asked_one(xero):
    found = report(xero, "ProfitAndLoss", fromDate="2026-09-01", toDate="2026-09-30", periods=2, timeframe="MONTH")
    assert [cell["Value"] for cell in found["Rows"][0]["Cells"]] == ["", "30 Sep 26", "31 Aug 26", "31 Jul 26"]
    august = report(xero, "ProfitAndLoss", fromDate="2026-08-01", toDate="2026-08-31")
    beside = next(
        row for section in found["Rows"] for row in section.get("Rows", ()) if row["Cells"][0]["Value"] == "Net Profit"
    )
    assert Decimal(beside["Cells"][2]["Value"]) == figure(august, "Net Profit")


@pytest.mark.parametrize("query", [{"periods": 13}, {"periods": 1, "timeframe": "WEEK"}, {"fromDate": "soon"}])
def test_what_a_report_cannot_read_is_a_400(xero, query):
    assert xero.ask("Reports/ProfitAndLoss", **query).status_code == 400


def test_a_tracking_option_narrows_and_an_unknown_one_empties(xero):
    span = {"fromDate": "2026-09-01", "toDate": "2026-09-30"}
    category = xero.get("TrackingCategories")["TrackingCategories"][0]
    option = category["Options"][0]["TrackingOptionID"]
    whole = figure(report(xero, "ProfitAndLoss", **span), "Total Income")
    part = figure(report(xero, "ProfitAndLoss", trackingOptionID=option, **span), "Total Income")
    assert 0 < part < whole
    empty = report(xero, "ProfitAndLoss", trackingOptionID="00000000-0000-4000-8000-000000000000", **span)
    assert [row["Title"] for row in empty["Rows"] if row.get("Title")] == []


def test_a_balance_sheet_balances(xero):
    found = report(xero, "BalanceSheet", date="2026-09-30")
    assert figure(found, "Net Assets") == figure(found, "Total Equity")
    assert figure(found, "Current Year Earnings") != 0


def test_a_journal_feed_gives_a_hundred_from_an_offset_and_each_balances(fresh):
    fresh.control("settings", tier="advanced")
    first = fresh.get("Journals", tenant="ie")["Journals"]
    assert len(first) == 100
    last = first[-1]["JournalNumber"]
    following = fresh.get("Journals", tenant="ie", offset=last)["Journals"]
    assert following[0]["JournalNumber"] > last
    for entry in first + following:
        assert sum(Decimal(line["NetAmount"]) for line in entry["JournalLines"]) == 0
    assert last > 100, "numbers have gaps: the next offset is a number, not a count"
    one = fresh.get(f"Journals/{first[5]['JournalID']}", tenant="ie")["Journals"][0]
    assert one["JournalNumber"] == first[5]["JournalNumber"]
    assert "SourceID" not in one
    assert fresh.ask("Journals", offset="x").status_code == 400
    assert fresh.ask("Journals/nothing").status_code == 404


def test_the_journals_sum_to_the_trial_balance_and_tell_voids_as_reversals(fresh):
    fresh.control("settings", tier="advanced", minute=1000)
    sums, offset, sources = {}, 0, []
    while page := fresh.get("Journals", tenant="ie", offset=offset)["Journals"]:
        offset = page[-1]["JournalNumber"]
        for entry in page:
            sources.append(entry.get("SourceID"))
            for line in entry["JournalLines"]:
                sums[line["AccountID"]] = sums.get(line["AccountID"], Decimal(0)) + Decimal(line["NetAmount"])
    moved = fresh.question("balances", tenant="ie", first="2023-01-01", last="2026-12-31")["movement"]
    assert {key: amount for key, amount in sums.items() if amount} == {
        key: Decimal(text) for key, text in moved.items()
    }
    voided = fresh.get("Invoices", tenant="ie", page=1, Statuses="VOIDED")["Invoices"][0]["InvoiceID"]
    assert sources.count(voided) == 2
    assert None in sources
