"""Checklist 2 to 6: the list grammar, deletes, stamps, money, limits and the shapes of refusals."""

from datetime import UTC, datetime

import pytest

from ml_connector_dagster.sandbox.freshbooks import stamps
from ml_connector_dagster_tests.sandbox.freshbooks.caller import ACCOUNT, BUSINESS

LISTS = {
    "invoices/invoices": "invoices",
    "payments/payments": "payments",
    "expenses/expenses": "expenses",
    "expenses/categories": "categories",
    "bills/bills": "bills",
    "bill_payments/bill_payments": "bill_payments",
    "bill_vendors/bill_vendors": "bill_vendors",
    "users/clients": "clients",
    "credit_notes/credit_notes": "credit_notes",
    "other_incomes/other_incomes": "other_income",
    "taxes/taxes": "taxes",
    "items/items": "items",
    "journal_entry_accounts/journal_entry_accounts": "journal_entry_accounts",
    "journal_entries/journal_entry_details": "journal_entry_details",
}


@pytest.mark.parametrize(("path", "key"), LISTS.items())
def test_every_list_pages_by_15_up_to_100_and_is_empty_past_its_end(caller, path, key):
    usual, longest = caller.result(path), caller.result(path, per_page=500, page=0)
    assert usual["per_page"] == 15
    assert len(usual[key]) == min(15, usual["total"])
    assert (longest["per_page"], longest["page"]) == (100, 1)
    assert longest["pages"] == -(-longest["total"] // 100)
    assert caller.result(path, page=longest["pages"] + 1, per_page=100)[key] == []


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("invoices/invoices", "create_date_min"),
        ("invoices/invoices", "status"),
        ("invoices/invoices", "updated_since"),
        ("expenses/expenses", "status"),
        ("bills/bills", "vendor_id"),
        ("bills/bills", "status"),
        ("bills/bills", "issue_date_min"),
        ("bill_payments/bill_payments", "billid"),
        ("bill_payments/bill_payments", "vis_state"),
        ("bill_vendors/bill_vendors", "email"),
        ("users/clients", "organization"),
        ("credit_notes/credit_notes", "create_date_min"),
        ("other_incomes/other_incomes", "date_min"),
        ("journal_entries/journal_entry_details", "currency_code"),
    ],
)
def test_an_unknown_key_is_ignored_with_200_and_everything(caller, path, wrong):
    unknown = {f"search[{wrong}]": "9999-12-31", "sort": "nonsense_asc"}
    assert caller.result(path, **unknown)["total"] == caller.result(path)["total"]


def test_the_keys_that_are_known_narrow(caller):
    october = {"search[date_min]": "2026-10-01", "search[date_max]": "2026-10-31"}
    for path, key, day in (
        ("invoices/invoices", "invoices", "create_date"),
        ("payments/payments", "payments", "date"),
        ("expenses/expenses", "expenses", "date"),
    ):
        found = caller.every(path, key, **october)
        assert found
        assert {one[day][:7] for one in found} == {"2026-10"}
    some = [one["id"] for one in caller.result("bills/bills")["bills"][:2]]
    assert {one["id"] for one in caller.result("bills/bills", **{"search[ids][]": some})["bills"]} == set(some)
    paid = caller.every("bills/bills", "bills", **{"search[statuses][]": ["unpaid", "partial"]})
    assert {one["status"] for one in paid} == {"unpaid"}
    dollars = caller.every("payments/payments", "payments", **{"search[currency]": "CAD"})
    assert {one["amount"]["code"] for one in dollars} == {"CAD"}
    ordered = caller.every("invoices/invoices", "invoices", sort="invoice_date_asc")
    assert [one["create_date"] for one in ordered] == sorted(one["create_date"] for one in ordered)


def test_invoices_and_credit_notes_carry_lines_only_where_asked_and_bills_always(caller):
    for path, key in (("invoices/invoices", "invoices"), ("credit_notes/credit_notes", "credit_notes")):
        assert "lines" not in caller.result(path)[key][0]
        assert caller.result(path, **{"include[]": "lines"})[key][0]["lines"]
    one = caller.result("invoices/invoices")["invoices"][0]["id"]
    assert "lines" not in caller.result(f"invoices/invoices/{one}")["invoice"]
    lines = caller.result(f"invoices/invoices/{one}", **{"include[]": "lines"})["invoice"]["lines"]
    assert not [key for key in lines[0] if "account" in key]
    assert caller.result("bills/bills")["bills"][0]["lines"]


def test_odd_keys_are_odd(caller):
    credit = caller.result("credit_notes/credit_notes")["credit_notes"][0]["creditid"]
    assert caller.result(f"credit_notes/credit_notes/{credit}")["credit_notes"]["creditid"] == credit
    assert "other_income" in caller.result("other_incomes/other_incomes")
    assert "id" not in caller.result("bill_vendors/bill_vendors")["bill_vendors"][0]


def test_bills_write_quantity_and_category_both_ways(caller):
    lines = [line for bill in caller.every("bills/bills", "bills") for line in bill["lines"]]
    assert {type(line["quantity"]) for line in lines} == {int, str}
    assert {type(line["category"]) for line in lines} == {dict, str}


def test_money_is_text_and_oddly_long_once(caller):
    invoice = caller.result("invoices/invoices", **{"include[]": "lines"})["invoices"][0]
    assert isinstance(invoice["amount"]["amount"], str)
    assert len(invoice["net_paid_amount"]["amount"].partition(".")[2]) == 26
    taxed = [
        line
        for one in caller.every("invoices/invoices", "invoices", **{"include[]": "lines"})
        for line in one["lines"]
        if line["taxName1"]
    ]
    assert {line["taxAmount1"] for line in taxed} == {"8.875"}


