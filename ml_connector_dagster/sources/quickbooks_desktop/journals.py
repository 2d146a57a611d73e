"""How a journal reaches QuickBooks Desktop exactly once: what is said next, and what an answer means. Pure.

::

    journal_add    PROBE ──not there──> WRITE ──saved──> done            there ──> done       deleted, foreign ──> CONFLICT
                     ^                    │ refused for good ──> FAILED
                     └── lost, unsure ────┘ remembered ──> VERIFY ──> done
    journal_void   PROBE (by TxnID) ──as we posted it──> WRITE           void ──> done        edited, deleted ──> CONFLICT
    journal_mod    PROBE (by TxnID) ──as we posted it──> WRITE           as wanted ──> done   edited, deleted ──> CONFLICT

Every write is looked for first, and again after each answer that was lost or left doubt; a write that is repeated is the very
bytes of the first, under the same message set id, so that QuickBooks itself refuses to do it twice. A new id is taken only
after an answer that says "not saved": under the old one QuickBooks would repeat that answer for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ml_connector_dagster.sources.quickbooks_desktop import journal_requests
from ml_connector_dagster.sources.quickbooks_desktop.journal_answers import Answer, Entry, EntryLine, Reply, read_answer
from ml_connector_dagster.sources.quickbooks_desktop.journal_judgement import (
    Finding,
    Look,
    first_write_day,
    judge_look,
    judge_one,
    stands_as,
)
from ml_connector_dagster.sources.quickbooks_desktop.journal_marks import message_set_id
from ml_connector_dagster.sources.quickbooks_desktop.operations import (
    Change,
    Kind,
    Message,
    Operation,
    Phase,
    State,
)
from ml_connector_dagster.sources.quickbooks_desktop.status import Seen, Verdict, verdict

MOST_LOCKS = 10
"""How often a locked record is tried again."""
MOST_DOUBTS = 3
"""How often QuickBooks may leave the outcome of one write open before a person decides."""
SECONDS_AFTER_LOCK = 30.0
SECONDS_AFTER_DOUBT = 5.0
DELETED, FOREIGN, EDITED, MISSING = "deleted_by_user", "foreign", "edited_by_user", "missing"
DOUBT, OTHER_CONTENT = "doubt", "other_content"
"""``error_code`` of a conflict, beside QuickBooks' own numbers."""
ANSWERED = "answered"
"""In ``progress``: QuickBooks answered under the message set id that stands, without saying what it did."""


def next_message(operation: Operation) -> Message:
    """Answer what a runnable journal says next.

    Raises:
        AssertionError: A write is asked for whose entry is known already.
    """
    if operation.phase is Phase.WRITE:
        assert operation.request is not None
        assert operation.kind is not Kind.JOURNAL_ADD or operation.txn_id is None
        return Message(operation.request, Phase.WRITE, is_write=True)
    known = operation.txn_id or operation.payload.get("txn_id")
    if known:
        return Message(journal_requests.look_at(operation.id, known), operation.phase)
    since = first_write_day(operation)
    body = journal_requests.look_for(
        operation.id, operation.ref_number or "", operation.payload["date"], since.date() if since else None
    )
    return Message(body, Phase.PROBE)


def apply(operation: Operation, seen: Seen, raw: bytes) -> Change:
    """Answer what an answer does to the journal that it was given to.

    Args:
        operation: As it was handed out: its phase says what was asked.
        seen: The status of the answer, of the first one where the message held several questions.
        raw: The whole answer.
    """
    answer = read_answer(raw)
    if answer is None:
        return _doubt(operation, "QuickBooks' answer is no qbXML answer")
    if operation.phase is Phase.WRITE:
        return _written(operation, seen, answer)
    if verdict(seen) is Verdict.PAUSE:
        return Change(State.UNKNOWN if operation.writes else State.PENDING, Phase.PROBE, pause=_said(seen))
    return _LOOKED[operation.kind](operation, answer)


def _looked_for(operation: Operation, answer: Answer) -> Change:
    """Judge the look before (and after) a journal_add, or the reading of one whose TxnID is known."""
    known = operation.txn_id
    look = judge_one(operation, known, answer) if known else judge_look(operation, _asked(operation), answer)
    if look.finding is Finding.ABSENT:
        return _to_write(operation)
    if look.entry is None:
        return _not_found(operation, look)
    return _posted(operation, look.entry, "look")


def _looked_at_void(operation: Operation, answer: Answer) -> Change:
    look = judge_one(operation, operation.payload["txn_id"], answer)
    if look.entry is None:
        return _not_found(operation, look)
    if look.entry.is_void:
        return _done(operation, look.entry, {"found": True})
    if not stands_as(look.entry, operation.payload["lines"]):
        return _edited(operation, look.entry)
    return _to_write(operation)


