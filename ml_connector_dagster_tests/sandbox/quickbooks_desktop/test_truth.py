"""The ledger is the truth: documents, details, summaries and balances are views of it, to the cent, in every month."""

from collections import Counter
from datetime import date, timedelta

import pytest

from ml_connector_dagster.sandbox.quickbooks_desktop.books import write_books
from ml_connector_dagster.sandbox.quickbooks_desktop.lists_wire import BALANCE_TYPES
from ml_connector_dagster.sandbox.quickbooks_desktop.report_books import trial_balance
from ml_connector_dagster_tests.sandbox.quickbooks_desktop.office import NOW, between, cents, period, rows, texts

TODAY = date(2026, 11, 20)
COLUMNS = (
    "TxnID",
    "TxnType",
    "Date",
    "RefNumber",
    "Account",
    "Class",
    "Name",
    "Memo",
    "Debit",
    "Credit",
    "ModifiedTime",
)
MONTHS = [date(2023 + (10 + number) // 12, (10 + number) % 12 + 1, 1) for number in range(37)]


def ends(month):
    return month.isoformat(), ((month + timedelta(days=31)).replace(day=1) - timedelta(days=1)).isoformat()


def detail(first, last, by="Account", columns=COLUMNS, filters=""):
    wanted = "".join(f"<IncludeColumn>{name}</IncludeColumn>" for name in columns)
    return (
        f"<CustomDetailReportQueryRq><CustomDetailReportType>CustomTxnDetail</CustomDetailReportType>{period(first, last)}"
        f"{filters}<SummarizeRowsBy>{by}</SummarizeRowsBy>{wanted}<ReportBasis>Accrual</ReportBasis></CustomDetailReportQueryRq>"
    )


def summary(first, last, columns="Class", filters="", rest=""):
    return (
        f"<CustomSummaryReportQueryRq><CustomSummaryReportType>CustomSummary</CustomSummaryReportType>{period(first, last)}"
        f"{filters}<SummarizeColumnsBy>{columns}</SummarizeColumnsBy><SummarizeRowsBy>Account</SummarizeRowsBy>{rest}"
        "</CustomSummaryReportQueryRq>"
    )


def general(kind, first, last, rest=""):
    return (
        f"<GeneralSummaryReportQueryRq><GeneralSummaryReportType>{kind}</GeneralSummaryReportType>{period(first, last)}{rest}"
        "</GeneralSummaryReportQueryRq>"
    )


def net(report):
    """Cents by account, debit +."""
    found = Counter()
    for row in rows(report):
        found[row["account"]] += cents(row.get("Debit")) - cents(row.get("Credit"))
    return {account: amount for account, amount in found.items() if amount}


def named(office, amounts):
    return {office.company.full_name(account): amount for account, amount in amounts.items() if amount}


def ledger(office, first, last):
    return named(office, office.company.ledger.movement(date.fromisoformat(first), date.fromisoformat(last)))


@pytest.mark.parametrize("month", MONTHS, ids=str)
def test_details_summary_and_trial_balances_of_a_month_agree(brackenridge, month):
    first, last = ends(month)
    before = str(month - timedelta(days=1))
    lines, nets, opening, closing = brackenridge.set(
        detail(first, last) + summary(first, last) + general("TrialBalance", before, before)
        + general("TrialBalance", first, last)
    )  # fmt: skip
    moved = ledger(brackenridge, first, last)
    assert moved
    assert net(lines) == moved
    assert {row["account"]: total for row in rows(nets) if (total := cents(row["TOTAL"]))} == moved
    for row in rows(nets):
        parts = sum(cents(cell) for name, cell in row.items() if name not in {"TOTAL", "account", ""})
        assert parts == cents(row["TOTAL"])
    start = net(opening)
    if month.month == 1:
        start = {name: amount for name, amount in start.items() if _stays(brackenridge, name)}
    grown = Counter(net(closing))
    grown.subtract(start)
    assert sum(net(closing).values()) == 0
    rolled = {name: amount for name, amount in grown.items() if amount}
    if month.month == 1:
        rolled.pop("Retained Earnings", None)
    assert rolled == moved


def _stays(office, full_name):
    account = next(
        one for key, one in office.company.lists["Account"].items() if office.company.full_name(key) == full_name
    )
    return account.account_type in BALANCE_TYPES


def test_at_new_year_profit_goes_to_retained_earnings(brackenridge):
    company = brackenridge.company
    kept = company.special("RetainedEarnings")
    before, after = (trial_balance(company, day) for day in (date(2025, 12, 31), date(2026, 1, 1)))
    result = sum(
        amount for key, amount in before.items() if company.lists["Account"][key].account_type not in BALANCE_TYPES
    )
    assert after[kept] - before.get(kept, 0) == result != 0


def test_documents_are_views_of_the_same_postings(brackenridge):
    """Header totals by kind against the legs on bank, receivable and payable."""
    october = between("2026-10-01", "2026-10-31")
    company, moved = brackenridge.company, Counter()
    for posting in company.ledger.between(date(2026, 10, 1), date(2026, 10, 31)):
        for leg in posting.legs:
            moved[company.txns[posting.txn_id].kind, leg.account_id] += leg.amount
    payable, receivable, bank = company.account("2000"), company.account("1100"), company.account("1010")
    totals = {
        ("Bill", "AmountDue"): -moved["Bill", payable],
        ("ReceivePayment", "TotalAmount"): -moved["ReceivePayment", receivable],
        ("BillPaymentCheck", "Amount"): -moved["BillPaymentCheck", bank],
        ("Check", "Amount"): -moved["Check", bank],
    }
    for (kind, name), amount in totals.items():
        found = texts(brackenridge.ask(f"<{kind}QueryRq>{october}</{kind}QueryRq>"), f"*/{name}")
        assert sum(cents(text) for text in found) == amount != 0, kind
    invoices = brackenridge.ask(f"<InvoiceQueryRq>{october}</InvoiceQueryRq>")
    billed = sum(cents(text) for name in ("Subtotal", "SalesTaxTotal") for text in texts(invoices, f"*/{name}"))
    assert billed == moved["Invoice", receivable] != 0
    assert moved["Invoice", company.special("InventoryAssets")], "cost of goods: in the ledger, in no document"


def test_a_detail_report_shows_labels_with_numbers_and_the_account_beside_them(brackenridge):
    report = brackenridge.ask(detail("2026-10-01", "2026-10-31"))
    found = rows(report)
    wages = next(row for row in found if row["account"] == "Payroll Expenses:Wages")
    assert wages["Account"] == "6000 · Payroll Expenses:6010 · Wages"
    assert (wages["Type"], wages["Num"][:2], wages["Date"]) == ("General Journal", "JE", "2026-10-14")
    assert wages["Class"] in {"Warehouse", "Sales:East", "Sales:West", "Admin"}
    assert wages["Entered/Last Modified"].endswith("-06:00")
    assert ("Debit" in wages, "Credit" in wages) == (True, False), "an empty cell is left out"
    assert int(report.findtext(".//NumRows")) == len(report.findall(".//ReportData/*"))
    assert [row.get("rowNumber") for row in report.find(".//ReportData")] == [
        str(number) for number in range(1, int(report.findtext(".//NumRows")) + 1)
    ]
    assert {row["Type"] for row in found} >= {
        "Invoice",
        "Bill",
        "Payment",
        "Bill Pmt -Check",
        "Check",
        "Deposit",
        "Transfer",
    }


def test_without_account_numbers_labels_are_full_names(office):
    office.company.preferences.account_numbers = False
    office.added()
    row = rows(office.ask(detail("2026-11-01", "2026-11-30")))[0]
    assert row["Account"] == row["account"] == "Accrued Liabilities"
    shown = office.ask("<AccountQueryRq/>")
    assert not shown.findall(".//AccountNumber")


def test_titles_may_be_short_and_detail_rows_bare(office):
    tag = "<ClassRef><FullName>Sales:East</FullName></ClassRef>"
    office.added(lines=office.line("Debit", "6600", "1.00", tag) + office.line("Credit", "2300", "1.00", tag))
    office.company.preferences.short_class_titles = office.company.preferences.bare_detail_rows = True
    nets, lines = office.set(summary("2026-11-01", "2026-11-30") + detail("2026-11-01", "2026-11-30"))
    assert "East" in rows(nets)[0]
    assert not lines.findall(".//RowData")


def test_a_voided_entry_leaves_the_reports_of_its_own_month(office):
    entry = office.added(day="2026-10-15")
    office.company.void(office.company.txns[entry.findtext("TxnID")])
    report = office.ask(detail("2026-10-01", "2026-10-31"))
    assert (rows(report), report.find(".//ReportData")) == ([], None)


def test_filters_of_a_report_narrow_it(brackenridge):
    moved = ledger(brackenridge, "2026-10-01", "2026-10-31")
    account = f"<ReportAccountFilter><ListID>{brackenridge.account('6010')}</ListID></ReportAccountFilter>"
    assert net(brackenridge.ask(detail("2026-10-01", "2026-10-31", filters=account))) == {
        "Payroll Expenses:Wages": moved["Payroll Expenses:Wages"]
    }
    east = "<ReportClassFilter><FullName>Sales:East</FullName></ReportClassFilter>"
    report = brackenridge.ask(summary("2026-10-01", "2026-10-31", filters=east))
    whole = {row["account"]: row for row in rows(brackenridge.ask(summary("2026-10-01", "2026-10-31")))}
    for row in rows(report):
        assert row["TOTAL"] == row["Sales:East"] == whole[row["account"]]["Sales:East"]
    kinds = "<ReportTxnTypeFilter><TxnTypeFilter>Transfer</TxnTypeFilter></ReportTxnTypeFilter>"
    assert set(net(brackenridge.ask(detail("2026-10-01", "2026-10-31", filters=kinds)))) == {
        "Operating Checking",
        "Payroll Checking",
    }


def test_summaries_by_month_add_up(brackenridge):
    months = rows(brackenridge.ask(summary("2026-08-01", "2026-10-31", "Month")))
    assert {"Aug 26", "Sep 26", "Oct 26", "TOTAL"} <= set().union(*months)
    for row in months:
        assert sum(cents(row.get(name)) for name in ("Aug 26", "Sep 26", "Oct 26")) == cents(row["TOTAL"])


def test_profit_and_loss_and_balance_sheet_are_the_trial_balance_in_other_words(brackenridge):
    last = "2026-10-31"
    profit, sheet, balances = brackenridge.set(
        general("ProfitAndLossStandard", "2026-01-01", last) + general("BalanceSheetStandard", last, last)
        + general("TrialBalance", last, last)
    )  # fmt: skip
    result = -sum(amount for name, amount in net(balances).items() if not _stays(brackenridge, name))
    assert cents(profit.findall(".//TotalRow/ColData")[-1].get("value")) == result
    assert rows(sheet)[-1]["Oct 31, 26"].replace(".", "") == str(result)
    assets = next(
        row.findall("ColData")[1].get("value")
        for row in sheet.iter("SubtotalRow")
        if row.find("ColData").get("value") == "Total Assets"
    )
    assert assets == sheet.findall(".//TotalRow/ColData")[1].get("value")


def test_what_is_planted_is_in_balances_and_summaries_and_in_no_detail(office):
    office.added(day="2026-10-15")
    office.company.plant(office.account("6600"), office.account("6400"), date(2026, 10, 1), 1)
    lines, nets, balance = office.set(
        detail("2026-10-01", "2026-10-31") + summary("2026-10-01", "2026-10-31", rest="<ReturnRows>NonZero</ReturnRows>")
        + general("TrialBalance", "2026-10-01", "2026-10-31")
    )  # fmt: skip
    assert net(lines)["Professional Fees"] == 12_500
    assert {row["account"]: row["TOTAL"] for row in rows(nets)}["Professional Fees"] == "125.01"
    assert net(balance)["Professional Fees"] == 12_501


@pytest.mark.parametrize(
    ("code", "wrong"),
    [
        ("3030", detail("2026-10-31", "2026-10-01")),
        ("3110", detail("2026-10-01", "2026-10-31", by="Customer")),
        ("3110", detail("2026-10-01", "2026-10-31", columns=("Aging",))),
        ("1010", general("SalesTaxLiability", "2026-10-01", "2026-10-31")),
    ],
)
def test_a_report_that_is_not_kept_here_is_refused(office, code, wrong):
    assert office.code(wrong) == code


def test_the_same_seed_writes_the_same_books_and_ids_of_lists_never_change(written):
    other = write_books(1, TODAY, lambda: NOW)
    assert list(other.txns) == list(written.txns)
    assert other.ledger.balance(TODAY) == written.ledger.balance(TODAY)
    older = write_books(2, date(2025, 3, 9), lambda: NOW)
    assert all(
        list(older.lists[kind]) == list(written.lists[kind]) for kind in ("Account", "Class", "Customer", "Vendor")
    )
    assert max(txn.created_at for txn in written.txns.values()) <= NOW
    assert max(txn.day for txn in written.txns.values()) <= TODAY


def test_every_posting_balances_and_names_are_unique_over_customers_and_vendors(written):
    postings = list(written.ledger.between(date(2023, 1, 1), TODAY))
    assert all(sum(leg.amount for leg in posting.legs) == 0 for posting in postings)
    names = [written.full_name(key).casefold() for kind in ("Customer", "Vendor") for key in written.lists[kind]]
    assert len(set(names)) == len(names)
    assert any(txn.is_voided for txn in written.txns.values())


def test_on_the_cash_basis_what_is_paid_counts_when_it_is_paid(office):
    company = office.company
    vendor = next(iter(company.lists["Vendor"]))
    lines = [
        company.new_line(cents, NOW, account_id=office.account(number))
        for number, cents in (("6100", 101), ("6200", 100))
    ]
    owed = company.special("AccountsPayable")
    bill = company.enter("Bill", date(2026, 9, 10), lines, name_id=vendor, account_id=owed)
    for day, paid in ((date(2026, 10, 5), 67), (date(2026, 11, 5), 134)):
        company.enter(
            "BillPaymentCheck", day, [company.new_line(paid, NOW)], name_id=vendor, account_id=owed,
            deposit_to=office.account("1010"), applied=[(bill.txn_id, paid)],
        )  # fmt: skip
    months = [("2026-09-01", "2026-09-30"), ("2026-10-01", "2026-10-31"), ("2026-11-01", "2026-11-30")]
    found = [net(office.ask(detail(*month).replace("Accrual", "Cash"))) for month in months]
    assert found[0] == {}
    assert found[1] == {"Operating Checking": -67, "Rent": 34, "Utilities": 33}
    assert found[2] == {"Operating Checking": -134, "Rent": 67, "Utilities": 67}
    both = {"Operating Checking": -201, "Rent": 101, "Utilities": 100}
    assert net(office.ask(general("TrialBalance", *months[2], "<ReportBasis>Cash</ReportBasis>"))) == both
    assert net(office.ask(general("TrialBalance", *months[2]))) == both, "all is paid: both bases agree"


def test_of_the_whole_books_the_cash_basis_balances_too(brackenridge):
    span = ("2026-10-01", "2026-10-31")
    balances = [
        net(brackenridge.ask(general("TrialBalance", *span, f"<ReportBasis>{basis}</ReportBasis>")))
        for basis in ("Cash", "Accrual")
    ]
    assert [sum(one.values()) for one in balances] == [0, 0]
    assert balances[0]["Operating Checking"] == balances[1]["Operating Checking"]
    assert "Accounts Payable" not in balances[0]
    cash = net(brackenridge.ask(detail(*span).replace("Accrual", "Cash")))
    assert cash != net(brackenridge.ask(detail(*span)))
    assert {row["account"]: cents(row["TOTAL"]) for row in _some(brackenridge, span)} == cash


def _some(office, span):
    found = rows(office.ask(summary(*span, rest="<ReportBasis>Cash</ReportBasis>")))
    return [row for row in found if cents(row["TOTAL"])]
