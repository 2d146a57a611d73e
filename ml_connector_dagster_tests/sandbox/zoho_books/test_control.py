"""The control routes: the books change, and documents, stamps, feed and reports change as Zoho's would."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from ml_connector_dagster_tests.sandbox.zoho_books.conftest import OCTOBER, signed
from ml_connector_dagster_tests.sandbox.zoho_books.test_truth import profit_and_loss

AMOUNT = Decimal("123.45")


def late(zoho, date="2026-10-12", **body):
    return zoho.control("late-document", date=date, amount="123.45", **body)["document"]


def moved(before, after):
    changed = {key: after.get(key, 0) - before.get(key, 0) for key in {*before, *after}}
    return {key: amount for key, amount in changed.items() if amount}


def bill(zoho, document):
    return zoho.get(f"/bills/{document}")["bill"]


def test_a_late_bill_is_entered_now_and_dated_then(zoho):
    before = zoho.movement()
    document = late(zoho)
    shown = bill(zoho, document)
    assert (shown["date"], shown["total"]) == ("2026-10-12", AMOUNT)
    assert abs(datetime.fromisoformat(shown["created_time"]) - zoho.cloud.world.clock.now()) < timedelta(minutes=1)
    assert sorted(moved(before, zoho.movement()).values()) == [-AMOUNT, AMOUNT]
    assert document in zoho.question("documents", **OCTOBER)["documents"]["bill"]


def test_a_foreign_invoice_posts_at_its_own_rate(zoho):
    before = zoho.movement()
    document = late(zoho, type="invoice", currency="USD")
    shown = zoho.get(f"/invoices/{document}")["invoice"]
    assert moved(before, zoho.movement())[zoho.account("4020")] == -shown["bcy_total"]
    assert shown["bcy_total"] != shown["total"] == AMOUNT


@pytest.mark.parametrize("act", ["void", "delete"])
def test_voided_and_deleted_documents_leave_the_ledger(zoho, act):
    before = zoho.movement()
    document = late(zoho)
    zoho.control(act, document=document)
    assert moved(before, zoho.movement()) == {}
    answer = zoho.ask(f"/bills/{document}")
    listed = {row["bill_id"]: row for row in zoho.every("/bills", date_start="2026-10-12", date_end="2026-10-12")}
    if act == "void":
        assert (listed[document]["status"], listed[document]["total"], listed[document]["balance"]) == (
            "void",
            AMOUNT,
            0,
        )
    else:
        assert document not in listed
        assert (answer.status_code, answer.json()["code"]) == (404, 1002)


def test_zohos_own_delete_leaves_no_trace(zoho):
    document = late(zoho)
    answer = zoho.send("DELETE", f"/bills/{document}")
    assert answer.json() == {"code": 0, "message": "The bill has been deleted."}
    assert zoho.ask(f"/bills/{document}").json()["code"] == 1002


def test_voiding_a_paid_invoice_turns_its_payment_into_credit(zoho):
    row = next(row for row in zoho.every("/customerpayments", date_start="2026-08-01") if row["unused_amount"] == 0)
    before = zoho.movement(row["date"], row["date"])
    zoho.control("void", document=row["applied_invoices"][0]["invoice_id"])
    payment = zoho.get(f"/customerpayments/{row['payment_id']}")["payment"]
    assert (payment["unused_amount"], payment["invoices"]) == (row["amount"], [])
    assert zoho.account("Unearned Revenue") in moved(before, zoho.movement(row["date"], row["date"]))


def test_a_moved_date_moves_the_posting_and_the_stamp(zoho):
    document = late(zoho)
    october, september = zoho.movement(), zoho.movement("2026-09-01", "2026-09-30")
    stamp = bill(zoho, document)["last_modified_time"]
    zoho.http.post("/_control/clock", json={"advance_seconds": 2})
    zoho.control("move-date", document=document, date="2026-09-21")
    assert moved(september, zoho.movement("2026-09-01", "2026-09-30")) == {
        key: -amount for key, amount in moved(october, zoho.movement()).items()
    }
    assert bill(zoho, document)["last_modified_time"] > stamp


def test_a_recode_moves_the_ledger_and_no_stamp_and_an_edit_moves_both(zoho):
    document = late(zoho)
    before, stamp = zoho.movement(), bill(zoho, document)["last_modified_time"]
    zoho.http.post("/_control/clock", json={"advance_seconds": 2})
    zoho.control("recode", document=document, account="6700")
    assert moved(before, zoho.movement()) == {zoho.account("6700"): AMOUNT, zoho.account("6450"): -AMOUNT}
    assert bill(zoho, document)["last_modified_time"] == stamp
    zoho.control("edit-line", document=document, amount="100.00")
    assert bill(zoho, document)["total"] == 100
    assert bill(zoho, document)["last_modified_time"] > stamp


def test_a_planted_cent_is_in_the_report_and_in_no_feed(zoho):
    account = zoho.account("6400")
    told, rows = profit_and_loss(zoho, *OCTOBER.values()), zoho.transactions(account, *OCTOBER.values())
    ledger = zoho.movement()
    assert zoho.control("plant", account=account, date="2026-10-14", amount="0.01") == {"account": account}
    assert moved(told, profit_and_loss(zoho, *OCTOBER.values())) == {account: Decimal("0.01")}
    assert zoho.transactions(account, *OCTOBER.values()) == rows
    assert zoho.movement() == ledger
    zoho.control("plant", account=account, date="2026-10-14", amount="-0.01")


def test_a_merged_contact_stays_inactive_and_its_documents_go_to_the_survivor(zoho):
    loser, survivor = zoho.question("parties")["vendors"][-2:]
    document = late(zoho, contact=loser)
    zoho.control("merge", loser=loser, survivor=survivor)
    assert bill(zoho, document)["vendor_id"] == survivor
    shown = {row["contact_id"]: row["status"] for row in zoho.every("/contacts", contact_type="vendor")}
    assert (shown[loser], shown[survivor]) == ("inactive", "active")
    assert loser not in zoho.question("parties")["vendors"]


def test_damage_spoils_the_wire_and_not_the_ledger(zoho):
    document = late(zoho)
    before = zoho.movement()
    zoho.control("damage", document=document, fields={"status": "SOON"})
    assert bill(zoho, document)["status"] == "SOON"
    zoho.control("damage", document=document, fields={"debit_or_credit": "sideways"}, feed=True, account="6450")
    rows = [
        row for row in zoho.transactions(zoho.account("6450"), *OCTOBER.values()) if row["transaction_id"] == document
    ]
    assert [row["debit_or_credit"] for row in rows] == ["sideways"]
    assert zoho.movement() == before
    zoho.control("damage", document=document, fields={})
    zoho.control("damage", document=document, fields={}, feed=True)
    assert bill(zoho, document)["status"] == "overdue"


def test_a_hidden_document_leaves_the_lists_and_not_the_feed(zoho):
    document = late(zoho)
    zoho.control("hide", document=document)
    assert document not in {row["bill_id"] for row in zoho.every("/bills")}
    rows = zoho.transactions(zoho.account("6450"), *OCTOBER.values())
    assert document in {row["transaction_id"] for row in rows}
    assert sum(signed(row) for row in rows if row["transaction_id"] == document) == AMOUNT


def test_a_payment_may_leave_the_stamp_of_its_invoice_alone(zoho):
    company = zoho.cloud.company
    document = company.docs[late(zoho)]
    stamp = document.modified_ms
    zoho.control("settings", payment_moves_stamp=False)
    company.settle(document, 1, stamp + 5_000)
    assert document.modified_ms == stamp
    zoho.control("settings", payment_moves_stamp=True)
    company.settle(document, 1, stamp + 5_000)
    assert document.modified_ms == stamp + 5_000


def test_a_wrong_act_is_refused_in_words(zoho):
    answer = zoho.http.post("/_control/zoho_books/void", json={"document": "nothing"})
    assert (answer.status_code, "KeyError" in answer.json()["error"]) == (400, True)


def test_a_backfills_worth_of_documents_can_be_entered(zoho):
    before = len(zoho.every("/invoices", date_start="2024-03-01", date_end="2024-03-31"))
    assert zoho.control("bulk", first="2024-03-01", last="2024-04-30", count=122) == {"entered": 122}
    after = zoho.every("/invoices", date_start="2024-03-01", date_end="2024-03-31")
    assert len(after) - before == 62
