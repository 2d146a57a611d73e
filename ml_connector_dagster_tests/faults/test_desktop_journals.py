"""Journal entries into QuickBooks Desktop: each crash point of the reference page's §6.6 alone, and seeded plans of many.

0 doubled: no entry of ours is ever saved twice. 0 lost: what was taken stands in the books in the end, or a person is told. What
a user deleted or voided is never posted again.
"""

from __future__ import annotations

import itertools
import os
import random
import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from lxml import etree

from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.ledger.journal import Journal
from ml_connector_dagster.ledger.journal_posting import JournalPosting, JournalState
from ml_connector_dagster.sources.quickbooks_desktop import rows
from ml_connector_dagster.sources.quickbooks_desktop.handing import MOST_LOST_WRITES
from ml_connector_dagster.sources.quickbooks_desktop.queue import Queue
from ml_connector_dagster.store.engine import Store
from ml_connector_dagster.store.environment import Environment
from ml_connector_dagster_tests.faults.desktop_office import CALLS, WORK, Office, Trouble, hcp, journal
from ml_connector_dagster_tests.faults.sandbox_books import SandboxBooks
from ml_connector_dagster_tests.sources.quickbooks_desktop.small_books import SmallBooks

SEEDS = int(os.environ.get("ML_CONNECTOR_SEEDS", "200"))
NUMBERS = itertools.count(10**6)
"""Of companies; a seeded plan has its seed's, so that it is the same plan in whatever order tests run."""
STEPS_OF_ONE = 8
"""authenticate, send, look, receive, send, write, receive, close: a session that posts one journal."""
SEND_LOOK, LOOK, TAKE_LOOK, SEND_WRITE, WRITE, TAKE_WRITE, CLOSE = range(1, STEPS_OF_ONE)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Store]:
    """One database for all offices, each with a company of its own; no test here cuts the power, so nothing is flushed."""
    home = tmp_path_factory.mktemp("desktop")
    shutil.copy(sqlite_template, home / "state.db")
    opened = Store.open(Environment.read({"ML_CONNECTOR_HOME": str(home)}))
    opened._engines.durable = opened._engines.quick
    yield opened
    opened.close()


def office(store: Store, number: int, *, remembers: bool = True, of: type = SandboxBooks) -> Office:
    return Office(store, f"6b1e9d52-7c3f-4a8e-b0d4-{number:012d}", of(remembers=remembers))


@pytest.fixture(params=[True, False], ids=["remembers", "forgets"])
def desk(request: pytest.FixtureRequest, store: Store) -> Office:
    """An office whose QuickBooks remembers message sets, and one that does not."""
    return office(store, next(NUMBERS), remembers=request.param)


def only(desk: Office) -> JournalPosting:
    (posting,) = desk.writer().postings()
    return posting


def assert_in_the_books_once(desk: Office) -> None:
    """Every entry taken was saved once and stands, or a user deleted it and it stays deleted; nothing else was saved."""
    assert len(desk.books.saved) == len(desk.writer().postings()), desk.log
    for posting in desk.writer().postings():
        guid = desk.guid_of(posting)
        assert desk.books.saved.count(guid) == 1, (posting.key, desk.log)
        standing = [entry for entry in desk.books.entries.values() if entry.guid == guid]
        if guid in desk.deleted:
            assert standing == [], desk.log
            assert posting.state in (JournalState.CONFLICT, JournalState.POSTED, JournalState.VOIDED), desk.log
            continue
        assert [entry.txn_id for entry in standing] == [posting.transaction_id], (posting, desk.log)
        assert posting.state in (JournalState.POSTED, JournalState.VOIDED), (posting, desk.log)


def test_without_trouble_a_journal_takes_one_session(desk: Office) -> None:
    desk.post(journal("A"))
    assert desk.cycle() == STEPS_OF_ONE
    assert_in_the_books_once(desk)


def test_two_journals_of_the_same_lines_and_day_are_two(desk: Office) -> None:
    """The first one's entry bears a mark of ours, so it is no stranger that looks like the second."""
    desk.post(journal("A"), journal("B"))
    desk.settle()
    assert_in_the_books_once(desk)
    assert len(desk.books.entries) == 2


def test_crash_point_01_before_the_journal_is_enqueued(desk: Office) -> None:
    desk.post(journal("A"), dies_at="journals.before")
    assert desk.writer().postings() == []
    desk.post(journal("A"))
    desk.settle()
    assert_in_the_books_once(desk)


