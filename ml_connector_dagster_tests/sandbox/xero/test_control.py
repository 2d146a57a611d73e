"""The control API: the books change, and documents, stamps, ledger and reports change as Xero's would."""

from datetime import date
from decimal import Decimal

import pytest

from ml_connector_dagster_tests.sandbox.xero.test_truth import trial_balance


@pytest.fixture
def fresh(fresh):
    """Read the Irish books, the smaller ones."""
    fresh.home = "ie"
    return fresh


OCTOBER = "Date>=DateTime(2026,10,01) AND Date<DateTime(2026,11,01)"


def one(fresh, clause, plural="Invoices"):
    return fresh.get(plural, page=1, where=clause)[plural][0]


def unpaid_bill(fresh):
    return next(
        entry
        for entry in fresh.every("Invoices", where=f'{OCTOBER} AND Type=="ACCPAY" AND Status=="AUTHORISED"')
        if entry["AmountPaid"] == 0 and entry["AmountCredited"] == 0
    )


def posted(fresh, document):
    lines = fresh.question("ledger-lines", tenant="ie", document=document)["lines"]
    assert sum(Decimal(line["amount"]) for line in lines) == 0
    return lines


def again(fresh, entry):
    return fresh.get(f"Invoices/{entry['InvoiceID']}")["Invoices"][0]


def test_an_edited_line_moves_the_stamp_the_total_and_the_ledger(fresh):
    bill = unpaid_bill(fresh)
    told = fresh.control("edit-line", tenant="ie", document=bill["InvoiceID"], line=0, amount="77.00")
    edited = again(fresh, bill)
    assert edited["LineItems"][0]["LineAmount"] == 77
    assert edited["UpdatedDateUTC"] == f"/Date({told['updated_ms']}+0000)/" != bill["UpdatedDateUTC"]
    assert fresh.every("Invoices")[-1]["InvoiceID"] == bill["InvoiceID"]
    assert sum(Decimal(line["amount"]) for line in posted(fresh, bill["InvoiceID"])[:-1]) == Decimal(edited["Total"])


def test_a_recode_moves_the_ledger_and_no_stamp(fresh):
    """What a delta never sees: only re-reading the period does."""
    bill = unpaid_bill(fresh)
    fresh.control("recode", tenant="ie", document=bill["InvoiceID"], account="400")
    recoded = again(fresh, bill)
    assert recoded["LineItems"][0]["AccountCode"] == "400"
    assert recoded["UpdatedDateUTC"] == bill["UpdatedDateUTC"]
    assert posted(fresh, bill["InvoiceID"])[0]["code"] == "400"


def test_a_moved_date_moves_the_posting_to_the_other_month(fresh):
    bill = unpaid_bill(fresh)
    fresh.control("move-date", tenant="ie", document=bill["InvoiceID"], date="2026-08-15")
    assert {line["date"] for line in posted(fresh, bill["InvoiceID"])} == {"2026-08-15"}
    assert again(fresh, bill)["DateString"] == "2026-08-15T00:00:00"
    assert bill["InvoiceID"] not in {entry["InvoiceID"] for entry in fresh.every("Invoices", where=OCTOBER)}


def test_a_void_keeps_amounts_in_the_list_and_takes_them_from_the_original_period(fresh):
    bill = unpaid_bill(fresh)
    account = bill["LineItems"][0]["AccountID"]
    before, _ = trial_balance(fresh, "ie", date(2026, 10, 31))
    fresh.control("void", tenant="ie", document=bill["InvoiceID"])
    voided = again(fresh, bill)
    assert (voided["Status"], voided["AmountDue"], voided["Total"]) == ("VOIDED", 0, bill["Total"])
    assert posted(fresh, bill["InvoiceID"]) == []
    after, _ = trial_balance(fresh, "ie", date(2026, 10, 31))
    assert before[account] > after.get(account, 0)


def test_a_paid_document_takes_neither_void_nor_amount(fresh):
    paid = one(fresh, 'Status=="PAID" AND AmountPaid>0')
    for action, more in (("void", {}), ("edit-line", {"amount": "1.00"})):
        answer = fresh.http.post(
            f"/_control/xero/{action}", json={"tenant": "ie", "document": paid["InvoiceID"]} | more
        )
        assert answer.status_code == 400
        assert "payments" in answer.json()["error"]
    assert fresh.control("edit-line", tenant="ie", document=paid["InvoiceID"], account="429")["status"] == "PAID"


def revaluation(xero):
    """What receivables are revalued by at the end of the running month."""
    lines = xero.question("ledger-lines", tenant="ie", document="fx_revaluation-receivables-2026-11-30")["lines"]
    return [line["amount"] for line in lines]


@pytest.mark.parametrize("currency", ["EUR", "USD"])
def test_a_deleted_payment_stays_deleted_and_opens_its_invoice(fresh, currency):
    payment = next(
        entry
        for entry in fresh.every("Payments", where='PaymentType=="ACCRECPAYMENT" AND Status=="AUTHORISED"')
        if entry["Invoice"]["CurrencyCode"] == currency
        and fresh.cloud.tenant(fresh.headers()["xero-tenant-id"]).find(entry["Invoice"]["InvoiceID"]).status == "PAID"
    )
    stray = f"rounding-{payment['Invoice']['InvoiceID']}"
    before = revaluation(fresh)
    fresh.control("delete-payment", tenant="ie", payment=payment["PaymentID"])
    assert fresh.get(f"Payments/{payment['PaymentID']}")["Payments"][0]["Status"] == "DELETED"
    invoice = again(fresh, payment["Invoice"])
    assert invoice["Status"] == "AUTHORISED"
    assert invoice["AmountDue"] == payment["Amount"]
    assert posted(fresh, payment["PaymentID"]) == []
    assert fresh.question("ledger-lines", tenant="ie", document=stray)["lines"] == []
    assert (revaluation(fresh) != before) == (currency == "USD")  # open again, so revalued again


