"""Every posting rule against an entry worked out by hand: debit positive, credit negative, base currency."""

from datetime import date
from decimal import Decimal

import pytest

from ml_connector_dagster.errors import HeldForPerson, RecordRefused
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.ledger.posting import LedgerLine
from ml_connector_dagster.sources.contract.entity import LEDGER_LINES
from ml_connector_dagster.sources.xero.source import SOURCE
from ml_connector_dagster.staging.frames import rows_of
from ml_connector_dagster_tests.sources.staged import StagedInMemory
from ml_connector_dagster_tests.sources.xero import payloads
from ml_connector_dagster_tests.sources.xero.fake_xero import FakeXero
from ml_connector_dagster_tests.sources.xero.payloads import account_id, line, region

OCTOBER = Period(2026, 10)
NAMES = {account_id(name): name for name in payloads.ACCOUNTS}


def staged_of(period=OCTOBER, **records):
    """Answer what a Xero with these records stages, ledger lines included, and its client."""
    company, http = FakeXero(records).open()
    staged = StagedInMemory()
    staged.pull(company, SOURCE.entities, period)
    return staged, http


def lines_of(period=OCTOBER, **records) -> list[LedgerLine]:
    return rows_of(LedgerLine, staged_of(period, **records)[0].lines(LEDGER_LINES, period))


def entry(period=OCTOBER, **records):
    """Answer [(account, amount)] as a bookkeeper would write it, sorted."""
    return sorted((NAMES[row.ledger_account_id], row.amount) for row in lines_of(period, **records))


def refusals(**records):
    staged, _ = staged_of(**records)
    return staged.refused[LEDGER_LINES, OCTOBER]


def money(**figures):
    return sorted((name, Decimal(str(amount))) for name, amount in figures.items())


def test_an_invoice_debits_the_receivable_and_credits_sales_and_tax():
    assert entry(Invoices=[payloads.invoice()]) == money(receivable=120, sales=-100, tax=-20)


def test_a_bill_credits_the_payable_and_debits_cost_and_tax():
    assert entry(Invoices=[payloads.bill()]) == money(payable=-120, fees=100, tax=20)


def test_a_document_posts_on_its_own_date_whatever_was_due_paid_or_modified_when():
    later = payloads.slashed(date(2026, 12, 1))
    invoice = payloads.invoice(date(2026, 10, 31), DueDate=later, FullyPaidOnDate=later, UpdatedDateUTC=later)
    assert {(row.posting_date, row.period) for row in lines_of(Invoices=[invoice])} == {(date(2026, 10, 31), "2026-10")}


def test_a_line_posts_to_its_accounts_id_whatever_code_it_carries():
    invoice = payloads.invoice(lines=[line(100, 20, "sales", AccountCode="404")])
    assert entry(Invoices=[invoice]) == money(receivable=120, sales=-100, tax=-20)


def test_a_credit_note_turns_an_invoice_round():
    assert entry(CreditNotes=[payloads.credit_note()]) == money(receivable=-120, sales=100, tax=20)


def test_a_vendors_credit_turns_a_bill_round():
    note = payloads.credit_note(lines=[line(account="fees")], Type="ACCPAYCREDIT")
    assert entry(CreditNotes=[note]) == money(payable=120, fees=-100, tax=-20)


def test_spent_money_credits_the_bank():
    assert entry(BankTransactions=[payloads.bank_transaction()]) == money(bank=-120, fees=100, tax=20)


def test_received_money_debits_the_bank():
    received = payloads.bank_transaction(lines=[line()], Type="RECEIVE")
    assert entry(BankTransactions=[received]) == money(bank=120, sales=-100, tax=-20)


def test_a_journal_posts_as_written():
    assert entry(ManualJournals=[payloads.journal()]) == money(fees=30, payable=-30)


def test_a_journals_tax_goes_to_the_tax_account():
    lines = [line(100, 20, "fees"), line(-120, 0, "payable")]
    journal = payloads.journal(lines=lines, LineAmountTypes="Exclusive")
    assert entry(ManualJournals=[journal]) == money(fees=100, tax=20, payable=-120)


