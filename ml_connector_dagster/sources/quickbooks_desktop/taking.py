"""What an answer does: to the operation it belongs to, to its pages, to its reading; or that it belongs to none."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Any

from ml_connector_dagster.errors import ConnectorError
from ml_connector_dagster.sources.quickbooks_desktop import hresults, journals, reads, rows, status, windows
from ml_connector_dagster.sources.quickbooks_desktop.calls import NOBODYS, Call, left
from ml_connector_dagster.sources.quickbooks_desktop.handing import journal_lost, lost
from ml_connector_dagster.sources.quickbooks_desktop.operations import FINAL, Change, Operation, Phase, State
from ml_connector_dagster.sources.quickbooks_desktop.qbxml import as_document

POISON = "poison"
UNREADABLE = "QuickBooks' answer cannot be read: it holds characters that XML does not allow, or is no qbXML."


@dataclass(frozen=True, slots=True)
class Came:
    """What receiveResponseXML brought."""

    document: bytes
    """The qbXML answer, its declaration taken off; empty where none came."""
    packed: bytes
    """As it is kept."""
    digest: str
    """What tells one answer from another."""
    seen: status.Seen | None
    """What it says of itself; None where it cannot be read."""
    hresult: str
    message: str

    @classmethod
    def of(cls, response: str, hresult: str, message: str) -> Came:
        """Answer it of the call's own texts; here the time goes, so it is done before the transaction begins."""
        document = as_document(response)
        digest = hashlib.sha256(document).hexdigest()
        return cls(document, rows.packed(document), digest, _seen(document), hresult.strip(), message)


def take(call: Call, came: Came) -> int:
    """Take what this session brought and answer the percent; a second delivery changes nothing."""
    given = call.given()
    if _is_second(call, given, came.digest):
        return int(call.session["percent"])
    if given is None or not call.has_in_hand(given):
        note_unasked(call, came)
        return _went_on(call)
    if came.hresult or not came.document:
        return _went_on(call, _refused(call, given, came))
    seen = came.seen
    if seen is None:
        return _went_on(call, _poisoned(call, given, came))
    if not _is_expected(given, seen):
        note_unasked(call, came, operation_id=given.id)
        return max(1, int(call.session["percent"]))
    return _went_on(call, _answered(call, given, seen, came), answered=f"{given.phase}:{came.digest}")


def take_late(call: Call, came: Came) -> None:
    """Take an answer of a session that counts no more: that a journal was saved, if nobody else was given it since."""
    given, seen = call.given(), came.seen
    if given is None or seen is None or given.is_read or given.state in FINAL or given.owner_session != call.session_id:
        note_unasked(call, came, note="late")
        return
    attempt = rows.last_attempt(call.database, given.id, call.session_id)
    as_given = replace(given, phase=Phase(attempt["phase"])) if attempt is not None else given
    note_unasked(call, came, note="late", operation_id=given.id)
    change = journals.apply(as_given, seen, came.document)
    if change.state is State.SUCCEEDED:
        values = {**change.values, **NOBODYS, "finished_at": call.now, "not_before": None}
        rows.change_operation(call.database, given, state=change.state, phase=change.phase, **values)


def note_unasked(call: Call, came: Came, *, note: str = "foreign", operation_id: str | None = None) -> None:
    """Quarantine what came unasked; of sessions that were ours once, so that no stranger can fill the database."""
    rows.note_attempt(
        call.database, company_id=call.company_id, operation_id=operation_id, session_id=call.session_id, phase="",
        received_at=call.now, hresult=came.hresult[:100], note=note, answer=came.packed,
    )  # fmt: skip


def _answered(call: Call, given: Operation, seen: status.Seen, came: Came) -> Operation:
    said: dict[str, Any] = {
        "set_status": str(seen.message_set_status or ""),
        "status_code": "" if seen.status_code is None else str(seen.status_code),
        "status_message": seen.status_message[:500],
    }
    if not given.is_read:
        _note_answer(call, given, note="taken", answer=came.packed, **said)
        return call.change(given, journals.apply(given, seen, came.document))
    _note_answer(call, given, note="taken", **said)
    taken = reads.apply(given, seen, seconds=call.seconds_of(given), pace=call.pace(given))
    call.learn(given, taken.pace)
    after = call.change(given, taken.change)
    if taken.arguments is not None:
        page = {"remaining": seen.remaining, "received_at": call.now}
        rows.store_page(call.database, after, taken.arguments, came.packed, **page)
    return after