def test_a_deleted_document_leaves_the_list_stays_by_id_and_is_found_by_a_sweep(caller):
    made = caller.control("late-document", date="2026-07-08", amount="10.00", type="expense")["document"]
    before = caller.result(f"expenses/expenses/{made}")["expense"]
    caller.control("delete", document=made)
    after = caller.result(f"expenses/expenses/{made}")["expense"]
    assert (after["vis_state"], after["updated"], after["version"]) == (1, before["updated"], before["version"])
    assert int(made) not in {one["id"] for one in caller.every("expenses/expenses", "expenses")}
    assert [one["id"] for one in caller.every("expenses/expenses", "expenses", **{"search[vis_state]": "1"})] == [
        int(made)
    ]
    caller.control("undelete", document=made)
    caller.control("archive", document=made)
    archived = next(one for one in caller.every("expenses/expenses", "expenses") if one["id"] == int(made))
    assert archived["vis_state"] == 2
    assert caller.question("details", document=made)["details"]
    caller.control("delete", document=made)
    assert not caller.question("details", document=made)["details"]


def test_deleting_a_client_moves_its_stamp_and_a_bill_takes_its_payments_along(caller):
    client = caller.question("parties")["customers"][-2]
    before = caller.result(f"users/clients/{client}")["client"]["updated"]
    caller.control("delete", document=client)
    assert caller.result(f"users/clients/{client}")["client"]["updated"] > before
    caller.control("undelete", document=client)
    bill = next(one for one in caller.every("bills/bills", "bills") if one["bill_payments"])
    payment = bill["bill_payments"][0]["id"]
    caller.control("delete", document=bill["id"])
    assert caller.result(f"bill_payments/bill_payments/{payment}")["bill_payment"]["vis_state"] == 1
    caller.control("undelete", document=bill["id"])


def test_stamps_are_eastern_with_daylight_saving_but_for_the_exceptions():
    summer, winter = (round(datetime(2026, month, 1, 3, 30, tzinfo=UTC).timestamp() * 1000) for month in (7, 12))
    assert stamps.eastern(summer) == "2026-06-30 23:30:00"
    assert stamps.eastern(winter) == "2026-11-30 22:30:00"
    assert stamps.naive_utc(summer) == "2026-07-01 03:30:00"
    assert stamps.rfc3339(summer) == "2026-07-01T03:30:00.000000Z"


def test_updated_min_knows_days_only_and_eastern_ones(caller):
    found = caller.every("expenses/expenses", "expenses", **{"search[updated_min]": "2026-11-10 23:59:59"})
    days = {one["updated"][:10] for one in found}
    assert min(days) == "2026-11-10"


def test_every_answer_tells_its_limit_and_a_retry_after(caller):
    answer = caller.ask(f"{ACCOUNT}/taxes/taxes")
    assert answer.status_code == 200
    assert {"x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "retry-after"} <= set(answer.headers)
    assert answer.headers["x-api-version"] == "2023-02-20"


def test_too_many_calls_are_refused_until_the_window_ends(changed):
    changed.control("settings", burst=2)
    assert [changed.ask(f"{ACCOUNT}/taxes/taxes").status_code for _ in range(3)] == [429, 429, 200]
    changed.control("settings", reads=1)
    assert 429 in [changed.ask(f"{ACCOUNT}/taxes/taxes").status_code for _ in range(4)]
    changed.control("settings", reads=1_000_000)


def test_refusals_have_the_shape_of_their_family_and_version(changed):
    missing = f"{ACCOUNT}/users/clients/1"
    new = changed.ask(missing)
    assert (new.status_code, new.json()["code"], new.json()["details"][0]["reason"]) == (404, 5, "1012")
    old = changed.ask(missing, version="2021-01-01").json()["response"]["errors"]
    assert old[0]["errno"] == 1012
    changed.control("settings", errors_with_200=True)
    hidden = changed.ask(missing, version="2021-01-01")
    assert (hidden.status_code, hidden.json()["response"]["errors"]["errno"]) == (200, 1012)
    ledger = changed.ask(f"{BUSINESS}/ledger_accounts/accounts/none")
    assert (ledger.status_code, ledger.json()["errors"]["status"]) == (404, 404)
    project = changed.ask("/freshbooks/projects/business/4718203/project/1")
    assert project.json() == {"error": "Requested resource could not be found."}


def test_a_put_with_vis_state_drops_every_other_field(freshbooks_running, caller):
    caller.connect("user:invoices:read user:invoices:write")
    made = caller.control("late-document", date="2026-07-09", amount="10.00", type="invoice")["document"]
    body = {"invoice": {"vis_state": 1, "notes": "dropped"}}
    answer = caller.ask(f"{ACCOUNT}/invoices/invoices/{made}", "PUT", body=body)
    assert answer.status_code == 200
    invoice = answer.json()["response"]["result"]["invoice"]
    assert (invoice["vis_state"], invoice["notes"]) == (1, "")


def test_projects_are_flat_with_numbers_in_meta(caller):
    answer = caller.ask("/freshbooks/projects/business/4718203/projects", complete="true", title="ignored")
    assert answer.headers["content-type"].startswith("application/vnd.api+json")
    assert answer.json()["meta"]["total"] == len(answer.json()["projects"])
    assert all(one["complete"] for one in answer.json()["projects"])
