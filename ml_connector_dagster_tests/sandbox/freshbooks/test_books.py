"""Checklist 10: feed, reports and documents are views of one ledger; and what control routes do to it."""

from collections import Counter
from datetime import date
from decimal import Decimal

import pytest

from ml_connector_dagster.sandbox.freshbooks import firm
from ml_connector_dagster_tests.sandbox.freshbooks.caller import ACCOUNT, BUSINESS, signed

OCTOBER = {"start_date": "2026-10-01", "end_date": "2026-10-31"}
SPAN = {"first": "2026-10-01", "last": "2026-10-31"}
CHANGED = {"first": "2026-08-01", "last": "2026-08-31"}


def uuids(caller):
    """The documented join: sub account by jesa_id, else account by jea_id, else number and name."""
    chart = caller.ask(f"{BUSINESS}/ledger_accounts/accounts").json()["data"]
    by_sub = {one["jesa_id"]: one["uuid"] for one in chart if one["jesa_id"]}
    by_top = {one["jea_id"]: one["uuid"] for one in chart if one["jea_id"]}
    by_name = {(one["number"], one["name"]): one["uuid"] for one in chart}

    def join(row):
        sub, top = row["sub_account"], row["account"]
        named = by_name.get((top["account_number"], top["account_name"]))
        return (sub and by_sub.get(sub["sub_accountid"])) or by_top.get(top["accountid"]) or named

    return join


def nonzero(moved):
    return {account: amount for account, amount in moved.items() if amount}


def feed_movement(caller, currency="USD"):
    join, moved = uuids(caller), Counter()
    for row in caller.feed("2026-10-01", "2026-10-31"):
        if (row["debit"] or row["credit"])["code"] == currency:
            moved[join(row)] += signed(row)
    return nonzero(moved)


def trial(caller, path, currency="USD", **span):
    body = caller.result(path, currency_code=currency, **(span or OCTOBER))["trial_balance"]
    moved = {}
    for top in body["data"]:
        subs = top["sub_accounts"]
        assert not subs or sum(signed(one) for one in subs) == signed(top)
        moved |= {one["sub_accountid"]: signed(one) for one in subs} or {top["accountid"]: signed(top)}
    return moved


@pytest.mark.parametrize("currency", ["USD", "CAD"])
def test_feed_trial_balance_and_general_ledger_agree(caller, currency):
    moved = feed_movement(caller, currency)
    assert moved
    assert sum(moved.values()) == 0
    assert trial(caller, f"{BUSINESS}/reports/trial_balance", currency) == moved
    body = caller.result(f"{BUSINESS}/reports/general_ledger", currency_code=currency, **OCTOBER)["general_ledger"]
    listed = {sub["sub_accountid"]: signed(sub) for one in body["data"] for sub in one["sub_accounts"]}
    assert nonzero(listed) == moved


def test_the_classic_trial_balance_names_legacy_ids(caller):
    classic = trial(caller, f"{ACCOUNT}/reports/accounting/trial_balance")
    assert all(isinstance(account, int) for account in classic)
    assert sum(classic.values()) == 0


def test_profit_and_loss_by_month_is_the_feeds_income_less_its_expenses(caller):
    body = caller.result(
        "reports/accounting/profitloss_entity",
        start_date="2026-09-01",
        end_date="2026-10-31",
        currency_code="USD",
        resolution="m",
    )["profitloss"]
    assert len(body["labels"]) == len(body["net_profit"]["data"]) == 2
    kinds = {"income", "expense"}
    rows = [one for one in caller.feed("2026-10-01", "2026-10-31") if one["account"]["account_type"] in kinds]
    net = -sum(signed(one) for one in rows if (one["debit"] or one["credit"])["code"] == "USD")
    assert Decimal(body["net_profit"]["data"][1]["amount"]) == net
    children = [Decimal(one["total"]["amount"]) for node in body["income"] for one in node["children"] or [node]]
    assert sum(children) == Decimal(body["total_income"]["total"]["amount"])


def test_invoice_lines_less_discounts_are_the_income_that_invoices_post(caller):
    october = {"search[date_min]": "2026-10-01", "search[date_max]": "2026-10-31", "include[]": "lines"}
    invoices = [one for one in caller.every("invoices/invoices", "invoices", **october) if one["v3_status"] != "draft"]
    net = sum(
        sum(Decimal(line["amount"]["amount"]) for line in one["lines"]) + Decimal(one["discount_total"]["amount"])
        for one in invoices
    )
    rows = [
        row
        for row in caller.feed("2026-10-01", "2026-10-31")
        if row["account"]["account_type"] == "income" and row["entry"]["invoiceid"] and not row["entry"]["paymentid"]
    ]
    assert net == -sum(signed(row) for row in rows)


def test_the_feed_balances_by_entry_and_shows_what_no_document_does(caller):
    entries = Counter()
    rows = caller.feed("2026-10-01", "2026-10-31")
    for row in rows:
        entries[row["entry"]["entryid"]] += signed(row)
    assert set(entries.values()) == {0}
    assert len({row["detailid"] for row in rows}) == len(rows)
    journals = [row for row in rows if row["detail_type"] == "journal"]
    links = ("invoiceid", "expenseid", "paymentid", "incomeid", "creditid", "clientid", "categoryid")
    assert journals
    assert not [row for row in journals if any(row["entry"][name] for name in links)]


