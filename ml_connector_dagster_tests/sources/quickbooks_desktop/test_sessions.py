"""The Web Connector's calls in every order: sections 2, 3 and 13 of the vendor page, call by call."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from ml_connector_dagster.sources.quickbooks_desktop import rows
from ml_connector_dagster.sources.quickbooks_desktop.operations import State
from ml_connector_dagster.sources.quickbooks_desktop.queue import Queue
from ml_connector_dagster.sources.quickbooks_desktop.sessions import STALE
from ml_connector_dagster.store.engine import Store
from ml_connector_dagster.store.limits import Limits
from ml_connector_dagster.store.tables.desktop import desktop_session
from ml_connector_dagster_tests.sources.quickbooks_desktop.asking import (
    NOTHING,
    ask_for,
    notes,
    read_back,
    reads_of,
)
from ml_connector_dagster_tests.sources.quickbooks_desktop.conftest import machine_on
from ml_connector_dagster_tests.sources.quickbooks_desktop.small_file import (
    FILE_ID,
    ONE_EACH_DAY,
    PASSWORD,
    PATH,
    USER,
    Machine,
    answer,
    greeting,
)


# ── authenticate ──────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_wrong_login_is_refused_alike_for_known_and_unknown_users(queue: Queue, machine: Machine) -> None:
    ask_for(queue, "classes")
    for user, password in ((USER, "wrong"), ("nobody", PASSWORD), ("", ""), (USER, "")):
        assert machine.sessions.authenticate(user, password) == ("", "nvu", "", "")
    assert "wrong password" in queue.seen().error
    assert machine.log_in()[1] == ""
    assert queue.seen().error == "", "the right one mends it"


def test_guessing_is_slowed_down_for_one_company_alone(sqlite_store: Store, machine: Machine) -> None:
    ask_for(Queue(sqlite_store, FILE_ID), "classes")
    for _ in range(10):
        machine.sessions.authenticate("nobody", "guess")
    assert machine.sessions.authenticate("nobody", "guess") == ("", "nvu", "", "")
    assert machine.log_in()[1] == "", "the other companies go on"
    in_an_hour = datetime.now(UTC) + timedelta(hours=1)
    Limits(sqlite_store).block_until(f"quickbooks_desktop:login:{FILE_ID}", in_an_hour)
    assert machine.log_in()[1] == "nvu", "while its own limit is shut nothing is compared"


def test_without_work_no_session_begins(sqlite_store: Store, machine: Machine) -> None:
    assert machine.log_in() == NOTHING
    with sqlite_store.read() as database:
        assert database.execute(select(desktop_session)).all() == []
    assert machine.sessions.close("") == "OK"


def test_a_ticket_is_random_and_kept_as_its_hash_alone(sqlite_store: Store, queue: Queue, machine: Machine) -> None:
    ask_for(queue, "classes")
    machine.log_in()
    with sqlite_store.read() as database:
        session = database.execute(select(desktop_session)).mappings().one()
    assert len(machine.ticket) >= 43
    assert session["ticket_hash"] == rows.ticket_hash(machine.ticket)
    machine.sessions.authenticate(USER, "wrong-canary")
    machine.sessions.receive_response(machine.ticket, "<QBXML/>", "", "")
    kept = b"".join(file.read_bytes() for file in sqlite_store.home.rglob("*") if file.is_file())
    secrets = (machine.ticket, PASSWORD, "wrong-canary")
    assert [secret for secret in secrets if secret.encode() in kept] == [], "in no file of the home"
    assert USER.encode() in kept


def test_the_learned_path_is_asked_for_next_time_and_given_up_once(queue: Queue, machine: Machine) -> None:
    ask_for(queue, "classes")
    assert machine.log_in()[1] == ""
    machine.ask()
    machine.sessions.close(machine.ticket)
    assert machine.log_in()[1] == PATH
    say = ("0x80040403", "cannot open")
    assert machine.sessions.connection_error(machine.ticket, *say) == "", "now try the file that is open"
    assert machine.sessions.connection_error(machine.ticket, *say) == "done"
    assert machine.sessions.connection_error(machine.ticket, *say) == "done"
    assert "could not be opened" in machine.sessions.last_error(machine.ticket)
    machine.sessions.close(machine.ticket)
    assert "could not be opened" in queue.seen().error
    machine.run()
    assert queue.seen().error == "", "a session that goes well clears it"


# ── the first call ────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("told", "said"),
    [
        (greeting(file_id="00000000-3c84-4b0e-9a61-2f5b8c7d9e10"), r"open company file \(Small\) is not the one"),
        (greeting(owner="{00000000-3c84-4b0e-9a61-2f5b8c7d9e10}"), "is not the one this connection is for"),
        (greeting(versions=("2.0", "12.0", "CA16.0")), r"qbXML 12\.0 at most; 13\.0 is needed"),
        ("", "did not say which company file is open"),
        ("<!DOCTYPE x [<!ENTITY a 'b'>]><QBXML>&a;</QBXML>", "cannot be read"),
    ],
)
def test_a_wrong_file_or_an_old_quickbooks_is_refused_in_words(
    queue: Queue, machine: Machine, told: str, said: str
) -> None:
    ask_for(queue, "classes")
    machine.log_in()
    assert machine.sessions.send_request(machine.ticket, told, PATH, "US", (12, 0)) == ""
    words = machine.sessions.last_error(machine.ticket)
    assert re.search(said, words), words
    assert len(words) <= 255
    assert machine.sessions.close(machine.ticket) == "OK: 0 done, 0 failed"
    assert (queue.seen().error[:40], queue.company()) == (words[:40], None)
    assert [one.attempts for one in reads_of(queue)] == [0], "nothing was handed out"
    assert machine.run() == "OK: 1 done, 0 failed", "with the right file it goes on"


# ── tickets ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_ticket_that_was_never_given_out_moves_and_stores_nothing(
    sqlite_store: Store, queue: Queue, machine: Machine
) -> None:
    ask_for(queue, "classes")
    for ticket in ("", "guess", "\ud800"):
        assert machine.sessions.send_request(ticket, greeting(), PATH, "US", (16, 0)) == ""
        assert machine.sessions.receive_response(ticket, answer("ClassQuery", "x"), "", "") == -1
        assert machine.sessions.last_error(ticket) == STALE
        assert machine.sessions.connection_error(ticket, "0x80040402", "") == "done"
        assert machine.sessions.close(ticket) == "OK"
    assert (notes(sqlite_store), queue.seen().seen_at) == ([], None)


def test_a_replayed_ticket_of_a_closed_session_is_worth_nothing(queue: Queue, machine: Machine) -> None:
    ask_for(queue, "classes")
    machine.run()
    ask_for(queue, "vendors")
    assert machine.ask() == ""
    assert machine.bring(answer("ClassQuery", "x")) == -1


def test_a_session_of_an_older_login_is_fenced_off_whatever_its_row_says(queue: Queue, machine: Machine) -> None:
    """As after a restored database: the row says open, the company knows a newer login."""
    ask_for(queue, "classes")
    machine.log_in()
    response = machine.file.process(machine.ask())
    with queue._store.begin() as database:
        company = rows.known_company(database, FILE_ID)
        assert company is not None
        rows.change_company(database, FILE_ID, epoch=company["epoch"] + 1)
    assert (machine.bring(response), machine.ask()) == (-1, "")
    assert [one.state for one in reads_of(queue)] == [State.IN_FLIGHT]


def test_a_session_that_was_silent_for_half_an_hour_is_over(queue: Queue, machine: Machine) -> None:
    ask_for(queue, "invoices")
    machine.log_in()
    late = machine.file.process(machine.ask())
    machine.file.clock.pass_by(1801)
    assert (machine.bring(late), machine.ask()) == (-1, "")
    assert machine.run() == "OK: 1 done, 0 failed"
    assert read_back(queue) == ONE_EACH_DAY


# ── the end ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_closing_with_a_question_in_hand_says_so_and_the_next_session_asks_it(queue: Queue, machine: Machine) -> None:
    ask_for(queue, "classes", "vendors")
    machine.log_in()
    machine.ask()
    assert machine.sessions.close(machine.ticket) == "Stopped; 2 left"
    assert machine.sessions.close(machine.ticket) == "OK"
    assert machine.run() == "OK: 2 done, 0 failed"


def test_a_hundred_is_only_said_when_nothing_is_left(queue: Queue, machine: Machine) -> None:
    ask_for(queue, *["classes"] * 12)
    machine.log_in()
    percents = []
    while request := machine.ask():
        percents.append(machine.bring(machine.file.process(request)))
        if percents[-1] == 100:
            break
    assert (len(percents), percents[-2:], percents[0], sorted(percents)) == (12, [91, 100], 8, percents)


def test_the_last_answer_brought_twice_is_told_a_hundred_twice(queue: Queue, machine: Machine) -> None:
    ask_for(queue, "classes")
    machine.log_in()
    response = machine.file.process(machine.ask())
    assert machine.bring(response) == 100
    ask_for(queue, "vendors")
    assert machine.bring(response) == 100, "what was asked meanwhile changes no answer that was given"
    assert reads_of(queue)[0].page == 1


def test_a_session_that_asks_on_although_nothing_is_left_is_told_so(queue: Queue, machine: Machine) -> None:
    ask_for(queue, "classes")
    machine.log_in()
    machine.bring(machine.file.process(machine.ask()))
    assert machine.ask() == ""
    assert machine.sessions.last_error(machine.ticket) == "Nothing is waiting for this company file."


def test_the_password_before_counts_until_its_grace_is_over(sqlite_store: Store, machine: Machine) -> None:
    from ml_connector_dagster.sources.quickbooks_desktop.qwc import issue

    new = issue(sqlite_store, FILE_ID, "small", rotate=True, grace=timedelta(hours=1))
    now = datetime.now(UTC)
    machine.file.clock.now = now
    assert machine.sessions.authenticate(new.username, new.password) == NOTHING
    assert machine.sessions.authenticate(new.username, PASSWORD) == NOTHING
    machine.file.clock.now = now + timedelta(hours=2)
    assert machine.sessions.authenticate(new.username, PASSWORD)[1] == "nvu"


# ── at once ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_calls_at_the_same_moment_take_turns(store: Store) -> None:
    """A proxy that repeats a call while the first is at work, and a machine that logs in meanwhile."""
    queue, machine = Queue(store, FILE_ID), machine_on(store)
    ask_for(queue, "invoices", "classes")
    machine.log_in()
    machine.ask()
    with ThreadPoolExecutor(4) as pool:
        requests = [
            pool.submit(machine.sessions.send_request, machine.ticket, "", PATH, "US", (16, 0)) for _ in range(4)
        ]
        given = [one.result() for one in requests]
    assert len(set(given)) == 4, "each hand-out has a request id of its own"

    answers = [machine.file.process(one) for one in given]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(machine.bring, answers))
    assert [one.page for one in reads_of(queue) if one.name == "invoices"] == [1]
    with ThreadPoolExecutor(3) as pool:
        tickets = [pool.submit(machine.sessions.authenticate, USER, PASSWORD) for _ in range(3)]
        assert len({one.result()[0] for one in tickets}) == 3
    machine.run()
    assert read_back(queue) == ONE_EACH_DAY