def test_a_late_bill_is_entered_now_and_dated_then(fresh):
    told = fresh.control("late-document", tenant="ie", date="2026-07-10", amount="123.45", account="412")
    bill = fresh.get(f"Invoices/{told['document']}")["Invoices"][0]
    assert (bill["Type"], bill["Total"], bill["DateString"]) == ("ACCPAY", Decimal("123.45"), "2026-07-10T00:00:00")
    assert [(line["code"], line["amount"]) for line in posted(fresh, told["document"])] == [
        ("412", "123.45"),
        ("800", "-123.45"),
    ]
    sale = fresh.control("late-document", tenant="ie", type="ACCREC", date="2026-07-10", amount="9.00", account="200")
    assert fresh.get(f"Invoices/{sale['document']}")["Invoices"][0]["Type"] == "ACCREC"


def test_a_planted_cent_is_in_the_report_and_in_no_document(fresh):
    before, _ = trial_balance(fresh, "ie", date(2026, 10, 31))
    planted = fresh.control("plant", tenant="ie", account="200", date="2026-10-14")
    after, _ = trial_balance(fresh, "ie", date(2026, 10, 31))
    assert after[planted["account"]] - before[planted["account"]] == Decimal("0.01")
    assert after[planted["against"]] - before.get(planted["against"], 0) == Decimal("-0.01")
    lines = fresh.question("unshown", tenant="ie", first="2026-10-14", last="2026-10-14")["lines"]
    assert {line["kind"] for line in lines} == {"planted"}


def test_a_hidden_document_leaves_the_lists_and_not_the_ledger(fresh):
    bill = unpaid_bill(fresh)
    fresh.control("hide", tenant="ie", document=bill["InvoiceID"])
    assert bill["InvoiceID"] not in {entry["InvoiceID"] for entry in fresh.every("Invoices")}
    assert posted(fresh, bill["InvoiceID"])
    fresh.control("hide", tenant="ie", document=bill["InvoiceID"], hidden=False)
    assert bill["InvoiceID"] in {entry["InvoiceID"] for entry in fresh.every("Invoices")}


def test_a_period_can_read_empty_and_full_again(fresh):
    full = len(fresh.every("Invoices", where=OCTOBER))
    fresh.control("empty-period", tenant="ie", period="2026-10")
    assert fresh.every("Invoices", where=OCTOBER) == []
    assert fresh.every("ManualJournals", where=OCTOBER) == []
    fresh.control("empty-period", tenant="ie", period="2026-10", empty=False)
    assert len(fresh.every("Invoices", where=OCTOBER)) == full


def test_a_damaged_record_is_damaged_on_the_wire_alone(fresh):
    bill = unpaid_bill(fresh)
    fresh.control("damage", tenant="ie", document=bill["InvoiceID"], fields={"Date": "soon", "CurrencyCode": "ZZZ"})
    damaged = again(fresh, bill)
    assert (damaged["Date"], damaged["CurrencyCode"]) == ("soon", "ZZZ")
    assert posted(fresh, bill["InvoiceID"])
    fresh.control("damage", tenant="ie", document=bill["InvoiceID"], fields={})
    assert again(fresh, bill)["Date"] == bill["Date"]


def test_an_account_can_be_archived_recoded_and_renamed(fresh):
    told = fresh.control("account", tenant="ie", account="489", status="ARCHIVED", code="490", name="Calls")
    shown = fresh.get(f"Accounts/{told['account']}")["Accounts"][0]
    assert (shown["Code"], shown["Name"], shown["Status"]) == ("490", "Calls", "ARCHIVED")


def test_merged_contacts_hand_their_documents_on(fresh):
    first, second = fresh.get("Contacts", page=1, where="IsCustomer==true")["Contacts"][:2]
    told = fresh.control("merge-contacts", tenant="ie", loser=first["ContactID"], survivor=second["ContactID"])
    assert told["moved"] > 0
    assert fresh.every("Invoices", where=f'Contact.ContactID==guid("{first["ContactID"]}")') == []
    loser = fresh.get(f"Contacts/{first['ContactID']}")["Contacts"][0]
    assert (loser["ContactStatus"], loser["MergedToContactID"]) == ("ARCHIVED", second["ContactID"])


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("edit-line", {"document": "none"}),
        ("edit-line", {}),
        ("delete-payment", {"payment": "none"}),
        ("plant", {"account": "no such", "date": "2026-10-01"}),
        ("settings", {"tier": "platinum"}),
        ("void", {"tenant": "fr", "document": "x"}),
    ],
)
def test_a_wrong_control_request_is_a_400_that_says_why(xero, action, body):
    answer = xero.http.post(f"/_control/xero/{action}", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_a_payment_is_no_document_with_lines_and_a_document_no_payment(xero):
    payment = xero.get("Payments", page=1, pageSize=1)["Payments"][0]
    wrong = xero.http.post(
        "/_control/xero/recode", json={"tenant": "uk", "document": payment["PaymentID"], "account": "400"}
    )
    other = xero.http.post("/_control/xero/delete-payment", json={"payment": payment["Invoice"]["InvoiceID"]})
    assert (wrong.status_code, other.status_code) == (400, 400)