def test_a_journal_out_of_balance_is_refused_whole_and_the_others_post():
    wrong = payloads.journal(lines=[line(30, 0, "fees"), line(-29.99, 0, "payable")])
    (refused,) = refusals(ManualJournals=[wrong, payloads.journal()])
    assert refused.record_id == wrong["ManualJournalID"]
    assert "out of balance by 0.01" in refused.reason
    assert entry(ManualJournals=[wrong, payloads.journal()]) == money(fees=30, payable=-30)


def test_inclusive_tax_is_unpacked_before_it_posts():
    inclusive = payloads.invoice(lines=[line(120, 20)], LineAmountTypes="Inclusive")
    assert entry(Invoices=[inclusive]) == money(receivable=120, sales=-100, tax=-20)


def test_tax_that_is_not_recoverable_posts_to_the_cost():
    rate = {"TaxType": "BLOCKED", "TaxComponents": [{"Rate": 20, "IsNonRecoverable": True}]}
    bill = payloads.bill(lines=[line(100, 20, "fees", TaxType="BLOCKED")])
    assert entry(Invoices=[bill], TaxRates=[rate]) == money(payable=-120, fees=120)


@pytest.mark.parametrize("status", ["DRAFT", "SUBMITTED", "VOIDED", "DELETED"])
def test_what_is_not_authorised_posts_nothing_although_it_keeps_its_amounts(status):
    assert entry(Invoices=[payloads.invoice(Status=status)]) == []


def test_a_foreign_amount_is_divided_by_the_documents_rate():
    foreign = payloads.invoice(lines=[line(100, 0)], CurrencyCode="USD", CurrencyRate=1.25)
    (sales, receivable) = sorted(lines_of(Invoices=[foreign]), key=lambda row: row.amount)
    assert (sales.amount, receivable.amount) == (-80, 80)
    assert (sales.document_amount, receivable.document_amount) == (-100, 100)
    assert (sales.currency, sales.rate) == ("USD", Decimal("1.25"))


def test_each_line_rounds_half_up_and_the_receivable_is_minus_their_sum():
    """100 / 1.7 = 58.8235: 58.82 twice is 117.64, although 200 / 1.7 would be 117.65."""
    foreign = payloads.invoice(lines=[line(100, 0), line(100, 0)], CurrencyCode="USD", CurrencyRate=1.7)
    assert entry(Invoices=[foreign]) == sorted(
        [("sales", Decimal("-58.82")), ("sales", Decimal("-58.82")), ("receivable", Decimal("117.64"))]
    )


def test_a_half_cent_goes_away_from_nought():
    foreign = payloads.invoice(lines=[line(0.01, 0), line(-0.03, 0), line(1, 0)], CurrencyCode="USD", CurrencyRate=2)
    assert sorted(row.amount for row in lines_of(Invoices=[foreign]) if row.line_id != "total") == [
        Decimal("-0.5"),
        Decimal("-0.01"),
        Decimal("0.02"),
    ]


def test_foreign_and_base_documents_of_one_page_do_not_disturb_each_other():
    home = payloads.invoice()
    away = payloads.invoice(lines=[line(100, 0)], CurrencyCode="USD", CurrencyRate=1.25)
    assert entry(Invoices=[home, away]) == sorted(
        [*money(receivable=120, sales=-100, tax=-20), *money(receivable=80, sales=-80)]
    )


def test_a_rounding_amount_goes_to_its_account():
    rounded = payloads.invoice() | {"Total": 120.03}
    assert entry(Invoices=[rounded]) == money(receivable="120.03", sales=-100, tax=-20, rounding="-0.03")
    on_bill = payloads.bill() | {"Total": 120.03}
    assert entry(Invoices=[on_bill]) == money(payable="-120.03", fees=100, tax=20, rounding="0.03")


def test_a_line_carries_its_tracking_and_the_receivable_none():
    invoice = payloads.invoice(lines=[line(Tracking=[region()])])
    by_account = {NAMES[row.ledger_account_id]: row.tracking for row in lines_of(Invoices=[invoice])}
    assert payloads.NORTH in by_account["sales"]
    assert by_account["receivable"] == by_account["tax"] == "{}"


