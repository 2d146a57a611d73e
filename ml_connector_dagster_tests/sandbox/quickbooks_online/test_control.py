"""What happens behind a client's back: the control routes, and that documents, ledger and reports never part."""

from decimal import Decimal

import pytest

from ml_connector_dagster_tests.sandbox.quickbooks_online.conftest import by_key, trial_balance

COLUMNS = "account_name,tx_date,txn_type,debt_amt,credit_amt"


def documents(caller, month="2026-10"):
    return caller.question("documents", first=f"{month}-01", last=f"{month}-28")


def own_bill(caller):
    """A bill of the test's own, unpaid, in October."""
    return caller.control("late-document", date="2026-10-06", amount="64.20")["document"]


def lines(caller, document):
    return {
        line["account"]: (line["date"], Decimal(line["amount"]))
        for line in caller.question("ledger-lines", document=document)["lines"]
    }


@pytest.mark.parametrize(
    ("body", "entity", "control"),
    [
        ({"amount": "123.45"}, "Bill", "33"),
        ({"amount": "80.00", "type": "invoice"}, "Invoice", "84"),
        ({"amount": "10.01", "type": "invoice", "currency": "EUR"}, "Invoice", "85"),
        ({"amount": "99.99", "currency": "CAD", "account": "53"}, "Bill", "34"),
    ],
)
def test_a_late_document_is_entered_now_and_dated_then(changing, body, entity, control):
    told = changing.control("late-document", date="2026-07-10", **body)
    shown = changing.read(entity, told["document"])
    assert (told["entity"], shown["TxnDate"], shown["TotalAmt"]) == (entity, "2026-07-10", Decimal(body["amount"]))
    posted = lines(changing, told["document"])
    assert posted[control][0] == "2026-07-10"
    rate = shown["ExchangeRate"]
    assert abs(posted[control][1]) == Decimal(shown["TotalAmt"] * rate).quantize(
        Decimal("0.01"), rounding="ROUND_HALF_UP"
    )


def test_a_void_empties_the_original_period_and_leaves_the_object_with_zeros(changing):
    invoice = documents(changing)["unpaid_invoices"][0]
    before = changing.ledger()
    account, (_, amount) = list(lines(changing, invoice).items())[1]
    changing.control("void", document=invoice)
    shown = changing.read("Invoice", invoice)
    assert shown["TotalAmt"] == shown["Balance"] == 0
    assert all(line["Amount"] == 0 for line in shown["Line"])
    assert shown["PrivateNote"].startswith("Voided")
    assert shown["SyncToken"] == "1"
    assert changing.ledger().get(account, 0) == before[account] - amount
    rows = [
        row for row in by_key(changing.report("GeneralLedger", columns=COLUMNS)) if row["txn_type"]["id"] == invoice
    ]
    assert {row["debt_home_amt"]["value"] for row in rows} == {"0.00"}


def test_a_voided_bill_payment_opens_its_bill_and_shows_no_lines(changing):
    payment = changing.query("SELECT * FROM BillPayment WHERE TxnDate <= '2026-10-31' MAXRESULTS 1")["BillPayment"][0]
    bill = payment["Line"][0]["LinkedTxn"][0]["TxnId"]
    changing.control("void", document=payment["Id"])
    assert changing.read("BillPayment", payment["Id"])["Line"] == []
    opened = changing.read("Bill", bill)
    assert opened["Balance"] == opened["TotalAmt"]
    assert "LinkedTxn" not in opened


def test_deleting_an_invoice_leaves_its_payment_unapplied(changing):
    invoice = next(one for one in changing.every("Invoice", "TxnDate >= '2026-08-01'") if one.get("LinkedTxn"))
    payment = invoice["LinkedTxn"][0]["TxnId"]
    changing.control("delete", document=invoice["Id"])
    assert changing.fault(f"invoice/{invoice['Id']}")["code"] == "610"
    assert lines(changing, invoice["Id"]) == {}
    loose = changing.read("Payment", payment)
    assert (loose["Line"], loose["UnappliedAmt"]) == ([], loose["TotalAmt"])


def test_a_deposited_payment_can_not_be_deleted(changing):
    deposit = next(one for one in changing.every("Deposit") if one["Line"][0].get("LinkedTxn"))
    payment = deposit["Line"][0]["LinkedTxn"][0]["TxnId"]
    answer = changing.http.post("/_control/quickbooks_online/delete", json={"document": payment})
    assert answer.status_code == 400
    assert "deposited" in answer.json()["error"]