def test_crash_point_02_after_the_journal_is_enqueued(desk: Office) -> None:
    desk.post(journal("A"), dies_at="journals.enqueued")
    assert [one.state for one in desk.post(journal("A"))] == [JournalState.WAITING]
    desk.settle()
    assert_in_the_books_once(desk)


CRASHES = {
    3: [(0, "server_dies_uncommitted"), (0, "server_dies_committed"), (0, "drop_answer")],
    4: [(SEND_LOOK, "server_dies_uncommitted"), (SEND_WRITE, "server_dies_uncommitted")],
    5: [(SEND_WRITE, "server_dies_committed"), (SEND_WRITE, "drop_answer")],
    6: [(WRITE, "machine_dies")],
    7: [(TAKE_WRITE, "drop_request"), (WRITE, "quickbooks_dies_after"), (WRITE, "empty"), (WRITE, "garbage")],
    8: [(WRITE, "quickbooks_dies_before"), (WRITE, "hresult")],
    9: [(TAKE_LOOK, "server_dies_uncommitted"), (TAKE_WRITE, "server_dies_uncommitted")],
    10: [(TAKE_WRITE, "server_dies_committed"), (TAKE_WRITE, "drop_answer"), (CLOSE, "drop_request")],
    11: [(TAKE_LOOK, "repeat"), (TAKE_WRITE, "repeat"), (CLOSE, "repeat")],
    12: [(SEND_LOOK, "repeat"), (SEND_WRITE, "repeat")],
}


@pytest.mark.parametrize(
    ("point", "at", "kind"), [(point, at, kind) for point, cases in CRASHES.items() for at, kind in cases]
)
def test_crash_point(desk: Office, point: int, at: int, kind: str) -> None:
    desk.post(journal("A"))
    desk.cycle(Trouble(at, kind))
    assert desk.log == [f"{kind} at {at}"]
    desk.settle()
    assert_in_the_books_once(desk)


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("at", "kind"), [(SEND_WRITE, "server_dies_committed"), (TAKE_WRITE, "server_dies_uncommitted")]
)
def test_crash_points_beside_postgres(postgres_store: Store, at: int, kind: str) -> None:
    desk = office(postgres_store, next(NUMBERS))
    desk.post(journal("A"), journal("B"))
    desk.cycle(Trouble(at, kind))
    desk.settle()
    assert_in_the_books_once(desk)


@pytest.mark.parametrize("does", ["rename", "move", "void", "delete", "rename delete"])
def test_crash_point_07_and_a_user_was_at_the_entry_before_we_look(desk: Office, does: str) -> None:
    desk.post(journal("A"))
    desk.cycle(Trouble(TAKE_WRITE, "drop_request"))
    assert all(desk.user(act, only(desk)) for act in does.split())
    desk.settle()
    assert_in_the_books_once(desk)
    if does == "void":
        assert only(desk).state is JournalState.VOIDED


def test_a_look_that_is_answered_in_part_decides_nothing(desk: Office) -> None:
    desk.post(journal("A"))
    desk.cycle(Trouble(TAKE_WRITE, "drop_request"))
    desk.cycle(Trouble(LOOK, "half"))
    desk.settle()
    assert_in_the_books_once(desk)


def test_crash_point_12_a_second_machine_while_quickbooks_is_at_work(store: Store) -> None:
    """It is told to come later; once it may come, QuickBooks' memory of the message set is what stands between."""
    desk = office(store, next(NUMBERS))
    desk.post(journal("A"))
    desk.cycle(Trouble(WRITE, "other_machine"))
    desk.settle()
    assert_in_the_books_once(desk)


def test_crash_point_12_a_second_machine_is_told_to_wait_while_a_write_is_out(desk: Office) -> None:
    desk.post(journal("A"))
    desk.cycle(Trouble(SEND_WRITE, "drop_answer"))
    desk.books.now -= timedelta(minutes=19)
    assert desk.sessions.authenticate("user", "password")[1] == "busy"
    desk.books.now += timedelta(minutes=5)
    assert desk.sessions.authenticate("user", "password")[0], "whoever hangs keeps nobody out for longer"


@pytest.mark.parametrize("does", ["", "rename", "delete"])
def test_crash_point_13_our_database_is_an_older_one_again(desk: Office, does: str) -> None:
    desk.post(journal("A"))
    backup = desk.kept()
    desk.settle()
    if does:
        desk.user(does, only(desk))
    desk.restore(backup)
    desk.settle()
    assert_in_the_books_once(desk)


