from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from ml_connector_dagster.store.engine import Store
from ml_connector_dagster.store.mailbox import Mailbox
from ml_connector_dagster.store.tables.database import mailbox as mailbox_table
from ml_connector_dagster_tests.forks import all_at_once, fork, succeeded


@pytest.fixture
def mailbox(store: Store) -> Mailbox:
    return Mailbox(store)


def keys(mailbox: Mailbox, kind: str = "xero.webhook") -> list[str]:
    return [letter.key for letter in mailbox.pending(kind)]


def test_a_letter_is_kept_with_its_body_until_a_run_has_published(mailbox: Mailbox, store: Store) -> None:
    assert mailbox.put("xero.webhook", "event-1", {"tenant": "7d1f", "resource": "INVOICE"})
    (letter,) = mailbox.pending("xero.webhook")
    assert (letter.kind, letter.key, letter.body) == (
        "xero.webhook", "event-1", {"tenant": "7d1f", "resource": "INVOICE"},
    )  # fmt: skip
    assert letter.received_at.tzinfo is not None
    assert mailbox.mark_done([letter.id], "run-7") == 1
    assert mailbox.pending("xero.webhook") == ()
    with store.read() as connection:
        row = connection.execute(select(mailbox_table)).one()
    assert (row.state, row.done_by, row.done_at is not None) == ("done", "run-7", True)


def test_the_same_event_twice_is_one_letter_done_or_not(mailbox: Mailbox) -> None:
    assert mailbox.put("xero.webhook", "event-1", {"try": 1})
    assert not mailbox.put("xero.webhook", "event-1", {"try": 2})
    (letter,) = mailbox.pending("xero.webhook")
    assert letter.body == {"try": 1}
    mailbox.mark_done([letter.id], "run-7")
    assert not mailbox.put("xero.webhook", "event-1", {"try": 3})
    assert mailbox.pending("xero.webhook") == ()


def test_the_same_key_of_another_kind_is_another_letter(mailbox: Mailbox) -> None:
    assert mailbox.put("xero.webhook", "1", {})
    assert mailbox.put("qbwc.page", "1", {})
    assert keys(mailbox) == ["1"]


def test_the_oldest_come_first_and_no_more_than_asked_for(mailbox: Mailbox) -> None:
    for number in range(5):
        mailbox.put("xero.webhook", f"event-{number}", {})
    assert [letter.key for letter in mailbox.pending("xero.webhook", limit=2)] == ["event-0", "event-1"]


def test_a_letter_is_done_by_the_first_run_that_says_so(mailbox: Mailbox) -> None:
    mailbox.put("xero.webhook", "event-1", {})
    (letter,) = mailbox.pending("xero.webhook")
    assert mailbox.mark_done([letter.id], "run-7") == 1
    assert mailbox.mark_done([letter.id], "run-8") == 0
    assert mailbox.mark_done([], "run-9") == 0


def test_a_burst_from_several_processes_loses_nothing_and_doubles_nothing(mailbox: Mailbox) -> None:
    def deliver(number: int) -> None:
        for event in range(number, number + 20):
            mailbox.put("xero.webhook", f"event-{event}", {})

    assert all_at_once(deliver, 4)
    assert sorted(keys(mailbox)) == sorted(f"event-{event}" for event in range(23))


@pytest.mark.postgres
def test_protocol_15_a_lower_id_that_commits_later_is_not_skipped(postgres_store: Store) -> None:
    """A reader that remembered the highest id it saw would never see the letter whose transaction took its time."""
    mailbox = Mailbox(postgres_store)
    slow = {"kind": "xero.webhook", "key": "slow", "body": {}, "state": "pending", "received_at": postgres_store.now()}
    with postgres_store.begin() as connection:
        slow_id = connection.execute(insert(mailbox_table).values(slow)).inserted_primary_key[0]
        mailbox.put("xero.webhook", "fast", {})
        (fast,) = mailbox.pending("xero.webhook")
        assert fast.id > slow_id
        mailbox.mark_done([fast.id], "run-1")
    assert keys(mailbox) == ["slow"]


def test_protocol_15_a_letter_that_arrives_while_a_run_works_stays_pending(mailbox: Mailbox) -> None:
    mailbox.put("xero.webhook", "event-1", {})
    seen = mailbox.pending("xero.webhook")
    mailbox.put("xero.webhook", "event-2", {})
    mailbox.mark_done([letter.id for letter in seen], "run-1")
    assert keys(mailbox) == ["event-2"]


def test_protocol_16_a_run_that_dies_before_it_published_leaves_its_letters_pending(
    mailbox: Mailbox, tmp_path: Path
) -> None:
    mailbox.put("xero.webhook", "event-1", {})

    def run_and_die() -> None:
        assert keys(mailbox) == ["event-1"]
        (tmp_path / "read").touch()
        os._exit(0)

    assert succeeded(fork(run_and_die))
    assert (tmp_path / "read").exists()
    assert keys(mailbox) == ["event-1"]


def test_threads_of_the_inbound_process_may_deliver_at_once(mailbox: Mailbox) -> None:
    threads = [
        threading.Thread(target=mailbox.put, args=("xero.webhook", f"event-{number}", {})) for number in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys(mailbox)) == 8