def _looked_at_mod(operation: Operation, answer: Answer) -> Change:
    look = judge_one(operation, operation.payload["txn_id"], answer)
    if look.entry is None:
        return _not_found(operation, look)
    if stands_as(look.entry, operation.payload["lines"]) and look.entry.txn_date == operation.payload["date"]:
        return _done(operation, look.entry, {"found": True})
    if not stands_as(look.entry, operation.payload["posted_lines"]):
        return _edited(operation, look.entry)
    return _modification(operation, look.entry)


_LOOKED: Mapping[Kind, Callable[[Operation, Answer], Change]] = {
    Kind.JOURNAL_ADD: _looked_for,
    Kind.JOURNAL_VOID: _looked_at_void,
    Kind.JOURNAL_MOD: _looked_at_mod,
}


def _modification(operation: Operation, entry: Entry) -> Change:
    """Freeze a Mod over what was just read; the same edit sequence keeps the bytes that were sent before."""
    is_same = operation.edit_sequence == entry.edit_sequence and not operation.progress.get(ANSWERED)
    if operation.request is not None and is_same:
        return Change(State.PENDING, Phase.WRITE)
    renewed = _tries(operation) + (operation.request is not None)
    message_set = message_set_id(operation.dedupe_key, renewed)
    wanted = operation.payload["lines"]
    line_ids = [_kept(line, new) for line, new in zip(entry.lines, wanted, strict=False)]
    request = journal_requests.modify(operation.id, message_set, operation.payload, entry.edit_sequence, line_ids)
    values = {"request": request, "message_set_id": message_set, "edit_sequence": entry.edit_sequence}
    progress = {**operation.progress, "tries": renewed, ANSWERED: False}
    return Change(State.PENDING, Phase.WRITE, values | {"progress": progress})


def _kept(standing: EntryLine, wanted: Mapping[str, Any]) -> str:
    """Answer which line becomes the wanted one: a new one where a class must go, since what is left out stays."""
    return "-1" if standing.class_id and not wanted["tracking_id"] else standing.line_id


def _to_write(operation: Operation) -> Change:
    """Write it, or write it again, after a look that did not find it done.

    The bytes and their id are those of the first time, unless QuickBooks answered under that id: it is then done with it, what
    it did was looked for and is not there, and under that id it would repeat its answer for ever.
    """
    if not operation.progress.get(ANSWERED):
        return Change(State.PENDING, Phase.WRITE)
    return Change(State.PENDING, Phase.WRITE, _renewed(operation))


def _written(operation: Operation, seen: Seen, answer: Answer) -> Change:
    """Judge the answer to a write: an id in it proves that it was saved, whatever the status says."""
    reply = answer.replies.get(operation.id)
    if answer.message_set_id not in ("", operation.message_set_id) or (reply and reply.kind != _WRITES[operation.kind]):
        return _doubt(operation, "an answer came that belongs to another message")
    if reply is None and not answer.set_status:
        return _doubt(operation, "QuickBooks left the write unanswered")
    if reply is not None and not answer.set_status and (saved := _saved(operation, reply)):
        return saved
    return _REFUSED.get(verdict(seen), _doubted)(operation, seen)


_WRITES = {Kind.JOURNAL_ADD: "JournalEntryAdd", Kind.JOURNAL_MOD: "JournalEntryMod", Kind.JOURNAL_VOID: "TxnVoid"}
"""What the answer to a write is called."""


def _saved(operation: Operation, reply: Reply) -> Change | None:
    if reply.voided_txn_id and not reply.status_code:
        return Change(State.SUCCEEDED, Phase.WRITE, {"txn_id": reply.voided_txn_id, **_QUIET})
    for entry in reply.entries:
        if entry.txn_id:
            return _posted(operation, entry, "answer")
    if reply.recovered is not None and reply.recovered.txn_id:
        return _remembered(operation, reply.recovered)
    return None


def _remembered(operation: Operation, entry: Entry) -> Change:
    """QuickBooks did it before and says so: read back what stands, since a user may have deleted it meanwhile."""
    if operation.kind is not Kind.JOURNAL_ADD:
        return _doubt(operation, "QuickBooks remembers it as done")
    known = {"txn_id": entry.txn_id, "edit_sequence": entry.edit_sequence, "txn_number": entry.txn_number}
    return Change(State.PENDING, Phase.VERIFY, known)


def _posted(operation: Operation, entry: Entry, how: str) -> Change:
    flags: dict[str, Any] = {"found": True} if how == "look" else {}
    wanted = operation.payload["lines"]
    if entry.lines and entry.is_void:
        flags["voided"] = True
    elif entry.lines and not stands_as(entry, wanted):
        flags["edited"] = True
    return _done(operation, entry, flags)


def _done(operation: Operation, entry: Entry, flags: Mapping[str, Any]) -> Change:
    values = {
        "txn_id": entry.txn_id,
        "edit_sequence": entry.edit_sequence,
        "txn_number": entry.txn_number,
        "result": {"line_ids": [line.line_id for line in entry.lines], **flags},
    }
    return Change(State.SUCCEEDED, operation.phase, values | _QUIET)


_QUIET = {"error_code": "", "error": ""}


