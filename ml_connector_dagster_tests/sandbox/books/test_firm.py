"""The demonstration firm: repeatable, balanced in its records, with everything odd that real books hold."""

import time
from collections import Counter
from datetime import date, timedelta

import pytest

from ml_connector_dagster.sandbox.books import firm
from ml_connector_dagster.sandbox.books.scribe import IRELAND, UK, month_end

TODAY = date(2026, 11, 29)


@pytest.fixture(scope="module")
def companies():
    market = firm.market(1, TODAY)
    return {profile.key: firm.generate(1, profile, market, TODAY) for profile in firm.PROFILES}


def test_the_same_seed_and_day_write_the_same_books(companies):
    again = firm.generate(1, IRELAND, firm.market(1, TODAY), TODAY)
    assert again == companies["ie"]


def test_another_seed_writes_other_books_on_the_same_chart(companies):
    other = firm.generate(2, IRELAND, firm.market(2, TODAY), TODAY)
    assert list(other.accounts) == list(companies["ie"].accounts)
    assert list(other.contacts) == list(companies["ie"].contacts)
    assert list(other.documents) != list(companies["ie"].documents)


def test_both_entities_are_written_in_little_processor_time():
    """Measured 0.9 seconds; the bound catches a quadratic slip and leaves room for slow machines."""
    began = time.process_time()
    market = firm.market(3, TODAY)
    for profile in firm.PROFILES:
        firm.generate(3, profile, market, TODAY)
    assert time.process_time() - began < 15


def test_nothing_is_dated_after_today_or_stamped_after_it_began(companies):
    midnight_ms = (TODAY - date(1970, 1, 1)).days * 86_400_000
    for company in companies.values():
        assert max(document.day for document in company.documents.values()) <= TODAY
        assert max(document.updated_ms for document in company.documents.values()) < midnight_ms + 60
        assert max(payment.day for payment in company.payments.values()) <= TODAY


def test_three_years_hold_sixty_to_ninety_invoices_and_bills_a_month_in_the_kingdom(companies):
    months = Counter(
        f"{document.day:%Y-%m}" for document in companies["uk"].documents.values() if document.kind == "Invoices"
    )
    full = [count for month, count in months.items() if "2023-12" <= month <= "2026-10"]
    assert len(full) == 35
    assert min(full) >= 55
    assert max(full) <= 95


def test_every_document_is_the_sum_of_its_lines(companies):
    for company in companies.values():
        for document in company.documents.values():
            gross = sum(
                line.amount + (0 if document.amount_types == "Inclusive" else line.tax) for line in document.lines
            )
            assert document.total == gross + document.rounding
            assert abs(document.rounding) <= 10


def test_paid_means_that_nothing_is_open(companies):
    for company in companies.values():
        for document in company.documents.values():
            if document.status == "PAID":
                assert document.open_amount == 0
            assert document.open_amount >= 0 or document.kind == "ManualJournals"


@pytest.mark.parametrize(
    "kind_and_status",
    [
        ("Invoices", "VOIDED"),
        ("Invoices", "DELETED"),
        ("Invoices", "DRAFT"),
        ("Invoices", "SUBMITTED"),
        ("CreditNotes", "PAID"),
        ("Prepayments", "PAID"),
        ("Overpayments", "PAID"),
        ("BankTransactions", "DELETED"),
        ("ManualJournals", "DRAFT"),
        ("ManualJournals", "VOIDED"),
    ],
)
def test_every_kind_of_oddity_occurs_in_both_entities(companies, kind_and_status):
    for company in companies.values():
        assert any((document.kind, document.status) == kind_and_status for document in company.documents.values())


def test_voided_documents_keep_their_amounts(companies):
    voided = [document for document in companies["uk"].documents.values() if document.status == "VOIDED"]
    assert all(document.open_amount == 0 for document in voided)
    assert all(document.lines and any(line.amount for line in document.lines) for document in voided)


def test_documents_come_in_three_currencies_and_three_tax_shapes(companies):
    for company in companies.values():
        invoices = [document for document in company.documents.values() if document.kind == "Invoices"]
        assert {document.currency for document in invoices} == {"GBP", "EUR", "USD"}
        assert {document.amount_types for document in invoices} == {"Exclusive", "Inclusive", "NoTax"}


def test_foreign_bills_stand_open_over_month_ends(companies):
    """So payables are revalued as well as receivables."""
    for key, company in companies.items():
        base = {"uk": UK, "ie": IRELAND}[key].base
        over = [
            bill
            for bill in company.documents.values()
            if bill.type == "ACCPAY" and bill.currency != base and bill.status == "PAID"
            if max(payment.day for payment in bill.payments) > month_end(bill.day)
        ]
        assert len(over) > 10


def test_accruals_come_back_on_the_first_of_the_next_month(companies):
    journals = [document for document in companies["uk"].documents.values() if document.kind == "ManualJournals"]
    there = {document.day: document for document in journals if document.narration.startswith("Accrual Audit")}
    back = {document.day for document in journals if document.narration.startswith("Reversal of accrual Audit")}
    assert {day + timedelta(days=1) for day in there if day < TODAY} == back


def test_late_bills_and_later_edits_exist(companies):
    invoices = [document for document in companies["uk"].documents.values() if document.kind == "Invoices"]
    late = [
        document for document in invoices if document.created_ms // 86_400_000 > document.day.toordinal() - 719_163 + 15
    ]
    assert len(late) > 50
    assert any(document.updated_ms > document.created_ms and not document.payments for document in invoices)


def test_bank_accounts_have_blank_codes_and_some_accounts_are_archived(companies):
    for company in companies.values():
        accounts = company.accounts.values()
        assert [account.kind for account in accounts if not account.code] == ["BANK"] * 3
        assert {account.code for account in accounts if account.status == "ARCHIVED"} == {"215", "462"}


def test_archived_accounts_and_merged_contacts_have_history(companies):
    company = companies["uk"]
    archived = {account.account_id for account in company.accounts.values() if account.status == "ARCHIVED"}
    used = {line.account_id for document in company.documents.values() for line in document.lines}
    assert archived <= used
    merged = [contact for contact in company.contacts.values() if contact.merged_to]
    assert len(merged) == 1
    assert merged[0].merged_to in company.contacts


def test_lines_carry_region_and_practice_and_some_carry_none(companies):
    widths = Counter(len(line.tracking) for document in companies["uk"].documents.values() for line in document.lines)
    assert set(widths) == {0, 1, 2}
