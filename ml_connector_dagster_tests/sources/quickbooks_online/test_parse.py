"""QuickBooks' documents to rows: whose account a line has, what is a line at all, and what is refused."""

from datetime import date
from decimal import Decimal

import pytest

from ml_connector_dagster.errors import RecordRefused
from ml_connector_dagster.sources.quickbooks_online.context import context_of
from ml_connector_dagster.sources.quickbooks_online.parse import document_rows
from ml_connector_dagster_tests.sources.quickbooks_online import payloads
from ml_connector_dagster_tests.sources.quickbooks_online.payloads import ref

DAY = date(2026, 10, 5)
CONTEXT = context_of(payloads.PREFERENCES, payloads.ITEMS)


def rows(word, **fields):
    return document_rows(word, payloads.document(word, DAY) | fields, CONTEXT)


def test_a_sales_line_keeps_its_own_account_although_its_item_was_pointed_elsewhere():
    line = payloads.sales_line(ItemAccountRef=ref("48"))
    assert [row.ledger_account_id for row in rows("Invoice", Line=[line])] == ["48"]


def test_a_sales_line_without_account_takes_its_items_and_never_a_default():
    line = payloads.sales_line(ItemAccountRef=None)
    assert rows("Invoice", Line=[line])[0].ledger_account_id == payloads.SALES
    with pytest.raises(RecordRefused, match="names no IncomeAccount"):
        rows("Invoice", Line=[payloads.sales_line(ItemAccountRef=None, ItemRef=ref("99"))])


def test_a_purchased_item_goes_to_stock_where_stock_is_kept_and_to_cost_else():
    lines = [payloads.item_line(payloads.STOCK, 30), payloads.item_line(payloads.ITEM, 20, "2")]
    assert [row.ledger_account_id for row in rows("Bill", Line=lines)] == ["81", payloads.COST]


def test_a_discount_counts_against_subtotals_do_not_count_and_tax_is_a_line_of_its_own():
    discount = {"Amount": 10, "DetailType": "DiscountLineDetail"}
    discount["DiscountLineDetail"] = {"DiscountAccountRef": ref(payloads.DISCOUNTS)}
    subtotal = {"Amount": 90, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}}
    tax = {"TotalTax": Decimal("7.20")}
    found = rows(
        "Invoice", Line=[payloads.sales_line(), discount, subtotal], TxnTaxDetail=tax, TotalAmt=Decimal("97.20")
    )
    assert [(row.ledger_account_id, row.net_amount, row.tax_amount) for row in found] == [
        (payloads.SALES, 100, 0),
        (payloads.DISCOUNTS, -10, 0),
        ("", 0, Decimal("7.20")),
    ]


def test_a_bundle_is_its_lines_and_its_own_amount_is_not_added():
    bundle = {"Lines": 2, "Line": [payloads.sales_line(60), payloads.sales_line(40, "2")]}
    line = {"Amount": 100, "DetailType": "GroupLineDetail", "GroupLineDetail": bundle}
    assert [row.net_amount for row in rows("Invoice", Line=[line])] == [60, 40]


def test_lines_that_do_not_foot_to_the_total_are_refused_but_not_a_statement_charge():
    with pytest.raises(RecordRefused, match=r"add up to 100\.00, its total is 101"):
        rows("Invoice", TotalAmt=101)
    subtotal = {"Amount": 75, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}}
    charge = [{"TxnId": "12", "TxnType": "StatementCharge"}]
    assert rows("Invoice", Line=[subtotal], TotalAmt=75, LinkedTxn=charge)[0].total == 75


def test_a_kind_of_line_that_is_not_known_is_refused():
    line = {"Amount": 100, "DetailType": "TxnRetainageDetail", "TxnRetainageDetail": {}}
    with pytest.raises(RecordRefused, match="TxnRetainageDetail"):
        rows("Invoice", Line=[line])


def test_a_journals_total_is_its_debits_and_it_must_balance():
    found = rows("JournalEntry")
    assert [row.net_amount for row in found] == [100, -100]
    assert {row.total for row in found} == {100}
    with pytest.raises(RecordRefused, match="do not balance"):
        rows("JournalEntry", Line=[payloads.journal_line(100, "Debit", payloads.COST)])


def test_a_void_is_told_by_its_amounts_and_a_note_alone_voids_nothing():
    nothing = [payloads.sales_line(0)]
    voided = rows("Invoice", Line=nothing, TotalAmt=0, Balance=0, PrivateNote="Voided - by mistake")[0]
    assert (voided.status, voided.posts) == ("Voided", False)
    assert rows("Invoice", PrivateNote="Voided")[0].posts
    assert rows("Invoice", Line=nothing, TotalAmt=0, Balance=0)[0].posts


def test_a_foreign_document_carries_home_units_for_one_of_its_own_and_is_refused_without():
    assert rows("Invoice", CurrencyRef=ref("EUR"), ExchangeRate=Decimal("1.08"))[0].rate == Decimal("1.08")
    with pytest.raises(RecordRefused, match="carries the rate"):
        rows("Invoice", CurrencyRef=ref("EUR"), ExchangeRate=None)


def test_payments_name_what_they_settled_and_where_the_money_went():
    paid = rows("BillPayment")[0]
    assert (paid.linked_id, paid.bank_account_id, paid.party_id) == ("78", payloads.CHECKING, payloads.VENDOR)
    assert rows("Payment")[0].bank_account_id == ""
    card = {"CreditCardPayment": {"CCAccountRef": ref(payloads.CARD)}, "CheckPayment": None, "PayType": "CreditCard"}
    assert rows("BillPayment", **card)[0].bank_account_id == payloads.CARD


def test_cash_back_is_taken_off_a_deposit_and_a_card_credit_counts_against():
    cash = {"AccountRef": ref("40"), "Amount": 20, "Memo": "petty"}
    assert [row.net_amount for row in rows("Deposit", CashBack=cash)] == [50, -20]
    assert rows("Purchase", Credit=True)[0].kind == "vendor_credit"
    assert rows("RefundReceipt")[0].kind == rows("CreditMemo")[0].kind == "credit_note"


def test_a_class_stands_on_the_line_else_on_the_document_and_a_department_on_the_document():
    line = payloads.sales_line(ClassRef=None)
    found = rows("Invoice", Line=[line], ClassRef=ref("502"), DepartmentRef=ref(payloads.DEPARTMENT))
    assert found[0].tracking == '{"class":"class-502","department":"department-3"}'
    assert rows("Invoice")[0].tracking == '{"class":"class-501"}'
