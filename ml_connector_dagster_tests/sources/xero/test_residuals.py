from datetime import date
from decimal import Decimal

from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sources.xero.source import SOURCE
from ml_connector_dagster_tests.sources.staged import StagedInMemory
from ml_connector_dagster_tests.sources.xero import payloads
from ml_connector_dagster_tests.sources.xero.fake_xero import FakeXero
from ml_connector_dagster_tests.sources.xero.payloads import account_id
from ml_connector_dagster_tests.sources.xero.test_reports import _told

OCTOBER = Period(2026, 10)


def residuals(closing=None, opening=None, period=OCTOBER, **records):
    xero = FakeXero(records)
    xero.reports = {
        period.last_on.isoformat(): _told(closing or {}),
        period.previous().last_on.isoformat(): _told(opening or {}),
    }
    company, http = xero.open()
    staged = StagedInMemory()
    staged.pull(company, SOURCE.entities, period)
    before = http.calls
    found = company.residuals(period, staged)
    names = {account_id(name): name for name in payloads.ACCOUNTS}
    readable = {kind: {names[account]: amount for account, amount in one.items()} for kind, one in found.items()}
    return readable, http.calls - before


def test_nothing_moved_leaves_no_class():
    assert residuals()[0] == {}


def test_the_years_result_rolls_into_retained_earnings_in_the_first_month_alone():
    opening = {"sales": -300, "fees": 100, "bank": 200}
    april, _ = residuals({"bank": 200, "retained": -200}, opening, Period(2026, 4))
    assert april == {"retained_earnings": {"retained": -200}}
    assert residuals(opening, opening)[0] == {}


def test_reports_that_control_read_are_not_asked_for_again():
    xero = FakeXero()
    xero.reports = {"2026-10-31": _told({}), "2026-09-30": _told({})}
    company, http = xero.open()
    staged = StagedInMemory()
    staged.pull(company, SOURCE.entities, OCTOBER)
    company.control(OCTOBER)
    before = http.calls
    company.residuals(OCTOBER, staged)
    assert http.calls == before


def settled_invoice(**more):
    """200 USD at 1.7 in two lines: 58.82 + 58.82 = 117.64 receivable; paid with one sum: 117.65."""
    lines = [payloads.line(100, 0), payloads.line(100, 0)]
    paid = [{"PaymentID": "p", "Date": payloads.slashed(date(2026, 10, 20)), "Amount": 200}]
    return payloads.invoice(
        lines=lines, CurrencyCode="USD", CurrencyRate=1.7, **({"Status": "PAID", "Payments": paid} | more)
    )


def paying(invoice, day=date(2026, 10, 20), **more):
    return payloads.payment(day, invoice, **({"Amount": 200, "BankAmount": 120, "CurrencyRate": 1.68} | more))


def test_cents_that_a_settled_foreign_invoice_leaves_go_to_rounding():
    invoice = settled_invoice()
    found, calls = residuals(Invoices=[invoice], Payments=[paying(invoice)])
    assert found == {"rounding": {"receivable": Decimal("0.01"), "rounding": Decimal("-0.01")}}
    assert calls == 2 + 1


def test_an_open_foreign_invoice_leaves_nothing_yet():
    invoice = settled_invoice(Status="AUTHORISED")
    assert residuals(Invoices=[invoice], Payments=[paying(invoice)])[0] == {}


def test_cents_belong_to_the_month_of_the_last_settlement():
    later = [{"Date": payloads.slashed(date(2026, 10, 20)), "Amount": 100}]
    later += [{"Date": payloads.slashed(date(2026, 11, 2)), "Amount": 100}]
    invoice = settled_invoice(Payments=later)
    assert "rounding" not in residuals(Invoices=[invoice], Payments=[paying(invoice, Amount=100)])[0]


def test_a_bills_cents_fall_on_the_payable():
    bill = settled_invoice(Type="ACCPAY")
    found, _ = residuals(Invoices=[bill], Payments=[paying(bill, PaymentType="ACCPAYPAYMENT")])
    assert found["rounding"] == {"payable": Decimal("-0.01"), "rounding": Decimal("0.01")}


def test_a_credit_that_settled_part_counts():
    credited = [{"AppliedAmount": 200, "Date": payloads.slashed(date(2026, 10, 20))}]
    invoice = settled_invoice(Payments=[], CreditNotes=credited)
    note = payloads.credit_note(
        lines=[payloads.line(200, 0)],
        Status="PAID",
        CurrencyCode="USD",
        CurrencyRate=1.7,
        UpdatedDateUTC=payloads.slashed(date(2026, 10, 20)),
        Allocations=[payloads.allocation(date(2026, 10, 20), 200, invoice)],
    )
    found, _ = residuals(Invoices=[invoice], CreditNotes=[note])
    assert found["rounding"] == {"receivable": Decimal("0.01"), "rounding": Decimal("-0.01")}


def test_a_refunded_credit_notes_cents_turn_round():
    lines = [payloads.line(100, 0), payloads.line(100, 0)]
    paid = [{"Date": payloads.slashed(date(2026, 10, 20)), "Amount": 200}]
    note = payloads.credit_note(lines=lines, Status="PAID", CurrencyCode="USD", CurrencyRate=1.7, Payments=paid)
    found, _ = residuals(CreditNotes=[note], Payments=[paying(note, PaymentType="ARCREDITPAYMENT")])
    assert found["rounding"] == {"receivable": Decimal("-0.01"), "rounding": Decimal("0.01")}


def test_a_document_that_cannot_be_read_leaves_no_cents():
    invoice = settled_invoice()
    payment = paying(invoice)
    broken = invoice | {"LineAmountTypes": "NOVEL"}
    assert "rounding" not in residuals(Invoices=[broken], Payments=[payment])[0]
