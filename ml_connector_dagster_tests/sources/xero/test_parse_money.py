from datetime import date
from decimal import Decimal

import pytest

from ml_connector_dagster.errors import RecordRefused
from ml_connector_dagster.sources.xero.parse_money import payment_rows, transfer_rows
from ml_connector_dagster_tests.sources.xero import payloads
from ml_connector_dagster_tests.sources.xero.payloads import account_id
from ml_connector_dagster_tests.sources.xero.read import CONTEXT, one


def payment_of(**more):
    return payment_rows(one("Payments", payloads.payment(**more)), CONTEXT)


def test_a_payment_is_one_row_on_its_bank_linked_to_its_document():
    settled = payloads.invoice()
    (row,) = payment_of(day=date(2026, 11, 2), document=settled)
    assert (row.kind, row.subkind, row.linked_id) == ("payment", "ACCRECPAYMENT", settled["InvoiceID"])
    assert (row.bank_account_id, row.party_id, row.document_date) == (
        account_id("bank"),
        payloads.CUSTOMER,
        date(2026, 11, 2),
    )
    assert (row.total, row.bank_amount, row.posts) == (120, 120, True)


def test_a_rate_of_zero_on_a_base_currency_payment_means_one():
    assert payment_of(CurrencyRate=0)[0].rate == 1


def test_a_foreign_payment_needs_a_rate():
    with pytest.raises(RecordRefused, match="carries the rate 0"):
        payment_of(document=payloads.invoice(CurrencyCode="USD"), CurrencyRate=0)


def test_a_foreign_payment_keeps_amount_and_bank_amount_apart():
    (row,) = payment_of(document=payloads.invoice(CurrencyCode="USD"), CurrencyRate=1.25, Amount=120, BankAmount=96)
    assert (row.currency, row.rate, row.total, row.bank_amount) == ("USD", Decimal("1.25"), 120, 96)


def test_a_missing_bank_amount_is_the_amount():
    record = payloads.payment()
    del record["BankAmount"]
    assert payment_rows(one("Payments", record), CONTEXT)[0].bank_amount == 120


def test_a_deleted_payment_stays_and_does_not_post():
    assert payment_of(Status="DELETED")[0].posts is False


@pytest.mark.parametrize("field", ["Status", "PaymentType"])
def test_an_unknown_word_is_refused(field):
    with pytest.raises(RecordRefused, match="'NOVEL'"):
        payment_of(**{field: "NOVEL"})


def test_a_payment_without_bank_is_refused():
    with pytest.raises(RecordRefused, match="names no bank account"):
        payment_of(Account=None)


def test_a_payment_of_nothing_is_refused():
    with pytest.raises(RecordRefused, match="names no document"):
        payment_of(Invoice=None)


def test_a_payment_that_hides_its_documents_currency_is_refused():
    with pytest.raises(RecordRefused, match="in which currency"):
        payment_of(document=payloads.invoice(CurrencyCode=""))


@pytest.mark.parametrize("where", ["CreditNote", "Prepayment", "Overpayment"])
def test_a_refund_may_name_its_credit_beside_the_invoice(where):
    credit = {f"{where}ID": "c-1", "CurrencyCode": "GBP", "Contact": {"ContactID": "x"}}
    (row,) = payment_of(Invoice=None, PaymentType="ARCREDITPAYMENT", **{where: credit})
    assert (row.linked_id, row.party_id) == ("c-1", "x")


def test_a_refund_whose_credit_shows_no_contact_has_no_party():
    (row,) = payment_of(
        Invoice=None, PaymentType="ARCREDITPAYMENT", CreditNote={"CreditNoteID": "c", "CurrencyCode": "GBP"}
    )
    assert row.party_id == ""


def test_a_transfer_leaves_one_account_and_enters_the_other():
    out, into = transfer_rows(one("BankTransfers", payloads.transfer()), CONTEXT)
    assert (out.ledger_account_id, out.net_amount) == (account_id("bank"), -500)
    assert (into.ledger_account_id, into.net_amount) == (account_id("dollars"), 500)
    assert out.document_id == into.document_id
    assert out.line_id != into.line_id


def test_a_deleted_transfer_does_not_post():
    assert not transfer_rows(one("BankTransfers", payloads.transfer(Status="DELETED")), CONTEXT)[0].posts


def test_a_transfer_with_one_account_is_refused():
    with pytest.raises(RecordRefused, match="both its accounts"):
        transfer_rows(one("BankTransfers", payloads.transfer(ToBankAccount={"Name": "?"})), CONTEXT)


def test_a_transfer_from_a_foreign_account_keeps_currency_and_rate():
    away = {"AccountID": account_id("dollars"), "CurrencyCode": "USD"}
    out, _ = transfer_rows(one("BankTransfers", payloads.transfer(FromBankAccount=away, CurrencyRate=1.3)), CONTEXT)
    assert (out.currency, out.rate) == ("USD", Decimal("1.3"))
