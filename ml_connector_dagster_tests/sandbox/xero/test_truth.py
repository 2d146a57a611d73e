"""The ledger is the truth: it balances, and it differs from the documents by named classes alone.

What documents post is worked out here a second time, from the answers of the API alone, in Decimal, line by line.
"""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

import pytest

from ml_connector_dagster.sandbox.books.cents import parse
from ml_connector_dagster_tests.sandbox.xero.conftest import IDS, TODAY, milliseconds

ONE = Decimal(1)
LINES = {"ACCREC": -1, "ACCPAY": 1, "ACCRECCREDIT": 1, "ACCPAYCREDIT": -1}
MONEY_IN = {"ACCRECPAYMENT", "APCREDITPAYMENT"}
CLASSES = {"conversion", "fx_revaluation", "rounding"}


def base(amount, rate):
    return (Decimal(amount) / rate).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def rate_of(document):
    rate = Decimal(str(document.get("CurrencyRate") or 0))
    return rate or ONE


def day_of(document):
    return datetime.fromtimestamp(milliseconds(document["Date"]) / 1000, UTC).date()


class Books:
    """Movement by (month, account), from documents."""

    def __init__(self, xero, tenant):
        self.moved = defaultdict(Decimal)
        accounts = xero.get("Accounts", tenant=tenant)["Accounts"]
        self.system = {account.get("SystemAccount", ""): account["AccountID"] for account in accounts}
        self.currency = {account["AccountID"]: account.get("CurrencyCode") for account in accounts}
        self.home = xero.get("Organisation", tenant=tenant)["Organisations"][0]["BaseCurrency"]
        read = {plural: xero.every(plural, tenant=tenant) for plural in self.SOURCES}
        self.documents = {
            entry[name]: entry
            for plural, name in (
                ("Invoices", "InvoiceID"),
                ("CreditNotes", "CreditNoteID"),
                ("Overpayments", "OverpaymentID"),
            )
            for entry in read[plural]
        }
        for plural, write in self.SOURCES.items():
            for entry in read[plural]:
                write(self, entry)

    def post(self, day, account, amount):
        self.moved[f"{day:%Y-%m}", account] += amount

    def lines(self, document, sign, account, *, day=None):
        rate, day, total = rate_of(document), day or day_of(document), Decimal(0)
        for line in document["LineItems"]:
            net = Decimal(line["LineAmount"])
            if document["LineAmountTypes"] == "Inclusive":
                net -= Decimal(line["TaxAmount"])
            for where, amount in ((line["AccountID"], net), (self.system["GST"], Decimal(line["TaxAmount"]))):
                cents = sign * base(amount, rate)
                total += cents
                self.post(day, where, cents)
        beyond = Decimal(document["Total"]) - Decimal(document["SubTotal"]) - Decimal(document["TotalTax"])
        cents = sign * base(beyond, rate)
        self.post(day, self.system["ROUNDING"], cents)
        self.post(day, account, -(total + cents))

    def invoice(self, document):
        if document["Status"] in {"AUTHORISED", "PAID"}:
            sales = document["Type"].startswith("ACCREC")
            self.lines(document, LINES[document["Type"]], self.system["DEBTORS" if sales else "CREDITORS"])

    def bank_transaction(self, document):
        if document["Status"] == "AUTHORISED" and not document["Type"].endswith("TRANSFER"):
            sign = -1 if document["Type"].startswith("RECEIVE") else 1
            self.lines(document, sign, document["BankAccount"]["AccountID"])

    def prepayment(self, document):
        """Its money is among the bank transactions; each allocation takes the lines back on its own day."""
        for allocation in document["Allocations"]:
            assert allocation["Amount"] == document["Total"]
            into = document["Type"] == "RECEIVE-PREPAYMENT"
            account = self.system["DEBTORS" if into else "CREDITORS"]
            self.lines(document, 1 if into else -1, account, day=day_of(allocation))

    def payment(self, payment):
        if payment["Status"] != "AUTHORISED":
            return
        sign = 1 if payment["PaymentType"] in MONEY_IN else -1
        bank = payment["Account"]["AccountID"]
        target = self.documents[payment["Invoice"]["InvoiceID"]]
        moved = Decimal(payment["BankAmount"])
        if self.currency[bank] != self.home:
            moved = base(moved, rate_of(payment))
        settled = base(payment["Amount"], rate_of(target))
        control = self.system["DEBTORS" if payment["PaymentType"].startswith(("ACCREC", "AR")) else "CREDITORS"]
        self.post(day_of(payment), bank, sign * moved)
        self.post(day_of(payment), control, -sign * settled)
        self.post(day_of(payment), self.system["REALISEDCURRENCYGAIN"], sign * (settled - moved))

    def transfer(self, transfer):
        if transfer["Status"] == "AUTHORISED":
            self.post(day_of(transfer), transfer["FromBankAccount"]["AccountID"], -Decimal(transfer["Amount"]))
            self.post(day_of(transfer), transfer["ToBankAccount"]["AccountID"], Decimal(transfer["Amount"]))

    def journal(self, journal):
        if journal["Status"] == "POSTED":
            for line in journal["JournalLines"]:
                self.post(day_of(journal), line["AccountID"], Decimal(line["LineAmount"]))
                self.post(day_of(journal), self.system["GST"], Decimal(line["TaxAmount"]))

    SOURCES = {  # noqa: RUF012 - a table of this class's own functions
        "Invoices": invoice,
        "CreditNotes": invoice,
        "BankTransactions": bank_transaction,
        "Prepayments": prepayment,
        "Overpayments": lambda _self, _document: None,
        "Payments": payment,
        "BankTransfers": transfer,
        "ManualJournals": journal,
    }