def _refused(call: Call, given: Operation, came: Came) -> Operation:
    """Take what came instead of an answer: a code of the COM layer, or nothing at all."""
    code, seconds = came.hresult, call.seconds_of(given)
    said = hresults.said_of(code, came.message) if code else "QuickBooks answered nothing."
    answer = came.packed if came.document else None
    _note_answer(call, given, note="refused", hresult=code[:100], status_message=said, answer=answer)
    if hresults.is_parse_error(code):
        return call.change(given, _never_read(given, said, code))
    if hresults.is_session_over(code):
        return call.change(given, lost(call, given))
    if not given.is_read:
        return call.change(given, journal_lost(given, said, code))
    if seconds > windows.SLOW_SECONDS:
        if windows.shrunk(given.progress) is not None:
            return call.change(given, lost(call, given))
        said = f"{said} It worked {seconds:.0f} seconds on the least that can be asked for at once."
    return call.change(given, reads.refused(given, said, code=code))


def _never_read(given: Operation, said: str, code: str) -> Change:
    """Answer what follows where QuickBooks executed nothing, since it could not read the request; nor will it ever.

    Where it was the look after a write that may have been saved, nobody knows any more: a person must look.
    """
    if given.writes and given.phase is not Phase.WRITE:
        return Change(State.CONFLICT, given.phase, {"error": said, "error_code": code})
    return reads.failed(given, said, code=code)


def _poisoned(call: Call, given: Operation, came: Came) -> Operation:
    """Quarantine an answer that cannot be read; a read is asked once more."""
    _note_answer(call, given, note=POISON, status_message=UNREADABLE, answer=came.packed)
    return call.change(given, _after_poison(given))


def _after_poison(given: Operation) -> Change:
    if not given.is_read:
        return journal_lost(given, UNREADABLE, POISON)
    if given.failures:
        return reads.failed(given, UNREADABLE, code=POISON)
    return reads.refused(given, UNREADABLE, code=POISON)


def _went_on(call: Call, after: Operation | None = None, answered: str = "") -> int:
    """Count what ended, and answer how far it is; ``answered`` knows the same answer again."""
    counts = {"succeeded": call.session["succeeded"], "failed": call.session["failed"]}
    if after is not None:
        call.settle(after)
        counts["succeeded"] += after.state is State.SUCCEEDED
        counts["failed"] += after.state in (State.FAILED, State.CONFLICT)
    percent = _percent(call, counts["succeeded"] + counts["failed"])
    done = {"operation_id": None, "answered_id": answered} if after is not None else {}
    rows.change_session(call.database, call.session_id, percent=percent, **counts, **done)
    return percent


def _is_second(call: Call, given: Operation | None, digest: str) -> bool:
    """Answer whether this very answer was taken last.

    A journal that is looked for twice may be answered twice by the same bytes: in the same phase, and in hand again.
    """
    phase, _, taken = (call.session["answered_id"] or "").partition(":")
    if taken != digest:
        return False
    is_asked_again = given is not None and call.has_in_hand(given) and not given.is_read and given.phase == phase
    return not is_asked_again


def _percent(call: Call, done: int) -> int:
    """Answer 100 only where nothing is left to be handed out, since it ends the session."""
    rest = left(call.database, call.company_id, call.now, unpaused=True)
    if not rest:
        return 100
    return min(99, max(1, done * 100 // (done + rest)))


def _seen(document: bytes) -> status.Seen | None:
    try:
        return status.seen(document)
    except ConnectorError:
        return None


def _is_expected(given: Operation, seen: status.Seen) -> bool:
    """Answer whether the answer repeats the request id of what was handed out last; a set's own status has none."""
    if given.is_read:
        return seen.request_id == reads.request_id(given)
    return not seen.request_id or seen.request_id.startswith(given.id)


def _note_answer(call: Call, given: Operation, *, note: str, **said: Any) -> None:
    rows.close_attempt(call.database, given.id, call.session_id, received_at=call.now, note=note, **said)
