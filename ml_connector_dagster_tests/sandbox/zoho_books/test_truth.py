"""The account transactions are the ledger: they balance, hold what no document shows, and agree with the reports."""

from collections import defaultdict
from datetime import date
from decimal import Decimal

import pytest

from ml_connector_dagster.sandbox.zoho_books.desk import day_ms
from ml_connector_dagster.sandbox.zoho_books.generate import generate
from ml_connector_dagster_tests.sandbox.zoho_books.conftest import OCTOBER, signed

SEPTEMBER = ("2026-09-01", "2026-10-01")


def feed(zoho, first, last, **params):
    """All rows of all accounts."""
    return [row for account in zoho.question("accounts")["accounts"] for row in zoho.transactions(account, first, last)]


def by_account(rows):
    found = defaultdict(Decimal)
    for row in rows:
        found[row["account_id"]] += signed(row)
    return {account: amount for account, amount in found.items() if amount}


def leaves(parts, sign=1):
    """Account to debit-positive movement of the profit and loss report; each account once."""
    found = {}
    for part in parts:
        inner = part["account_transactions"]
        section = -1 if part["name"] in {"Operating Income", "Non Operating Income"} else sign
        found |= (
            leaves(inner, section)
            if inner
            else {part["account_id"]: section * part["total"]}
            if "account_id" in part
            else {}
        )
    return found


def profit_and_loss(zoho, first, last):
    return leaves(zoho.get("/reports/profitandloss", **on_days(first, last))["profit_and_loss"])


def on_days(first, last):
    return {"filter_by": "TransactionDate.CustomDate", "from_date": first, "to_date": last}


def test_the_feed_of_a_month_is_the_ledger_and_every_transaction_balances(zoho):
    rows = feed(zoho, *OCTOBER.values())
    assert by_account(rows) == zoho.movement()
    sums = defaultdict(Decimal)
    for row in rows:
        sums[row.get("transaction_id") or row["categorized_transaction_id"], row["transaction_date"]] += signed(row)
    assert len(sums) > 100
    assert set(sums.values()) == {0}


def test_profit_and_loss_agrees_with_the_feed_to_the_cent(zoho):
    told = profit_and_loss(zoho, *SEPTEMBER)
    moved = by_account(row for account in told for row in zoho.transactions(account, *SEPTEMBER))
    assert {account: amount for account, amount in told.items() if amount} == moved


def balance_sheet(zoho, day):
    """Account to debit-positive balance; results not yet carried forward under their heading's name."""
    found = {}

    def walk(parts, sign):
        for part in parts:
            inner = part["account_transactions"]
            assert not inner or part["total"] == sum(one["total"] for one in inner), part["name"]
            walk(inner, sign)
            if not inner and part["total"]:
                found[part.get("account_id", part["name"])] = sign * part["total"]

    assets, financed = zoho.get("/reports/balancesheet", **on_days(day, day))["balance_sheet"]
    assert assets["total"] == financed["total"]
    walk([assets], 1)
    walk([financed], -1)
    return found


def test_the_balance_sheet_is_the_ledger_with_results_carried_to_retained_earnings(zoho):
    march, april = balance_sheet(zoho, "2026-03-31"), balance_sheet(zoho, "2026-04-01")
    retained = zoho.account("Retained Earnings")
    posted = zoho.movement("2026-04-01", "2026-04-01")
    carried = april[retained] - march[retained] - posted.get(retained, 0)
    assert carried == march["Current Year Earnings"] != 0
    began = {account: Decimal(amount) for account, amount in zoho.movement("2020-01-01", "2026-03-31").items()}
    assert {key: value for key, value in march.items() if key not in (retained, "Current Year Earnings")} == {
        key: value for key, value in began.items() if key in march and key != retained
    }


def test_a_statement_without_its_filter_is_of_today_whatever_days_were_asked_for(zoho):
    days = {"from_date": "2025-01-01", "to_date": "2025-01-31"}
    for path, shown in (("/reports/balancesheet", "as_of_date"), ("/reports/profitandloss", "to_date")):
        assert zoho.get(path, **days)["page_context"][shown] == zoho.cloud.world.clock.today().isoformat()


def test_reports_can_be_switched_off_and_give_the_whole_feed_when_on(zoho):
    window = {"from_date": "2026-10-01", "to_date": "2026-10-31"}
    rows, page = [], 1
    while True:
        body = zoho.get("/reports/accounttransaction", page=page, per_page=500, **window)
        rows += body["account_transactions"][0]["account_transactions"]
        if not body["page_context"]["has_more_page"]:
            break
        page += 1
    net = defaultdict(Decimal)
    for row in rows:
        net[row["account_id"]] += Decimal(row["net_amount"])
    assert {account: amount for account, amount in net.items() if amount} == zoho.movement()
    zoho.control("settings", reports=False)
    assert zoho.ask("/reports/profitandloss", **window).status_code == 404
    zoho.control("settings", reports=True)


