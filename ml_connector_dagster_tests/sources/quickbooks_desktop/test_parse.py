"""QuickBooks' transactions and lists, read one by one."""

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from lxml import etree

from ml_connector_dagster.errors import RecordRefused, RequestRejected
from ml_connector_dagster.ledger.ledger_account import AccountClass
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sources.quickbooks_desktop.facts import facts_of
from ml_connector_dagster.sources.quickbooks_desktop.pages import document_page
from ml_connector_dagster.sources.quickbooks_desktop.parse import Context, document_rows
from ml_connector_dagster.sources.quickbooks_desktop.parse_reference import ROWS
from ml_connector_dagster.sources.quickbooks_desktop.source import SOURCE
from ml_connector_dagster_tests.sources.quickbooks_desktop import payloads
from ml_connector_dagster_tests.sources.quickbooks_desktop.payloads import CHART, answer, document, document_of, element

CHICAGO = ZoneInfo("America/Chicago")
CONTEXT = Context("USD", CHICAGO)
DAY = date(2026, 10, 5)
CLASS = {"ListID": "K-1", "FullName": "Sales:East"}
EURO = {"ListID": "E-1", "FullName": "Euro"}


def rows(entity, total="50.00", **changed):
    return document_rows(etree.fromstring(document(entity, DAY, total, **changed).xml), CONTEXT)


def invoice(*amounts, subtotal, **changed):
    lines = [
        element("InvoiceLineRet", TxnLineID=str(number), ClassRef=CLASS, Amount=amount)
        for number, amount in enumerate(amounts)
    ]
    fields = {"TxnID": "1-1", "CustomerRef": {"ListID": "C-1"}, "TxnDate": DAY, "Subtotal": subtotal, "IsPaid": "false"}
    return document_rows(etree.fromstring(element("InvoiceRet", *lines, **(fields | changed))), CONTEXT)


def listed(xml):
    record = etree.fromstring(xml)
    return ROWS[record.tag](record, CHICAGO)


def test_an_invoice_has_its_lines_its_class_and_its_tax_as_a_line_of_its_own():
    found = invoice("30.00", "20.00", subtotal="50.00", SalesTaxTotal="4.13", BalanceRemaining="10.00")
    assert [(row.net_amount, row.tax_amount) for row in found] == [(30, 0), (20, 0), (0, Decimal("4.13"))]
    assert {row.total for row in found} == {Decimal("54.13")}
    assert {row.amount_due for row in found} == {Decimal("10.00")}
    assert [row.tracking for row in found] == ['{"class":"K-1"}', '{"class":"K-1"}', "{}"]
    assert (found[0].kind, found[0].subkind, found[0].status, found[0].posts) == ("invoice", "Invoice", "Open", True)
    assert found[0].modified_at is None


def test_lines_of_a_group_stand_in_its_place_and_its_own_amount_counts_once():
    line = element("InvoiceLineRet", TxnLineID="2", Amount="50.00")
    group = element("InvoiceLineGroupRet", line, TxnLineID="1", TotalAmount="50.00")
    record = etree.fromstring(element("InvoiceRet", group, TxnID="1-1", TxnDate=DAY, Subtotal="50.00"))
    assert [row.line_id for row in document_rows(record, CONTEXT)] == ["2"]


def test_a_subtotal_line_is_left_out_where_the_invoice_s_own_subtotal_says_so():
    assert [row.net_amount for row in invoice("30.00", "20.00", "50.00", "5.00", subtotal="55.00")] == [30, 20, 5]


def test_lines_that_do_not_make_the_total_refuse_the_document():
    with pytest.raises(RecordRefused, match=r"add up to 30\.00"):
        invoice("30.00", subtotal="31.00")
    with pytest.raises(RecordRefused, match=r"add up to 50\.00"):
        rows("bills", AmountDue="51.00")


@pytest.mark.parametrize(
    ("changed", "owed"),
    [({"OpenAmount": "12.00"}, "12.00"), ({"IsPaid": "true"}, "0"), ({}, "50.00")],
    ids=["said", "paid", "open"],
)
def test_what_is_owed_of_a_bill_is_said_or_all_or_nothing(changed, owed):
    assert rows("bills", **changed)[0].amount_due == Decimal(owed)


def test_a_payment_names_what_it_was_applied_to_and_the_account_it_went_to():
    (row,) = rows("payments", UnusedPayment="7.00")
    assert row.linked_id == row.line_id != ""
    assert (row.kind, row.bank_account_id, row.amount_due) == ("payment", CHART["Checking"][0], Decimal("7.00"))
    (paid,) = rows("bill_payments")
    assert (paid.party_id, paid.bank_account_id, paid.amount_due) == ("V-1", CHART["Checking"][0], 0)


def test_a_journal_is_debit_positive_and_must_balance():
    assert [row.net_amount for row in rows("journal_entries")] == [50, -50]
    assert rows("journal_entries")[0].total == 50
    lone = element("JournalDebitLine", TxnLineID="1", AccountRef={"ListID": "1"}, Amount="5.00")
    with pytest.raises(RecordRefused, match=r"leave 5\.00"):
        document_rows(etree.fromstring(element("JournalEntryRet", lone, TxnID="1-1", TxnDate=DAY)), CONTEXT)


