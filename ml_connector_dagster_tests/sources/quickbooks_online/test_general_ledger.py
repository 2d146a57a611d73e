"""The general ledger report: rows bound by key, headers and summaries ignored, halved where it is too large."""

from decimal import Decimal

import pytest

from ml_connector_dagster.errors import RequestRejected
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.ledger.posting import Company
from ml_connector_dagster.sources.quickbooks_online.source import SOURCE
from ml_connector_dagster_tests.sources.quickbooks_online import payloads
from ml_connector_dagster_tests.sources.quickbooks_online.fake_quickbooks import (
    COLUMNS,
    FakeQuickbooks,
    Posting,
    Transaction,
    journals,
)

OCTOBER = Period(2026, 10)
LINES = SOURCE.entity("ledger_lines")


def read(fake):
    company, http = fake.open()
    return list(company.read(LINES, OCTOBER)), http


def sold(**posting):
    sides = (
        Posting(payloads.RECEIVABLE, Decimal(110), "8", **posting),
        Posting(payloads.SALES, Decimal(-110), "8", **posting),
    )
    return Transaction("Invoice", "145", OCTOBER.first_on, sides)


def test_the_account_is_the_rows_own_whatever_the_section_header_says():
    (page,), _ = read(FakeQuickbooks(ledger=[sold()]))
    assert [(row.ledger_account_id, row.amount, row.customer_id) for row in page.rows] == [
        (payloads.SALES, -110, "8"),
        (payloads.RECEIVABLE, 110, "8"),
    ]
    assert {(row.kind, row.record_id, row.tracking) for row in page.rows} == {("invoice", "145", "{}")}


def test_a_foreign_posting_is_in_home_currency_with_the_documents_beside_it():
    (page,), _ = read(FakeQuickbooks(ledger=[sold(currency="EUR", rate="1.10")]))
    assert {(abs(row.amount), abs(row.document_amount), row.currency) for row in page.rows} == {(110, 100, "EUR")}


def test_a_report_that_is_too_large_is_halved_until_it_fits_and_nothing_is_lost():
    transactions = journals(OCTOBER, 28)
    pages, http = read(FakeQuickbooks(ledger=transactions, largest_range_days=10))
    assert sum(page.read for page in pages) == 28
    assert len(pages) == 4
    assert http.calls == 1 + 7
    assert {row.record_id for page in pages for row in page.rows} == {one.record_id for one in transactions}


def test_a_day_that_is_too_large_is_refused_and_not_left_out():
    company, _ = FakeQuickbooks(ledger=journals(OCTOBER, 3), largest_range_days=-1).open()
    with pytest.raises(RequestRejected, match="alone is too large"):
        list(company.read(LINES, OCTOBER))


def spoiled(change):
    """A report of one sale, changed by the function before it is answered."""
    fake = FakeQuickbooks({"Customer": [payloads.named("Customer 8", Id="8")]}, [sold()])
    whole = fake._general_ledger

    def answered(first, last):
        body = whole(first, last)
        change(body)
        return body

    fake._general_ledger = answered
    return fake


def rows_of(body):
    return [row["ColData"] for section in body["Rows"]["Row"] for row in section["Rows"]["Row"][1:]]


def test_a_name_without_id_is_looked_up_once():
    def strip(body):
        for cells in rows_of(body):
            cells[COLUMNS.index("name")].pop("id")

    (page,), http = read(spoiled(strip))
    assert {row.customer_id for row in page.rows} == {"8"}
    assert sum("FROM Customer" in asked.params.get("query", "") for asked in http.asked) == 1
    company = Company("1", "", "USD", 12, "UTC", None, None)
    (again,) = SOURCE.open_kept(company).read(LINES, OCTOBER, [*page.read_with, page.raw])
    assert again.rows == page.rows


@pytest.mark.parametrize("key", ["account_name", "tx_date", "debt_home_amt"])
def test_a_transaction_with_one_unreadable_posting_is_refused_whole(key):
    def spoil(body):
        cell = rows_of(body)[1][COLUMNS.index(key)]
        cell |= {"value": "soon", "id": ""}

    (page,), _ = read(spoiled(spoil))
    assert (page.read, len(page.rows), [one.record_id for one in page.refused]) == (1, 0, ["145"])


def test_a_figure_without_transaction_is_refused_and_a_beginning_balance_is_none():
    def spoil(body):
        rows_of(body)[0][COLUMNS.index("txn_type")].pop("id")

    (page,), _ = read(spoiled(spoil))
    assert page.read == 2
    assert len(page.refused) == 2


def test_a_company_of_several_currencies_needs_the_home_columns():
    def strip(body):
        for column in body["Columns"]["Column"]:
            column["ColType"] = column["ColType"].replace("_home", "")

    company, _ = spoiled(strip).open()
    with pytest.raises(RequestRejected, match="none of the columns"):
        list(company.read(LINES, OCTOBER))
    single = spoiled(strip)
    single.preferences = {"CurrencyPrefs": {"HomeCurrency": {"value": "USD"}}}
    assert len(read(single)[0][0].rows) == 2


def test_a_posting_of_another_month_shows_that_the_dates_were_ignored():
    def spoil(body):
        for cells in rows_of(body):
            cells[COLUMNS.index("tx_date")]["value"] = "2026-09-30"

    company, _ = spoiled(spoil).open()
    with pytest.raises(RequestRejected, match="ignored the dates"):
        list(company.read(LINES, OCTOBER))
