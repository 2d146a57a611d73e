"""What a look into the company file says about a journal of ours: it stands there, it was deleted, it is not there.

A look that is not sure says so. Nothing here knows of queues or sessions: an answer and an operation in, a finding out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from ml_connector_dagster.sources.quickbooks_desktop.journal_answers import ANSWERED, Answer, DeletedEntry, Entry
from ml_connector_dagster.sources.quickbooks_desktop.journal_marks import is_ref_number
from ml_connector_dagster.sources.quickbooks_desktop.journal_requests import GONE, request_id
from ml_connector_dagster.sources.quickbooks_desktop.operations import Operation

CLOCK_SLACK = timedelta(hours=2)
"""How far a time of the customer's machine may lie beside ours: its clock, and the hour that QuickBooks is off in summer."""


class Finding(StrEnum):
    """What a look found."""

    OURS = "ours"
    """One entry carries our mark."""
    ABSENT = "absent"
    """No trace of it, neither standing nor deleted."""
    DELETED = "deleted"
    """It stood there and a user deleted it, or what was deleted may have been it."""
    MISSING = "missing"
    """It was in the books for sure, is gone, and nobody deleted it: the company file is an older one than it was."""
    FOREIGN = "foreign"
    """Something that is not ours bears its number, or looks just like it: a person decides."""
    UNSURE = "unsure"
    """Part of the look was not answered: look again."""


@dataclass(frozen=True, slots=True)
class Look:
    """A finding, the entry where there is one, and why in words."""

    finding: Finding
    entry: Entry | None = None
    says: str = ""


def judge_look(operation: Operation, asked: Iterable[str], answer: Answer) -> Look:
    """Judge the answer to ``journal_requests.look_for``.

    Args:
        operation: A journal_add.
        asked: Request ids that the message held; each must have been answered.
        answer: What came.
    """
    unanswered = _unanswered(asked, answer)
    if unanswered:
        return Look(Finding.UNSURE, says=unanswered)
    found = _entries(answer)
    ours = [entry for entry in found if entry.guid == (operation.external_guid or "").lower()]
    if len(ours) == 1:
        return Look(Finding.OURS, ours[0])
    if ours:
        return Look(Finding.FOREIGN, says=f"{len(ours)} journal entries carry our mark: {_named(ours)}")
    return _judge_others(operation, found) or _judge_deleted(operation, answer) or Look(Finding.ABSENT)


def judge_one(operation: Operation, txn_id: str, answer: Answer) -> Look:
    """Judge the answer to ``journal_requests.look_at``: an entry whose TxnID is known."""
    unanswered = _unanswered((operation.id, request_id(operation.id, GONE)), answer, missing_is_an_answer=True)
    if unanswered:
        return Look(Finding.UNSURE, says=unanswered)
    for entry in _entries(answer):
        if entry.txn_id == txn_id:
            return Look(Finding.OURS, entry)
    if any(entry.txn_id == txn_id for entry in answer.replies[request_id(operation.id, GONE)].deleted):
        return Look(Finding.DELETED, says=f"a user deleted journal entry {txn_id}")
    says = f"journal entry {txn_id} is gone and not among the deleted: was the company file restored from a backup?"
    return Look(Finding.MISSING, says=says)


def stands_as(entry: Entry, lines: Iterable[Mapping[str, Any]]) -> bool:
    """Whether the entry posts just these lines of a payload, in any order; its memos and number are free."""
    return entry.amounts() == _posted(lines)


def _judge_others(operation: Operation, found: Sequence[Entry]) -> Look | None:
    same_number = [entry for entry in found if entry.ref_number == operation.ref_number]
    if same_number:
        return Look(Finding.FOREIGN, says=f"another journal entry has our number: {_named(same_number)}")
    if operation.payload.get("accept_look_alikes"):
        return None
    alike = [
        entry
        for entry in found
        if not entry.guid
        and entry.txn_date == operation.payload["date"]
        and stands_as(entry, operation.payload["lines"])
    ]
    return Look(Finding.FOREIGN, says=f"an entry of that day has just these lines: {_named(alike)}") if alike else None


def _judge_deleted(operation: Operation, answer: Answer) -> Look | None:
    gone = answer.replies[request_id(operation.id, GONE)].deleted
    for entry in gone:
        if entry.ref_number == operation.ref_number:
            return Look(Finding.DELETED, says=f"a user deleted journal entry {entry.txn_id}, which bore our number")
    for entry in gone:
        if _may_have_been(operation, entry):
            says = (
                f"journal entry {entry.txn_id} ({entry.ref_number or 'no number'}), made since it was sent, was deleted"
            )
            return Look(Finding.DELETED, says=says)
    return None


def _may_have_been(operation: Operation, entry: DeletedEntry) -> bool:
    """Whether a deleted entry with another number may be the one that we sent and had no answer about."""
    if not operation.writes or operation.written_at is None or is_ref_number(entry.ref_number):
        return False
    return entry.created_at is None or entry.created_at >= operation.written_at.astimezone(UTC) - CLOCK_SLACK


def _unanswered(asked: Iterable[str], answer: Answer, *, missing_is_an_answer: bool = False) -> str:
    """Answer which question got no usable answer, and what came instead; empty where all did."""
    if answer.set_status:
        return f"QuickBooks answered message set status {answer.set_status}"
    good = (*ANSWERED, 3120) if missing_is_an_answer else ANSWERED
    for named in asked:
        reply = answer.replies.get(named)
        if reply is None:
            return f"QuickBooks left {named} unanswered"
        if reply.status_code not in good:
            return f"QuickBooks answered status {reply.status_code} to {named}: {reply.status_message}"
    return ""


def _entries(answer: Answer) -> list[Entry]:
    """Answer every entry of all replies once."""
    return list({entry.txn_id: entry for entry in _all_entries(answer)}.values())


def _all_entries(answer: Answer) -> Iterator[Entry]:
    for reply in answer.replies.values():
        yield from reply.entries


def _posted(lines: Iterable[Mapping[str, Any]]) -> Counter[tuple[str, str, Decimal]]:
    return Counter((line["ledger_account_id"], line["tracking_id"], Decimal(line["amount"])) for line in lines)


def _named(entries: Iterable[Entry]) -> str:
    return ", ".join(f"{entry.txn_id} of {entry.txn_date}" for entry in entries)


def first_write_day(operation: Operation) -> datetime | None:
    """Answer from when on an entry of ours would have been changed; None where it was never handed out.

    Two days of room, because the company file's zone and clock are its machine's.
    """
    if not operation.writes:
        return None
    return (operation.written_at or operation.created_at) - timedelta(days=2)
