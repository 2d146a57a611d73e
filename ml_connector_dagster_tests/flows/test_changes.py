from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from ml_connector_dagster.flows.changes import DERIVED_WAIT, TRIED_AGAIN, changes_since, dirty_periods, note_changes
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sources.contract.answers import Changes
from ml_connector_dagster.staging.snapshots import Staging
from ml_connector_dagster.store.tables.staging import dirty_period
from ml_connector_dagster_tests.flows.little_company import little

AUG, SEP, OCT = (Period(2026, month) for month in (8, 9, 10))


def test_nothing_is_asked_before_anything_was_read(sqlite_store, tmp_path):
    opened = little(sqlite_store, tmp_path)
    assert note_changes(opened) == ()
    assert opened.books.log == []


def test_the_first_question_goes_back_to_the_oldest_read(october):
    since = changes_since(october)
    assert since is not None
    assert since <= october.store.now()
    note_changes(october)
    assert changes_since(october) == since


def test_a_changed_period_that_was_read_is_noted_and_others_are_not(october):
    october.books.changed = {"invoices": frozenset({SEP, OCT})}
    (dirty,) = note_changes(october)
    assert (dirty.entity, dirty.period, dirty.attempt) == ("invoices", "2026-10", 0)


def test_a_change_noted_twice_counts_an_attempt_so_that_a_new_run_may_start(october):
    october.books.changed = {"invoices": frozenset({OCT})}
    (first,) = note_changes(october)
    (dirty,) = note_changes(october)
    assert dirty.attempt == 1
    later = replace(dirty, attempt=2)  # an hour later, see below
    assert len({one.run_key for one in (first, dirty, later)}) == 3, "protocol 17: a run key is never used twice"


def test_a_read_that_failed_is_asked_for_again_after_an_hour(october):
    october.books.changed = {"invoices": frozenset({OCT})}
    note_changes(october)
    hours_ago = october.store.now() - 2 * TRIED_AGAIN - timedelta(minutes=1)
    with october.store.begin() as database:
        database.execute(sa.update(dirty_period).values(noted_at=hours_ago))
    assert [dirty.attempt for dirty in dirty_periods(october)] == [2]


def test_a_change_before_the_first_period_moves_the_opening_balance(october):
    october.books.changed = {"invoices": frozenset({AUG})}
    note_changes(october)
    staging = Staging(october.store, october.blobs)
    assert staging.dirty("uk") == {"ledger_lines": {SEP}}
    assert dirty_periods(october) == ()  # what is derived waits for the run that may be under way
    long_ago = october.store.now() - DERIVED_WAIT - timedelta(seconds=1)
    with october.store.begin() as database:
        database.execute(sa.update(dirty_period).values(noted_at=long_ago))
    assert [dirty.entity for dirty in dirty_periods(october)] == ["ledger_lines"]


def test_the_watermark_moves_only_after_the_dirty_periods_were_noted(october, monkeypatch):
    later = october.store.now() + timedelta(hours=1)
    monkeypatch.setattr(
        october.reader(), "changes", lambda since, staged: Changes({"invoices": frozenset({OCT})}, later)
    )
    monkeypatch.setattr(Staging, "mark_dirty", _dies)
    before = changes_since(october)
    with pytest.raises(RuntimeError):
        note_changes(october)
    assert changes_since(october) == before
    monkeypatch.undo()
    monkeypatch.setattr(october.reader(), "changes", lambda since, staged: Changes({}, later))
    note_changes(october)
    note_changes(october)
    assert changes_since(october) == later


def _dies(*_):
    raise RuntimeError("killed")