def test_crash_point_13_what_quickbooks_remembers_is_looked_at_before_it_counts(store: Store) -> None:
    """A user took every mark off the entry and deleted it: memory alone knows it, and knows not that it is gone."""
    desk = office(store, next(NUMBERS))
    desk.post(journal("A"))
    backup = desk.kept()
    desk.settle()
    for act in ("move", "delete"):
        desk.user(act, only(desk))
    desk.restore(backup)
    desk.settle()
    assert_in_the_books_once(desk)
    assert (only(desk).state, "a user deleted" in only(desk).says) == (JournalState.CONFLICT, True)


def test_crash_point_13_our_database_was_lost_and_the_file_is_posted_again(desk: Office) -> None:
    backup = desk.kept()
    desk.post(journal("A"))
    desk.settle()
    desk.restore(backup)
    desk.post(journal("A"))
    desk.settle()
    assert_in_the_books_once(desk)


def test_crash_point_14_the_company_file_is_an_older_one_again(desk: Office) -> None:
    backup = desk.books.backup()
    desk.post(journal("A"))
    desk.settle()
    desk.books.restore(backup)
    desk.writer().verify()
    desk.settle()
    assert only(desk).state is JournalState.CONFLICT
    assert "restored from a backup" in only(desk).says
    assert desk.books.entries == {}
    desk.writer().retry("A", desk.approval())
    desk.settle()
    assert [posting.state for posting in desk.writer().postings()] == [JournalState.CONFLICT, JournalState.POSTED]
    assert len(desk.books.entries) == 1


@pytest.mark.parametrize(("does", "state"), [("delete", JournalState.CONFLICT), ("void", JournalState.VOIDED)])
def test_crash_point_15_a_user_deleted_or_voided_a_posted_entry(desk: Office, does: str, state: JournalState) -> None:
    desk.post(journal("A"))
    desk.settle()
    desk.user(does, only(desk))
    desk.post(journal("A"))
    desk.writer().verify()
    desk.settle()
    assert only(desk).state is state
    assert_in_the_books_once(desk)


@pytest.mark.parametrize("step", range(7, 13))
def test_crash_points_16_and_17_between_the_pages_of_a_read_and_before_it_is_published(store: Store, step: int) -> None:
    """A journal is posted in the same session, and what was read is whole, once, and found again until it is published."""
    desk = office(store, next(NUMBERS))
    queue = Queue(store, desk.company_id)
    with store.begin() as database:
        rows.change_company(database, desk.company_id, pace={"customers": {"size": 15}})
    reading = queue.ask("customers", [("customers", {})])
    desk.post(journal("A"))
    desk.cycle(Trouble(step, "drop_answer" if step % 3 else "machine_dies"))
    desk.settle()
    assert_in_the_books_once(desk)
    found = [queue.find("customers") for _ in range(2)]
    assert [one.id for one in found if one is not None] == [reading.id] * 2
    (arrived,) = queue.arrived()
    assert arrived.id == reading.id
    pages = [etree.fromstring(raw) for _, _, raw in queue.answers(arrived)]
    names = [name for page in pages for name in page.xpath("//CustomerRet/ListID/text()")]
    assert len(pages) >= 2
    assert sorted(names) == sorted(desk.books.company.lists["Customer"])
    queue.publish(arrived, "run")
    assert queue.find("customers") is None


def test_an_entry_that_a_user_deleted_is_posted_anew_only_on_a_persons_word(desk: Office) -> None:
    desk.post(journal("A"))
    desk.cycle(Trouble(TAKE_WRITE, "drop_request"))
    desk.user("delete", only(desk))
    desk.settle()
    first = only(desk)
    desk.writer().retry("A", desk.approval())
    desk.settle()
    second = desk.writer().postings()[-1]
    assert (first.state, second.state) == (JournalState.CONFLICT, JournalState.POSTED)
    assert first.number != second.number