def test_every_leg_names_its_document_its_party_and_its_period():
    invoice = payloads.invoice(date(2026, 10, 31))
    for row in lines_of(Invoices=[invoice]):
        assert (row.period, row.posting_date) == ("2026-10", date(2026, 10, 31))
        assert (row.record_id, row.kind) == (invoice["InvoiceID"], "invoice")
        assert (row.customer_id, row.vendor_id) == (payloads.CUSTOMER, "")
    assert {row.vendor_id for row in lines_of(Invoices=[payloads.bill()])} == {payloads.VENDOR}


def test_the_lines_of_a_document_have_ids_of_their_own():
    rows = lines_of(Invoices=[payloads.invoice(lines=[line(), line()])])
    assert len({row.line_id for row in rows}) == len(rows) == 5


@pytest.mark.parametrize(
    ("contact", "kind", "side"),
    [
        (payloads.VENDOR, "SPEND", "vendor"),
        (payloads.CUSTOMER, "RECEIVE", "customer"),
        (payloads.STRANGER, "SPEND", "vendor"),
        (payloads.STRANGER, "RECEIVE", "customer"),
        (payloads.VENDOR, "RECEIVE", "vendor"),
        (payloads.CUSTOMER, "SPEND", "customer"),
    ],
)
def test_money_from_anybody_falls_on_the_side_where_a_member_exists(contact, kind, side):
    transaction = payloads.bank_transaction(Type=kind, Contact={"ContactID": contact})
    for row in lines_of(BankTransactions=[transaction]):
        assert (row.customer_id, row.vendor_id) == ((contact, "") if side == "customer" else ("", contact))


def test_a_prepayment_posts_once_as_a_bank_transaction():
    prepaid = payloads.prepayment()
    twin = payloads.bank_transaction(
        lines=[line(account="advance")], Type="RECEIVE-PREPAYMENT", PrepaymentID=prepaid["PrepaymentID"]
    )
    records = {"Prepayments": [prepaid], "BankTransactions": [twin]}
    assert entry(**records) == money(bank=120, advance=-100, tax=-20)
    assert refusals(**records) == []


def test_an_overpayment_posts_once_as_a_bank_transaction():
    over = payloads.overpayment()
    twin = payloads.bank_transaction(
        lines=[line(50, 0, "receivable")], Type="RECEIVE-OVERPAYMENT", OverpaymentID=over["OverpaymentID"]
    )
    assert entry(Overpayments=[over], BankTransactions=[twin]) == money(bank=50, receivable=-50)


def test_a_prepayment_without_its_bank_transaction_is_refused_and_not_forgotten():
    prepaid = payloads.prepayment()
    (refused,) = refusals(Prepayments=[prepaid])
    assert refused.record_id == prepaid["PrepaymentID"]
    assert "account it moved through" in refused.reason


def test_the_bank_transactions_of_a_transfer_post_nothing_beside_it():
    ends = [
        payloads.bank_transaction(lines=[], Type=kind) | {"Total": 500}
        for kind in ("SPEND-TRANSFER", "RECEIVE-TRANSFER")
    ]
    assert entry(BankTransactions=ends, BankTransfers=[payloads.transfer()]) == money(bank=-500, dollars=500)


def test_a_chart_without_a_tax_account_posts_no_tax_in_silence():
    accounts = [payloads.account(name) for name in payloads.ACCOUNTS if name != "tax"]
    with pytest.raises(RecordRefused, match="system part GST"):
        staged_of(Accounts=accounts, Invoices=[payloads.invoice()])
    assert entry(Accounts=accounts, Invoices=[payloads.invoice(lines=[line(100, 0)])]) == money(
        receivable=100, sales=-100
    )


def test_every_record_that_posts_is_read_once():
    staged, _ = staged_of(Invoices=[payloads.invoice(), payloads.invoice(Status="VOIDED"), payloads.bill()])
    assert staged.read[LEDGER_LINES, OCTOBER] == 2


def test_nothing_is_derived_from_what_was_never_read():
    company, _ = FakeXero().open()
    with pytest.raises(HeldForPerson):
        list(company.derive(SOURCE.entity(LEDGER_LINES), OCTOBER, StagedInMemory()))