def test_opening_balances_and_adjustments_have_no_transaction_id_and_count(zoho):
    opening = feed(zoho, "2023-10-31", "2023-10-31")
    assert {row["transaction_type"] for row in opening} == {"opening_balance"}
    assert all("transaction_id" not in row and row["categorized_transaction_id"] == "" for row in opening)
    assert sum(signed(row) for row in opening) == 0
    adjusted = zoho.transactions(
        zoho.account("Exchange Gain or Loss"), *SEPTEMBER, transaction_type="base_currency_adjustment"
    )
    assert {row["transaction_date"] for row in adjusted} == {"2026-09-30", "2026-10-01"}
    assert all("transaction_id" not in row and row["categorized_transaction_id"] for row in adjusted)
    assert sum(signed(row) for row in adjusted) == 0


def test_the_feed_holds_postings_that_no_document_shows(zoho):
    kinds = {row["transaction_type"] for row in feed(zoho, "2025-12-01", "2026-11-29")}
    assert {
        "invoice", "bills", "expense", "journal", "customer_payment", "vendor_payment", "credit_notes", "vendor_credits",
        "sales_without_invoices", "transfer_fund", "interest_income", "card_payment", "purchase_or_charges",
        "base_currency_adjustment", "creditnote_refund",
    } <= kinds  # fmt: skip
    sold = zoho.transactions(zoho.account("Cost of Goods Sold"), *OCTOBER.values(), transaction_type="invoice")
    assert sold


def test_amounts_are_in_base_and_foreign_and_on_one_side_only(zoho):
    rows = zoho.transactions(
        zoho.account("Accounts Receivable"), "2026-01-01", "2026-11-29", transaction_type="invoice"
    )
    row = next(row for row in rows if row["currency_code"] == "EUR")
    invoice = zoho.get(f"/invoices/{row['transaction_id']}")["invoice"]
    assert (row["debit_amount"], row["fcy_debit_amount"]) == (invoice["bcy_total"], invoice["total"])
    assert (row["credit_amount"], row["fcy_credit_amount"]) == ("", "")
    bank = zoho.transactions(zoho.account("Current Account"), "2026-01-01", "2026-11-29")
    assert {type(row["credit_amount"]) for row in bank if row["debit_or_credit"] == "credit"} >= {str, Decimal}


def test_dotted_dates_filter_and_the_underscored_do_not(zoho):
    account = zoho.account("6400")
    day = zoho.transactions(account, *OCTOBER.values())[0]["transaction_date"]
    whole = zoho.get("/chartofaccounts/transactions", account_id=account)["transactions"]
    for name, test in (
        ("date.before", lambda one: one < day),
        ("date.after", lambda one: one > day),
        ("date", day.__eq__),
    ):
        found = zoho.get("/chartofaccounts/transactions", account_id=account, **{name: day})["transactions"]
        assert all(test(row["transaction_date"]) for row in found)
        assert len(found) < len(whole)
    ignored = zoho.get("/chartofaccounts/transactions", account_id=account, date_start=day)["transactions"]
    assert len(ignored) == len(whole)
    assert zoho.ask("/chartofaccounts/transactions").json()["code"] == 4


def test_rows_may_come_line_by_line_and_mean_the_same(zoho):
    account = zoho.account("4020")
    collapsed = zoho.transactions(account, *OCTOBER.values())
    zoho.control("settings", collapse_rows=False)
    apart = zoho.transactions(account, *OCTOBER.values())
    zoho.control("settings", collapse_rows=True)
    assert len(apart) > len(collapsed)
    assert by_account(apart) == by_account(collapsed)


def test_drafts_voids_orders_and_cash_journals_are_in_no_feed(zoho):
    window = {"date_start": "2026-05-01", "date_end": "2026-07-31"}
    posted = {row.get("transaction_id") for row in feed(zoho, "2026-05-01", "2026-07-31")}
    silent = [
        row for row in zoho.every("/invoices", **window) if row["status"] in {"draft", "void", "pending_approval"}
    ]
    assert silent
    assert not {row["invoice_id"] for row in silent} & posted
    journals = zoho.every("/journals", **window)
    quiet = {row["journal_id"] for row in journals if row["status"] == "draft" or row["journal_type"] == "cash"}
    assert len(quiet) == 2
    assert {row["journal_id"] for row in journals} & posted == {row["journal_id"] for row in journals} - quiet


@pytest.mark.parametrize(("seed", "day"), [(1, date(2026, 11, 29)), (7, date(2028, 2, 29))])
def test_any_seed_and_day_give_books_that_balance_and_the_same_ones_again(zoho, seed, day):
    company = generate(seed, day, zoho.cloud.world.clock.now_ms)
    assert sum(company.ledger.movement(None, date.max).values()) == 0
    assert all(doc.balance >= 0 for doc in company.docs.values() if doc.lines)
    assert max(doc.modified_ms for doc in company.docs.values()) <= day_ms(day)
    if day == zoho.cloud.company.today:
        assert list(zoho.cloud.company.docs)[1:50] == list(company.docs)[1:50]
