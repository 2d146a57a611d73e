"""Records as Xero writes them, with the oddities that readers trip over."""

from decimal import Decimal

import pytest

from ml_connector_dagster_tests.sandbox.xero.conftest import IDS, milliseconds


def test_voided_and_deleted_documents_keep_their_amounts_in_ordinary_lists(xero):
    found = [entry for entry in xero.every("Invoices") if entry["Status"] in {"VOIDED", "DELETED"}]
    assert len(found) > 30
    assert all(entry["AmountDue"] == 0 and entry["LineItems"] for entry in found)
    assert sum(Decimal(entry["Total"]) for entry in found) > 0


def test_deleted_payments_stay_in_the_list_and_not_on_their_invoice(xero):
    deleted = [entry for entry in xero.every("Payments") if entry["Status"] == "DELETED"]
    assert deleted
    invoice = xero.get(f"Invoices/{deleted[0]['Invoice']['InvoiceID']}")["Invoices"][0]
    assert deleted[0]["PaymentID"] not in {entry["PaymentID"] for entry in invoice["Payments"]}


def test_documents_foot(xero):
    for plural in ("Invoices", "CreditNotes"):
        for entry in xero.every(plural):
            inclusive = entry["LineAmountTypes"] == "Inclusive"
            net = sum(line["LineAmount"] - (line["TaxAmount"] if inclusive else 0) for line in entry["LineItems"])
            assert net == entry["SubTotal"]
            assert sum(line["TaxAmount"] for line in entry["LineItems"]) == entry["TotalTax"]
            assert abs(entry["Total"] - entry["SubTotal"] - entry["TotalTax"]) <= Decimal("0.10")


def test_the_rounding_amount_shows_only_in_the_single_record(xero):
    rounded = [entry for entry in xero.every("Invoices") if entry["Total"] != entry["SubTotal"] + entry["TotalTax"]]
    assert rounded
    assert all("RoundingAmount" not in entry for entry in rounded)
    single = xero.get(f"Invoices/{rounded[0]['InvoiceID']}")["Invoices"][0]
    assert single["RoundingAmount"] == rounded[0]["Total"] - rounded[0]["SubTotal"] - rounded[0]["TotalTax"]


def test_the_rate_of_a_base_currency_document_may_be_missing_zero_or_one(xero):
    home = [entry for entry in xero.every("Invoices") if entry["CurrencyCode"] == "GBP"]
    assert {entry.get("CurrencyRate") for entry in home} == {None, 0, 1}
    assert {payment["CurrencyRate"] for payment in xero.every("Payments") if payment["CurrencyRate"] in {0, 1}} == {
        0,
        1,
    }


def test_a_foreign_document_always_has_a_rate(xero):
    foreign = [entry for entry in xero.every("Invoices") if entry["CurrencyCode"] != "GBP"]
    assert len(foreign) > 200
    assert all(Decimal("0.5") < entry["CurrencyRate"] < 2 for entry in foreign)


def test_some_dates_are_negative_or_zero_milliseconds(xero):
    found = xero.every("Invoices")
    assert any(milliseconds(entry.get("DueDate", "/Date(1)/")) < 0 for entry in found)
    assert any(entry["Date"] == "/Date(0+0000)/" for entry in found)
    assert any(milliseconds(entry["Date"]) < 0 for entry in found)


def test_document_dates_are_midnights_and_their_text_says_the_same(xero):
    for entry in xero.every("Invoices"):
        assert milliseconds(entry["Date"]) % 86_400_000 == 0
        assert entry["DateString"].endswith("T00:00:00")
    assert sum("DueDateString" not in entry for entry in xero.every("Invoices")) > 0


def test_document_lines_name_the_option_but_not_its_id(xero):
    lines = [line for entry in xero.every("Invoices") for line in entry["LineItems"] if line["Tracking"]]
    assert lines
    assert all("TrackingOptionID" not in tag and tag["Option"] for line in lines for tag in line["Tracking"])
    assert max(len(line["Tracking"]) for line in lines) == 2


def test_journal_lines_name_the_options_id_and_have_none_of_their_own(xero):
    lines = [line for entry in xero.every("ManualJournals") for line in entry["JournalLines"]]
    assert any(line["Tracking"] and line["Tracking"][0]["TrackingOptionID"] for line in lines)
    assert all("LineItemID" not in line for line in lines)


