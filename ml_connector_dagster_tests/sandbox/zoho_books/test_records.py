"""Shapes: what lists and details of each kind carry, and how the figures of one document hang together."""

import json
from dataclasses import replace
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal

import pytest

from ml_connector_dagster.sandbox.zoho_books.status import shown_status

CENT = Decimal("0.01")


def details(zoho, path, key, rows):
    name = {"/vendorcredits": "vendor_credit_id"}.get(path, f"{path[1:-1]}_id")
    return [zoho.get(f"{path}/{row[name]}")[key] for row in rows]


def rounded(amount):
    return Decimal(amount).quantize(CENT, ROUND_HALF_UP)


def test_both_organisations_come_without_an_organisation_and_the_month_in_any_notation(zoho):
    for month in ("april", 3, "4"):
        zoho.control("settings", fiscal_year_start_month=month)
        shown = zoho.get("/organizations", organization_id="")["organizations"]
        assert shown[0]["fiscal_year_start_month"] == month
    assert [one["is_org_active"] for one in shown] == [True, False]
    assert (shown[0]["currency_code"], shown[0]["time_zone"]) == ("GBP", "Europe/London")


@pytest.mark.parametrize(
    ("path", "key", "window"),
    [
        ("/invoices", "invoice", {"date_start": "2026-10-05", "date_end": "2026-10-31"}),
        ("/bills", "bill", {"date_start": "2026-10-01", "date_end": "2026-10-20"}),
        ("/creditnotes", "creditnote", {"date_start": "2026-01-01"}),
        ("/vendorcredits", "vendor_credit", {}),
    ],
)
def test_lines_discount_tax_and_foot_make_the_total(zoho, path, key, window):
    for doc in details(zoho, path, key, zoho.every(path, **window)):
        lines = doc["line_items"]
        assert doc["sub_total"] == sum(line["item_total"] for line in lines)
        for line in lines:
            assert rounded(line["quantity"] * line["rate"] - line["discount_amount"]) == line["item_total"]
            assert line["account_id"]
        tax = 0 if doc["is_inclusive_tax"] else doc["tax_total"]
        foot = doc.get("shipping_charge", 0) + doc["adjustment"]
        assert doc["total"] == doc["sub_total"] - doc["discount_total"] + tax + foot


def test_every_kind_of_document_that_readers_stumble_over_is_there(zoho):
    rows = zoho.every("/invoices", date_start="2026-01-01")
    assert {"draft", "pending_approval", "void", "paid", "overdue", "partially_paid"} <= {row["status"] for row in rows}
    assert {row["currency_code"] for row in rows} == {"GBP", "USD", "EUR"}
    found = details(zoho, "/invoices", "invoice", rows[:160])
    assert any(doc["discount_type"] == "entity_level" for doc in found)
    assert any(doc["is_inclusive_tax"] for doc in found)
    assert any(line["project_id"] for doc in found for line in doc["line_items"])
    tags = {tag["tag_name"] for doc in found for line in doc["line_items"] for tag in line["tags"]}
    assert tags == {"Channel", "Range"}
    assert any(row.get("cf_sales_region") for row in rows)
    assert {field["api_name"] for doc in found for field in doc["custom_fields"]} == {"cf_sales_region"}
    assert all(doc["location_name"] for doc in found if doc["location_id"])


def test_a_rate_is_base_currency_for_one_unit_of_foreign(zoho):
    row = next(row for row in zoho.every("/invoices") if row["currency_code"] == "USD" and row["status"] == "paid")
    assert Decimal("0.6") < row["exchange_rate"] < Decimal("0.95")
    doc = zoho.get(f"/invoices/{row['invoice_id']}")["invoice"]
    assert doc["bcy_total"] == rounded(doc["total"] * doc["exchange_rate"])


def test_numbers_are_now_int_and_now_float_and_nothing_is_an_empty_text(zoho):
    raw = json.loads(zoho.ask("/invoices").content)["invoices"]
    assert {type(row["total"]) for row in raw} == {int, float}
    assert {row["due_days"] for row in raw} == {""}
    assert "" in {row["reference_number"] for row in raw}
    chart = zoho.get("/chartofaccounts")["chartofaccounts"]
    assert {row["account_code"] for row in chart} >= {"", "4010"}
    journals = details(zoho, "/journals", "journal", zoho.get("/journals", per_page=12)["journals"])
    assert {type(journal["custom_fields"]) for journal in journals} == {str, list}


