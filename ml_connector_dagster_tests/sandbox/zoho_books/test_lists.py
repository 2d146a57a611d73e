"""The grammar of lists: pages, sorting, filters that work, filters that are ignored, and what the stamp means where."""

import re
from datetime import datetime

import pytest

from ml_connector_dagster.sandbox.zoho_books.shelves import SHELVES

DOCUMENTS = ["/invoices", "/bills", "/purchaseorders", "/creditnotes", "/journals", "/expenses"]


def ids(rows, name):
    return [row[name] for row in rows]


@pytest.mark.parametrize("shelf", SHELVES, ids=lambda shelf: shelf.path)
def test_lists_carry_no_lines_and_details_do(zoho, shelf):
    rows = zoho.get(shelf.path)[shelf.list_key]
    assert rows
    assert all("line_items" not in row for row in rows)
    record_id = rows[-1][shelf.id_field]
    detail = zoho.get(f"{shelf.path}/{record_id}")[shelf.detail_key]
    assert detail[shelf.id_field] == record_id
    assert re.fullmatch(r"\d{19}", record_id)
    assert detail.get("line_items", detail.get("invoices", detail.get("bills", detail.get("accounts"))))


def test_pages_hold_at_most_200_and_together_every_record_once(zoho):
    body = zoho.get("/invoices", per_page=1000)
    context = body["page_context"]
    assert (len(body["invoices"]), context["per_page"], context["has_more_page"]) == (200, 200, True)
    assert (context["applied_filter"], context["sort_column"], context["sort_order"]) == (
        "Status.All",
        "created_time",
        "D",
    )
    found = ids(zoho.every("/invoices"), "invoice_id")
    assert len(found) == len(set(found)) > 600
    beyond = zoho.get("/invoices", page=99)
    assert (beyond["invoices"], beyond["page_context"]["has_more_page"]) == ([], False)


def test_the_chart_comes_in_one_page_of_the_active_unless_asked_otherwise(zoho):
    body = zoho.get("/chartofaccounts")
    assert (body["page_context"]["per_page"], body["page_context"]["applied_filter"]) == (5000, "AccountType.Active")
    assert all(row["is_active"] for row in body["chartofaccounts"])
    every = zoho.get("/chartofaccounts", filter_by="AccountType.All", per_page=200)
    assert every["page_context"]["per_page"] == 200
    assert len(every["chartofaccounts"]) > len(body["chartofaccounts"])
    income = zoho.get("/chartofaccounts", filter_by="AccountType.Income")["chartofaccounts"]
    assert {row["account_type"] for row in income} == {"income", "other_income"}
    assert {"current_balance"} <= set(zoho.get("/chartofaccounts", showbalance="true")["chartofaccounts"][0])


def test_a_row_entered_while_paging_shifts_the_default_order_and_not_the_ascending_one(zoho):
    for order, repeated in (("D", 1), ("A", 0)):
        zoho.control("settings", drifting=["invoice"])
        sorting = {"sort_column": "created_time", "sort_order": order}
        first, second = (ids(zoho.get("/invoices", page=page, **sorting)["invoices"], "invoice_id") for page in (1, 2))
        assert len(set(first) & set(second)) == repeated


def test_unknown_parameters_and_columns_are_ignored_and_the_echo_tells(zoho):
    body = zoho.get("/expenses", last_modified_time="2026-11-01T00:00:00-0000", wish="x", sort_column="wish")
    assert body["page_context"]["sort_column"] == "created_time"
    assert len(body["expenses"]) == 200


@pytest.mark.parametrize("path", ["/invoices", "/bills", "/creditnotes", "/expenses", "/journals", "/vendorpayments"])
def test_a_date_window_keeps_its_ends_and_before_and_after_do_not(zoho, path):
    key = "journal_date" if path == "/journals" else "date"
    inside = zoho.every(path, date_start="2026-10-01", date_end="2026-10-31")
    assert inside
    assert all(row[key].startswith("2026-10") for row in inside)
    wider = zoho.every(path, date_after="2026-09-30", date_before="2026-11-01")
    assert len(wider) == len(inside)


