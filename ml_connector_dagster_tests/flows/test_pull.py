from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from ml_connector_dagster.errors import HeldForPerson
from ml_connector_dagster.flows.pull import pull
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.staging.frames import rows_of
from ml_connector_dagster.staging.snapshots import StagedCompany, Staging
from ml_connector_dagster_tests.flows.little_company import LITTLE, little

OCT = "2026-10"


@pytest.fixture
def connection(sqlite_store, tmp_path):
    return little(sqlite_store, tmp_path)


def staged(connection, entity, period=OCT):
    record = LITTLE.entity(entity).record
    company = StagedCompany(Staging(connection.store, connection.blobs), connection.name)
    return [row for table in company.batches(entity, Period.parse(period)) for row in rows_of(record, table)]


def test_a_pull_publishes_the_period_and_meters_its_calls(connection):
    outcome = pull(connection, "invoices", OCT, run_id="run-1")
    assert (outcome.rows, outcome.records, outcome.quarantined) == (3, 2, 0)
    assert outcome.total == Decimal("160.50")
    assert outcome.calls == outcome.expected_calls == 1
    assert not outcome.reused
    assert not outcome.stale
    assert {row.document_id for row in staged(connection, "invoices")} == {"inv-1", "inv-2"}


def test_an_unchanged_period_read_again_has_the_same_digest(connection):
    first = pull(connection, "invoices", OCT)
    again = pull(connection, "invoices", OCT)
    assert again.digest == first.digest
    assert again.calls == 1


def test_a_snapshot_read_after_the_run_was_asked_for_is_reused(connection):
    asked = connection.store.now()
    first = pull(connection, "invoices", OCT, wanted_at=asked)
    second = pull(connection, "invoices", OCT, wanted_at=asked)
    assert second.reused
    assert (second.digest, second.calls, second.expected_calls) == (first.digest, 0, None)
    assert connection.books.log == ["invoices"]


def test_a_dirty_period_is_read_however_fresh_its_snapshot_is(connection):
    asked = connection.store.now()
    pull(connection, "invoices", OCT, wanted_at=asked)
    Staging(connection.store, connection.blobs).mark_dirty("uk", "invoices", [Period.parse(OCT)], "a feed")
    assert not pull(connection, "invoices", OCT, wanted_at=asked).reused


def test_a_reference_entity_is_read_once_for_many_periods(connection):
    asked = connection.store.now()
    first = pull(connection, "ledger_accounts", "2026-09", wanted_at=asked)
    second = pull(connection, "ledger_accounts", OCT, wanted_at=asked)
    again = pull(connection, "ledger_accounts", OCT, wanted_at=asked)
    assert second.reused
    assert again.reused
    assert second.digest == first.digest
    assert len(staged(connection, "ledger_accounts")) == 7
    assert connection.books.log == ["ledger_accounts"]


def test_a_reference_entity_reused_replaces_the_period_s_older_reading(connection):
    pull(connection, "customers", OCT)
    connection.books.customers["c-3"] = "New"
    newer = pull(connection, "customers", "2026-09")
    reused = pull(connection, "customers", OCT, wanted_at=connection.store.now() - timedelta(hours=1))
    assert reused.reused
    assert reused.digest == newer.digest
    assert len(staged(connection, "customers")) == 3


def test_a_reference_entity_older_than_the_run_is_read_anew(connection):
    pull(connection, "customers", OCT)
    assert not pull(connection, "customers", "2026-09", wanted_at=connection.store.now()).reused


def test_ledger_lines_are_made_from_the_staged_documents_and_every_document_sums_to_zero(connection):
    connection.pull(OCT, "ledger_accounts", "invoices", "bills")
    outcome = pull(connection, "ledger_lines", OCT)
    lines = staged(connection, "ledger_lines")
    assert sum(line.amount for line in lines) == 0
    assert outcome.total == Decimal("190.75")  # the debits
    assert outcome.calls == outcome.expected_calls == 1
    assert outcome.moved == ""


def test_ledger_lines_wait_for_the_documents_they_are_made_from(connection):
    connection.pull(OCT, "ledger_accounts", "invoices")
    with pytest.raises(HeldForPerson, match="bills"):
        pull(connection, "ledger_lines", OCT)


def test_the_books_own_report_is_staged_beside_the_lines(connection):
    connection.pull(OCT)
    staging, october = Staging(connection.store, connection.blobs), Period.parse(OCT)
    assert all(staging.current("uk", entity, october) for entity in ("trial_balance", "residuals", "company"))


def test_documents_that_changed_mark_what_is_derived_from_them(connection):
    connection.pull(OCT)
    connection.books.edit("inv-1", lines={"acc-200": Decimal(5)})
    pull(connection, "invoices", OCT)
    staging = Staging(connection.store, connection.blobs)
    assert staging.dirty("uk") == {"ledger_lines": {Period.parse(OCT)}}
    pull(connection, "ledger_lines", OCT)
    assert staging.dirty("uk") == {}


def test_a_record_that_cannot_be_read_is_quarantined_and_counted(connection):
    from ml_connector_dagster.sources.contract.answers import RefusedRecord

    connection.books.refused = [RefusedRecord("inv-9", "no date", b"{}")]
    outcome = pull(connection, "invoices", OCT)
    assert (outcome.records, outcome.quarantined) == (3, 1)
    assert [bool(one.record_id and one.reason) for one in outcome.refused] == [True]
