from datetime import UTC, date, datetime, timedelta

import pytest

from ml_connector_dagster.errors import RequestRejected
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sources.xero.source import SOURCE
from ml_connector_dagster_tests.sources.fake_http import Told
from ml_connector_dagster_tests.sources.staged import StagedInMemory
from ml_connector_dagster_tests.sources.xero import payloads
from ml_connector_dagster_tests.sources.xero.fake_xero import FakeXero

SINCE = datetime(2026, 11, 20, 8, 0, 30, 400000, tzinfo=UTC)
OLD = payloads.slashed(date(2026, 10, 2))
AUGUST, SEPTEMBER, OCTOBER, NOVEMBER = (Period(2026, month) for month in (8, 9, 10, 11))


def stamp(moment):
    return f"/Date({(moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)}+0000)/"


NEW = stamp(SINCE + timedelta(minutes=30))


def changes(staged=None, since=SINCE, **records):
    xero = FakeXero(records)
    company, http = xero.open()
    return company.changes(since, staged or StagedInMemory()), http


def test_a_changed_document_dirties_its_period():
    found, _ = changes(
        Invoices=[payloads.invoice(date(2026, 9, 5), UpdatedDateUTC=NEW), payloads.bill(UpdatedDateUTC=NEW)]
    )
    assert found.dirty == {"invoices": {SEPTEMBER}, "bills": {OCTOBER}}


def test_what_did_not_change_dirties_nothing():
    found, _ = changes(Invoices=[payloads.invoice(UpdatedDateUTC=OLD)], Contacts=[], Accounts=[])
    assert found.dirty == {}


def test_a_moved_date_dirties_both_its_periods():
    record = payloads.invoice(date(2026, 9, 5), UpdatedDateUTC=OLD)
    company, _ = FakeXero({"Invoices": [record]}).open()
    staged = StagedInMemory()
    staged.pull(company, [SOURCE.entity("invoices")], SEPTEMBER)
    moved = record | {
        "DateString": "2026-11-03T00:00:00",
        "Date": payloads.slashed(date(2026, 11, 3)),
        "UpdatedDateUTC": NEW,
    }
    found, _ = changes(staged, Invoices=[moved])
    assert found.dirty["invoices"] == {SEPTEMBER, NOVEMBER}


@pytest.mark.parametrize(
    ("endpoint", "entity", "make"),
    [
        ("CreditNotes", "credit_notes", payloads.credit_note),
        ("Payments", "payments", payloads.payment),
        ("Prepayments", "prepayments", payloads.prepayment),
        ("Overpayments", "overpayments", payloads.overpayment),
        ("BankTransactions", "bank_transactions", payloads.bank_transaction),
        ("BankTransfers", "bank_transfers", payloads.transfer),
        ("ManualJournals", "manual_journals", payloads.journal),
    ],
)
def test_every_feed_of_documents_is_asked(endpoint, entity, make):
    record = make(date(2026, 8, 4)) | ({} if endpoint == "BankTransfers" else {"UpdatedDateUTC": NEW})
    assert changes(**{endpoint: [record]})[0].dirty == {entity: {AUGUST}}


def test_an_allocation_dirties_the_period_of_its_own_day():
    given = payloads.allocation(date(2026, 11, 4), 10, payloads.invoice())
    found, _ = changes(CreditNotes=[payloads.credit_note(date(2026, 8, 4), Allocations=[given], UpdatedDateUTC=NEW)])
    assert found.dirty == {"credit_notes": {AUGUST}, "allocations": {NOVEMBER}}


def test_a_changed_contact_or_account_dirties_the_open_period():
    found, _ = changes(Accounts=[payloads.account("sales", UpdatedDateUTC=NEW)])
    assert found.dirty == {"ledger_accounts": {NOVEMBER}}
    found, _ = changes(Contacts=[payloads.contact(UpdatedDateUTC=NEW)])
    assert found.dirty == {"customers": {NOVEMBER}, "vendors": {NOVEMBER}}


def test_the_header_overlaps_by_five_minutes_and_has_whole_seconds():
    _, http = changes()
    assert {one.headers["If-Modified-Since"] for one in http.asked} == {"2026-11-20T07:55:30Z"}


def test_no_status_is_filtered_so_that_voids_are_seen():
    _, http = changes()
    assert all("where" not in one.params and "Statuses" not in one.params for one in http.asked)


def test_the_watermark_is_the_servers_time():
    xero = FakeXero()
    xero.server_time = datetime(2026, 11, 20, 9, 31, 7, tzinfo=UTC)
    assert xero.open()[0].changes(SINCE, StagedInMemory()).watermark == xero.server_time


def test_one_call_a_feed():
    assert changes()[1].calls == 10


def test_a_header_that_xero_ignores_is_no_delta():
    xero = FakeXero()
    xero.instead["Payments"] = Told(
        {
            "Payments": [payloads.payment(UpdatedDateUTC=OLD)],
            "DateTimeUTC": NEW,
            "pagination": {"page": 1, "pageCount": 1},
        }
    )
    with pytest.raises(RequestRejected, match="ignored If-Modified-Since"):
        xero.open()[0].changes(SINCE, StagedInMemory())


def test_a_document_without_a_readable_date_or_type_dirties_nothing():
    odd = [payloads.invoice(DateString="soon", UpdatedDateUTC=NEW), payloads.invoice(Type="NOVEL", UpdatedDateUTC=NEW)]
    assert changes(Invoices=odd)[0].dirty == {}