@pytest.mark.parametrize(
    ("at", "kind"),
    [
        (WRITE, "machine_dies"),
        (WRITE, "hresult"),
        (SEND_WRITE, "repeat"),
        (TAKE_WRITE, "drop_request"),
        (TAKE_WRITE, "repeat"),
    ],
)
def test_a_void_that_is_lost_is_looked_for_and_done(desk: Office, at: int, kind: str) -> None:
    desk.post(journal("A"))
    desk.settle()
    desk.writer().void("A", desk.approval())
    desk.cycle(Trouble(at, kind))
    desk.settle()
    assert [posting.state for posting in desk.writer().postings()] == [JournalState.VOIDED] * 2
    (entry,) = desk.books.entries.values()
    assert not any(line[2] for line in entry.lines)


def test_a_look_that_quickbooks_cannot_read_refuses_nothing_that_may_have_been_saved(desk: Office) -> None:
    """Before the first write it is certain that nothing was saved; after one that was lost only a person can tell."""
    desk.post(journal("A"), journal("B"))
    desk.cycle(Trouble(TAKE_WRITE, "drop_request"))
    sessions = desk.sessions
    ticket = sessions.authenticate("user", "password")[0]
    told = hcp(desk.company_id)
    for _ in range(2):
        assert "JournalEntryQueryRq" in sessions.send_request(ticket, told, "C:\\B.QBW", "US", (16, 0))
        sessions.receive_response(ticket, "", "0x80040400", "")
    keys = {one.state: one.key for one in desk.writer().postings()}
    assert set(keys) == {JournalState.CONFLICT, JournalState.REFUSED}
    desk.writer().retry(keys[JournalState.CONFLICT], desk.approval())
    desk.settle()
    states = {one.key: one.state for one in desk.writer().postings()}
    assert states == {
        keys[JournalState.CONFLICT]: JournalState.POSTED,
        keys[JournalState.REFUSED]: JournalState.REFUSED,
    }
    assert len(desk.books.saved) == 1


def test_a_journal_whose_message_is_never_answered_is_for_a_person_at_last(desk: Office) -> None:
    """Refused where no write ever went out, a conflict where one did."""
    desk.post(journal("A"))
    for _ in range(MOST_LOST_WRITES + 1):
        bring(desk, "", "0x80040402")
    assert only(desk).state is JournalState.REFUSED
    desk.writer().retry("A", desk.approval())
    desk.cycle(Trouble(SEND_WRITE, "drop_answer"))
    for _ in range(MOST_LOST_WRITES):
        bring(desk, "", "0x80040402")
    assert (only(desk).state, desk.books.saved) == (JournalState.CONFLICT, [])
    assert "a person must look" in only(desk).says
    desk.writer().retry("A", desk.approval())
    assert only(desk).state is JournalState.UNKNOWN, "it may stand: it is looked for before anything else"


def test_what_may_have_been_saved_is_looked_for_before_anything_else(desk: Office) -> None:
    desk.post(journal("A"))
    desk.cycle(Trouble(SEND_WRITE, "drop_answer"))
    lost = desk.operation(only(desk))
    desk.post(journal("B"))
    with desk.store.begin() as database:
        rows.change_operation(database, lost, created_at=lost.created_at + timedelta(days=1), priority=0)
    assert lost.id in bring(desk, "", "0x80040402")


def in_hand(desk: Office) -> tuple[str, str]:
    """A session that was given the write of a journal; answers its ticket and the write."""
    desk.books.begin()
    ticket, told, request = desk.sessions.authenticate("user", "password")[0], hcp(desk.company_id), ""
    while "JournalEntryAddRq" not in request:
        if request:
            desk.sessions.receive_response(ticket, desk.books.process(request), "", "")
        request = desk.sessions.send_request(ticket, told, "C:\\B.QBW", "US", (16, 0))
        told = ""
    return ticket, request


@pytest.mark.parametrize("is_saved", [True, False])
def test_a_late_answer_of_a_superseded_session_proves_that_it_was_saved_and_nothing_else(
    desk: Office, is_saved: bool
) -> None:
    desk.post(journal("A"))
    ticket, request = in_hand(desk)
    if not is_saved:
        desk.books.refusals = [("3140", "no such account")]
    late = desk.books.process(request)
    desk.books.now += timedelta(minutes=6)
    assert desk.sessions.authenticate("user", "password")[0] != ticket
    assert desk.sessions.receive_response(ticket, late, "", "") == -1
    assert only(desk).state is (JournalState.POSTED if is_saved else JournalState.UNKNOWN)