def test_every_option_that_history_names_is_listed_with_archived_ones(xero):
    categories = xero.get("TrackingCategories", includeArchived="true")["TrackingCategories"]
    known = {
        (category["TrackingCategoryID"], option["Name"]) for category in categories for option in category["Options"]
    }
    used = {
        (tag["TrackingCategoryID"], tag["Option"])
        for entry in xero.every("Invoices")
        for line in entry["LineItems"]
        for tag in line["Tracking"]
    }
    assert used <= known


def test_archived_accounts_are_listed_and_bank_accounts_may_have_no_code(xero):
    accounts = xero.get("Accounts")["Accounts"]
    assert {account["Status"] for account in accounts} == {"ACTIVE", "ARCHIVED"}
    assert sum("Code" not in account for account in accounts) == 3
    assert xero.get("Accounts", where='Status=="ACTIVE"')["Accounts"] == [
        account for account in accounts if account["Status"] == "ACTIVE"
    ]
    names = {account.get("SystemAccount") for account in accounts}
    assert {"DEBTORS", "CREDITORS", "GST", "ROUNDING", "RETAINEDEARNINGS", "REALISEDCURRENCYGAIN"} <= names


def test_account_ids_do_not_depend_on_the_seed(xero):
    from ml_connector_dagster.sandbox.books.chart import stable_id

    by_code = {account.get("Code"): account["AccountID"] for account in xero.get("Accounts")["Accounts"]}
    assert by_code["200"] == stable_id(IDS["uk"], "account:200")


def test_prepayments_and_overpayments_are_bank_transactions_too(xero):
    """The same money twice: who adds both counts it twice."""
    bank = xero.every("BankTransactions")
    for plural, name in (("Prepayments", "PrepaymentID"), ("Overpayments", "OverpaymentID")):
        twins = {entry[name]: entry for entry in bank if name in entry}
        found = {entry[name]: entry for entry in xero.every(plural)}
        assert set(twins) == set(found)
        assert all(twins[key]["Total"] == entry["Total"] for key, entry in found.items())
        assert all("BankAccount" not in entry for entry in found.values())


def test_transfers_are_two_bank_transactions_without_lines(xero):
    bank = {entry["BankTransactionID"]: entry for entry in xero.every("BankTransactions")}
    for transfer in xero.get("BankTransfers")["BankTransfers"]:
        out, into = bank[transfer["FromBankTransactionID"]], bank[transfer["ToBankTransactionID"]]
        assert (out["Type"], into["Type"]) == ("SPEND-TRANSFER", "RECEIVE-TRANSFER")
        assert out["LineItems"] == into["LineItems"] == []
        assert out["Total"] == transfer["Amount"]


def test_a_refund_names_its_credit_as_if_it_were_an_invoice(xero):
    refunds = [entry for entry in xero.every("Payments") if entry["PaymentType"] == "ARCREDITPAYMENT"]
    assert refunds
    target = refunds[0]["Invoice"]
    assert target["Type"] == "ACCRECCREDIT"
    assert xero.get(f"CreditNotes/{target['InvoiceID']}")["CreditNotes"][0]["Status"] == "PAID"


def test_an_allocation_shows_on_both_sides(xero):
    note = next(entry for entry in xero.every("CreditNotes") if entry["Allocations"])
    allocation = note["Allocations"][0]
    invoice = xero.get(f"Invoices/{allocation['Invoice']['InvoiceID']}")["Invoices"][0]
    applied = next(entry for entry in invoice["CreditNotes"] if entry["CreditNoteID"] == note["CreditNoteID"])
    assert applied["AppliedAmount"] == allocation["Amount"]
    assert invoice["AmountCredited"] >= allocation["Amount"]


def test_what_is_due_is_the_total_less_payments_and_credits(xero):
    for entry in xero.every("Invoices", where='Status=="PAID" OR Status=="AUTHORISED"'):
        assert entry["AmountDue"] == entry["Total"] - entry["AmountPaid"] - entry["AmountCredited"]
        assert (entry["Status"] == "PAID") == (entry["AmountDue"] == 0)
        assert ("FullyPaidOnDate" in entry) == (entry["Status"] == "PAID")


def test_bill_numbers_may_be_empty_and_repeat(xero):
    numbers = [entry["InvoiceNumber"] for entry in xero.every("Invoices", where='Type=="ACCPAY"')]
    assert "" in numbers
    assert len(set(numbers)) < len(numbers)


