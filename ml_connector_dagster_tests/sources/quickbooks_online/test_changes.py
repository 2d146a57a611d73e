"""The change feed: what moved, where it stood before, and what happens where the feed cannot tell."""

from datetime import UTC, date, datetime, timedelta

import pytest

from ml_connector_dagster.errors import TemporarilyRefused
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sources.quickbooks_online.source import SOURCE
from ml_connector_dagster_tests.sources.quickbooks_online import payloads
from ml_connector_dagster_tests.sources.quickbooks_online.fake_quickbooks import (
    FakeQuickbooks,
    Posting,
    Transaction,
    journals,
)
from ml_connector_dagster_tests.sources.staged import StagedInMemory

AUGUST, SEPTEMBER, OCTOBER, NOVEMBER = (Period(2026, month) for month in (8, 9, 10, 11))
SERVER_TIME = datetime(2026, 11, 20, 9, 2, 3, 456_000, UTC)
LINES = SOURCE.entity("ledger_lines")


def yesterday():
    return datetime.now(UTC) - timedelta(days=1)


def stub(record_id):
    return {
        "domain": "QBO",
        "status": "Deleted",
        "Id": record_id,
        "MetaData": {"LastUpdatedTime": "2026-11-19T02:00:00-08:00"},
    }


def test_one_call_answers_every_entity_and_a_moved_date_dirties_both_months():
    fake, staged = FakeQuickbooks(), StagedInMemory()
    bill = payloads.document("Bill", date(2026, 9, 30))
    fake.records["Bill"] = [bill]
    company, http = fake.open()
    staged.pull(company, [SOURCE.entity("bills")], SEPTEMBER)
    fake.cdc = {"Bill": [bill | {"TxnDate": "2026-10-02"}], "Vendor": [payloads.named("V", Active=False)]}
    before = http.calls
    found = company.changes(yesterday(), staged)
    assert http.calls == before + 1
    assert found.dirty == {
        "bills": {SEPTEMBER, OCTOBER},
        "ledger_lines": {SEPTEMBER, OCTOBER},
        "vendors": {NOVEMBER},
    }
    assert found.watermark == SERVER_TIME


def test_a_deleted_stub_dirties_the_month_whose_lines_hold_it_although_it_was_never_read_as_document():
    fake, staged = FakeQuickbooks(), StagedInMemory()
    fake.ledger = [gone] = journals(AUGUST, 1)
    company, _ = fake.open()
    staged.pull(company, [LINES], AUGUST)
    fake.cdc = {"Deposit": [stub(gone.record_id)]}
    assert company.changes(yesterday(), staged).dirty == {"ledger_lines": {AUGUST}}
    fake.cdc = {"Deposit": [stub("31337")]}
    assert company.changes(yesterday(), staged).dirty == {}


def test_a_thousand_objects_are_taken_as_cut_off_and_each_entity_is_asked_alone():
    fake = FakeQuickbooks()
    fake.cdc = {
        "Invoice": [payloads.document("Invoice", date(2026, 10, 3))] * 600,
        "Bill": [payloads.document("Bill", date(2026, 8, 3))] * 400,
    }
    company, http = fake.open()
    found = company.changes(yesterday(), StagedInMemory())
    assert {name: found.dirty[name] for name in ("invoices", "bills")} == {"invoices": {OCTOBER}, "bills": {AUGUST}}
    assert http.calls == 21


def test_an_entity_that_overflows_alone_dirties_every_open_month_of_it():
    fake = FakeQuickbooks()
    fake.cdc = {"Invoice": [payloads.document("Invoice", date(2026, 10, 3))] * 1000}
    found = fake.open()[0].changes(yesterday(), StagedInMemory())
    assert set(found.dirty) == {"invoices", "ledger_lines"}
    assert min(found.dirty["invoices"]) == Period(2026, 7)
    assert NOVEMBER in found.dirty["invoices"]


def test_a_watermark_older_than_the_feed_dirties_every_open_month_and_asks_nothing_of_it():
    company, http = FakeQuickbooks().open()
    found = company.changes(datetime.now(UTC) - timedelta(days=30), StagedInMemory())
    assert set(found.dirty) == {entity.name for entity in SOURCE.entities}
    assert min(found.dirty["ledger_lines"]) == Period(2026, 7)
    assert not any("cdc" in asked.url for asked in http.asked)


def test_a_feed_without_its_time_moves_no_watermark():
    fake = FakeQuickbooks()
    company, _ = fake.open()
    fake._changes = lambda params: {"CDCResponse": []}
    with pytest.raises(TemporarilyRefused, match="without its time"):
        company.changes(yesterday(), StagedInMemory())


def test_the_feed_is_asked_back_a_few_minutes_and_never_beyond_thirty_days():
    company, http = FakeQuickbooks(ledger=[Transaction("Bill", "1", date(2026, 10, 1), (Posting("7", 0),))]).open()
    since = datetime.now(UTC) - timedelta(days=28, hours=23)
    company.changes(since, StagedInMemory())
    asked = datetime.fromisoformat(http.asked[0].params["changedSince"])
    assert timedelta(minutes=2) <= since - asked <= timedelta(minutes=10)
    assert datetime.now(UTC) - asked < timedelta(days=30)
