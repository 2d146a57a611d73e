"""Reads through the Web Connector: pages lost and repeated, answers that are none, how much is asked for at once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from ml_connector_dagster.sources.quickbooks_desktop import rows
from ml_connector_dagster.sources.quickbooks_desktop.operations import State
from ml_connector_dagster.sources.quickbooks_desktop.queue import Queue
from ml_connector_dagster.store.engine import Store
from ml_connector_dagster.store.tables.desktop import desktop_attempt
from ml_connector_dagster_tests.sources.quickbooks_desktop.asking import (
    NOTHING,
    ask_for,
    read_back,
    reads_of,
)
from ml_connector_dagster_tests.sources.quickbooks_desktop.conftest import machine_on
from ml_connector_dagster_tests.sources.quickbooks_desktop.small_file import (
    FILE_ID,
    ONE_EACH_DAY,
    Machine,
    answer,
)


# ── reads: every call lost, once ──────────────────────────────────────────────────────────────────────────────────────
def run_losing(machine: Machine, which: int, how: str) -> None:
    """One session in which the message number ``which`` goes wrong; the next session ends the work."""
    machine.log_in()
    while request := machine.ask():
        wrong = machine.sent == which
        if wrong and how == "request lost":
            continue  # the machine never got it and asks again
        response = machine.file.process(request)
        if wrong and how == "machine dies":
            break
        if wrong and how == "answer lost":
            continue
        if wrong and how == "asked again late":
            machine.ask()
        percent = machine.bring(response)
        if wrong and how == "delivered twice":
            assert machine.bring(response) == percent
        if percent == 100:
            break
    machine.run()


@pytest.mark.parametrize("how", ["request lost", "answer lost", "machine dies", "delivered twice", "asked again late"])
def test_whatever_call_is_lost_on_whatever_page_nothing_is_read_twice_and_nothing_missed(
    queue: Queue, machine: Machine, how: str
) -> None:
    """Three pages of five, and a report in two spans; every message of them in turn."""
    machine.file.records = [f"R{number}" for number in range(12)]
    machine.file.seconds = lambda asked: 20
    for which in range(1, 6):
        with queue._store.begin() as database:
            rows.change_company(database, FILE_ID, pace={"invoices": {"size": 5}, "ledger_lines": {"days": 16}})
        ask_for(queue, "invoices", "ledger_lines")
        machine.sent = 0
        run_losing(machine, which, how)
        for _ in range(3):
            machine.run()
        assert read_back(queue) == [*machine.file.records, *ONE_EACH_DAY], which
        queue.publish(queue.arrived()[0], "run")


def test_a_new_session_begins_an_iteration_again_and_the_pages_of_the_one_before_are_never_seen(
    store: Store,
) -> None:
    queue, machine = Queue(store, FILE_ID), machine_on(store)
    machine.file.records = [f"R{number}" for number in range(120)]
    ask_for(queue, "invoices")
    machine.log_in()
    for _ in range(2):
        machine.bring(machine.file.process(machine.ask()))
    machine.file.process(machine.ask())
    machine.file.records = ["NEW", *machine.file.records]
    assert machine.run() == "OK: 1 done, 0 failed"
    (read,) = reads_of(queue)
    assert (read.generation, read_back(queue)) == (2, machine.file.records)


def test_an_answer_of_the_machine_before_is_not_taken_for_the_new_ones(queue: Queue, machine: Machine) -> None:
    ask_for(queue, "invoices")
    machine.log_in()
    first, late = machine.ticket, machine.file.process(machine.ask())
    machine.log_in()
    request = machine.ask()
    assert machine.sessions.receive_response(first, late, "", "") == -1
    assert machine.bring(late) == 1, "nor when it comes under the new ticket: its request id is another's"
    assert machine.bring(machine.file.process(request)) != 100
    while request := machine.ask():
        machine.bring(machine.file.process(request))
    assert read_back(queue) == ONE_EACH_DAY


def test_a_page_that_comes_after_the_iteration_began_again_is_not_taken_for_the_first(
    queue: Queue, machine: Machine
) -> None:
    """QuickBooks worked on it, so its iterator is a page further: taken, it would hide the pages before."""
    machine.file.records = [f"R{number}" for number in range(80)]
    ask_for(queue, "invoices")
    machine.log_in()
    machine.bring(machine.file.process(machine.ask()))
    late = machine.file.process(machine.ask())
    request = machine.ask()
    machine.bring(late)
    while request:
        machine.bring(machine.file.process(request))
        request = machine.ask()
    assert read_back(queue) == machine.file.records


def test_a_session_that_ended_between_two_pages_is_not_continued_by_the_next_one(
    queue: Queue, machine: Machine
) -> None:
    ask_for(queue, "invoices")
    machine.log_in()
    machine.bring(machine.file.process(machine.ask()))
    machine.sessions.close(machine.ticket)
    machine.log_in()
    assert 'iterator="Start"' in machine.ask()
    assert [(one.generation, one.page) for one in reads_of(queue)] == [(2, 0)]


# ── answers that are none ─────────────────────────────────────────────────────────────────────────────────────────────
def test_an_hresult_is_tried_again_twice_and_one_bad_question_does_not_stop_the_others(
    queue: Queue, machine: Machine
) -> None:
    bad, good = ask_for(queue, "classes"), ask_for(queue, "vendors")
    machine.log_in()
    percents = []
    while "ClassQueryRq" in (request := machine.ask()):
        percents.append(machine.bring("", "0x80040402", "unexpected"))
    assert percents == [1, 1, 50]
    assert machine.bring(machine.file.process(request)) == 100
    failed = queue.find(bad)
    assert failed is not None
    assert failed.error == (
        "classes: QuickBooks met an error nobody expected. Look into qbsdklog.txt on the Windows machine."
        " (0x80040402: unexpected)"
    )
    assert [one.purpose for one in queue.arrived()] == [good]


def test_a_question_too_large_even_for_its_smallest_part_fails_in_words(queue: Queue, machine: Machine) -> None:
    queue.ask("day", [("ledger_lines", {"from": "2026-10-05", "to": "2026-10-05"})])
    machine.log_in()
    for _ in range(3):
        machine.ask()
        machine.file.clock.pass_by(61)
        machine.bring("", "0x80040402", "no answer in time")
    assert reads_of(queue)[0].state is State.FAILED
    assert "worked 61 seconds on the least that can be asked for" in reads_of(queue)[0].error


def test_a_session_that_quickbooks_ended_is_no_fault_of_the_question(queue: Queue, machine: Machine) -> None:
    ask_for(queue, "invoices")
    for _ in range(4):
        machine.log_in()
        machine.ask()
        assert machine.bring("", "0x8004040D", "session ticket invalid") == -1
        assert "ended the session" in machine.sessions.last_error(machine.ticket)
        machine.sessions.close(machine.ticket)
    assert machine.run() == "OK: 1 done, 0 failed"
    assert read_back(queue) == ONE_EACH_DAY


def test_a_request_that_quickbooks_cannot_read_is_never_sent_again(queue: Queue, machine: Machine) -> None:
    ask_for(queue, "classes")
    machine.log_in()
    machine.ask()
    assert machine.bring("", "0x80040400", "parse") == 100
    assert [(one.state, one.error_code) for one in reads_of(queue)] == [(State.FAILED, "0x80040400")]


@pytest.mark.parametrize("poison", ["<QBXML>&#x1F;</QBXML>", "<QBXML>\x1f</QBXML>", "no xml", "<QBXML/>"])
def test_an_answer_that_cannot_be_read_is_quarantined_asked_for_once_more_and_fails(
    sqlite_store: Store, queue: Queue, machine: Machine, poison: str
) -> None:
    ask_for(queue, "classes")
    machine.log_in()
    machine.ask()
    assert machine.bring(poison) == 1
    machine.ask()
    assert machine.bring(poison) == 100
    assert [(one.state, one.error_code) for one in reads_of(queue)] == [(State.FAILED, "poison")]
    with sqlite_store.read() as database:
        kept = database.execute(select(desktop_attempt.c.answer)).scalars().all()
    assert [rows.unpacked(one).decode() for one in kept] == [poison, poison]


def test_an_empty_answer_is_none(queue: Queue, machine: Machine) -> None:
    ask_for(queue, "classes")
    machine.log_in()
    machine.ask()
    assert machine.bring("") == 1
    assert machine.bring(machine.file.process(machine.ask())) == 100
    assert len(queue.arrived()) == 1


def test_an_iterator_that_is_gone_begins_again(queue: Queue, machine: Machine) -> None:
    ask_for(queue, "invoices")
    machine.log_in()
    machine.bring(machine.file.process(machine.ask()))
    machine.file.new_session()
    while request := machine.ask():
        machine.bring(machine.file.process(request))
    assert read_back(queue) == ONE_EACH_DAY


def test_an_iterator_that_never_comes_to_its_end_fails(queue: Queue, machine: Machine) -> None:
    ask_for(queue, "vendors")
    machine.log_in()
    while request := machine.ask():
        request_id = request.partition('requestID="')[2].partition('"')[0]
        machine.bring(answer("VendorQuery", request_id, "<Ret>V</Ret>", ' iteratorRemainingCount="7" iteratorID="{1}"'))
    assert [one.state for one in reads_of(queue)] == [State.FAILED]
    assert "again that 7 records are left" in reads_of(queue)[0].error


def test_a_locked_record_is_waited_for_and_not_for_ever(queue: Queue, machine: Machine) -> None:
    ask_for(queue, "classes")
    machine.file.refuses = {"ClassQuery": (3175, "object in use")}
    assert machine.run() == "OK: 0 done, 0 failed"
    assert machine.log_in() == NOTHING, "not at once"
    for _ in range(9):
        machine.file.clock.pass_by(601)
        assert machine.run() == "OK: 0 done, 0 failed"
    machine.file.clock.pass_by(601)
    assert machine.run() == "OK: 0 done, 1 failed"


def test_without_permission_nothing_more_is_sent_for_an_hour(queue: Queue, machine: Machine) -> None:
    ask_for(queue, "classes", "vendors")
    machine.file.refuses = {"ClassQuery": (3261, "no permission")}
    assert machine.run() == "OK: 0 done, 0 failed"
    assert machine.log_in() == ("", "none", "", "900")
    assert queue.seen().paused == "QuickBooks answered 3261: no permission"
    machine.file.refuses.clear()
    machine.file.clock.pass_by(3601)
    assert machine.run() == "OK: 2 done, 0 failed"
    assert queue.seen().paused == ""


# ── how much is asked for at once ─────────────────────────────────────────────────────────────────────────────────────
def test_pages_and_spans_shrink_until_answers_come_within_a_minute(queue: Queue, machine: Machine) -> None:
    """QuickBooks needs five seconds a record or day and is given up after a minute; then it is fast again."""
    machine.file.seconds = lambda asked: asked * 5.0
    ask_for(queue, "invoices", "ledger_lines")
    for _ in range(20):
        machine.log_in()
        while request := machine.ask():
            before = machine.file.clock.now
            response = machine.file.process(request)
            if machine.file.clock.now - before > timedelta(seconds=60):
                break  # the Web Connector gives up, and its session ends
            if machine.bring(response) == 100:
                break
        machine.sessions.close(machine.ticket)
    assert read_back(queue) == [*ONE_EACH_DAY, *ONE_EACH_DAY]
    pace = {name: dict(found) for name, found in _pace(queue).items()}
    assert (pace["invoices"]["size"] <= 6, pace["ledger_lines"]["days"] <= 8) == (True, True), pace
    machine.file.seconds = lambda asked: 0.1
    queue.publish(queue.arrived()[0], "run")
    for _ in range(4):
        ask_for(queue, "invoices", "ledger_lines")
        machine.run()
        queue.publish(queue.arrived()[0], "run")
    assert (_pace(queue)["invoices"]["size"], _pace(queue)["ledger_lines"]["days"]) == (25, 31)


def _pace(queue: Queue) -> dict[str, dict[str, int]]:
    with queue._store.read() as database:
        company = rows.known_company(database, queue.company_id)
    assert company is not None
    return dict(company["pace"])


def test_what_is_never_answered_fails_in_words_after_thirty_attempts(queue: Queue, machine: Machine) -> None:
    ask_for(queue, "classes")
    for _ in range(31):
        machine.log_in()
        machine.ask()
    assert machine.log_in() == NOTHING
    assert "handed out 31 times and never answered to the end" in reads_of(queue)[0].error
