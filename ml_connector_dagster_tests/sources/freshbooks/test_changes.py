from datetime import UTC, datetime

import pytest

from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sources.freshbooks import changes
from ml_connector_dagster_tests.sources.freshbooks import payloads
from ml_connector_dagster_tests.sources.freshbooks.fake_freshbooks import FakeFreshBooks
from ml_connector_dagster_tests.sources.freshbooks.read import DAY, OCTOBER, pulled

SINCE = datetime(2026, 10, 15, 12, tzinfo=UTC)
SEPTEMBER = Period(2026, 9)
MAKERS = {
    "invoices": payloads.invoice,
    "payments": payloads.payment,
    "expenses": payloads.expense,
    "bills": payloads.bill,
    "bill_payments": payloads.bill_payment,
    "credit_notes": payloads.credit_note,
    "other_income": payloads.other_income,
}


@pytest.fixture
def books():
    return FakeFreshBooks({name: [make(DAY)] for name, make in MAKERS.items()} | {"customers": [payloads.client()]})


@pytest.fixture(autouse=True)
def _november(monkeypatch):
    class November(datetime):
        @classmethod
        def now(cls, zone=None):
            return cls(2026, 11, 20, 12, tzinfo=zone)

    monkeypatch.setattr(changes, "datetime", November)


def changed(books, staged, since=SINCE):
    return books.open()[0].changes(since, staged)


def test_what_is_staged_as_it_came_is_no_change_although_its_day_is_asked_for_again(books):
    staged = pulled(books.open()[0])
    found = changed(books, staged)
    assert found.dirty == {}
    assert found.watermark == datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize("entity", [*MAKERS])
def test_a_moved_date_dirties_both_periods_and_the_ledgers(books, entity):
    staged = pulled(books.open()[0])
    record = books.records[entity][0]
    for name in ("create_date", "date", "issue_date", "paid_date"):
        if name in record:
            record[name] = "2026-09-09"
    dirty = changed(books, staged).dirty
    assert dirty == {entity: {SEPTEMBER, OCTOBER}, "journal_entries": {SEPTEMBER, OCTOBER}}


@pytest.mark.parametrize("entity", [*MAKERS])
def test_a_deletion_that_moves_no_stamp_is_found(books, entity):
    """By the sweep for vis_state=1, or because the whole list no longer holds it."""
    staged = pulled(books.open()[0])
    books.records[entity][0]["vis_state"] = 1
    later = datetime(2026, 11, 10, tzinfo=UTC)
    assert changed(books, staged, later).dirty == {entity: {OCTOBER}, "journal_entries": {OCTOBER}}


def test_an_old_change_is_not_asked_for(books):
    staged = pulled(books.open()[0])
    books.records["payments"][0]["amount"] = payloads.usd("41.00")
    assert changed(books, staged, datetime(2026, 10, 18, tzinfo=UTC)).dirty == {}
    assert changed(books, staged).dirty["payments"] == {OCTOBER}


def test_a_filter_by_stamp_that_is_ignored_makes_no_change(books):
    staged = pulled(books.open()[0])
    books.records["payments"][0]["amount"] = payloads.usd("41.00")
    books.ignores.add("payments")
    assert changed(books, staged, datetime(2026, 10, 18, tzinfo=UTC)).dirty == {}


def test_a_renamed_client_is_a_change_of_this_month(books):
    staged = pulled(books.open()[0])
    books.records["customers"][0] |= {"organization": "New", "updated": f"{DAY} 23:00:00"}
    assert set(changed(books, staged).dirty) == {"customers"}


def test_an_unreadable_record_is_left_to_the_pull_that_refuses_it(books):
    staged = pulled(books.open()[0])
    books.records["payments"][0]["amount"] = payloads.usd("soon")
    assert changed(books, staged).dirty == {}
