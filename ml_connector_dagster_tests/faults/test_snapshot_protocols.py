"""Interleavings 10 to 13 of ``protocols.md``: two reads, a record that moves, books that move, a crash after the pointer."""

from __future__ import annotations

import os
from datetime import date
from decimal import Decimal

import pytest

from ml_connector_dagster.flows.changes import dirty_periods
from ml_connector_dagster.flows.pull import pull
from ml_connector_dagster.flows.slices import CurrentSnapshots
from ml_connector_dagster.flows.translate import translate
from ml_connector_dagster.ledger.document import DocumentLine
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.staging.frames import rows_of
from ml_connector_dagster.staging.snapshots import StagedCompany, Staging
from ml_connector_dagster.store.faultpoints import planted
from ml_connector_dagster_tests.flows.little_company import little
from ml_connector_dagster_tests.forks import fork, succeeded

SEP, OCT = "2026-09", "2026-10"


@pytest.fixture
def connection(store, tmp_path):
    return little(store, tmp_path)


def ids(connection, period):
    company = StagedCompany(Staging(connection.store, connection.blobs), connection.name)
    batches = company.batches("invoices", Period.parse(period))
    return {row.document_id for table in batches for row in rows_of(DocumentLine, table)}


def test_protocol_10_a_slow_read_that_publishes_late_reports_the_winner(connection):
    winner = {}

    def a_fast_read_publishes_meanwhile():
        other = little(connection.store, connection.folder)
        other.books.docs = dict(connection.books.docs)
        other.books.invoice("inv-3", "2026-10-30", a200="7.00")
        staging = Staging(connection.store, connection.blobs)
        with staging.writer(
            "uk", "invoices", Period.parse(OCT), DocumentLine, read_began_at=connection.store.now(), parser_version="1"
        ) as writer:
            for page in other.reader().read(connection.source.entity("invoices"), Period.parse(OCT)):
                writer.add(page)
            winner["row"] = writer.finish(1, "fast")

    connection.books.on_call["invoices"] = [a_fast_read_publishes_meanwhile]
    outcome = pull(connection, "invoices", OCT, run_id="slow")
    assert outcome.stale
    assert outcome.digest == winner["row"].digest
    assert outcome.expected_calls is None
    assert ids(connection, OCT) == {"inv-1", "inv-2", "inv-3"}


def test_protocol_10_two_processes_pull_one_slice_one_after_the_other(connection):
    asked = connection.store.now()
    children = [fork(lambda: pull(connection, "invoices", OCT, wanted_at=asked)) for _ in range(3)]
    assert [succeeded(child) for child in children] == [True] * 3
    with connection.store.read() as database:
        count = database.exec_driver_sql("select count(*) from snapshot where entity = 'invoices'").scalar()
    assert count == 1  # the later two found the first one's snapshot fresh


def test_protocol_11_a_record_that_moved_between_two_reads_is_found_by_its_id(connection):
    """October is read, inv-0 moves from September to October, September is read: it is in neither, and October is dirty."""
    pull(connection, "invoices", SEP)
    pull(connection, "invoices", OCT)
    connection.books.edit("inv-0", on=date(2026, 10, 3))
    outcome = pull(connection, "invoices", SEP)
    assert outcome.dirtied == (OCT,)
    assert [(dirty.entity, dirty.period) for dirty in dirty_periods(connection)] == [("invoices", OCT)]
    assert "invoices by id" in connection.books.log
    pull(connection, "invoices", OCT)
    assert ids(connection, OCT) == {"inv-0", "inv-1", "inv-2"}
    assert dirty_periods(connection) == ()


def test_protocol_11_a_record_in_two_snapshots_dirties_the_older_reading(connection):
    """September is read with inv-0, it moves, October is read: the newer read wins, September must be read again."""
    pull(connection, "invoices", SEP)
    connection.books.edit("inv-0", on=date(2026, 10, 3))
    outcome = pull(connection, "invoices", OCT)
    assert outcome.dirtied == (SEP,)
    pull(connection, "invoices", SEP)
    assert ids(connection, SEP) == set()
    assert dirty_periods(connection) == ()


