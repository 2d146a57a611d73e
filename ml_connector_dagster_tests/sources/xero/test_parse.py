from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from ml_connector_dagster.errors import RecordRefused
from ml_connector_dagster.sources.xero.context import Context
from ml_connector_dagster.sources.xero.parse import allocation_rows, document_rows, journal_rows
from ml_connector_dagster_tests.sources.xero import payloads
from ml_connector_dagster_tests.sources.xero.payloads import account_id, line, region
from ml_connector_dagster_tests.sources.xero.read import CONTEXT, exact, one


def rows_of(record, endpoint="Invoices", context=CONTEXT):
    return document_rows(one(endpoint, record), context)


def refusal_of(record, endpoint="Invoices", context=CONTEXT):
    with pytest.raises(RecordRefused) as refused:
        rows_of(record, endpoint, context)
    return refused.value.happened


def test_each_line_repeats_its_documents_header():
    record = payloads.invoice(lines=[line(100, 20), line(50, 10)], InvoiceNumber="INV-0042", AmountDue=180)
    first, second = rows_of(record)
    assert first.document_id == second.document_id == record["InvoiceID"]
    assert (first.kind, first.subkind, first.number, first.status) == ("invoice", "ACCREC", "INV-0042", "AUTHORISED")
    assert (first.total, first.amount_due) == (180, 180)
    assert first.line_id != second.line_id
    assert (first.party_id, first.currency, first.rate) == (payloads.CUSTOMER, "GBP", 1)


def test_accrec_is_an_invoice_and_accpay_a_bill():
    assert rows_of(payloads.invoice())[0].kind == "invoice"
    assert rows_of(payloads.bill())[0].kind == "bill"


def test_an_inclusive_line_is_unpacked():
    (row,) = rows_of(payloads.invoice(lines=[line(120, 20)], LineAmountTypes="Inclusive"))
    assert [row.net_amount, row.tax_amount, row.total] == exact(100, 20, 120)


@pytest.mark.parametrize("types", ["Exclusive", "NoTax"])
def test_an_exclusive_line_is_net_already(types):
    tax = 20 if types == "Exclusive" else 0
    (row,) = rows_of(payloads.invoice(lines=[line(100, tax)], LineAmountTypes=types))
    assert [row.net_amount, row.tax_amount] == exact(100, tax)


def test_cents_survive_as_written():
    (row,) = rows_of(payloads.invoice(lines=[line(0.1, 0.02)]))
    assert row.net_amount == Decimal("0.1")
    assert row.tax_amount == Decimal("0.02")


def test_an_amount_written_as_text_is_taken():
    record = payloads.invoice(Total="120.00", SubTotal="100.00", TotalTax="20.00")
    assert rows_of(record)[0].total == Decimal("120.00")


def test_the_calendar_date_is_utc_whatever_the_zone():
    record = payloads.invoice(date(2026, 10, 31))
    del record["DateString"]
    assert rows_of(record)[0].document_date == date(2026, 10, 31)


def test_a_date_string_is_preferred_over_milliseconds():
    record = payloads.invoice(date(2026, 10, 31), Date="/Date(0+0000)/")
    assert rows_of(record)[0].document_date == date(2026, 10, 31)


def test_a_due_date_before_1970_breaks_nothing():
    assert rows_of(payloads.invoice(DueDate="/Date(-1381276800000+0000)/"))[0].due_date == date(1926, 3, 26)


def test_a_missing_due_date_is_none():
    record = payloads.invoice()
    del record["DueDate"]
    assert rows_of(record)[0].due_date is None


def test_the_stamp_is_aware_utc():
    row = rows_of(payloads.invoice(UpdatedDateUTC="/Date(1229794712660+0000)/"))[0]
    assert row.modified_at == datetime(2008, 12, 20, 17, 38, 32, 660000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "posts"),
    [
        ("AUTHORISED", True),
        ("PAID", True),
        ("DRAFT", False),
        ("SUBMITTED", False),
        ("VOIDED", False),
        ("DELETED", False),
    ],
)
def test_a_status_decides_whether_a_document_posts(status, posts):
    assert rows_of(payloads.invoice(Status=status))[0].posts is posts