def test_updated_stamps_have_a_text_only_sometimes(xero):
    found = xero.every("Invoices")
    with_text = [entry for entry in found if "UpdatedDateUTCString" in entry]
    assert 0 < len(with_text) < len(found)
    assert all(entry["UpdatedDateUTCString"].endswith("Z") for entry in with_text)


@pytest.mark.parametrize("tenant", list(IDS))
def test_the_organisation_says_who_it_is(xero, tenant):
    organisation = xero.get("Organisation", tenant=tenant)["Organisations"][0]
    assert organisation["OrganisationID"] == IDS[tenant]
    expected = {"uk": ("Calder & Finch Ltd", "GBP", 3), "ie": ("Calder & Finch Ireland Ltd", "EUR", 12)}[tenant]
    assert (organisation["Name"], organisation["BaseCurrency"], organisation["FinancialYearEndMonth"]) == expected
    assert "PeriodLockDate" not in organisation


@pytest.mark.parametrize(
    ("plural", "name"),
    [
        ("Invoices", "InvoiceID"),
        ("CreditNotes", "CreditNoteID"),
        ("Payments", "PaymentID"),
        ("Prepayments", "PrepaymentID"),
        ("Overpayments", "OverpaymentID"),
        ("BankTransactions", "BankTransactionID"),
        ("ManualJournals", "ManualJournalID"),
        ("Contacts", "ContactID"),
    ],
)
def test_any_record_can_be_read_by_its_id_and_comes_in_the_plural(xero, plural, name):
    for entry in xero.get(plural, page=1, pageSize=3)[plural]:
        found = xero.get(f"{plural}/{entry[name].upper()}")
        assert [single[name] for single in found[plural]] == [entry[name]]
        assert "pagination" not in found


def test_transfers_accounts_and_their_bank_twins_can_be_read_by_id(xero):
    transfer = xero.get("BankTransfers")["BankTransfers"][0]
    assert xero.get(f"BankTransfers/{transfer['BankTransferID']}")["BankTransfers"] == [transfer]
    end = xero.get(f"BankTransactions/{transfer['ToBankTransactionID']}")["BankTransactions"][0]
    assert end["Type"] == "RECEIVE-TRANSFER"
    assert xero.get("Accounts/200")["Accounts"][0]["Name"] == "Consulting Fees"


def test_an_invoice_answers_to_its_number(xero):
    assert xero.get("Invoices/INV-00001")["Invoices"][0]["InvoiceNumber"] == "INV-00001"


def test_an_id_of_another_kind_is_not_found(xero):
    payment = xero.get("Payments", page=1, pageSize=1)["Payments"][0]["PaymentID"]
    for plural in ("Invoices", "BankTransactions", "Contacts", "Accounts", "Budgets", "Journals"):
        assert xero.ask(f"{plural}/{payment}").status_code in {401, 404}


def test_budgets_list_heads_and_give_lines_by_id(xero):
    head = xero.get("Budgets")["Budgets"][0]
    assert head["BudgetLines"] == []
    whole = xero.get(f"Budgets/{head['BudgetID']}", DateFrom="2026-04-01", DateTo="2030-03-31")["Budgets"][0]
    periods = [balance["Period"] for balance in whole["BudgetLines"][0]["BudgetBalances"]]
    assert (periods[0], len(periods)) == ("2026-04", 24)
    usual = xero.get(f"Budgets/{head['BudgetID']}")["Budgets"][0]["BudgetLines"][0]["BudgetBalances"]
    assert [balance["Period"] for balance in usual] == ["2026-10", "2026-11", "2026-12"]


def test_tax_rates_and_currencies_are_listed(xero):
    rates = {rate["TaxType"]: rate for rate in xero.get("TaxRates")["TaxRates"]}
    assert rates["OUTPUT2"]["EffectiveRate"] == 20
    assert not any(component["IsNonRecoverable"] for rate in rates.values() for component in rate["TaxComponents"])
    assert [rate["TaxType"] for rate in xero.get("TaxRates", where='TaxType=="NONE"')["TaxRates"]] == ["NONE"]
    assert [entry["Code"] for entry in xero.get("Currencies")["Currencies"]] == ["GBP", "USD", "EUR"]