def test_a_moved_date_moves_the_posting_to_the_other_month(changing):
    bill = own_bill(changing)
    changing.control("move-date", document=bill, date="2026-08-15")
    assert {day for day, _ in lines(changing, bill).values()} == {"2026-08-15"}
    assert changing.read("Bill", bill)["TxnDate"] == "2026-08-15"


@pytest.mark.parametrize("quiet", [True, False])
def test_a_recoding_moves_the_stamp_only_where_it_is_no_quiet_one(changing, quiet):
    bill = own_bill(changing)
    before = changing.read("Bill", bill)
    changing.control("recode", document=bill, account="11", quiet=quiet)
    after = changing.read("Bill", bill)
    assert "11" in lines(changing, bill)
    assert after["MetaData"] == before["MetaData"] or not quiet
    assert (after["SyncToken"] == before["SyncToken"]) is quiet


def test_repointing_an_item_moves_old_lines_only_where_asked(changing):
    assert changing.control("repoint-item", item="8", account="49") == {"moved": 0}
    assert changing.read("Item", "8")["IncomeAccountRef"]["value"] == "49"
    assert changing.control("repoint-item", item="8", account="51", historical=True)["moved"] > 100


def test_an_edit_is_refused_for_what_is_paid(changing):
    bill = own_bill(changing)
    changing.control("edit", document=bill, amount="7.50")
    assert changing.read("Bill", bill)["Line"][0]["Amount"] == Decimal("7.5")
    paid = next(one for one in changing.every("Bill", "TxnDate >= '2026-05-01'") if one.get("LinkedTxn"))
    body = {"document": paid["Id"], "amount": "1.00"}
    assert changing.http.post("/_control/quickbooks_online/edit", json=body).status_code == 400


def test_merged_names_hand_their_transactions_on_without_moving_stamps(changing):
    parties = changing.question("parties")
    loser, survivor = parties["customers"][3], parties["customers"][1]
    before = changing.every("Invoice", f"CustomerRef = '{loser}'")
    told = changing.control("merge", loser=loser, survivor=survivor)
    assert told["moved"] >= len(before) > 0
    again = changing.read("Invoice", before[0]["Id"])
    assert again["CustomerRef"]["value"] == survivor
    assert again["MetaData"] == before[0]["MetaData"]
    gone = changing.read("Customer", loser)
    assert gone["Active"] is False
    assert gone["DisplayName"].endswith(" (deleted)")
    rows = by_key(changing.report("GeneralLedger", columns="account_name,txn_type,cust_name"))
    assert loser not in {row["cust_name"].get("id") for row in rows}


def test_accounts_and_classes_merge_too(changing):
    changing.control("merge", entity="Account", loser="58", survivor="57")
    changing.control("merge", entity="Class", loser="4", survivor="3")
    assert "58" not in changing.ledger()
    assert changing.read("Account", "58")["Active"] is False


def test_a_planted_cent_is_in_the_reports_and_in_no_feed(changing):
    before, feed = trial_balance(changing.report("TrialBalance")), changing.ledger()
    planted = changing.control("plant", account="47", date="2026-10-14", amount="0.01")
    after = trial_balance(changing.report("TrialBalance"))
    assert after["47"] - before["47"] == Decimal("0.01")
    assert after[planted["against"]] - before.get(planted["against"], 0) == Decimal("-0.01")
    assert changing.ledger() == feed
    kinds = {line["kind"] for line in changing.question("unshown", first="2026-10-14", last="2026-10-14")["lines"]}
    assert "Planted" in kinds
    assert "47" in changing.question("balances", first="2026-10-01", last="2026-10-31")["balance"]


def test_damage_is_on_the_wire_alone(changing):
    bill = own_bill(changing)
    changing.control("damage", document=bill, fields={"TxnDate": "soon", "tx_date": "later"})
    assert changing.read("Bill", bill)["TxnDate"] == "soon"
    rows = by_key(changing.report("GeneralLedger", columns=COLUMNS))
    assert "later" in {row["tx_date"]["value"] for row in rows if row["txn_type"]["id"] == bill}
    changing.control("damage", document=bill, fields={})
    assert changing.read("Bill", bill)["TxnDate"].startswith("2026-10")