def test_journals_balance_and_some_are_drafts_or_for_the_cash_basis(zoho):
    rows = zoho.every("/journals")
    assert {row["status"] for row in rows} == {"draft", "published"}
    assert {row["journal_type"] for row in rows} == {"both", "cash"}
    journal = zoho.get(f"/journals/{rows[0]['journal_id']}")["journal"]
    sides = dict.fromkeys(("debit", "credit"), 0)
    for line in journal["line_items"]:
        sides[line["debit_or_credit"]] += line["amount"]
    assert sides["debit"] == sides["credit"] == journal["total"]


def test_expenses_list_no_account_id_and_details_do(zoho):
    rows = zoho.every("/expenses", date_start="2026-06-01")
    assert all("account_id" not in row for row in rows)
    assert {row["status"] for row in rows} == {"nonbillable", "unbilled"}
    split = next(row for row in rows if row["account_name"] == "Itemized")
    doc = zoho.get(f"/expenses/{split['expense_id']}")["expense"]
    assert doc["account_id"] == ""
    assert len(doc["line_items"]) == 2
    assert all(line["account_id"] for line in doc["line_items"])


def test_orders_are_open_in_part_and_bills_name_the_lines_they_take(zoho):
    rows = zoho.every("/purchaseorders")
    assert {"open", "partially_billed", "billed", "closed", "cancelled", "draft"} >= {row["status"] for row in rows}
    assert {"open", "partially_billed", "billed", "cancelled"} <= {row["status"] for row in rows}
    assert all("exchange_rate" not in row and "balance" not in row for row in rows)
    row = next(row for row in rows if row["status"] == "partially_billed")
    order = zoho.get(f"/purchaseorders/{row['purchaseorder_id']}")["purchaseorder"]
    assert order["exchange_rate"]
    assert any(0 < line["quantity_billed"] < line["quantity"] for line in order["line_items"])
    bills = details(
        zoho, "/bills", "bill", zoho.every("/bills", vendor_id=order["vendor_id"], date_start=order["date"])
    )
    ordered = {line["line_item_id"] for line in order["line_items"]}
    assert any(line["purchaseorder_item_id"] in ordered for bill in bills for line in bill["line_items"])


def test_payments_tell_what_they_settle_what_is_left_and_what_the_bank_kept(zoho):
    rows = zoho.every("/customerpayments")
    assert any(row["unused_amount"] > 0 for row in rows)
    dollars = [row for row in rows if row["account_name"] == "US Dollar Account" and row["amount"] > 1000][:12]
    payments = [zoho.get(f"/customerpayments/{row['payment_id']}")["payment"] for row in dollars]
    payment = next(payment for payment in payments if payment["bank_charges"] == 15)
    assert payment["invoices"][0]["amount_applied"] + payment["unused_amount"] == payment["amount"]
    paid = zoho.get("/vendorpayments")["vendorpayments"][0]
    assert (
        zoho.get(f"/vendorpayments/{paid['payment_id']}")["vendorpayment"]["offset_account_name"] == "Accounts Payable"
    )


def test_items_tags_and_opening_balances_can_be_read(zoho):
    wanted = [row["item_id"] for row in zoho.get("/items")["items"]][:3]
    details_ = zoho.get("/itemdetails", item_ids=",".join(wanted))["items"]
    assert [row["item_id"] for row in details_] == wanted
    tags = zoho.get("/reportingtags")["reporting_tags"]
    assert [tag["tag_name"] for tag in tags] == ["Channel", "Range"]
    opening = zoho.get("/settings/openingbalances")["opening_balance"]["accounts"]
    assert sum(row["amount"] * (1 if row["debit_or_credit"] == "debit" else -1) for row in opening) == 0


def test_a_status_ages_with_the_day_and_no_stamp_moves(zoho):
    invoice = next(
        doc for doc in zoho.cloud.company.of_kind("invoice") if doc.posts and not doc.settled and doc.due_on > doc.day
    )
    day = invoice.due_on
    assert (shown_status(invoice, day), shown_status(invoice, day + timedelta(days=1))) == (invoice.status, "overdue")
    assert shown_status(replace(invoice, settled=1), day) == "partially_paid"
    assert shown_status(replace(invoice, settled=invoice.total), day + timedelta(days=1)) == "paid"
