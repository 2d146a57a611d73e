"""What rates alone moved falls on each account that Xero revalues, from Xero's own values and never from a difference."""

from datetime import date
from decimal import Decimal

import pytest

from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sources.xero.source import SOURCE
from ml_connector_dagster.sources.xero.valuations import foreign_documents, only_rate
from ml_connector_dagster_tests.sources.fake_http import Told
from ml_connector_dagster_tests.sources.staged import StagedInMemory
from ml_connector_dagster_tests.sources.xero import payloads
from ml_connector_dagster_tests.sources.xero.fake_xero import FakeXero
from ml_connector_dagster_tests.sources.xero.payloads import account_id
from ml_connector_dagster_tests.sources.xero.test_reports import _told

OCTOBER, SEPTEMBER = Period(2026, 10), Period(2026, 9)
REFUSED = Told({"Detail": "AuthorizationUnsuccessful"}, 401)
EUROS = payloads.account("dollars", AccountID=payloads.new_id(), CurrencyCode="EUR")
NAMES = {account_id(name): name for name in payloads.ACCOUNTS} | {EUROS["AccountID"]: "euros"}


def table(titles, rows, kind):
    """A report: {id: figures}, the id on the first cell."""
    header = {"RowType": "Header", "Cells": [{"Value": title} for title in titles]}
    written = [
        {
            "RowType": "Row",
            "Cells": [
                {"Value": "x", "Attributes": [{"Id": kind, "Value": key}]},
                *({"Value": str(one)} for one in figures),
            ],
        }
        for key, figures in rows.items()
    ]
    return {"Reports": [{"Rows": [header, {"RowType": "Section", "Rows": written}]}]}


def aged(*shown, local="Due Local"):
    """(document, due, due in base) of one contact."""
    rows = {document.get("InvoiceID") or document["CreditNoteID"]: (due, base) for document, due, base in shown}
    return table(("Date", "Due", local), rows, "invoiceID")


def bank_summary(gains, title="FX Gain"):
    return table(("Bank Accounts", title), {account: (gain,) for account, gain in gains.items()}, "accountID")


def revaluation(closing, opening=None, *, reports=None, instead=None, **records):
    """Answer the class by account name, and the paths that it asked for."""
    xero = FakeXero(records)
    xero.reports = {"2026-10-31": _told(closing), "2026-09-30": _told(opening or {})} | (reports or {})
    company, http = xero.open()
    staged = StagedInMemory()
    staged.pull(company, SOURCE.entities, OCTOBER)
    company.control(OCTOBER)
    before, answer = len(http.asked), http._answer
    http._answer = lambda asked: (
        next((told for path, told in (instead or {}).items() if asked.path.endswith(path)), None) or answer(asked)
    )
    found = company.residuals(OCTOBER, staged).get("fx_revaluation", {})
    asked = [one.path.rsplit("/", 1)[-1] for one in http.asked[before:]]
    return {NAMES[account]: amount for account, amount in found.items()}, asked


def dollars(make, amount, day=date(2026, 10, 5), **more):
    return make(day, [payloads.line(amount, 0)], CurrencyCode="USD", CurrencyRate=1.7, **more)


def at(contact, period=OCTOBER):
    return f"{contact} {period.last_on}"


def test_books_without_currency_gains_ask_for_nothing():
    assert revaluation({"sales": -5, "bank": 5}, Invoices=[dollars(payloads.invoice, 200)]) == ({}, [])


def test_receivables_and_payables_each_take_what_their_documents_are_worth():
    """200 USD at 1.70 are 117.65, at 1.60 they are 125.00; 100 USD owed are 58.82 and 62.50."""
    invoice, bill = dollars(payloads.invoice, 200), dollars(payloads.bill, 100)
    reports = {at(payloads.CUSTOMER): aged((invoice, 200, "125.00")), at(payloads.VENDOR): aged((bill, 100, "62.50"))}
    found, _ = revaluation({"unrealised": Decimal("-3.67")}, reports=reports, Invoices=[invoice, bill])
    assert found == {"receivable": Decimal("7.35"), "payable": Decimal("-3.68"), "unrealised": Decimal("-3.67")}


def test_one_large_report_pins_the_rate_down_for_every_document_of_its_currency():
    invoice, bill = dollars(payloads.invoice, 200_000), dollars(payloads.bill, 100)
    reports = {at(payloads.CUSTOMER): aged((invoice, 200_000, "125000.00"))}
    found, asked = revaluation({"unrealised": Decimal("-7349.26")}, reports=reports, Invoices=[invoice, bill])
    assert found == {
        "receivable": Decimal("7352.94"),
        "payable": Decimal("-3.68"),
        "unrealised": Decimal("-7349.26"),
    }
    assert asked.count("AgedReceivablesByContact") == 1
    assert "AgedPayablesByContact" not in asked


def test_an_inferred_rate_that_does_not_sum_to_the_gain_account_is_dropped_for_every_contacts_report():
    invoice, bill = dollars(payloads.invoice, 200_000), dollars(payloads.bill, 100)
    reports = {
        at(payloads.CUSTOMER): aged((invoice, 200_000, "125000.00")),
        at(payloads.VENDOR): aged((bill, 100, "62.51")),
    }
    found, _ = revaluation({"unrealised": Decimal("-7349.25")}, reports=reports, Invoices=[invoice, bill])
    assert found["payable"] == Decimal("-3.69")
    assert sum(found.values()) == 0