def months():
    month = date(2023, 11, 1)
    while month <= TODAY:
        following = (month + timedelta(days=32)).replace(day=1)
        yield month, following - timedelta(days=1)
        month = following


def trial_balance(xero, tenant, day):
    """(movement, balance) by account id, from the report."""
    report = xero.get("Reports/TrialBalance", tenant=tenant, date=day.isoformat())["Reports"][0]
    moved, held = {}, {}
    for section in report["Rows"][1:]:
        for row in section["Rows"]:
            if "Attributes" in row["Cells"][0]:
                figures = [Decimal(cell["Value"] or 0) for cell in row["Cells"][1:]]
                account = row["Cells"][0]["Attributes"][0]["Value"]
                moved[account], held[account] = figures[0] - figures[1], figures[2] - figures[3]
    return moved, held


@pytest.mark.parametrize("tenant", list(IDS))
def test_the_ledger_less_what_no_document_shows_is_what_the_documents_post(xero, tenant):
    """Every account, every month of three years, to the cent."""
    books = Books(xero, tenant)
    for first, last in months():
        month = f"{first:%Y-%m}"
        span = {"tenant": tenant, "first": first.isoformat(), "last": last.isoformat()}
        moved = {account: Decimal(text) for account, text in xero.question("balances", **span)["movement"].items()}
        for line in xero.question("unshown", **span)["lines"]:
            assert line["kind"] in CLASSES
            moved[line["account"]] = moved.get(line["account"], Decimal(0)) - Decimal(line["amount"])
        ledger = {account: amount for account, amount in moved.items() if amount}
        shown = {account: amount for (when, account), amount in books.moved.items() if when == month and amount}
        assert ledger == shown, month


@pytest.mark.parametrize("tenant", list(IDS))
def test_the_trial_balance_sums_to_zero_each_month_and_chains(xero, tenant):
    for first, last in months():
        moved, held = trial_balance(xero, tenant, last)
        assert sum(moved.values()) == 0, first
        assert sum(held.values()) == 0, first


def test_year_to_date_begins_again_with_the_fiscal_year_and_the_result_rolls_into_equity(xero):
    accounts = {account["AccountID"]: account for account in xero.get("Accounts")["Accounts"]}
    _, march = trial_balance(xero, "uk", date(2025, 3, 31))
    moved, april = trial_balance(xero, "uk", date(2025, 4, 30))
    result = {key for key, account in accounts.items() if account["Class"] in {"REVENUE", "EXPENSE"}}
    retained = next(key for key, account in accounts.items() if account.get("SystemAccount") == "RETAINEDEARNINGS")
    assert all(april[key] == moved[key] for key in result if key in april)
    earned = sum(march[key] for key in result if key in march)
    assert april[retained] - march[retained] == earned
    assert retained not in moved or moved[retained] == 0


def test_the_unshown_classes_all_occur_and_each_stands_on_its_system_account(xero):
    span = {"tenant": "uk", "first": "2023-10-01", "last": TODAY.isoformat()}
    lines = xero.question("unshown", **span)["lines"]
    accounts = {account["AccountID"]: account for account in xero.get("Accounts")["Accounts"]}
    found = defaultdict(set)
    for line in lines:
        account = accounts[line["account"]]
        found[line["kind"]].add(account.get("SystemAccount") or account["Type"])
    assert set(found) == CLASSES
    assert found["fx_revaluation"] == {
        "UNREALISEDCURRENCYGAIN",
        "BANKCURRENCYGAIN",
        "DEBTORS",
        "CREDITORS",
        "BANK",
    }
    assert found["rounding"] == {"ROUNDING", "DEBTORS", "CREDITORS"}


def test_revaluation_at_a_months_end_is_taken_back_the_next_day(xero):
    there = xero.question("unshown", tenant="uk", first="2026-09-30", last="2026-09-30")["lines"]
    back = xero.question("unshown", tenant="uk", first="2026-10-01", last="2026-10-01")["lines"]
    of_class = [
        sorted((line["account"], parse(line["amount"])) for line in lines if line["kind"] == "fx_revaluation")
        for lines in (there, back)
    ]
    assert len(of_class[0]) >= 6  # receivables and two foreign bank accounts, each with its other leg
    assert of_class[0] == sorted((account, -amount) for account, amount in of_class[1])


