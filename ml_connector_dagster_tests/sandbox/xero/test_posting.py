"""Xero's posting rules on a company of a few records: division by the rate, rounding by line, who gets the difference."""

from datetime import date

import pytest

from ml_connector_dagster.sandbox.books.chart import accounts, tax_rates
from ml_connector_dagster.sandbox.books.records import Allocation, Company, Document, Line, Payment, Transfer
from ml_connector_dagster.sandbox.books.scribe import UK
from ml_connector_dagster.sandbox.xero.posting import PostingRules

DAY = date(2026, 10, 7)


@pytest.fixture
def company():
    found = Company()
    found.accounts = {account.account_id: account for account in accounts(UK.tenant_id, "GB", 0)}
    found.tax_rates = {rate.tax_type: rate for rate in tax_rates("GB")}
    return found


def account(company, code):
    return next(entry.account_id for entry in company.accounts.values() if entry.code == code)


def document(company, type_, amounts, *, kind="Invoices", tax=0, rate=1_000_000, code="200", **more):
    lines = [Line(str(place), account(company, code), "", amount, "NONE", tax) for place, amount in enumerate(amounts)]
    made = Document(
        kind, type_.lower(), type_, DAY, "AUTHORISED", lines, "GBP" if rate == 1_000_000 else "USD", rate, **more
    )
    company.documents[made.doc_id] = made
    return made


def legs(company, posting):
    names = {entry.account_id: entry.code or entry.name for entry in company.accounts.values()}
    assert sum(line.amount for line in posting.lines) == 0
    return [(names[line.account_id], line.amount) for line in posting.lines]


def test_each_line_is_rounded_on_its_own_and_the_receivable_is_their_sum(company):
    """0.11 at 1.25 is 0.088 and rounds to 0.09, three times 0.27; their sum of 0.33 would be 0.26."""
    invoice = document(company, "ACCREC", [11, 11, 11], rate=1_250_000)
    assert legs(company, PostingRules(company).document(invoice)) == [
        ("200", -9),
        ("200", -9),
        ("200", -9),
        ("610", 27),
    ]


def test_tax_is_rounded_apart_and_goes_to_its_own_account(company):
    bill = document(company, "ACCPAY", [10_000], tax=2_000, rate=3_000_000, code="400")
    assert legs(company, PostingRules(company).document(bill)) == [("400", 3_333), ("820", 667), ("800", -4_000)]


def test_rounding_of_a_document_goes_to_the_rounding_account(company):
    invoice = document(company, "ACCREC", [1_003], rounding=-3)
    assert legs(company, PostingRules(company).document(invoice)) == [("200", -1_003), ("860", 3), ("610", 1_000)]


def test_a_payment_at_another_rate_realises_a_gain(company):
    invoice = document(company, "ACCREC", [12_500], rate=1_250_000)
    bank = account(company, "090")
    paid = Payment("p", "ACCRECPAYMENT", invoice.doc_id, bank, DAY, 12_500, 10_417, 1_200_000)
    assert legs(company, PostingRules(company).payment(paid)) == [("090", 10_417), ("610", -10_000), ("499", -417)]


def test_a_payment_into_an_account_of_the_same_currency_is_valued_at_the_payments_rate(company):
    bill = document(company, "ACCPAY", [12_000], rate=1_200_000, code="400")
    dollars = next(entry.account_id for entry in company.accounts.values() if entry.currency == "USD")
    paid = Payment("p", "ACCPAYPAYMENT", bill.doc_id, dollars, DAY, 12_000, 12_000, 1_250_000)
    found = legs(company, PostingRules(company).payment(paid))
    assert found == [("US Dollar Account", -9_600), ("800", 10_000), ("499", -400)]


def test_a_deleted_payment_and_a_deleted_transfer_post_nothing(company):
    invoice = document(company, "ACCREC", [100])
    paid = Payment("p", "ACCRECPAYMENT", invoice.doc_id, account(company, "090"), DAY, 100, 100, 1_000_000)
    paid.status = "DELETED"
    moved = Transfer("t", "a", "b", 100, DAY, "o", "i", status="DELETED")
    rules = PostingRules(company)
    assert rules.payment(paid) is None
    assert rules.transfer(moved) is None


def test_an_allocation_at_one_rate_posts_nothing(company):
    invoice = document(company, "ACCREC", [12_500], rate=1_250_000)
    note = document(company, "ACCRECCREDIT", [2_500], kind="CreditNotes", rate=1_250_000)
    assert PostingRules(company).allocation(Allocation("a", 2_500, DAY, note.doc_id, invoice.doc_id)) is None


def test_an_allocation_at_two_rates_realises_their_difference(company):
    invoice = document(company, "ACCREC", [12_500], rate=1_250_000)
    note = document(company, "ACCRECCREDIT", [2_500], kind="CreditNotes", rate=1_200_000)
    posting = PostingRules(company).allocation(Allocation("a", 2_500, DAY, note.doc_id, invoice.doc_id))
    assert legs(company, posting) == [("610", 2_083), ("610", -2_000), ("499", -83)]


def test_a_whole_prepayment_gives_its_lines_and_tax_back(company):
    deposit = document(
        company,
        "RECEIVE-PREPAYMENT",
        [10_000],
        kind="Prepayments",
        tax=2_000,
        code="810",
        bank_id=account(company, "090"),
    )
    invoice = document(company, "ACCREC", [50_000])
    rules = PostingRules(company)
    assert legs(company, rules.document(deposit)) == [("810", -10_000), ("820", -2_000), ("090", 12_000)]
    posting = rules.allocation(Allocation("a", 12_000, DAY, deposit.doc_id, invoice.doc_id))
    assert legs(company, posting) == [("810", 10_000), ("820", 2_000), ("610", -12_000)]


def test_part_of_a_prepayment_gives_back_its_part_and_the_last_leg_takes_the_cent(company):
    ahead = document(
        company,
        "SPEND-PREPAYMENT",
        [3_333, 3_333, 3_334],
        kind="Prepayments",
        code="620",
        bank_id=account(company, "090"),
    )
    bill = document(company, "ACCPAY", [50_000], code="400")
    posting = PostingRules(company).allocation(Allocation("a", 1_000, DAY, ahead.doc_id, bill.doc_id))
    assert legs(company, posting) == [("620", -333), ("620", -333), ("620", -334), ("800", 1_000)]


@pytest.mark.parametrize("status", ["DRAFT", "SUBMITTED", "VOIDED", "DELETED"])
def test_what_is_not_approved_posts_nothing(company, status):
    invoice = document(company, "ACCREC", [100])
    invoice.status = status
    assert PostingRules(company).document(invoice) is None


def test_a_manual_journal_has_no_leg_but_its_own(company):
    journal = document(company, "", [100, -100], kind="ManualJournals", code="400")
    journal.status = "POSTED"
    assert legs(company, PostingRules(company).document(journal)) == [("400", 100), ("400", -100)]