def _not_found(operation: Operation, look: Look) -> Change:
    if look.finding is Finding.UNSURE:
        return _doubt(operation, look.says)
    return _conflict(operation, _CONFLICTS[look.finding], look.says)


_CONFLICTS = {Finding.DELETED: DELETED, Finding.FOREIGN: FOREIGN, Finding.MISSING: MISSING}


def _edited(operation: Operation, entry: Entry) -> Change:
    return _conflict(operation, EDITED, f"a user changed journal entry {entry.txn_id} after it was posted")


def _conflict(operation: Operation, code: str, says: str) -> Change:
    return Change(State.CONFLICT, operation.phase, {"error_code": code, "error": says})


def _doubt(operation: Operation, says: str, *, is_answered: bool = False) -> Change:
    """The outcome is open, or the look was: look again, a few times, then let a person decide."""
    doubts = int(operation.progress.get("doubts", 0)) + 1
    if doubts > MOST_DOUBTS:
        if operation.writes:
            return _conflict(operation, DOUBT, f"whether it was saved is not to be learned: {says}")
        return Change(State.FAILED, operation.phase, {"error_code": DOUBT, "error": says})
    known = bool(operation.progress.get(ANSWERED)) or is_answered
    values = {"progress": {**operation.progress, "doubts": doubts, ANSWERED: known}, "error": says}
    return Change(
        State.UNKNOWN if operation.writes else State.PENDING,
        Phase.PROBE,
        values,
        retry_in_seconds=SECONDS_AFTER_DOUBT,
    )


def _doubted(operation: Operation, seen: Seen) -> Change:
    """QuickBooks answered the write and did not say what became of it."""
    return _doubt(operation, _said(seen), is_answered=True)


def _locked(operation: Operation, seen: Seen) -> Change:
    retries = operation.lock_retries + 1
    if retries > MOST_LOCKS:
        return _failed(operation, seen)
    return _anew(operation, {"lock_retries": retries, "error": _said(seen)}, SECONDS_AFTER_LOCK)


def _stale(operation: Operation, seen: Seen) -> Change:
    """Read it again once: somebody saved it between our reading and our change."""
    if operation.kind is not Kind.JOURNAL_MOD or operation.progress.get("stale"):
        return _conflict(operation, str(_code(seen)), "it was changed in QuickBooks while it was being changed here")
    return Change(State.PENDING, Phase.PROBE, {"progress": {**operation.progress, "stale": True}})


def _other_content(operation: Operation, seen: Seen) -> Change:
    return _conflict(operation, OTHER_CONTENT, f"QuickBooks knows its message set with other content ({_code(seen)})")


def _not_done(operation: Operation, seen: Seen) -> Change:
    return _anew(operation, {"error": _said(seen)}, SECONDS_AFTER_DOUBT)


def _paused(operation: Operation, seen: Seen) -> Change:
    return _anew(operation, {"error": _said(seen)}, SECONDS_AFTER_LOCK, pause=_said(seen))


def _failed(operation: Operation, seen: Seen) -> Change:
    return Change(State.FAILED, operation.phase, {"error_code": str(_code(seen)), "error": _said(seen)})


_REFUSED: Mapping[Verdict, Callable[[Operation, Seen], Change]] = {
    Verdict.RETRY: _locked,
    Verdict.STALE: _stale,
    Verdict.CONFLICT: _other_content,
    Verdict.NOT_DONE: _not_done,
    Verdict.PAUSE: _paused,
    Verdict.FAILED: _failed,
}
"""What follows where QuickBooks says that it did not save it; for every other verdict the outcome is open."""


def _anew(operation: Operation, values: Mapping[str, Any], retry_in_seconds: float, *, pause: str = "") -> Change:
    """It was certainly not saved: begin again with a look, and write under a new message set id."""
    changed = {**values, **_renewed(operation)}
    return Change(State.PENDING, Phase.PROBE, changed, retry_in_seconds=retry_in_seconds, pause=pause)


def _renewed(operation: Operation) -> dict[str, Any]:
    """Answer the same write under a new message set id."""
    assert operation.request is not None
    assert operation.message_set_id is not None
    tries = _tries(operation) + 1
    message_set = message_set_id(operation.dedupe_key, tries)
    return {
        "message_set_id": message_set,
        "request": journal_requests.under_new_id(operation.request, operation.message_set_id, message_set),
        "progress": {**operation.progress, "tries": tries, ANSWERED: False},
    }


def _tries(operation: Operation) -> int:
    return int(operation.progress.get("tries", 0))


def _asked(operation: Operation) -> list[str]:
    abouts = ["", journal_requests.DAY, journal_requests.GONE]
    if operation.writes:
        abouts.append(journal_requests.SINCE)
    return [journal_requests.request_id(operation.id, about) for about in abouts]


def _code(seen: Seen) -> int | None:
    return seen.message_set_status or seen.status_code


def _said(seen: Seen) -> str:
    return f"QuickBooks answered {_code(seen)}: {seen.status_message or 'no message'}"