def test_rounding_stays_within_half_a_cent_a_line(xero):
    lines = xero.question("unshown", tenant="uk", first="2023-11-01", last=TODAY.isoformat())["lines"]
    stray = [abs(parse(line["amount"])) for line in lines if line["kind"] == "rounding"]
    assert stray
    assert max(stray) <= 10


def test_realised_gains_and_foreign_documents_occur_in_both_entities(xero):
    for tenant in IDS:
        found = xero.question("balances", tenant=tenant, first="2023-11-01", last=TODAY.isoformat())["movement"]
        accounts = xero.get("Accounts", tenant=tenant)["Accounts"]
        gain = next(entry["AccountID"] for entry in accounts if entry.get("SystemAccount") == "REALISEDCURRENCYGAIN")
        assert Decimal(found[gain]) != 0


def test_drafts_voided_and_deleted_documents_post_nothing(xero):
    for status in ("DRAFT", "SUBMITTED", "VOIDED", "DELETED"):
        one = xero.get("Invoices", page=1, Statuses=status)["Invoices"][0]
        assert xero.question("ledger-lines", tenant="uk", document=one["InvoiceID"])["lines"] == []


def test_an_inclusive_line_posts_without_its_tax(xero):
    one = next(
        entry
        for entry in xero.every("Invoices", where='Type=="ACCREC" AND Status=="PAID"')
        if entry["LineAmountTypes"] == "Inclusive" and len(entry["LineItems"]) == 1
    )
    line = one["LineItems"][0]
    posted = xero.question("ledger-lines", tenant="uk", document=one["InvoiceID"])["lines"]
    sale = next(entry for entry in posted if entry["account"] == line["AccountID"])
    assert Decimal(sale["amount"]) == -(line["LineAmount"] - line["TaxAmount"])


def test_tax_that_cannot_be_reclaimed_stays_in_cost(xero):
    """In this country it has no rate of its own: the whole price stands on the line, and no tax."""
    accounts = {account.get("Code"): account["AccountID"] for account in xero.get("Accounts")["Accounts"]}
    found = [
        line
        for entry in xero.every("Invoices", where='Type=="ACCPAY"')
        for line in entry["LineItems"]
        if line.get("AccountID") == accounts["420"]
    ]
    assert len(found) > 20
    assert {line["TaxAmount"] for line in found} == {0}


def report_figures(xero, path, title, **asked):
    """(id, figure) of a report's column."""
    report = xero.get(f"Reports/{path}", **asked)["Reports"][0]
    column = [cell["Value"] for cell in report["Rows"][0]["Cells"]].index(title)
    rows = [row["Cells"] for row in report["Rows"][1]["Rows"] if "Attributes" in row["Cells"][0]]
    return [(cells[0]["Attributes"][0]["Value"], Decimal(cells[column]["Value"])) for cells in rows]


def test_the_bank_summary_shows_each_foreign_account_its_own_revaluation(xero):
    """And closes each account where the trial balance does."""
    asked = {"tenant": "uk", "fromDate": "2026-10-01", "toDate": "2026-10-31"}
    gains = dict(report_figures(xero, "BankSummary", "FX Gain", **asked))
    unshown = xero.question("unshown", tenant="uk", first="2026-10-01", last="2026-10-31")["lines"]
    for account, gain in gains.items():
        assert gain == sum(
            Decimal(line["amount"])
            for line in unshown
            if line["account"] == account and line["kind"] == "fx_revaluation"
        )
    assert sum(gain != 0 for gain in gains.values()) == 2
    _, held = trial_balance(xero, "uk", date(2026, 10, 31))
    closing = dict(report_figures(xero, "BankSummary", "Closing Balance", **asked))
    assert closing == {account: held.get(account, Decimal(0)) for account in closing}


def test_an_aged_report_shows_what_is_due_in_both_currencies_at_the_days_rate(xero):
    invoice = next(
        entry
        for entry in xero.every("Invoices", tenant="uk", where='Type=="ACCREC" AND Status=="AUTHORISED"')
        if entry["CurrencyCode"] == "USD" and day_of(entry) < date(2026, 9, 1) and not entry["Payments"]
    )
    asked = {"tenant": "uk", "contactId": invoice["Contact"]["ContactID"]}
    october = dict(report_figures(xero, "AgedReceivablesByContact", "Due", date="2026-10-31", **asked))
    assert october[invoice["InvoiceID"]] == Decimal(str(invoice["AmountDue"]))
    local = [
        dict(report_figures(xero, "AgedReceivablesByContact", "Due Local", date=day, **asked))[invoice["InvoiceID"]]
        for day in ("2026-09-30", "2026-10-31")
    ]
    assert local[0] != local[1]
    before = f"{day_of(invoice) - timedelta(days=1)}"
    assert invoice["InvoiceID"] not in dict(
        report_figures(xero, "AgedReceivablesByContact", "Due", date=before, **asked)
    )