def test_a_voided_document_keeps_its_amounts():
    (row,) = rows_of(payloads.invoice(Status="VOIDED", AmountDue=0))
    assert [row.net_amount, row.total] == exact(100, 120)
    assert not row.posts


@pytest.mark.parametrize("field", ["Status", "Type", "LineAmountTypes"])
def test_an_unknown_word_is_refused_and_named(field):
    assert "'NOVEL'" in refusal_of(payloads.invoice(**{field: "NOVEL"}))


def test_lines_that_do_not_foot_are_refused():
    record = payloads.invoice()
    assert "add up to 120" in refusal_of(record | {"SubTotal": 99})


def test_a_posting_document_without_its_lines_is_refused():
    """An unpaged list answers documents with empty LineItems: they would be read as 0."""
    assert "add up to 0" in refusal_of(payloads.invoice() | {"LineItems": []})


def test_a_total_may_be_rounded_by_ten_cents():
    row = rows_of(payloads.invoice() | {"Total": 120.1})[0]
    assert row.total == Decimal("120.1")


def test_a_total_further_off_is_refused():
    assert "119.89" in refusal_of(payloads.invoice() | {"Total": 119.89})


def test_a_cis_deduction_is_named_where_it_is_the_reason():
    assert "CIS" in refusal_of(payloads.invoice() | {"Total": 100, "CISDeduction": 20})


def test_a_posting_line_without_account_is_refused():
    assert "no account" in refusal_of(payloads.invoice(lines=[line(AccountID="")]))


def test_a_posting_line_without_id_is_refused():
    assert "LineItemID" in refusal_of(payloads.invoice(lines=[line(LineItemID="")]))


def test_a_text_line_needs_no_account():
    text = {"LineItemID": payloads.new_id(), "Description": "Thank you", "LineAmount": 0, "TaxAmount": 0}
    assert len(rows_of(payloads.invoice(lines=[line(), text]))) == 2


def test_a_draft_may_lack_everything():
    bare = {"Description": "Later", "LineAmount": 12.5, "TaxAmount": None}
    (row,) = rows_of(payloads.invoice(lines=[bare], Status="DRAFT"))
    assert (row.line_id, row.ledger_account_id) == ("", "")
    (empty,) = rows_of(payloads.invoice(lines=[], Status="DRAFT"))
    assert empty.line_id == ""


def test_a_foreign_document_keeps_its_rate():
    row = rows_of(payloads.invoice(CurrencyCode="USD", CurrencyRate=1.2734567891))[0]
    assert (row.currency, row.rate) == ("USD", Decimal("1.2734567891"))


@pytest.mark.parametrize("rate", [None, 0])
def test_a_missing_or_zero_rate_means_base_currency(rate):
    assert rows_of(payloads.invoice(CurrencyRate=rate))[0].rate == 1


@pytest.mark.parametrize("rate", [None, 0, -1])
def test_a_foreign_document_without_a_rate_is_refused(rate):
    assert "USD" in refusal_of(payloads.invoice(CurrencyCode="USD", CurrencyRate=rate))


def test_tracking_is_resolved_by_category_and_option_name():
    (row,) = rows_of(payloads.invoice(lines=[line(Tracking=[region("South")])]))
    assert row.tracking == f'{{"{payloads.CATEGORY}":"{payloads.SOUTH}"}}'


def test_an_option_id_is_taken_where_xero_gives_it():
    (row,) = rows_of(payloads.invoice(lines=[line(Tracking=[region("Renamed", TrackingOptionID=payloads.NORTH)])]))
    assert payloads.NORTH in row.tracking


