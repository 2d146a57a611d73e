"""Payments, allocations and transfers against entries worked out by hand."""

from datetime import date
from decimal import Decimal

import pytest

from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sources.contract.entity import LEDGER_LINES
from ml_connector_dagster.sources.xero.source import SOURCE
from ml_connector_dagster_tests.sources.staged import StagedInMemory
from ml_connector_dagster_tests.sources.xero import payloads
from ml_connector_dagster_tests.sources.xero.fake_xero import FakeXero
from ml_connector_dagster_tests.sources.xero.payloads import account_id, line
from ml_connector_dagster_tests.sources.xero.test_postings import NAMES, OCTOBER, entry, lines_of, money, refusals

MARCH = date(2026, 3, 2)
NINTH = date(2026, 10, 9)
STAMP = {"UpdatedDateUTC": payloads.slashed(NINTH)}


def dollars(make, day=MARCH, rate=1.25, **more):
    return make(day, [line(100, 0, more.pop("account", "sales"))], CurrencyCode="USD", CurrencyRate=rate, **more)


def paid(document, kind="ACCRECPAYMENT", amount=100, bank=80, rate=1.25, account="bank"):
    return payloads.payment(
        NINTH,
        document,
        PaymentType=kind,
        Amount=amount,
        BankAmount=bank,
        CurrencyRate=rate,
        Account={"AccountID": account_id(account)},
    )


def test_a_payment_moves_bank_and_receivable_alone():
    assert entry(Payments=[payloads.payment()]) == money(bank=120, receivable=-120)


@pytest.mark.parametrize(
    ("kind", "posted"),
    [
        ("ACCPAYPAYMENT", money(bank=-120, payable=120)),
        ("ARCREDITPAYMENT", money(bank=-120, receivable=120)),
        ("APCREDITPAYMENT", money(bank=120, payable=-120)),
        ("AROVERPAYMENTPAYMENT", money(bank=-120, receivable=120)),
        ("APOVERPAYMENTPAYMENT", money(bank=120, payable=-120)),
    ],
)
def test_each_type_of_payment_moves_its_own_way(kind, posted):
    assert entry(Payments=[payloads.payment(PaymentType=kind)]) == posted


def test_a_deleted_payment_moves_nothing():
    assert entry(Payments=[payloads.payment(Status="DELETED")]) == []


def test_a_payment_names_customer_or_vendor():
    (first, second) = lines_of(Payments=[payloads.payment()])
    assert {first.customer_id, second.customer_id} == {payloads.CUSTOMER}
    bill = payloads.bill()
    assert {
        row.vendor_id for row in lines_of(Payments=[payloads.payment(document=bill, PaymentType="ACCPAYPAYMENT")])
    } == {payloads.VENDOR}


def test_a_better_rate_at_payment_is_a_realised_gain():
    """100 USD billed at 1.25 is 80.00; received at 1.20 it is 83.33: a gain of 3.33, a credit."""
    invoice = dollars(payloads.invoice)
    payment = paid(invoice, bank=Decimal("83.33").__float__(), rate=1.2)
    assert entry(Invoices=[invoice], Payments=[payment]) == money(bank="83.33", receivable=-80, realised="-3.33")


def test_a_worse_rate_on_a_bill_is_a_realised_loss():
    bill = dollars(payloads.bill, account="fees")
    payment = paid(bill, "ACCPAYPAYMENT", bank=90, rate=1.1111111111)
    assert entry(Invoices=[bill], Payments=[payment]) == money(bank=-90, payable=80, realised=10)


def test_a_payment_at_the_documents_rate_realises_nothing():
    invoice = dollars(payloads.invoice)
    assert entry(Invoices=[invoice], Payments=[paid(invoice)]) == money(bank=80, receivable=-80)


def test_the_banks_own_figure_counts_where_it_is_kept_in_base_currency():
    """100 / 1.3333 = 75.0019 = 75.00; the bank says 75.01, and the bank is right."""
    invoice = dollars(payloads.invoice, rate=1.3333)
    payment = paid(invoice, bank=75.01, rate=1.3333)
    assert entry(Invoices=[invoice], Payments=[payment]) == money(bank="75.01", receivable=-75, realised="-0.01")


def test_money_into_a_foreign_bank_is_converted_at_the_payments_rate():
    invoice = dollars(payloads.invoice)
    payment = paid(invoice, bank=100, rate=1.6, account="dollars")
    assert entry(Invoices=[invoice], Payments=[payment]) == money(dollars="62.50", receivable=-80, realised="17.50")


def test_the_document_of_another_period_is_found_in_staging_without_a_call():
    invoice = dollars(payloads.invoice)
    company, http = FakeXero({"Invoices": [invoice], "Payments": [paid(invoice)]}).open()
    staged = StagedInMemory()
    staged.pull(company, [SOURCE.entity("invoices")], Period.of(MARCH))
    before = http.calls
    staged.pull(company, SOURCE.entities, OCTOBER)
    by_id = [one for one in http.asked[before:] if "IDs" in one.params]
    assert by_id == []
    assert staged.read[LEDGER_LINES, OCTOBER] == 1


