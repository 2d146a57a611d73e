"""Zoho's account transactions become ledger lines; documents only say whose they are and how they are tagged."""

from decimal import Decimal

from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sources.contract.entity import LEDGER_LINES
from ml_connector_dagster.sources.zoho_books.source import SOURCE
from ml_connector_dagster_tests.sources.staged import StagedInMemory
from ml_connector_dagster_tests.sources.zoho_books import payloads
from ml_connector_dagster_tests.sources.zoho_books.fake_zoho import FakeZoho

OCTOBER = Period(2026, 10)
FEED = SOURCE.entity("account_transactions")
CHART = [payloads.account(one) for one in payloads.TYPES]


def pulled(transactions, **documents):
    """Read everything of October."""
    rows = [row for found in transactions for row in found]
    contacts = [payloads.contact(), payloads.contact(payloads.VENDOR, "vendor")]
    fake = FakeZoho({"chartofaccounts": CHART, "chartofaccounts/transactions": rows, "contacts": contacts, **documents})
    company, http = fake.open()
    staged = StagedInMemory()
    staged.pull(company, SOURCE.entities, OCTOBER)
    return staged, http


def lines(staged):
    return staged.lines(LEDGER_LINES, OCTOBER).to_pylist()


def amounts(staged, *names):
    return sorted((*(line[name] for name in names), line["amount"]) for line in lines(staged))


def test_debits_are_positive_and_every_account_is_asked_for():
    staged, _ = pulled([payloads.transaction()])
    assert amounts(staged, "ledger_account_id") == [(payloads.SALES, -100), (payloads.RECEIVABLE, 100)]
    company, http = FakeZoho({"chartofaccounts": CHART}).open()
    list(company.read(FEED, OCTOBER))
    assert http.calls == 1 + len(CHART) == SOURCE.expected_calls({"ledger_accounts": 7, "account_transactions": 0}) - 1


def test_a_transaction_that_does_not_sum_to_nought_is_set_aside_whole():
    whole, broken = (
        payloads.transaction(),
        payloads.transaction(amounts={payloads.SALES: -90, payloads.RECEIVABLE: 100}),
    )
    staged, _ = pulled([whole, broken])
    (refused,) = staged.refused["account_transactions", OCTOBER]
    assert refused.record_id == broken[0]["transaction_id"]
    assert "differ by 10" in refused.reason
    assert {line["record_id"] for line in lines(staged)} == {whole[0]["transaction_id"]}


def test_rows_without_an_id_are_money_too():
    opening = payloads.transaction(
        OCTOBER.first_on, {payloads.BANK: 500, payloads.PAYABLE: -500}, "opening_balance", transaction_id=""
    )
    staged, _ = pulled([opening])
    assert {line["record_id"] for line in lines(staged)} == {"opening_balance:2026-10-01"}
    assert amounts(staged, "ledger_account_id") == [(payloads.PAYABLE, -500), (payloads.BANK, 500)]


def test_two_equal_rows_of_one_account_are_both_kept():
    rows = payloads.transaction(amounts={payloads.RECEIVABLE: 100})
    rows += 2 * payloads.transaction(amounts={payloads.SALES: -50}, transaction_id=rows[0]["transaction_id"])
    staged, _ = pulled([rows])
    table = staged.lines("account_transactions", OCTOBER)
    assert sorted(table["line_id"].to_pylist()) == sorted(
        [f"{payloads.RECEIVABLE}:1", f"{payloads.SALES}:1", f"{payloads.SALES}:2"]
    )


def test_amounts_are_base_currency_and_the_documents_own_stand_beside():
    rows = payloads.transaction(amounts={payloads.RECEIVABLE: 80, payloads.SALES: -80}, currency_code="USD")
    rows[0]["fcy_debit_amount"] = rows[1]["fcy_credit_amount"] = 100
    staged, _ = pulled([rows])
    assert {(line["amount"], line["document_amount"], line["currency"]) for line in lines(staged)} == {
        (80, 100, "USD"), (-80, -100, "USD"),
    }  # fmt: skip
    assert {line["rate"] for line in lines(staged)} == {Decimal("0.8")}


def test_tags_share_an_account_out_to_the_cent():
    tagged = [
        payloads.line(Decimal("60.01")) | payloads.tagged(payloads.HOME),
        payloads.line(Decimal("39.99")) | payloads.tagged(payloads.GARDEN),
    ]
    invoice = payloads.invoice(lines=tagged)
    posted = payloads.transaction(transaction_id=invoice["invoice_id"])
    staged, _ = pulled([posted], invoices=[invoice])
    home, garden = (f'{{"{payloads.TAG}":"{option}"}}' for option in (payloads.HOME, payloads.GARDEN))
    assert amounts(staged, "ledger_account_id", "tracking") == [
        (payloads.SALES, home, Decimal("-60.01")),
        (payloads.SALES, garden, Decimal("-39.99")),
        (payloads.RECEIVABLE, "{}", 100),
    ]


def test_a_document_whose_lines_are_not_what_is_posted_tags_nothing():
    """A detail that is older than the ledger: the ledger's amounts stay, whole and without a tag."""
    tagged = [payloads.line(70) | payloads.tagged(payloads.HOME), payloads.line(20) | payloads.tagged(payloads.GARDEN)]
    invoice = payloads.invoice(lines=tagged)
    staged, _ = pulled([payloads.transaction(transaction_id=invoice["invoice_id"])], invoices=[invoice])
    assert amounts(staged, "tracking") == [("{}", -100), ("{}", 100)]


def test_customers_and_vendors_are_told_apart():
    """Zoho's ledger calls every contact customer_id."""
    bill, expense = payloads.bill(), payloads.expense()
    transactions = [
        payloads.transaction(),
        payloads.transaction(
            amounts={payloads.STOCK: 80, payloads.PAYABLE: -80},
            kind="bill",
            transaction_id=bill["bill_id"],
            customer_id="",
        ),
        payloads.transaction(
            amounts={payloads.TRAVEL: 60, payloads.BANK: -60},
            kind="expense",
            transaction_id=expense["expense_id"],
            customer_id=payloads.VENDOR,
        ),
    ]
    staged, _ = pulled(transactions, bills=[bill], expenses=[expense])
    found = {(line["kind"], line["customer_id"], line["vendor_id"]) for line in lines(staged)}
    assert found == {
        ("invoice", payloads.CUSTOMER, ""),
        ("bill", "", payloads.VENDOR),
        ("bank_transaction", "", payloads.VENDOR),
    }


def test_fields_that_nobody_knows_are_counted():
    company, _ = FakeZoho(
        {"chartofaccounts": CHART, "chartofaccounts/transactions": payloads.transaction(novelty=1)}
    ).open()
    assert list(company.read(FEED, OCTOBER))[-1].unknown_fields == {"transaction.novelty": 2}


def test_nothing_of_another_month_or_account_is_taken():
    """Zoho ignores what it does not know, so the filters are applied once more."""
    fake = FakeZoho({"chartofaccounts": CHART[:1], "chartofaccounts/transactions": []})
    company, http = fake.open()
    rows = payloads.transaction(Period(2026, 9).first_on)
    http._answer = lambda asked: fake.answer(asked) if asked.path.endswith("accounts") else _told(rows, fake, asked)
    assert [row for page in company.read(FEED, OCTOBER) for row in page.rows] == []


def _told(rows, fake, asked):
    told = fake.told(asked)
    told.body["transactions"] = rows
    return told
