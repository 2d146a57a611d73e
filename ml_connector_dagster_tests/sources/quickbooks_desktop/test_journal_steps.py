"""What a journal says next and what its answers mean: the tables of the reference page's §4.3, §6.3, §6.4 and §13."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from lxml import etree

from ml_connector_dagster.sources.quickbooks_desktop import journals
from ml_connector_dagster.sources.quickbooks_desktop.journal_marks import (
    MESSAGE_SET_LENGTH,
    dedupe_key,
    is_ref_number,
    message_set_id,
    ref_number,
)
from ml_connector_dagster.sources.quickbooks_desktop.operations import Kind, Phase, State
from ml_connector_dagster_tests.sources.quickbooks_desktop.one_journal import LINES, Walk, walk
from ml_connector_dagster_tests.sources.quickbooks_desktop.small_books import SmallBooks

POSTED = [("80000001-1", "90000001-1", Decimal("1250.00")), ("80000002-1", "", Decimal("-1250.00"))]


def lines_of(books: SmallBooks) -> list[list]:
    return [[line[:3] for line in entry.lines] for entry in books.entries.values()]


def ask(body: bytes) -> list[str]:
    return [one.tag for one in etree.fromstring(body)[0]]


def test_a_journal_is_looked_for_then_written_under_a_message_set_id() -> None:
    here = walk()
    assert here.to_the_end() is State.SUCCEEDED
    assert lines_of(here.books) == [POSTED]
    assert [ask(body) for body in here.sent] == [
        ["JournalEntryQueryRq", "JournalEntryQueryRq", "TxnDeletedQueryRq"],
        ["JournalEntryAddRq"],
    ]
    assert b"newMessageSetID" not in here.sent[0]
    assert f'newMessageSetID="{here.operation.message_set_id}"'.encode() in here.sent[1]
    assert here.operation.txn_id == next(iter(here.books.entries))
    assert len(here.operation.result["line_ids"]) == 2


@pytest.mark.parametrize("remembers", [True, False])
@pytest.mark.parametrize("dies", ["", "before", "after"])
def test_a_lost_answer_to_a_write_is_looked_for_and_never_written_twice(remembers: bool, dies: str) -> None:
    here = walk(SmallBooks(remembers=remembers))
    here.step()
    here.books.dies = dies
    here.lose()
    assert here.operation.state is State.UNKNOWN
    assert here.to_the_end() is State.SUCCEEDED
    assert here.books.added == 1
    assert all(body == here.sent[1] for body in here.sent if b"JournalEntryAddRq" in body)


def test_a_repeated_write_is_the_same_bytes_and_quickbooks_repeats_what_it_did() -> None:
    """Its number and date were changed, and the look was made without the changed ones: the second guard stands alone."""
    here = walk()
    here.step()
    here.lose()
    entry = next(iter(here.books.entries.values()))
    here.operation = replace(here.operation, phase=Phase.WRITE)
    here.step()
    assert (here.operation.state, here.operation.phase, here.operation.txn_id) == (
        State.PENDING, Phase.VERIFY, entry.txn_id,
    )  # fmt: skip
    assert here.to_the_end() is State.SUCCEEDED
    assert (here.books.added, here.books.writes) == (1, 1)


@pytest.mark.parametrize("remembers", [True, False])
@pytest.mark.parametrize("date", ["", "2026-12-01"])
def test_an_entry_that_a_user_renamed_is_found_by_its_guid(remembers: bool, date: str) -> None:
    here = walk(SmallBooks(remembers=remembers))
    here.step()
    here.lose()
    here.books.rename_by_user(next(iter(here.books.entries)), "JE-77", date=date)
    assert here.to_the_end() is State.SUCCEEDED
    assert here.books.added == 1


@pytest.mark.parametrize("remembers", [True, False])
@pytest.mark.parametrize("renamed", [False, True])
def test_an_entry_that_a_user_deleted_is_never_posted_again(remembers: bool, renamed: bool) -> None:
    here = walk(SmallBooks(remembers=remembers))
    here.step()
    here.lose()
    txn_id = next(iter(here.books.entries))
    if renamed:
        here.books.rename_by_user(txn_id, "mine")
    here.books.delete_by_user(txn_id)
    assert here.to_the_end() is State.CONFLICT
    assert here.operation.error_code == journals.DELETED
    assert here.books.entries == {}


def test_an_entry_deleted_before_the_state_database_was_restored_is_not_posted_again() -> None:
    first = walk()
    first.to_the_end()
    first.books.delete_by_user(next(iter(first.books.entries)))
    again = walk(first.books)
    assert again.to_the_end() is State.CONFLICT
    assert first.books.entries == {}


def test_a_restored_state_database_finds_the_entry_by_its_guid() -> None:
    first = walk()
    first.to_the_end()
    again = walk(first.books)
    assert again.to_the_end() is State.SUCCEEDED
    assert again.operation.txn_id == first.operation.txn_id
    assert first.books.added == 1


def test_protocol_21_a_renamed_entry_is_found_by_date_after_the_state_database_was_restored() -> None:
    first = walk(SmallBooks(remembers=False))
    first.to_the_end()
    first.books.rename_by_user(first.operation.txn_id, "")
    again = walk(first.books)
    assert again.to_the_end() is State.SUCCEEDED
    assert first.books.added == 1


def test_protocol_21_an_entry_that_looks_just_alike_is_for_a_person() -> None:
    books = SmallBooks()
    books.put("2026-11-30", [(*line, "x") for line in POSTED], "JE-12")
    here = walk(books)
    assert here.to_the_end() is State.CONFLICT
    assert here.operation.error_code == journals.FOREIGN
    assert walk(books, accept_look_alikes=True).to_the_end() is State.SUCCEEDED


def test_a_foreign_entry_with_our_number_is_a_conflict_and_nothing_is_posted() -> None:
    here = walk()
    here.books.put("2026-11-02", [("a", "", Decimal(1), "1"), ("b", "", Decimal(-1), "2")], here.operation.ref_number)
    assert here.to_the_end() is State.CONFLICT
    assert here.books.added == 1


def test_a_voided_or_edited_entry_counts_as_posted_and_says_so() -> None:
    for change, flag in ((SmallBooks.void_by_user, "voided"), (edit, "edited")):
        here = walk()
        here.step()
        here.lose()
        change(here.books, next(iter(here.books.entries)))
        assert here.to_the_end() is State.SUCCEEDED
        assert here.operation.result[flag] is True
        assert here.books.added == 1


def edit(books: SmallBooks, txn_id: str) -> None:
    entry = books.entries[txn_id]
    entry.lines = [("other", option, amount, line_id) for _, option, amount, line_id in entry.lines]


def test_a_lock_three_times_then_none_posts_once_with_four_writes() -> None:
    here = walk()
    here.books.refusals = [("3175", "in use"), ("3176", "related"), ("3180", "The list could not be locked.")]
    assert here.to_the_end() is State.SUCCEEDED
    assert (here.books.added, here.operation.writes, here.operation.lock_retries) == (1, 4, 3)
    written = [body for body in here.sent if b"JournalEntryAddRq" in body]
    assert len({etree.fromstring(body)[0].get("newMessageSetID") for body in written}) == 4
    assert here.waited.count(journals.SECONDS_AFTER_LOCK) == 3


def test_a_record_that_stays_locked_fails_at_last() -> None:
    here = walk()
    here.books.refusals = [("3175", "in use")] * 20
    assert here.to_the_end() is State.FAILED
    assert (here.books.added, here.operation.writes) == (0, journals.MOST_LOCKS + 1)


@pytest.mark.parametrize(
    ("code", "state"),
    [
        ("3180", State.FAILED), ("3140", State.FAILED), ("3171", State.FAILED), ("3210", State.FAILED),
        ("3270", State.FAILED), ("530", State.FAILED), ("1030", State.FAILED), ("3999", State.FAILED),
    ],
)  # fmt: skip
def test_a_refusal_for_good_fails_with_quickbooks_own_words(code: str, state: State) -> None:
    here = walk()
    here.books.refusals = [(code, "Invalid reference to QuickBooks Account")]
    assert here.to_the_end() is state
    assert (here.operation.error_code, "Invalid reference" in here.operation.error) == (code, True)
    assert here.books.added == 0


@pytest.mark.parametrize("remembers", [True, False])
@pytest.mark.parametrize("code", ["1000", "600", "4711", "3231"])
def test_an_open_outcome_is_looked_for_before_it_is_written_again(code: str, remembers: bool) -> None:
    here = walk(SmallBooks(remembers=remembers))
    here.books.refusals = [(code, "Internal error")]
    here.step()
    here.step()
    assert here.operation.phase is Phase.PROBE
    assert here.operation.state is (State.PENDING if code == "3231" else State.UNKNOWN)
    assert here.to_the_end() is State.SUCCEEDED
    assert here.books.added == 1


def test_an_outcome_that_stays_open_is_for_a_person() -> None:
    here = walk()
    here.books.refusals = [("1000", "Internal error")] * 9
    assert here.to_the_end() is State.CONFLICT
    assert here.operation.error_code == journals.DOUBT


def test_a_known_message_set_with_other_content_is_a_conflict() -> None:
    here = walk()
    here.books.memory[here.operation.message_set_id] = ("other", "", "")
    assert here.to_the_end() is State.CONFLICT
    assert (here.operation.error_code, here.books.added) == (journals.OTHER_CONTENT, 0)


@pytest.mark.parametrize("status", ["9002", "9005", "600"])
def test_a_message_set_without_stored_answer_is_looked_for(status: str) -> None:
    here = walk()
    here.step()
    here.hand_out()
    answer = f'<QBXML><QBXMLMsgsRs newMessageSetID="{here.operation.message_set_id}" messageSetStatusCode="{status}"/></QBXML>'
    assert here.take(answer) is State.UNKNOWN
    assert here.operation.phase is Phase.PROBE


def test_a_missing_right_pauses_the_company_and_keeps_the_journal() -> None:
    here = walk()
    here.books.refusals = [("3260", "Insufficient permission level")]
    here.step()
    assert here.step() is State.PENDING
    assert "3260" in here.paused
    assert here.to_the_end() is State.SUCCEEDED


@pytest.mark.parametrize(
    "answer",
    [
        "<QBXML><QBXMLMsgsRs/></QBXML>",
        '<QBXML><QBXMLMsgsRs><JournalEntryAddRs requestID="other" statusCode="3140" statusMessage="x"/></QBXMLMsgsRs></QBXML>',
        '<QBXML><QBXMLMsgsRs><JournalEntryQueryRs requestID="OURS" statusCode="3140" statusMessage="x"/></QBXMLMsgsRs></QBXML>',
        '<QBXML><QBXMLMsgsRs newMessageSetID="M"><JournalEntryAddRs requestID="OURS" statusCode="3140"/></QBXMLMsgsRs></QBXML>',
    ],
)
def test_an_answer_to_something_else_never_decides_a_write(answer: str) -> None:
    here = walk()
    here.step()
    here.hand_out()
    assert here.take(answer.replace("OURS", here.operation.id)) is State.UNKNOWN


@pytest.mark.parametrize("about", ["", "day", "gone"])
@pytest.mark.parametrize("status", ["3000", "none", "left out"])
def test_a_look_counts_only_where_every_question_was_answered(about: str, status: str) -> None:
    here = walk()
    root = etree.fromstring(here.books.process(here.hand_out().decode()).encode())
    for reply in root[0]:
        if reply.get("requestID") == "-".join(filter(None, (here.operation.id, about))):
            reply.set("statusCode", status)
            if status == "left out":
                root[0].remove(reply)
    assert here.take(etree.tostring(root).decode()) is State.PENDING
    assert here.operation.phase is Phase.PROBE
    assert here.to_the_end() is State.SUCCEEDED


def test_a_look_without_the_right_to_it_pauses_the_company() -> None:
    here = walk()
    root = etree.fromstring(here.books.process(here.hand_out().decode()).encode())
    for reply in root[0]:
        reply.set("statusCode", "3260")
    assert here.take(etree.tostring(root).decode()) is State.PENDING
    assert "3260" in here.paused


def test_a_look_after_a_write_asks_what_changed_since_the_first_one() -> None:
    here = walk()
    here.step()
    here.lose()
    here.step()
    since = etree.fromstring(here.sent[-1]).findtext(".//FromModifiedDate")
    assert since == f"{here.operation.written_at - timedelta(days=2):%Y-%m-%d}"


def test_somebody_elses_deleted_entry_holds_nothing_before_the_first_write() -> None:
    books = SmallBooks()
    books.delete_by_user(books.put("2026-11-30", [("a", "", Decimal(1), "1"), ("b", "", Decimal(-1), "2")]).txn_id)
    assert walk(books).to_the_end() is State.SUCCEEDED


def posted(remembers: bool = True) -> Walk:
    here = walk(SmallBooks(remembers=remembers))
    assert here.to_the_end() is State.SUCCEEDED
    return here


@pytest.mark.parametrize("remembers", [True, False])
@pytest.mark.parametrize("lost", [False, True])
def test_a_void_is_done_once_on_our_own_unedited_entry(remembers: bool, lost: bool) -> None:
    books = posted(remembers).books
    txn_id = next(iter(books.entries))
    here = walk(books, Kind.JOURNAL_VOID, txn_id=txn_id)
    here.step()
    if lost:
        here.lose()
    assert here.to_the_end() is State.SUCCEEDED
    assert (here.operation.txn_id, here.operation.writes) == (txn_id, 1)
    assert all(not line[2] for line in books.entries[txn_id].lines)


def test_a_void_of_an_edited_or_deleted_entry_is_refused() -> None:
    for change, code in ((edit, journals.EDITED), (SmallBooks.delete_by_user, journals.DELETED)):
        books = posted().books
        txn_id = next(iter(books.entries))
        change(books, txn_id)
        here = walk(books, Kind.JOURNAL_VOID, txn_id=txn_id)
        assert here.to_the_end() is State.CONFLICT
        assert here.operation.error_code == code


AMENDED = [
    {**LINES[0], "amount": "1300.00"},
    LINES[1],
    {"ledger_account_id": "80000003-1", "amount": "-50.00", "tracking_id": "", "memo": ""},
]


def amendment(books: SmallBooks) -> Walk:
    return walk(books, Kind.JOURNAL_MOD, txn_id=next(iter(books.entries)), posted_lines=LINES, lines=AMENDED)


@pytest.mark.parametrize("lost", [False, True])
def test_a_change_reads_the_edit_sequence_just_before_and_is_made_once(lost: bool) -> None:
    here = amendment(posted().books)
    here.step()
    if lost:
        here.lose()
    assert here.to_the_end() is State.SUCCEEDED
    assert lines_of(here.books)[0][2] == ("80000003-1", "", Decimal("-50.00"))
    assert (here.operation.writes, here.books.writes) == (1, 2)


def test_a_stale_edit_sequence_is_read_again_once_and_then_is_a_conflict() -> None:
    for times, state in ((1, State.SUCCEEDED), (2, State.CONFLICT)):
        here = amendment(posted().books)
        for _ in range(times):
            here.step()
            entry = next(iter(here.books.entries.values()))
            entry.edit += 1
            here.step()
        assert here.to_the_end() is state


def test_a_change_of_an_edited_entry_is_refused() -> None:
    here = amendment(posted().books)
    edit(here.books, next(iter(here.books.entries)))
    assert here.to_the_end() is State.CONFLICT
    assert here.operation.error_code == journals.EDITED


def test_marks_have_the_lengths_that_quickbooks_takes_and_follow_from_the_key_alone() -> None:
    dedupe = dedupe_key("company", "NOV-1", 1, "post")
    assert is_ref_number(ref_number(dedupe))
    assert (len(ref_number(dedupe)), len(message_set_id(dedupe, 0))) == (11, MESSAGE_SET_LENGTH)
    assert message_set_id(dedupe, 1) != message_set_id(dedupe, 0) == message_set_id(dedupe, 0)
    assert len({ref_number(dedupe_key("company", f"K{key}", 1, "post")) for key in range(2000)}) == 2000