def test_a_void_needs_both_its_word_and_amounts_of_nothing():
    voided = rows("bills", "0.00", Memo="VOID: twice")
    assert {(row.status, row.posts) for row in voided} == {("Voided", False)}
    assert rows("bills", Memo="VOID: only said")[0].posts
    assert rows("bills", "0.00", Memo="free of charge")[0].posts


def test_another_currency_needs_its_rate_and_multiplies():
    (row,) = rows("bills", CurrencyRef=EURO, ExchangeRate="1.08")
    assert (row.currency, row.rate) == ("EUR", Decimal("1.08"))
    with pytest.raises(RecordRefused, match="no exchange rate"):
        rows("bills", CurrencyRef=EURO)


def test_a_stamp_is_the_workstation_s_clock_time():
    assert rows("bills")[0].modified_at == datetime(2026, 11, 3, 15, 30, tzinfo=UTC)


def test_an_edit_that_moves_no_stamp_is_still_seen():
    marks = {
        rows("bills", TxnID="1-1", **changed)[0].version_hash
        for changed in ({}, {"RefNumber": "8"}, {"IsPaid": "true"})
    }
    assert len(marks) == 3


def test_documents_of_another_month_refuse_the_whole_answer():
    content = document_of(answer("BillQueryRs", document("bills", date(2026, 9, 30)).xml)).encode()
    with pytest.raises(RequestRejected, match="ignored the filter"):
        document_page(SOURCE.entity("bills"), content, CONTEXT, Period(2026, 10), seen=set())


def test_a_record_that_comes_on_two_pages_of_a_moving_list_counts_once():
    bill, other, seen = document("bills", DAY), document("bills", DAY), set()
    pages = [
        document_of(answer("BillQueryRs", *(one.xml for one in page))).encode() for page in ([bill], [other, bill])
    ]
    read = [document_page(SOURCE.entity("bills"), page, CONTEXT, Period(2026, 10), seen=seen) for page in pages]
    assert [page.read for page in read] == [1, 1]
    assert [row.document_id for page in read for row in page.rows] == [bill.txn_id, other.txn_id]


def test_fields_that_no_schema_names_are_counted_and_never_an_error():
    content = document_of(answer("BillQueryRs", document("bills", DAY, IsShiny="true").xml)).encode()
    page = document_page(SOURCE.entity("bills"), content, CONTEXT, Period(2026, 10), seen=set())
    assert page.unknown_fields == {"BillRet.IsShiny": 1}
    assert not page.refused


@pytest.mark.parametrize(
    ("kind", "account_class"),
    [
        ("Bank", AccountClass.ASSET),
        ("CreditCard", AccountClass.LIABILITY),
        ("Equity", AccountClass.EQUITY),
        ("OtherIncome", AccountClass.INCOME),
        ("CostOfGoodsSold", AccountClass.EXPENSE),
        ("NonPosting", ""),
        ("Crypto", ""),
    ],
)
def test_an_account_s_type_gives_its_class_or_none_at_all(kind, account_class):
    row = listed(payloads.account("Rent", AccountType=kind))
    assert row.account_class == account_class
    assert (row.code, row.name, row.active) == ("6000", "Rent", True)


def test_jobs_carry_their_customer_s_name_and_a_deleted_one_stays_as_inactive():
    assert listed(payloads.named("Customer", "Abbott:Kitchen")).name == "Abbott:Kitchen"
    assert listed(payloads.named("Vendor", "Acme")).name == "Acme"
    gone = listed(payloads.deleted("Customer", "C-9", "Aldergate"))
    assert (gone.party_id, gone.name, gone.active) == ("C-9", "Aldergate", False)
    option = listed(payloads.deleted("Class", "K-9", "Old"))
    assert (option.option_id, option.category, option.active) == ("K-9", "Class", False)


def test_a_list_element_without_an_id_is_refused():
    with pytest.raises(RecordRefused, match="no ListID"):
        listed(payloads.account("Rent", ListID=None))


def test_the_company_s_fiscal_year_and_closing_date_come_with_each_session():
    facts = facts_of(payloads.greeting(first_month="April", closing="2026-06-30").encode())
    company = facts.company(payloads.FILE_ID, "America/Chicago")
    assert (company.fiscal_year_end_month, company.lock_on, company.base_currency) == (3, date(2026, 6, 30), "USD")
    assert (facts.uses_classes, facts.uses_account_numbers) == (True, True)
    assert facts_of(payloads.greeting().encode()).company("x", "UTC").fiscal_year_end_month == 12


@pytest.mark.parametrize("told", [payloads.greeting(first_month="Brumaire"), document_of(answer("HostQueryRs"))])
def test_a_company_without_what_figures_depend_on_is_refused(told):
    with pytest.raises(RequestRejected, match="no period can be read"):
        facts_of(told.encode())