def test_purchase_orders_know_the_exact_date_alone(zoho):
    day = zoho.get("/purchaseorders")["purchaseorders"][0]["date"]
    assert {row["date"] for row in zoho.every("/purchaseorders", date=day)} == {day}
    every = zoho.every("/purchaseorders")
    assert len(zoho.every("/purchaseorders", date_start="2026-10-01")) == len(every)


@pytest.mark.parametrize("path", ["/invoices", "/bills", "/purchaseorders", "/vendorpayments"])
def test_the_stamp_means_at_or_after_where_it_is_documented(zoho, path):
    stamps = sorted((row["last_modified_time"] for row in zoho.every(path)), key=datetime.fromisoformat)
    boundary = stamps[-20]
    newer = [row["last_modified_time"] for row in zoho.every(path, last_modified_time=boundary)]
    since = datetime.fromisoformat(boundary)
    assert boundary in newer
    assert len(newer) == len([stamp for stamp in stamps if datetime.fromisoformat(stamp) >= since]) < len(stamps)


def test_the_stamp_means_equals_on_journals_and_nothing_elsewhere(zoho):
    row = zoho.get("/journals")["journals"][40]
    same = zoho.every("/journals", last_modified_time=row["last_modified_time"])
    assert {one["last_modified_time"] for one in same} == {row["last_modified_time"]}
    for path in ("/creditnotes", "/customerpayments", "/contacts"):
        key = path[1:]
        assert len(zoho.every(path, last_modified_time="2030-01-01T00:00:00+0000")) == len(zoho.every(path)), key


def test_stamps_are_in_the_organisations_zone_and_follow_its_clock_changes(zoho):
    stamps = {row["created_time"] for row in zoho.every("/invoices")}
    assert {stamp[-5:] for stamp in stamps} == {"+0000", "+0100"}
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4}", stamp) for stamp in stamps)
    assert {stamp[-5:] for stamp in stamps if "-07-" in stamp[:8]} == {"+0100"}


def test_status_text_amount_and_party_filters_work(zoho):
    void = zoho.every("/invoices", filter_by="Status.Void")
    assert {row["status"] for row in void} == {"void"}
    assert {row["status"] for row in zoho.every("/bills", filter_by="Status.PartiallyPaid")} <= {"partially_paid"}
    assert {row["status"] for row in zoho.every("/bills", status="overdue")} == {"overdue"}
    assert len(zoho.every("/invoices", invoice_number_startswith="INV-0000")) == 9
    large = zoho.every("/invoices", total_greater_equals="5000")
    assert large
    assert min(row["total"] for row in large) >= 5000
    customers = zoho.every("/contacts", contact_type="customer")
    assert {row["contact_type"] for row in customers} == {"customer"}
    assert {row["status"] for row in zoho.every("/contacts", filter_by="Status.Inactive")} == {"inactive"}


def test_an_amount_is_compared_to_the_cent(zoho):
    odd = next(row["total"] for row in zoho.every("/invoices") if row["total"] != int(row["total"]))
    at_least = {row["total"] for row in zoho.every("/invoices", total_greater_equals=str(odd))}
    assert odd in at_least
    assert at_least - {row["total"] for row in zoho.every("/invoices", total_greater_than=str(odd))} == {odd}


def test_sorting_goes_by_the_column_asked_for(zoho):
    totals = [row["total"] for row in zoho.get("/bills", sort_column="total", sort_order="A")["bills"]]
    assert totals == sorted(totals)
    names = [row["contact_name"].lower() for row in zoho.get("/contacts")["contacts"]]
    assert names == sorted(names)


def test_the_key_of_vendor_credits_can_be_either(zoho):
    zoho.control("settings", vendor_credits_key="vendor_credits")
    assert zoho.get("/vendorcredits")["vendor_credits"]
    zoho.control("settings", vendor_credits_key="vendorcredits")
    assert zoho.get("/vendorcredits")["vendorcredits"]
