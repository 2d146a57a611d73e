"""What moved since a moment: which months a change makes dirty, by stamps of a clock whose offset is not to be trusted."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sources.contract.entity import LEDGER_LINES
from ml_connector_dagster.sources.quickbooks_desktop.changes import DELETED_TYPES, OVERLAP
from ml_connector_dagster.sources.quickbooks_desktop.fields import as_local, as_utc, local_time
from ml_connector_dagster.sources.quickbooks_desktop.source import SOURCE
from ml_connector_dagster_tests.sources.quickbooks_desktop import payloads
from ml_connector_dagster_tests.sources.quickbooks_desktop.desk import straight
from ml_connector_dagster_tests.sources.quickbooks_desktop.fake_file import FakeFile
from ml_connector_dagster_tests.sources.quickbooks_desktop.payloads import element
from ml_connector_dagster_tests.sources.quickbooks_desktop.sandboxed import Brackenridge
from ml_connector_dagster_tests.sources.staged import StagedInMemory

AUGUST, SEPTEMBER, OCTOBER = Period(2026, 8), Period(2026, 9), Period(2026, 10)
CHICAGO = ZoneInfo("America/Chicago")
SINCE = datetime.now(UTC) - timedelta(days=2)
READ = [SOURCE.entity(name) for name in ("bills", "customers", LEDGER_LINES)]


def changed(stamp, *, kind="Check", day="2026-08-05", txn_id="9-1"):
    return element("TransactionRet", TxnType=kind, TxnID=txn_id, TimeModified=stamp, TxnDate=day)


def ask(file, since=SINCE):
    company, _ = straight(file)
    return company.changes(since, StagedInMemory())


def asked_from(file, word, filters):
    (asked,) = [one for one in file.asked if one.tag == f"{word}QueryRq"]
    return asked.findtext(filters)


class Staged:
    """The sandbox's company, its autumn staged, and what changes then."""

    def __init__(self):
        self.company, self.staged = Brackenridge.open_straight(), StagedInMemory()
        self.read()

    def read(self):
        for period in (SEPTEMBER, OCTOBER):
            for entity in READ:
                self.company.reader.queue.forget()
                self.staged.stage(entity, period, self.company.reader.read(entity, period))

    def dirty(self, since=SINCE):
        self.company.reader.queue.forget()
        dirty = self.company.reader.changes(since, self.staged).dirty
        return {name: months & {SEPTEMBER, OCTOBER} for name, months in dirty.items()}


@pytest.fixture(scope="module")
def books():
    return Staged()


def test_a_stamp_of_summer_is_a_clock_time_whatever_its_offset_says():
    """QuickBooks writes standard time's offset all year: 09:00:00-06:00 in July in Chicago, where the clock shows 09:00."""
    stamp = as_utc(local_time("2026-07-01T09:00:00-06:00"), CHICAGO)
    assert stamp == datetime(2026, 7, 1, 14, 0, tzinfo=UTC)
    assert as_local(stamp - OVERLAP, CHICAGO) == datetime(2026, 7, 1, 7, 50)


def test_the_hour_that_autumn_has_twice_is_asked_for_from_before_its_first_time():
    """A change at 01:10 of the second time comes after one at 01:30 of the first: its stamp says the contrary."""
    stamp = as_utc(local_time("2026-11-01T01:30:00-06:00"), CHICAGO)
    assert as_local(stamp - OVERLAP, CHICAGO) == datetime(2026, 11, 1, 0, 20)


def test_the_watermark_is_the_newest_stamp_and_the_next_question_reaches_seventy_minutes_back_without_an_offset():
    since = datetime.now(UTC).replace(microsecond=0)
    local, file = as_local(since, CHICAGO), FakeFile()
    file.changed = [changed(f"{local.isoformat()}-01:00")]
    assert ask(file).watermark == since
    file = FakeFile()
    ask(file, since)
    asked = asked_from(file, "Transaction", "TransactionModifiedDateRangeFilter/FromModifiedDate")
    assert asked == (local - OVERLAP).isoformat()
    assert asked_from(file, "Account", "FromModifiedDate") == asked


def test_a_watermark_never_goes_back_and_never_into_the_future():
    nothing, future = FakeFile(), FakeFile()
    future.changed = [changed("2031-01-01T00:00:00-06:00")]
    assert ask(nothing).watermark == SINCE
    assert SINCE < ask(future).watermark <= datetime.now(UTC)


def test_a_changed_transaction_of_any_type_dirties_the_ledger_of_its_month_and_a_document_its_own():
    file = FakeFile()
    file.changed = [changed(payloads.STAMP), changed(payloads.STAMP, kind="Bill", day="2026-09-05")]
    dirty = ask(file).dirty
    assert dirty[LEDGER_LINES] == {AUGUST, SEPTEMBER}
    assert dirty["bills"] == {SEPTEMBER}


def test_a_void_that_is_not_among_the_rows_of_all_types_is_found_by_its_own_type():
    """A voided transaction posts nothing; whether it stands among those rows is not known."""
    dirty = ask(FakeFile({"bills": [payloads.document("bills", SEPTEMBER.first_on)]})).dirty
    assert dirty["bills"] == dirty[LEDGER_LINES] == {SEPTEMBER}


def test_every_type_that_posts_is_asked_for_by_name_among_the_deleted():
    file = FakeFile()
    ask(file)
    (asked,) = [one for one in file.asked if one.tag == "TxnDeletedQueryRq"]
    assert [one.text for one in asked.iterfind("TxnDelType")] == list(DELETED_TYPES)


def test_a_watermark_beyond_the_ninety_days_marks_every_open_month_without_asking():
    file = FakeFile(closing="2026-06-30")
    dirty = ask(file, datetime.now(UTC) - timedelta(days=89)).dirty
    now = Period.of(datetime.now(UTC).date())
    assert {Period(2026, 7), now} <= dirty[LEDGER_LINES]
    assert Period(2026, 6) not in dirty["bills"]
    assert dirty["customers"] == {now}
    assert file.asked == []


def test_a_late_a_voided_a_moved_and_a_deleted_bill_dirty_the_months_they_stand_and_stood_in(books):
    post, dirty = books.company.post, books.dirty
    bill = post("late-document", date="2026-10-12", amount="123.45")["document"]
    assert dirty()["bills"] == dirty()[LEDGER_LINES] == {OCTOBER}
    books.read()
    post("void", document=bill)
    assert dirty()["bills"] == {OCTOBER}
    moved = post("late-document", date="2026-10-13", amount="5.00")["document"]
    books.read()
    post("move-date", document=moved, date="2026-09-21")
    assert dirty()["bills"] == dirty()[LEDGER_LINES] == {SEPTEMBER, OCTOBER}
    books.read()
    post("delete", document=moved)
    assert SEPTEMBER in dirty()["bills"]
    assert SEPTEMBER in dirty()[LEDGER_LINES]


def test_a_merged_customer_dirties_the_months_that_name_it_though_no_stamp_moved():
    books = Staged()  # whatever else has just changed would dirty the same months
    loser, survivor = books.company.client.get("/parties").json()["customers"][:2]
    named = {
        period
        for period in (SEPTEMBER, OCTOBER)
        if loser in books.staged.lines(LEDGER_LINES, period)["customer_id"].to_pylist()
    }
    before = books.dirty(datetime.now(UTC))
    books.company.post("merge", loser=loser, survivor=survivor)
    after = books.dirty(datetime.now(UTC))
    assert named
    assert after[LEDGER_LINES] >= named
    assert "customers" in after
    assert before == {}