def test_a_hidden_document_leaves_the_lists_or_the_feed_and_never_the_balances(changing):
    bill = own_bill(changing)
    before = trial_balance(changing.report("TrialBalance"))
    changing.control("hide", document=bill)
    changing.control("hide", document=bill, feed=True)
    assert changing.fault(f"bill/{bill}")["code"] == "610"
    assert bill not in {row["txn_type"]["id"] for row in by_key(changing.report("GeneralLedger", columns=COLUMNS))}
    assert trial_balance(changing.report("TrialBalance")) == before
    changing.control("hide", document=bill, hidden=False)
    changing.control("hide", document=bill, hidden=False, feed=True)
    assert changing.read("Bill", bill)


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("void", {"document": "none"}),
        ("late-document", {"date": "2026-10-01", "amount": "1.00", "currency": "GBP"}),
        ("plant", {"account": "none", "date": "2026-10-01"}),
        ("merge", {"loser": "1", "survivor": "6"}),
        ("settings", {"planet": "mars"}),
        ("settings", {"refuses": "999"}),
        ("webhooks", {"url": "http://127.0.0.1:1/", "token": "t", "format": "post"}),
    ],
)
def test_a_wrong_control_request_is_a_400_that_says_why(quickbooks, action, body):
    answer = quickbooks.http.post(f"/_control/quickbooks_online/{action}", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_writes_are_refused_unless_they_are_allowed(changing):
    bill, other = documents(changing, "2026-06")["unpaid_bills"][:2]
    invoice = documents(changing, "2026-06")["unpaid_invoices"][0]
    body = {"Id": bill, "SyncToken": "0"}
    assert changing.write("bill?operation=delete", **body).status_code == 405
    changing.control("settings", writes=True)
    stale = changing.write("bill?operation=delete", Id=bill, SyncToken="7")
    assert stale.json()["Fault"]["Error"][0]["code"] == "5010"
    assert changing.write("bill?operation=delete", **body).json()["Bill"]["status"] == "Deleted"
    assert changing.write("bill?operation=delete", **body).json()["Fault"]["Error"][0]["code"] == "610"
    inside = changing.write("bill?operation=void", Id=other, SyncToken="0")
    assert (inside.status_code, inside.json()["Fault"]["type"]) == (200, "SystemFault")
    voided = changing.write("invoice?operation=void", Id=invoice, SyncToken="0").json()["Invoice"]
    assert voided["TotalAmt"] == 0
    payment = changing.query("SELECT * FROM BillPayment WHERE TxnDate <= '2026-06-30' MAXRESULTS 1")["BillPayment"][0]
    key = {"Id": payment["Id"], "SyncToken": payment["SyncToken"]}
    assert changing.write("billpayment?operation=void", **key).json()["Fault"]["Error"][0]["code"] == "500"
    done = changing.write("billpayment?operation=update&include=void", **key, sparse=True)
    assert done.json()["BillPayment"]["Line"] == []
    entry = documents(changing, "2026-05")["JournalEntry"][0]
    assert changing.write("journalentry?operation=void", Id=entry, SyncToken="0").json()["BatchItemResponse"] == []
    changing.control("settings", writes=False)


def test_a_backfills_worth_of_invoices_can_be_entered(changing):
    before = changing.query("SELECT COUNT(*) FROM Invoice WHERE TxnDate < '2024-12-01'")["totalCount"]
    assert changing.control("bulk", first="2024-01-01", last="2024-12-31", count=366) == {"entered": 366}
    after = changing.query("SELECT COUNT(*) FROM Invoice WHERE TxnDate < '2024-12-01'")["totalCount"]
    assert after - before == 336  # days of January to November, and the first of December stays out
    assert (
        sum(
            Decimal(row)
            for row in changing.question("ledger", first="2024-01-01", last="2024-12-31")["movement"].values()
        )
        == 0
    )


@pytest.mark.parametrize("entity", ["Transfer", "Deposit", "JournalEntry"])
def test_a_void_in_the_books_shows_zeros_whatever_the_entity(changing, entity):
    document = documents(changing, "2025-03")[entity][0]
    changing.control("void", document=document)
    shown = changing.read(entity, document)
    amounts = [shown.get("Amount", 0), shown.get("TotalAmt", 0), *(line["Amount"] for line in shown.get("Line", []))]
    assert set(amounts) == {0}
    assert {amount for _, amount in lines(changing, document).values()} == {0}