def test_what_stood_at_the_end_of_the_month_before_is_taken_back():
    paid = [{"Date": payloads.slashed(date(2026, 10, 9)), "Amount": 200}]
    invoice = dollars(payloads.invoice, 200, date(2026, 9, 3), Status="PAID", Payments=paid)
    reports = {at(payloads.CUSTOMER, SEPTEMBER): aged((invoice, 200, "125.00"))}
    found, _ = revaluation({}, {"unrealised": Decimal("-7.35")}, reports=reports, Invoices=[invoice])
    assert found == {"receivable": Decimal("-7.35"), "unrealised": Decimal("7.35")}


def test_a_list_too_long_to_be_filtered_by_settlement_is_asked_for_by_stamp():
    paid = [{"Date": payloads.slashed(date(2026, 10, 9)), "Amount": 200}]
    stamp = {"UpdatedDateUTC": payloads.slashed(date(2026, 10, 9))}
    invoice = dollars(payloads.invoice, 200, date(2026, 9, 3), Status="PAID", Payments=paid, **stamp)
    company, http = FakeXero({"Invoices": [invoice]}).open()
    answer = http._answer
    too_many = Told({"ErrorNumber": 51, "Type": "HighVolumeException", "Message": "not filtering"}, 400)
    http._answer = lambda asked: too_many if "FullyPaid" in asked.params.get("where", "") else answer(asked)
    (found,) = foreign_documents(company, OCTOBER)
    assert (found.due(SEPTEMBER.last_on), found.due(OCTOBER.last_on)) == (200, 0)
    assert [one.headers.get("If-Modified-Since") for one in http.asked if "PAID" in one.params.get("where", "")] == [
        "2026-10-01T00:00:00Z"
    ] * 2


def test_an_open_credit_turns_round_and_a_part_paid_invoice_counts_with_what_is_due():
    paid = [{"Date": payloads.slashed(date(2026, 10, 9)), "Amount": 100}]
    invoice, note = dollars(payloads.invoice, 300, Payments=paid), dollars(payloads.credit_note, 100)
    shown = aged((invoice, 200, "125.00"), (note, -100, "-62.50"))
    found, _ = revaluation(
        {"unrealised": Decimal("-3.67")},
        reports={at(payloads.CUSTOMER): shown},
        Invoices=[invoice],
        CreditNotes=[note],
    )
    assert found == {"receivable": Decimal("3.67"), "unrealised": Decimal("-3.67")}


def test_a_figure_on_a_gain_account_that_no_value_explains_is_not_in_the_class():
    invoice = dollars(payloads.invoice, 200)
    reports = {at(payloads.CUSTOMER): aged((invoice, 200, "125.00"))}
    found, _ = revaluation({"unrealised": Decimal("-7.34")}, reports=reports, Invoices=[invoice])
    assert found["unrealised"] == Decimal("-7.35")


def test_each_foreign_bank_account_takes_its_own_gain():
    accounts = [*(payloads.account(name) for name in payloads.ACCOUNTS), EUROS]
    gains = {account_id("bank"): "0.00", account_id("dollars"): "8.00", EUROS["AccountID"]: "-3.00"}
    found, asked = revaluation({"revaluation": -5}, reports={"BankSummary": bank_summary(gains)}, Accounts=accounts)
    assert found == {"dollars": 8, "euros": -3, "revaluation": -5}
    assert asked == ["BankSummary"]


@pytest.mark.parametrize("unavailable", [{"instead": {"BankSummary": REFUSED}}, {"title": "Closing Balance"}])
def test_without_the_bank_summary_only_a_single_foreign_bank_account_is_certain(unavailable):
    title = unavailable.get("title", "FX Gain")
    known = {"reports": {"BankSummary": bank_summary({account_id("dollars"): 8}, title)}}
    known["instead"] = unavailable.get("instead")
    assert revaluation({"revaluation": -8}, **known)[0] == {"dollars": 8, "revaluation": -8}
    accounts = [*(payloads.account(name) for name in payloads.ACCOUNTS), EUROS]
    assert revaluation({"revaluation": -8}, **known, Accounts=accounts)[0] == {"revaluation": -8}


def test_without_aged_reports_the_other_leg_is_named_only_where_documents_stand_on_one_side():
    refused = {"AgedReceivablesByContact": REFUSED, "AgedPayablesByContact": REFUSED}
    invoice, bill = dollars(payloads.invoice, 200), dollars(payloads.bill, 100)
    found, _ = revaluation({"unrealised": -7}, instead=refused, Invoices=[invoice])
    assert found == {"receivable": 7, "unrealised": -7}
    found, _ = revaluation({"unrealised": -7}, instead=refused, Invoices=[invoice, bill])
    assert found == {"unrealised": -7}


def test_a_rate_is_certain_only_where_one_of_six_decimals_fits_every_amount():
    assert only_rate([(Decimal(200_000), Decimal(125_000))]) == Decimal("1.6")
    assert only_rate([(Decimal(200), Decimal(125))]) is None
    assert only_rate([(Decimal(200_000), Decimal(125_000)), (Decimal(100_000), Decimal("62500.5"))]) is None
    assert only_rate([(Decimal("0.01"), Decimal(0))]) is None