def test_protocol_11_a_record_that_is_gone_for_good_is_asked_for_once(connection):
    pull(connection, "invoices", OCT)
    del connection.books.docs["inv-2"]
    assert pull(connection, "invoices", OCT).dirtied == ()
    pull(connection, "invoices", OCT)
    assert connection.books.log.count("invoices by id") == 1


def test_protocol_11_a_crash_before_the_fetch_by_id_loses_no_record(connection):
    pull(connection, "invoices", SEP)
    pull(connection, "invoices", OCT)
    connection.books.edit("inv-0", on=date(2026, 10, 3))

    def dies():
        with planted(lambda name: os._exit(7) if name == "snapshot_published" else None):
            pull(connection, "invoices", SEP)

    assert not succeeded(fork(dies))
    assert dirty_periods(connection) == ()
    assert pull(connection, "invoices", SEP).dirtied == (OCT,)


def test_protocol_12_books_that_moved_while_reading_are_read_again(connection):
    """The bill is written after the bills were read and before the report: the report shows it, the lines do not yet."""
    connection.books.on_call["control"] = [lambda: connection.books.bill("bill-2", "2026-10-31", a429="12.00")]
    connection.pull(OCT, "ledger_accounts", "customers", "tracking", "invoices", "bills")
    outcome = pull(connection, "ledger_lines", OCT)
    assert outcome.moved == ""
    assert outcome.total == Decimal("202.75")
    assert connection.books.log[-4:] == ["control", "invoices", "bills", "control"]
    assert outcome.expected_calls is None


def test_protocol_12_books_that_never_stand_still_are_said_so_and_stay_dirty(connection):
    numbers = iter(range(2, 9))

    def another_bill():
        connection.books.bill(f"bill-{next(numbers)}", "2026-10-31", a429="1.00")

    connection.books.on_call["control"] = [another_bill] * 5
    connection.pull(OCT, "ledger_accounts", "invoices", "bills")
    outcome = pull(connection, "ledger_lines", OCT)
    assert outcome.moved.startswith("The books moved while reading 2026-10")
    assert connection.books.log.count("control") == 3
    assert Staging(connection.store, connection.blobs).dirty("uk") == {"ledger_lines": {Period.parse(OCT)}}


def test_protocol_12_a_real_difference_is_not_taken_for_books_that_move(connection):
    """A posting that no document shows and no class names: two equal reports around one more read; the tie-out says it."""
    connection.books.post("hidden", "2026-10-15", {"acc-429": "3.00", "acc-800": "-3.00"})
    connection.pull(OCT, "ledger_accounts", "invoices", "bills")
    outcome = pull(connection, "ledger_lines", OCT)
    assert outcome.moved == ""
    assert connection.books.log.count("control") == 2


def test_protocol_13_a_run_that_died_after_the_pointer_reports_the_same_digest_when_it_runs_again(connection):
    def dies():
        with planted(lambda name: os._exit(7) if name == "snapshot_published" else None):
            pull(connection, "invoices", OCT)

    assert not succeeded(fork(dies))
    published = CurrentSnapshots.of(connection).at("invoices", OCT)
    assert published is not None
    assert pull(connection, "invoices", OCT).digest == published.digest


def test_protocol_13_a_plan_pins_the_snapshots_it_was_made_from(connection):
    connection.pull(OCT)
    before = CurrentSnapshots.of(connection).at("ledger_lines", OCT)
    plan = translate(connection, "actuals", OCT, ask_model=False)
    connection.books.edit("inv-1", lines={"acc-200": Decimal(5)})
    connection.pull(OCT, "invoices", "ledger_lines")
    assert before is not None
    assert plan.snapshots[f"ledger_lines@{OCT}"] == before.digest
    assert translate(connection, "actuals", OCT, ask_model=False).digest != plan.digest