def test_two_tracking_values_stand_in_key_order():
    other = {"Name": "Practice", "Option": "Tax", "TrackingCategoryID": "0a", "TrackingOptionID": "0b"}
    (row,) = rows_of(payloads.invoice(lines=[line(Tracking=[region(), other])]))
    assert row.tracking == f'{{"0a":"0b","{payloads.CATEGORY}":"{payloads.NORTH}"}}'


def test_an_option_that_is_in_no_category_is_refused():
    assert "'East'" in refusal_of(payloads.invoice(lines=[line(Tracking=[region("East")])]))


def test_tax_that_is_not_recoverable_stays_in_cost():
    context = Context("GBP", not_recoverable={"BLOCKED": Decimal(1), "HALF": Decimal("0.5")})
    lines = [line(100, 20, "fees", TaxType="BLOCKED"), line(10, 0.05, "fees", TaxType="HALF")]
    blocked, half = rows_of(payloads.bill(lines=lines), context=context)
    assert [blocked.net_amount, blocked.tax_amount] == exact(120, 0)
    assert [half.net_amount, half.tax_amount] == exact(10.03, 0.02)


def test_tax_on_a_sale_is_never_cost():
    context = Context("GBP", not_recoverable={"OUTPUT2": Decimal(1)})
    (row,) = rows_of(payloads.invoice(), context=context)
    assert [row.net_amount, row.tax_amount] == exact(100, 20)


def test_credit_notes_of_both_sides_are_told_apart():
    assert rows_of(payloads.credit_note(), "CreditNotes")[0].kind == "credit_note"
    assert rows_of(payloads.credit_note(Type="ACCPAYCREDIT"), "CreditNotes")[0].kind == "vendor_credit"


def test_a_bank_transaction_names_its_bank_and_what_it_twins():
    record = payloads.bank_transaction(Type="RECEIVE-PREPAYMENT", PrepaymentID="p-1")
    (row,) = rows_of(record, "BankTransactions")
    assert (row.kind, row.bank_account_id, row.linked_id) == ("bank_transaction", account_id("bank"), "p-1")
    assert row.bank_amount == row.total == 120


def test_a_bank_transaction_without_bank_is_refused():
    record = payloads.bank_transaction()
    del record["BankAccount"]
    assert "no bank account" in refusal_of(record, "BankTransactions")


def test_the_bank_transactions_of_a_transfer_have_no_lines():
    record = payloads.bank_transaction(lines=[], Type="SPEND-TRANSFER") | {"Total": 500}
    (row,) = rows_of(record, "BankTransactions")
    assert (row.line_id, row.total) == ("", 500)


def test_a_prepayment_may_be_listed_without_lines():
    (row,) = rows_of(payloads.prepayment() | {"LineItems": []}, "Prepayments")
    assert (row.kind, row.line_id, row.total) == ("prepayment", "", 120)


def test_the_fingerprint_moves_with_what_posts_and_with_nothing_else():
    record = payloads.invoice()
    (before,) = rows_of(record)
    (paid,) = rows_of(
        record | {"Status": "PAID", "AmountDue": 0, "UpdatedDateUTC": "/Date(1)/", "DueDate": "/Date(0)/"}
    )
    assert paid.version_hash == before.version_hash
    recoded = record | {"LineItems": [record["LineItems"][0] | {"AccountID": account_id("fees")}]}
    for changed in (recoded, record | {"DateString": "2026-10-06T00:00:00"}, record | {"Status": "VOIDED"}):
        assert rows_of(changed)[0].version_hash != before.version_hash


def test_a_journal_is_in_base_currency_and_numbers_its_lines():
    record = payloads.journal(lines=[line(30, 0, "fees"), line(-30, 0, "payable")], Narration="Accrual [mlc:7f3c]")
    debit, credit = journal_rows(one("ManualJournals", record), CONTEXT)
    assert (debit.kind, debit.number, debit.line_id, credit.line_id) == ("journal", "Accrual [mlc:7f3c]", "1", "2")
    assert [debit.net_amount, credit.net_amount, debit.total] == exact(30, -30, 30)


