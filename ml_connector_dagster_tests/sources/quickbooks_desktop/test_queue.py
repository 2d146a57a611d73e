"""Readings: asked for once, seen when complete, published by the run."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ml_connector_dagster.errors import SettingWrong, TemporarilyRefused
from ml_connector_dagster.sources.quickbooks_desktop import rows
from ml_connector_dagster.sources.quickbooks_desktop.operations import Kind, State
from ml_connector_dagster.sources.quickbooks_desktop.queue import Queue, Wanted
from ml_connector_dagster.store.closed_questions import count_closed, forget_closed
from ml_connector_dagster.store.engine import Store
from ml_connector_dagster_tests.sources.quickbooks_desktop.conftest import machine_on
from ml_connector_dagster_tests.sources.quickbooks_desktop.small_file import (
    FILE_ID,
    ONE_EACH_DAY,
    PATH,
    Machine,
    records_in,
)

MONTH = {"from": "2026-10-01", "to": "2026-10-31"}
WANTED = [("invoices", MONTH), ("ledger_accounts", {}), ("ledger_lines", MONTH)]
PURPOSE = "invoices 2026-10"


def test_a_reading_is_asked_for_once_answered_whole_and_published_by_its_run(store: Store) -> None:
    queue, machine = Queue(store, f"{{{FILE_ID.upper()}}}"), machine_on(store)
    asked = queue.ask(PURPOSE, WANTED)
    assert queue.ask(PURPOSE, WANTED) == asked
    assert (queue.arrived(), list(queue.answers(asked)), queue.company()) == ([], [], None)
    assert machine.run() == "OK: 3 done, 0 failed"
    (complete,) = queue.arrived()
    assert (complete.id, queue.find(PURPOSE)) == (asked.id, complete)
    names = [name for name, _, _ in queue.answers(complete)]
    assert names == ["invoices", "invoices", "ledger_accounts", "ledger_lines"]
    assert [one for *_, body in queue.answers(complete) for one in records_in(body)] == [*ONE_EACH_DAY, *ONE_EACH_DAY]
    assert queue.ask(PURPOSE, WANTED) == complete, "what is complete is not asked for again"
    queue.publish(complete, "run-1")
    assert (queue.arrived(), queue.find(PURPOSE)) == ([], None)
    with pytest.raises(TemporarilyRefused, match="Another run published"):
        list(queue.answers(complete))
    assert queue.ask(PURPOSE, WANTED).id != asked.id
    session = queue.company()
    assert session is not None
    assert (session.path, session.versions["qbxml"], b"<CompanyName>Small<" in session.document) == (PATH, "16.0", True)


def test_a_failed_reading_says_why_cancels_the_rest_and_is_replaced_when_asked_again(
    queue: Queue, machine: Machine
) -> None:
    machine.file.refuses = {"InvoiceQuery": (3030, "The date is wrong.")}
    asked = queue.ask(PURPOSE, [("invoices", MONTH), ("ledger_accounts", {})])
    machine.run()
    failed = queue.find(PURPOSE)
    assert failed is not None
    assert (failed.id, failed.state) == (asked.id, "failed")
    assert failed.error == "invoices: QuickBooks answered 3030: The date is wrong."
    assert [one.state for one in queue.operations(Kind.READ)] == [State.FAILED, State.CANCELLED]
    machine.file.refuses.clear()
    again = queue.ask(PURPOSE, WANTED)
    assert (again.id != asked.id, again.state) == (True, "pending")
    assert machine.run() == "OK: 3 done, 0 failed"


def test_a_pending_reading_that_asks_for_something_else_is_replaced(queue: Queue, machine: Machine) -> None:
    first = queue.ask(PURPOSE, [("ledger_accounts", {})])
    machine.log_in()
    late = machine.file.process(machine.ask())
    second = queue.ask(PURPOSE, [("classes", {})])
    assert second.id != first.id
    assert machine.bring(late) == 1, "the answer to what was cancelled changes nothing, the session goes on"
    assert machine.bring(machine.file.process(machine.ask())) == 100
    assert [name for name, _, _ in queue.answers(queue.arrived()[0])] == ["classes"]


def test_an_answer_that_is_not_whole_is_not_put_away(queue: Queue, machine: Machine) -> None:
    """A run that comes late publishes what another one let go of, or asked for anew."""
    machine.file.records = [f"R{number}" for number in range(60)]
    pending = queue.ask(PURPOSE, [("invoices", MONTH), ("classes", {})])
    machine.log_in()
    machine.bring(machine.file.process(machine.ask()))
    queue.publish(pending, "run-1")
    while request := machine.ask():
        machine.bring(machine.file.process(request))
    (complete,) = queue.arrived()
    assert [one for *_, body in queue.answers(complete) for one in records_in(body)] == machine.file.records


def test_a_question_that_cannot_be_written_is_not_asked(queue: Queue) -> None:
    with pytest.raises(SettingWrong, match="without 'from'"):
        queue.ask(PURPOSE, [("ledger_accounts", {}), ("invoices", {"to": "2026-10-31"})])
    assert queue.find(PURPOSE) is None


def test_a_reading_that_asks_for_nothing_is_complete(queue: Queue) -> None:
    assert queue.ask("nothing", []).is_complete


def test_a_journal_is_enqueued_once_and_never_with_other_content(store: Store) -> None:
    queue = Queue(store, FILE_ID)
    one = Wanted("op-1", Kind.JOURNAL_ADD, "key", {"lines": [1]}, ref_number="P1", message_set_id="M1", request=b"<x/>")
    (first,) = queue.enqueue(one)
    assert queue.enqueue(one) == [first]
    assert (first.state, first.phase, first.request, queue.operations()) == ("pending", "probe", b"<x/>", [first])
    with pytest.raises(SettingWrong, match="already asked of this company file with other content"):
        queue.enqueue(
            Wanted("op-2", Kind.JOURNAL_ADD, "other", {}), Wanted("op-3", Kind.JOURNAL_ADD, "key", {"lines": [2]})
        )
    assert queue.operations() == [first], "all of them or none"


def test_an_operation_that_somebody_else_changed_meanwhile_is_left_as_it_is(store: Store) -> None:
    """Whoever voids a journal read it before the lock; it may have been handed out since."""
    queue = Queue(store, FILE_ID)
    (read,) = queue.enqueue(Wanted("op-1", Kind.JOURNAL_ADD, "key", {}))
    with store.begin() as database:
        rows.change_operation(database, read, state=State.IN_FLIGHT)
    with pytest.raises(TemporarilyRefused, match="changed by another process"), store.begin() as database:
        rows.change_operation(database, read, state=State.CANCELLED)
    assert queue.operation("op-1").state is State.IN_FLIGHT


def test_a_machine_that_never_called_was_never_seen(queue: Queue) -> None:
    assert queue.seen().seen_at is None
    asked = queue.ask(PURPOSE, WANTED)
    assert queue.waiting() == [asked]


def test_housekeeping_forgets_what_was_published_long_ago_and_keeps_what_is_open_and_every_journal(
    store: Store,
) -> None:
    queue, machine = Queue(store, FILE_ID), machine_on(store)
    for purpose in ("old", "open"):
        queue.ask(purpose, WANTED)
        machine.run()
    queue.publish(queue.arrived()[0], "run-1")
    queue.enqueue(Wanted("op-1", Kind.JOURNAL_ADD, "key", {"lines": []}))
    machine.bring("<unasked/>")
    now, later = machine.file.clock.now, store.now() + timedelta(days=1)
    with store.begin() as database:
        assert count_closed(database, now - timedelta(days=1)) == 0
        assert count_closed(database, later) == 3
        forget_closed(database, later)
    assert [one.purpose for one in queue.arrived()] == ["open"]
    assert len(list(queue.answers(queue.arrived()[0]))) == 4
    assert [len(queue.operations()), len(queue.operations(Kind.READ))] == [1, 3]
