"""What is handed out next, and what becomes of what was handed out and never answered."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

from sqlalchemy import case, select

from ml_connector_dagster.errors import ConnectorError
from ml_connector_dagster.sources.quickbooks_desktop import journals, reads, rows
from ml_connector_dagster.sources.quickbooks_desktop.calls import Call, runnable
from ml_connector_dagster.sources.quickbooks_desktop.operations import Change, Message, Operation, Phase, State
from ml_connector_dagster.store.tables.desktop import desktop_operation

MOST_LOST_WRITES = 10
"""Answers to one journal that were lost or unreadable, after which a person must look."""
WAIT_AFTER_REFUSAL_SECONDS = 60.0


def hand_out(call: Call) -> str:
    """Answer the next message of the company, its operation IN_FLIGHT; empty where nothing may be handed out.

    What this session was given before and never answered is recovered first. An operation whose message cannot be written
    fails, and the next one is taken.
    """
    recover(call)
    while (found := _next(call)) is not None:
        try:
            given, message = _message(call, found)
        except ConnectorError as error:
            state = State.CONFLICT if found.writes else State.FAILED
            call.settle(call.change(found, Change(state, found.phase, {"error": str(error)})))
            continue
        _note_given(call, found, given, message)
        return message.body.decode("utf-8")
    return ""


def recover(call: Call) -> bool:
    """Put back what this session was given and never answered; answers whether there was anything.

    A read is asked again, an iteration from its start. A journal that was ever written is looked for first.
    """
    given = call.given()
    if given is None or not call.has_in_hand(given):
        return False
    rows.close_attempt(call.database, given.id, call.session_id, note="lost")
    call.settle(call.change(given, lost(call, given), keeps_owner=True))
    return True


def lost(call: Call, given: Operation) -> Change:
    """Answer what follows where no answer came."""
    if not given.is_read:
        return journal_lost(given)
    taken = reads.lost(given, seconds=call.seconds_of(given), pace=call.pace(given))
    call.learn(given, taken.pace)
    return taken.change


def journal_lost(given: Operation, said: str = "", code: str = "") -> Change:
    """Answer what follows where it is open whether a journal was saved: look for it, and not for ever.

    Args:
        given: As it was handed out.
        said: Why no answer came, in words; empty where it was lost.
        code: Of that.
    """
    failures = given.failures + 1
    values: dict[str, Any] = {"failures": failures, "error": said, "error_code": code}
    if failures > MOST_LOST_WRITES:
        state = State.CONFLICT if given.writes else State.FAILED
        words = f"After {failures} attempts a person must look. {said or 'Its answer was lost each time.'}"
        return Change(state, given.phase, values | {"error": words})
    state = State.UNKNOWN if given.writes else State.PENDING
    return Change(state, Phase.PROBE, values, retry_in_seconds=WAIT_AFTER_REFUSAL_SECONDS if said else 0.0)


def _next(call: Call) -> Operation | None:
    """Answer what goes first: what may have been saved, then journals, then the open iteration, then the oldest read."""
    table = desktop_operation.c
    mine = (table.phase == Phase.CONTINUE.value) & (table.owner_session == call.session_id)
    unknown_first = case((table.state == State.UNKNOWN.value, 0), else_=1)
    order = (
        unknown_first, table.priority.desc(), case((mine, 0), else_=1), table.created_at, table.reading_id, table.position,
    )  # fmt: skip
    query = select(desktop_operation).where(*runnable(call.company_id, call.now)).order_by(*order).limit(1)
    found = call.database.execute(query).mappings().first()
    return Operation.of(found) if found is not None else None


def _message(call: Call, found: Operation) -> tuple[Operation, Message]:
    """Answer the operation as it is handed out, and its message."""
    given = replace(_of_this_session(found, call.session_id), attempts=found.attempts + 1)
    if not given.is_read:
        return given, journals.next_message(given)
    given = reads.prepared(given, call.pace(given))
    return given, reads.next_message(given)


def _of_this_session(found: Operation, session_id: str) -> Operation:
    """Answer the operation as this session may go on with it: an iterator of another session is gone."""
    if found.phase is not Phase.CONTINUE or found.owner_session == session_id:
        return found
    change = reads.restarted(found)
    return replace(found, phase=change.phase, **change.values)


def _note_given(call: Call, found: Operation, given: Operation, message: Message) -> None:
    values: dict[str, Any] = {"progress": given.progress, "generation": given.generation, "page": given.page}
    values |= {
        "iterator_id": given.iterator_id,
        "attempts": given.attempts,
        "phase": message.phase,
        "sent_at": call.now,
    }
    if message.is_write:
        values |= {"writes": given.writes + 1, "written_at": given.written_at or call.now}
        values |= {"request": given.request or message.body}
    owner = {"owner_session": call.session_id, "owner_epoch": call.session["epoch"]}
    rows.change_operation(call.database, found, state=State.IN_FLIGHT, **owner, **values)
    if given.generation != found.generation:
        rows.drop_pages(call.database, given.id, before_generation=given.generation)
    rows.note_attempt(
        call.database, company_id=call.company_id, operation_id=given.id, session_id=call.session_id,
        phase=message.phase.value, generation=given.generation, page=given.page + 1,
        request_hash=hashlib.sha256(message.body).hexdigest(), sent_at=call.now,
    )  # fmt: skip
    rows.change_session(call.database, call.session_id, operation_id=given.id)