def test_an_answer_to_another_question_leaves_a_write_in_hand(desk: Office) -> None:
    desk.post(journal("A"))
    ticket, request = in_hand(desk)
    other = '<QBXML><QBXMLMsgsRs><ClassQueryRs requestID="x" statusCode="0" statusMessage=""/></QBXMLMsgsRs></QBXML>'
    assert desk.sessions.receive_response(ticket, other, "", "") > 0
    assert desk.operation(only(desk)).state == "in_flight"
    assert desk.sessions.receive_response(ticket, desk.books.process(request), "", "") == 100
    assert_in_the_books_once(desk)


def bring(desk: Office, response: str, hresult: str) -> str:
    """A session of one message, answered like that; answers the message."""
    ticket = desk.sessions.authenticate("user", "password")[0]
    request = desk.sessions.send_request(ticket, hcp(desk.company_id), "C:\\B.QBW", "US", (16, 0))
    if request:
        desk.sessions.receive_response(ticket, response, hresult, "")
    desk.sessions.close(ticket)
    desk.books.now += timedelta(minutes=20)
    return request


def test_the_first_hand_out_of_a_write_stays_known(desk: Office) -> None:
    """From then on an entry of ours may stand, and be changed or deleted: later looks reach back to it."""
    desk.post(journal("A"))
    desk.cycle(Trouble(SEND_WRITE, "drop_answer"))
    first = desk.operation(only(desk))
    desk.books.now += timedelta(days=9)
    desk.cycle(Trouble(SEND_WRITE, "drop_answer"))
    again = desk.operation(only(desk))
    assert (first.writes, again.writes, again.written_at) == (1, 2, first.written_at)


def test_a_message_that_cannot_be_written_calls_nothing_refused_that_may_have_been_saved(
    desk: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unwritable(operation: object) -> None:
        raise SettingWrong("It cannot be written.", "Nothing was sent.", "Report it.")

    desk.post(journal("A"))
    desk.cycle(Trouble(SEND_WRITE, "drop_answer"))
    desk.post(journal("B"))
    monkeypatch.setattr("ml_connector_dagster.sources.quickbooks_desktop.journals.next_message", unwritable)
    assert bring(desk, "", "") == ""
    states = {one.key: one.state for one in desk.writer().postings()}
    assert states == {"A": JournalState.CONFLICT, "B": JournalState.REFUSED}


@pytest.mark.parametrize("seed", range(SEEDS))
def test_any_plan_of_crashes_posts_each_journal_once(store: Store, seed: int) -> None:
    """One to seven misfortunes over up to three journals, message sets remembered or not, users at work between.

    Half of them with the sandbox's QuickBooks, half with the tests' own. Without memory of message sets two things cannot be
    survived by anybody and are left out: a database restored after a user took every mark off an entry, and a machine that
    wakes up with a write which another one made meanwhile.
    """
    chance = random.Random(seed)
    books = SandboxBooks if seed % 2 else SmallBooks
    desk = office(store, seed, remembers=chance.random() < 0.5, of=books)
    journals = [journal(f"J{number}", chance.randint(1, 10**6)) for number in range(chance.choice([1, 1, 1, 1, 2, 3]))]
    if chance.random() < 0.3:
        desk.post(*journals, dies_at=chance.choice(["journals.before", "journals.enqueued"]))
    desk.post(*journals)
    backup = desk.kept() if chance.random() < 0.3 else {}
    for _ in range(chance.choice([1, 1, 1, 2, 2, 3, 7])):
        misfortune(desk, chance, journals, backup)
    desk.settle()
    assert_in_the_books_once(desk)
    assert Counter(one.key for one in desk.writer().postings()) == Counter(one.key for one in journals)


def misfortune(desk: Office, chance: random.Random, journals: list[Journal], backup: dict) -> None:
    """One thing goes wrong."""
    what = chance.random()
    if what < 0.6:
        kinds = [kind for kind in (*CALLS, *WORK) if kind != "other_machine" or desk.books.remembers]
        desk.cycle(Trouble(chance.randrange(STEPS_OF_ONE), chance.choice(kinds)))
    elif what < 0.75:
        posting = chance.choice(desk.writer().postings())
        desk.user(chance.choice(["rename", "move", "void", "delete"]), posting)
    elif what < 0.85:
        desk.books.refusals = [
            chance.choice([("3175", "locked"), ("3180", "could not be locked"), ("1000", "internal")])
        ]
    elif what < 0.9:
        desk.post(*journals)
    elif backup and (desk.books.remembers or not any(line.startswith("user") for line in desk.log)):
        desk.restore(backup)
        desk.log.append("restored")