def test_the_document_of_a_period_never_staged_is_fetched_by_id():
    invoices = [dollars(payloads.invoice) for _ in range(41)]
    company, http = FakeXero({"Invoices": invoices, "Payments": [paid(invoice) for invoice in invoices]}).open()
    staged = StagedInMemory()
    staged.pull(company, SOURCE.entities, OCTOBER)
    assert [len(one.params["IDs"].split(",")) for one in http.asked if "IDs" in one.params] == [40, 1]
    assert staged.refused[LEDGER_LINES, OCTOBER] == []


def test_a_foreign_refund_finds_its_credit_note_by_id():
    note = dollars(payloads.credit_note)
    refund = paid(note, "ARCREDITPAYMENT", bank=84, rate=1.19)
    assert entry(CreditNotes=[note], Payments=[refund]) == money(bank=-84, receivable=80, realised=4)


def test_a_foreign_payment_of_a_document_that_is_gone_is_refused():
    invoice = dollars(payloads.invoice)
    (refused,) = refusals(Payments=[paid(invoice)])
    assert "is not in Xero" in refused.reason


def test_a_refunded_prepayment_comes_off_the_accounts_it_stood_on():
    prepaid = payloads.prepayment(MARCH, lines=[line(100, 20, "advance")])
    refund = payloads.payment(document=prepaid, PaymentType="ARPREPAYMENTPAYMENT", Amount=60, BankAmount=60)
    assert entry(Prepayments=[prepaid], Payments=[refund]) == money(bank=-60, advance=50, tax=10)


def test_a_refund_of_a_prepayment_that_is_gone_is_refused():
    refund = payloads.payment(document=payloads.prepayment(), PaymentType="ARPREPAYMENTPAYMENT")
    assert len(refusals(Payments=[refund])) == 1


def test_an_allocated_prepayment_moves_from_its_accounts_to_the_receivable():
    invoice = payloads.invoice()
    given = payloads.allocation(NINTH, 120, invoice)
    prepaid = payloads.prepayment(MARCH, lines=[line(100, 20, "advance")], Allocations=[given], **STAMP)
    assert entry(Prepayments=[prepaid]) == money(advance=100, tax=20, receivable=-120)


def test_a_prepayment_to_a_vendor_moves_to_the_payable():
    given = payloads.allocation(NINTH, 50, payloads.bill())
    prepaid = payloads.prepayment(
        MARCH, lines=[line(50, 0, "advance")], Type="SPEND-PREPAYMENT", Allocations=[given], **STAMP
    )
    assert entry(Prepayments=[prepaid]) == money(advance=-50, payable=50)


@pytest.mark.parametrize(
    ("endpoint", "make"), [("CreditNotes", payloads.credit_note), ("Overpayments", payloads.overpayment)]
)
def test_an_allocated_credit_in_base_currency_moves_nothing(endpoint, make):
    credit = make(MARCH, Allocations=[payloads.allocation(NINTH, 50, payloads.invoice())], **STAMP)
    assert entry(**{endpoint: [credit]}) == []


def test_an_allocated_foreign_credit_realises_the_difference_of_both_rates():
    """100 USD credited at 1.25 is 80.00, set against an invoice at 1.60, 62.50: a loss of 17.50 on the receivable."""
    invoice = dollars(payloads.invoice, rate=1.6)
    note = dollars(payloads.credit_note, Allocations=[payloads.allocation(NINTH, 100, invoice)], **STAMP)
    assert entry(Invoices=[invoice], CreditNotes=[note]) == sorted(
        [("receivable", Decimal(80)), ("receivable", Decimal("-62.5")), ("realised", Decimal("-17.5"))]
    )


def test_an_allocation_to_a_foreign_document_that_is_gone_is_refused():
    note = dollars(payloads.credit_note, Allocations=[payloads.allocation(NINTH, 100, payloads.invoice())], **STAMP)
    assert "is not in Xero" in refusals(CreditNotes=[note])[0].reason


def test_a_transfer_moves_between_banks():
    rows = lines_of(BankTransfers=[payloads.transfer()])
    assert {(NAMES[row.ledger_account_id], row.amount) for row in rows} == {("bank", -500), ("dollars", 500)}
    assert {row.kind for row in rows} == {"transfer"}
    assert {(row.customer_id, row.vendor_id) for row in rows} == {("", "")}


def test_a_transfer_out_of_a_foreign_bank_is_converted():
    back = payloads.transfer(
        FromBankAccount={"AccountID": account_id("dollars"), "CurrencyCode": "USD"},
        ToBankAccount={"AccountID": account_id("bank")},
        CurrencyRate=1.25,
    )
    assert entry(BankTransfers=[back]) == money(dollars=-400, bank=400)


def test_a_payment_on_a_line_of_its_own_never_touches_profit_and_loss():
    accounts = {name for name, _ in entry(Payments=[payloads.payment(), payloads.payment(PaymentType="ACCPAYPAYMENT")])}
    assert accounts == {"bank", "receivable", "payable"}
