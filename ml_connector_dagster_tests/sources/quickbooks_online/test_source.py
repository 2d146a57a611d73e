"""The declaration, the company, the consent, and kept answers."""

from datetime import date

import pytest

from ml_connector_dagster.errors import RequestRejected, SettingWrong
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sources.quickbooks_online.source import SOURCE
from ml_connector_dagster_tests.sources.quickbooks_online import payloads
from ml_connector_dagster_tests.sources.quickbooks_online.fake_quickbooks import BASE, REALM, FakeQuickbooks, journals
from ml_connector_dagster_tests.sources.staged import as_table

OCTOBER = Period(2026, 10)


def test_the_company_is_named_by_its_realm_and_locked_where_its_books_are_closed():
    company = FakeQuickbooks().open()[0].company()
    assert (company.company_id, company.base_currency, company.fiscal_year_end_month) == (REALM, "USD", 12)
    assert (company.lock_on, company.opened_on) == (date(2026, 6, 30), date(2023, 11, 1))


def test_a_fiscal_year_that_begins_in_april_ends_in_march():
    fake = FakeQuickbooks()
    fake.company = payloads.COMPANY | {"FiscalYearStartMonth": "April"}
    assert fake.open()[0].company().fiscal_year_end_month == 3
    fake.company = payloads.COMPANY | {"FiscalYearStartMonth": "Avril"}
    with pytest.raises(RequestRejected, match="fiscal year begins in 'Avril'"):
        fake.open()[0].company()


def test_a_consent_for_another_company_is_refused():
    with pytest.raises(RequestRejected, match="was given for the company 1234567890"):
        FakeQuickbooks().open({"realm_id": "1234567890"})[0].company()


def test_the_realm_comes_from_the_redirect_alone():
    assert SOURCE.consented({"code": "c", "realmId": REALM}) == {"realm_id": REALM}
    for wrong in ({}, {"realmId": "../x"}, {"realmId": "123"}):
        with pytest.raises(RequestRejected, match="names no company"):
            SOURCE.consented(wrong)


def test_a_consent_reaches_the_company_that_its_redirect_named():
    _, http = FakeQuickbooks().open()
    assert [one.name for one in SOURCE.discover_companies(http, BASE, {"realm_id": REALM})] == [
        "Fennimore Partners Inc."
    ]
    assert SOURCE.discover_companies(http, BASE, {}) == ()


def test_the_formula_counts_what_the_company_asks_of_itself_once():
    assert SOURCE.expected_calls({"invoices": 999}) == 1 + 2
    assert SOURCE.expected_calls({"invoices": 1000}) == 4 + 2
    assert SOURCE.expected_calls({"invoices": 3, "bills": 3, "ledger_lines": 9}) == 2 + 1 + 2 + 1 + 2
    assert SOURCE.expected_calls({"customers": 3, "tracking": 4}) == 3


@pytest.mark.parametrize("name", ["invoices", "vendors", "ledger_lines"])
def test_kept_answers_are_read_again_with_the_items_they_need(name):
    entity = SOURCE.entity(name)
    item = payloads.sales_line(ItemAccountRef=None)
    invoice = payloads.document("Invoice", OCTOBER.first_on) | {"Line": [item]}
    records = {"Invoice": [invoice], "Vendor": [payloads.named("V")], "Item": payloads.ITEMS}
    company, _ = FakeQuickbooks(records, journals(OCTOBER, 2)).open()
    pages = list(company.read(entity, OCTOBER))
    kept = [one for page in pages for one in (*page.read_with, page.raw)]
    again = list(SOURCE.open_kept(company.company()).read(entity, OCTOBER, kept))
    assert [as_table(entity, page) for page in again] == [as_table(entity, page) for page in pages]


def test_what_was_not_kept_is_said_and_not_asked_for():
    company, _ = FakeQuickbooks(ledger=journals(OCTOBER, 1)).open()
    page = next(iter(company.read(SOURCE.entity("ledger_lines"), OCTOBER)))
    kept = SOURCE.open_kept(company.company())
    with pytest.raises(SettingWrong, match="not kept"):
        list(kept.read(SOURCE.entity("ledger_lines"), OCTOBER, [page.raw]))


def test_checks_hold_for_a_company_that_answers():
    records = {"Account": [payloads.account(payloads.SALES, "Revenue"), payloads.account(payloads.COST)]}
    findings = list(FakeQuickbooks(records).open()[0].checks())
    assert [one.subject for one in findings if not one.holds] == []
    assert len(findings) == 23


def test_fields_that_no_schema_names_are_counted():
    invoice = payloads.document("Invoice", OCTOBER.first_on) | {"Retainage2027": 1}
    company, _ = FakeQuickbooks({"Invoice": [invoice]}).open()
    assert next(iter(company.read(SOURCE.entity("invoices"), OCTOBER))).unknown_fields == {"Invoice.Retainage2027": 1}