def test_drafts_do_not_post(caller):
    drafts = caller.every("invoices/invoices", "invoices", **{"search[v3_status]": "draft"})
    assert drafts
    assert not [one for one in drafts if caller.question("details", document=one["id"])["details"]]


def test_the_legacy_chart_has_a_default_sub_account_without_a_line_of_the_new_one(caller):
    legacy = caller.every("journal_entry_accounts/journal_entry_accounts", "journal_entry_accounts")
    cash = next(one for one in legacy if one["account_name"] == "Cash")
    chart = caller.ask(f"{BUSINESS}/ledger_accounts/accounts").json()["data"]
    bridged = {one["jesa_id"] for one in chart}
    assert [sub["account_sub_name"] for sub in cash["sub_accounts"] if sub["sub_accountid"] not in bridged] == ["Cash"]
    assert not [one for one in chart if one["jea_id"] and one["jesa_id"]]
    numbers = Counter(one["number"] for one in chart)
    assert [number for number, count in numbers.items() if count > 1] == ["6300"]


def changed(caller, **span):
    return {
        account: Decimal(amount)
        for account, amount in caller.question("ledger", **(span or CHANGED))["movement"].items()
    }


def test_each_change_moves_the_ledger_and_the_reports_with_it(caller):
    before = changed(caller)
    made = caller.control("late-document", date="2026-08-12", amount="123.45")["document"]
    after = changed(caller)
    moved = {
        account: after[account] - before.get(account, 0) for account in after if after[account] != before.get(account)
    }
    assert sorted(moved.values()) == [Decimal("-123.45"), Decimal("123.45")]
    other = next(account for account in after if account not in moved)
    caller.control("recode", document=made, account=other)
    assert changed(caller)[other] == after[other] + Decimal("123.45")
    caller.control("move-date", document=made, date="2026-07-12")
    assert changed(caller) == before
    assert caller.result(f"bills/bills/{made}")["bill"]["issue_date"] == "2026-07-12"
    caller.control("delete", document=made)
    span = {"start_date": "2026-08-01", "end_date": "2026-08-31"}
    assert trial(caller, f"{BUSINESS}/reports/trial_balance", **span) == before


def test_recoding_an_invoice_leaves_no_trace_on_it(caller):
    made = caller.control("late-document", date="2026-08-13", amount="50.00", type="invoice")["document"]
    shown = caller.result(f"invoices/invoices/{made}", **{"include[]": "lines"})
    account = caller.cloud.agency.account("Brand Strategy")
    before = changed(caller)[account]
    caller.control("recode", document=made, account=account)
    assert changed(caller)[account] == before - 50
    assert caller.result(f"invoices/invoices/{made}", **{"include[]": "lines"}) == shown
    caller.control("delete", document=made)


def test_a_foreign_document_moves_its_own_currencys_books_alone(caller):
    before = caller.question("ledger", **CHANGED)["by_currency"]
    made = caller.control("late-document", date="2026-08-14", amount="70.00", currency="CAD")["document"]
    after = caller.question("ledger", **CHANGED)["by_currency"]
    assert after["USD"] == before["USD"]
    assert after["CAD"] != before["CAD"]
    caller.control("delete", document=made)


def test_a_planted_posting_shows_in_reports_only(caller):
    span = {"first": "2026-05-01", "last": "2026-05-31"}
    before = changed(caller, **span)
    account = caller.control("plant", date="2026-05-03", amount="0.01")["account"]
    assert changed(caller, **span) == before
    shown = trial(caller, f"{BUSINESS}/reports/trial_balance", start_date="2026-05-01", end_date="2026-05-31")
    assert shown[account] == before[account] + Decimal("0.01")


def test_damage_spoils_the_wire_and_not_the_books(caller):
    made = caller.control("late-document", date="2026-08-15", amount="9.00")["document"]
    detail = caller.question("details", document=made)["details"][0]
    caller.control("damage", document=made, fields={"issue_date": "soon"})
    caller.control("damage", document=detail, fields={"user_entered_date": "soon"})
    assert caller.result(f"bills/bills/{made}")["bill"]["issue_date"] == "soon"
    rows = {str(row["detailid"]): row for row in caller.feed("2026-08-15", "2026-08-15")}
    assert rows[detail]["user_entered_date"] == "soon"
    caller.control("damage", document=detail, fields={})
    caller.control("hide", document=made)
    assert detail not in {str(row["detailid"]) for row in caller.feed("2026-08-15", "2026-08-15")}
    caller.control("delete", document=made)


@pytest.mark.parametrize(("act", "body"), [("void", {"document": "1"}), ("merge", {}), ("settings", {"minute": 1})])
def test_what_freshbooks_has_not_is_refused_in_words(caller, act, body):
    answer = caller.http.post(f"/_control/freshbooks/{act}", json=body)
    assert answer.status_code == 400
    assert len(answer.json()["error"]) > 30


def test_the_same_seed_and_day_give_the_same_books_and_accounts_depend_on_the_business_alone():
    first, second = (firm.agency(7, date(2026, 11, 20)) for _ in range(2))
    assert first.documents == second.documents
    assert set(first.chart) == set(firm.agency(8, date(2024, 1, 5)).chart)