@pytest.mark.parametrize(
    ("status", "posts"),
    [("POSTED", True), ("DRAFT", False), ("VOIDED", False), ("DELETED", False), ("ARCHIVED", False)],
)
def test_only_a_posted_journal_posts(status, posts):
    assert journal_rows(one("ManualJournals", payloads.journal(Status=status)), CONTEXT)[0].posts is posts


def test_a_posted_journal_line_without_account_is_refused():
    with pytest.raises(RecordRefused, match="names no account"):
        journal_rows(one("ManualJournals", payloads.journal(lines=[line(30, 0, "fees", AccountID="")])), CONTEXT)


def test_a_journal_without_lines_is_one_empty_row():
    assert (
        len(journal_rows(one("ManualJournals", payloads.journal(Status="DRAFT") | {"JournalLines": []}), CONTEXT)) == 1
    )


def test_an_allocation_stands_on_its_own_day():
    target = payloads.invoice()
    given = payloads.allocation(date(2026, 11, 3), 120, target)
    ((row,),) = allocation_rows(one("Prepayments", payloads.prepayment(Allocations=[given])), CONTEXT)
    assert (row.document_id, row.kind, row.document_date) == (given["AllocationID"], "allocation", date(2026, 11, 3))
    assert (row.linked_id, row.ledger_account_id) == (target["InvoiceID"], account_id("advance"))
    assert [row.net_amount, row.tax_amount, row.total] == exact(100, 20, 120)


def test_a_part_of_a_prepayment_takes_its_part_of_each_line():
    given = payloads.allocation(date(2026, 11, 3), 50, payloads.invoice())
    lines = [line(60, 12, "advance"), line(40, 8, "advance")]
    (rows,) = allocation_rows(one("Prepayments", payloads.prepayment(lines=lines, Allocations=[given])), CONTEXT)
    assert [row.net_amount for row in rows] == exact("25.00", "16.67")
    assert [row.tax_amount for row in rows] == exact("5.00", "3.33")
    assert sum(row.net_amount + row.tax_amount for row in rows) == 50


def test_rounding_of_a_part_falls_on_the_last_figure():
    given = payloads.allocation(date(2026, 11, 3), 10, payloads.invoice())
    lines = [line(10, 0, "advance"), line(10, 0, "advance"), line(10, 0, "advance")]
    (rows,) = allocation_rows(one("Prepayments", payloads.prepayment(lines=lines, Allocations=[given])), CONTEXT)
    assert [row.net_amount for row in rows] == exact("3.33", "3.33", "3.34")


def test_a_credit_notes_allocation_carries_no_lines():
    given = payloads.allocation(date(2026, 11, 3), 120, payloads.invoice())
    ((row,),) = allocation_rows(one("CreditNotes", payloads.credit_note(Allocations=[given])), CONTEXT)
    assert (row.line_id, row.total) == ("", 120)


def test_a_credit_without_allocations_has_none():
    assert allocation_rows(one("CreditNotes", payloads.credit_note()), CONTEXT) == []


def test_a_deleted_allocation_does_not_post():
    given = payloads.allocation(date(2026, 11, 3), 120, payloads.invoice()) | {"IsDeleted": True}
    ((row,),) = allocation_rows(one("CreditNotes", payloads.credit_note(Allocations=[given])), CONTEXT)
    assert not row.posts


def test_an_allocation_without_id_is_refused():
    given = payloads.allocation(date(2026, 11, 3), 120, payloads.invoice()) | {"AllocationID": ""}
    with pytest.raises(RecordRefused, match="names no id"):
        allocation_rows(one("CreditNotes", payloads.credit_note(Allocations=[given])), CONTEXT)
