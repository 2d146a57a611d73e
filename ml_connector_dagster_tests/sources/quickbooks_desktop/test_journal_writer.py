"""What is refused before anything is sent, what is taken once, and what a person may order afterwards."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from lxml import etree

from ml_connector_dagster.errors import HeldForPerson, RecordRefused
from ml_connector_dagster.ledger.journal import Journal, JournalLine
from ml_connector_dagster.ledger.journal_posting import JournalState
from ml_connector_dagster.sources.contract.journals import JournalDesk
from ml_connector_dagster.sources.quickbooks_desktop.arrivals import heartbeat
from ml_connector_dagster.sources.quickbooks_desktop.journal_writer import DesktopJournals
from ml_connector_dagster.sources.quickbooks_desktop.queue import Queue
from ml_connector_dagster.store.engine import Store
from ml_connector_dagster_tests.faults.desktop_office import ACCOUNTS, CLASSES, Office, Trouble, journal
from ml_connector_dagster_tests.sources.quickbooks_desktop.small_books import SmallBooks

COMPANY = "6b1e9d52-7c3f-4a8e-b0d4-1f5a2c9e7d38"


@pytest.fixture
def desk(sqlite_store: Store) -> Office:
    return Office(sqlite_store, COMPANY, SmallBooks())


def with_line(one: Journal, **changes: object) -> Journal:
    return replace(one, lines=(replace(one.lines[0], **changes), *one.lines[1:]))


def with_account(desk: Office, **changes: object) -> DesktopJournals:
    first = next(iter(ACCOUNTS))
    accounts = {**ACCOUNTS, first: ACCOUNTS[first]._replace(**changes)}
    return DesktopJournals(JournalDesk(desk.store, desk.company_id, accounts, CLASSES))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (with_line(journal("A"), amount=Decimal("1250.01")), "does not balance: debits less credits are 0.01"),
        (with_line(journal("A"), amount=Decimal("0.005")), "a fraction of a cent"),
        (replace(journal("A"), posting_date=date(2026, 9, 30)), "closed period: the books are closed up to 2026-09-30"),
        (with_line(journal("A"), ledger_account_id="8-9"), "account '8-9' is not in the chart"),
        (with_line(journal("A"), tracking_id="9-9"), "class '9-9' is not in the list of classes"),
        (with_line(journal("A"), memo="m" * 4096), "longer than the 4095 characters"),
    ],
)
def test_a_journal_that_quickbooks_would_refuse_is_refused_before_it_is_sent(
    desk: Office, wrong: Journal, says: str
) -> None:
    assert any(says in problem for problem in desk.writer().problems(wrong))
    with pytest.raises(RecordRefused, match="cannot be posted"):
        desk.post(journal("B"), wrong)
    assert desk.writer().postings() == []


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"active": False}, "is inactive"),
        ({"account_type": "AccountsReceivable"}, "is accounts receivable"),
        ({"account_type": "AccountsPayable"}, "is accounts payable"),
        ({"account_type": "NonPosting"}, "takes no postings"),
        ({"system_role": "UndepositedFunds"}, "is Undeposited Funds"),
        ({"system_role": "InventoryAssets"}, "is the inventory account"),
        ({"currency": "CAD"}, "is kept in CAD"),
    ],
)
def test_an_account_that_no_journal_may_touch_is_refused(desk: Office, changes: dict, says: str) -> None:
    (problem,) = with_account(desk, **changes).problems(journal("A"))
    assert says in problem


def test_a_class_is_refused_where_class_tracking_is_off_or_the_class_inactive(desk: Office) -> None:
    options = {key: option._replace(active=False) for key, option in CLASSES.items()}
    inactive = DesktopJournals(JournalDesk(desk.store, desk.company_id, ACCOUNTS, options))
    assert inactive.problems(journal("A")) == ("class 'Sales:East' is inactive",)
    desk.open_file(classes=False)
    assert desk.writer().problems(journal("A")) == ("it names a class, and class tracking is off in QuickBooks",)


def test_a_file_that_was_never_open_takes_nothing(sqlite_store: Store) -> None:
    writer = DesktopJournals(JournalDesk(sqlite_store, COMPANY, ACCOUNTS, CLASSES))
    assert "never open" in writer.problems(journal("A"))[0]


def test_a_first_open_day_after_the_closing_date_is_taken(desk: Office) -> None:
    assert desk.writer().problems(replace(journal("A"), posting_date=date(2026, 10, 1))) == ()


def test_protocol_19_what_is_posted_are_the_bytes_that_were_approved(desk: Office) -> None:
    (posting,) = desk.post(with_line(journal("A"), memo="Büro “plan” Δ \U0001f600"))
    frozen = Queue(desk.store, COMPANY).operation(posting.operation_id).request
    desk.settle()
    assert etree.fromstring(frozen).findtext(".//Memo") == "Büro “plan” ? ?"
    assert Queue(desk.store, COMPANY).operation(posting.operation_id).request == frozen
    assert posting.approval.document_hash == "f" * 64


def test_the_same_journal_is_taken_once_and_other_content_under_its_key_is_refused(desk: Office) -> None:
    (first,) = desk.post(journal("A"))
    assert desk.post(journal("A"), journal("B"))[0].operation_id == first.operation_id
    with pytest.raises(HeldForPerson, match="approved before with other content"):
        desk.post(journal("A", 1), journal("C"))
    assert [posting.key for posting in desk.writer().postings()] == ["A", "B"]


def test_protocol_18_a_second_poster_meets_the_unique_key(desk: Office) -> None:
    """Both looked and saw nothing: the database takes one, whatever lock was lost."""
    first, second = desk.writer(), desk.writer()
    wanted = list(first._additions(journal("A"), desk.approval()))
    first._queue.enqueue(*wanted)
    second._queue.enqueue(*wanted)
    assert len(desk.writer().postings()) == 1


def test_a_long_journal_is_posted_as_balanced_entries_each_once(desk: Office) -> None:
    lines = [JournalLine("80000001-1", Decimal("1.00"), memo=str(number)) for number in range(250)]
    desk.post(Journal("A", date(2026, 11, 30), (*lines, JournalLine("80000002-1", Decimal("-250.00")))))
    desk.settle()
    postings = desk.writer().postings()
    assert sorted((one.entry, one.entries, one.lines) for one in postings) == [(1, 2, 200), (2, 2, 52)]
    assert {one.state for one in postings} == {JournalState.POSTED}
    assert len(desk.books.saved) == len(set(desk.books.saved)) == 2


def test_a_posted_journal_is_voided_and_a_waiting_one_is_cancelled(desk: Office) -> None:
    desk.post(journal("A"))
    desk.settle()
    desk.post(journal("B"))
    for key in "AB":
        desk.writer().void(key, desk.approval())
        desk.writer().void(key, desk.approval())
    desk.settle()
    assert {(one.key, one.action, one.state.value) for one in desk.writer().postings()} == {
        ("A", "post", "voided"), ("A", "void", "voided"), ("B", "post", "cancelled"),
    }  # fmt: skip
    assert len(desk.books.saved) == 1


def test_what_may_stand_in_the_books_is_not_cancelled(desk: Office) -> None:
    desk.post(journal("A"))
    desk.cycle(Trouble(5, "machine_dies"))
    with pytest.raises(HeldForPerson, match="outcome is not known yet"):
        desk.writer().void("A", desk.approval())


def test_an_entry_that_is_looked_at_again_is_not_cancelled(desk: Office) -> None:
    """It was found in the books, not written: a void that came meanwhile must not take it for one never sent."""
    backup = desk.kept()
    desk.post(journal("A"))
    desk.settle()
    desk.restore(backup)
    desk.post(journal("A"))
    desk.settle()
    desk.writer().verify("A")
    with pytest.raises(HeldForPerson, match="outcome is not known yet"):
        desk.writer().void("A", desk.approval())


def test_what_waits_for_a_person_is_told_until_it_is_tried_again_or_let_go(desk: Office) -> None:
    desk.books.refusals = [("3140", "Invalid reference")]
    desk.post(journal("A"))
    desk.settle()
    desk.post(journal("B"))
    desk.settle()
    desk.user("delete", desk.writer().postings("B")[0])
    desk.writer().verify()
    desk.settle()
    assert "2 journal entries wait for a person (A, B)" in said(desk)
    desk.writer().void("B", desk.approval())
    assert "1 journal entries wait for a person (A)" in said(desk)
    desk.writer().retry("A", desk.approval())
    desk.settle()
    assert said(desk) == ""
    assert [one.state.value for one in desk.writer().postings()] == ["posted", "cancelled"]


def said(desk: Office) -> str:
    return "".join(one.says for one in heartbeat(desk.store, desk.company_id) if one.subject == "Journals")


def test_nothing_is_voided_in_a_closed_period(desk: Office) -> None:
    desk.post(journal("A"))
    desk.settle()
    desk.open_file(closing="2026-11-30")
    with pytest.raises(HeldForPerson, match="closed up to 2026-11-30"):
        desk.writer().void("A", desk.approval())


def test_protocol_20_a_correction_is_one_journal_and_the_same_one_when_asked_again(desk: Office) -> None:
    desk.post(journal("A", 125_000))
    desk.settle()
    for _ in range(2):
        desk.writer().correct(journal("A", 130_000), desk.approval())
        desk.settle()
    desk.writer().correct(journal("A", 140_000), desk.approval())
    desk.settle()
    assert [one.key for one in desk.writer().postings()] == ["A", "A correction 1", "A correction 2"]
    assert balances(desk.books) == {"80000001-1": Decimal("1400.00"), "80000002-1": Decimal("-1400.00")}
    with pytest.raises(HeldForPerson, match="was corrected since"):
        desk.writer().void("A", desk.approval())


def test_protocol_20_a_correction_to_another_day_is_taken_as_a_pair(desk: Office) -> None:
    desk.post(journal("A"))
    desk.settle()
    moved = replace(journal("A"), posting_date=date(2026, 12, 1))
    desk.writer().correct(moved, desk.approval())
    desk.settle()
    assert {(one.key, f"{one.posting_date}") for one in desk.writer().postings()} == {
        ("A", "2026-11-30"), ("A correction 1 reversal", "2026-11-30"), ("A correction 1", "2026-12-01"),
    }  # fmt: skip


def test_only_what_stands_as_posted_is_corrected(desk: Office) -> None:
    with pytest.raises(HeldForPerson, match="never posted"):
        desk.writer().correct(journal("A"), desk.approval())
    desk.post(journal("A"))
    with pytest.raises(HeldForPerson, match="not in the books"):
        desk.writer().correct(journal("A", 1), desk.approval())
    desk.settle()
    desk.user("void", desk.writer().postings()[0])
    desk.writer().verify("A")
    desk.settle()
    with pytest.raises(HeldForPerson, match="does not stand as posted"):
        desk.writer().correct(journal("A", 1), desk.approval())


def test_our_own_unedited_entry_is_amended_in_place(desk: Office) -> None:
    desk.post(journal("A", 125_000))
    desk.settle()
    for _ in range(2):
        desk.writer().amend(journal("A", 130_000), desk.approval())
        desk.settle()
    assert balances(desk.books) == {"80000001-1": Decimal("1300.00"), "80000002-1": Decimal("-1300.00")}
    assert (len(desk.books.saved), desk.books.writes) == (1, 2)


def test_a_refused_journal_is_tried_again_on_a_persons_word_under_a_new_message_set(desk: Office) -> None:
    desk.books.refusals = [("3140", "Invalid reference to QuickBooks Account")]
    desk.post(journal("A"))
    desk.settle()
    (refused,) = desk.writer().postings()
    assert (refused.state, "Invalid reference" in refused.says) == (JournalState.REFUSED, True)
    desk.writer().retry("A", desk.approval())
    desk.settle()
    (posted,) = desk.writer().postings()
    assert (posted.state, posted.number, posted.says) == (JournalState.POSTED, refused.number, "")
    with pytest.raises(HeldForPerson, match="nothing that was refused"):
        desk.writer().retry("A", desk.approval())


def test_what_a_user_edited_shows_when_it_is_looked_at_again(desk: Office) -> None:
    desk.post(journal("A"))
    desk.settle()
    entry = next(iter(desk.books.entries.values()))
    entry.lines = [("other", *line[1:]) for line in entry.lines]
    assert [one.state for one in desk.writer().verify()] == [JournalState.POSTED]
    desk.settle()
    assert [one.says for one in desk.writer().postings()] == ["a user changed it in QuickBooks"]


def balances(books: SmallBooks) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for entry in books.entries.values():
        for account, _, amount, _ in entry.lines:
            found[account] = found.get(account, Decimal(0)) + amount
    return found
