"""What a read says next and what its answer means: pure functions over an operation, no database.

A paged read lives in generations. QuickBooks keeps an iterator's place for one session alone, and ``Continue`` is not
repeatable: whenever an answer may be lost, the whole iteration begins again as the next generation, and the pages of the one
before are dropped. A report has no iterator; it is cut into spans of days, and a lost span is asked for again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.sources.quickbooks_desktop import requests, windows
from ml_connector_dagster.sources.quickbooks_desktop.operations import Change, Message, Operation, Phase, State
from ml_connector_dagster.sources.quickbooks_desktop.status import Seen, Verdict, verdict
from ml_connector_dagster.sources.quickbooks_desktop.windows import Pace

MOST_FAILURES = 2
"""Refused or unreadable answers in a row that are tried again."""
MOST_LOCK_RETRIES = 10
MOST_GENERATIONS = 30
"""Iterations begun, after which a person must look: a machine that never stays on, or two machines that take turns."""
LOCK_BACKOFF_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Taken:
    """What an answer does: to its operation, to the pages kept, and to what is asked for at once from now on."""

    change: Change
    arguments: Mapping[str, Any] | None = None
    """Those that this page answers; None: the answer is no page."""
    pace: Pace | None = None


def refuse_unwritable(name: str, arguments: Mapping[str, Any]) -> None:
    """Write a question once before it is enqueued: one that cannot be written would stop the machine each time.

    Raises:
        SettingWrong: The question is unknown, or an argument is missing or cannot be written.
    """
    page = requests.PageAsk(windows.most_records(name, arguments)) if windows.most_records(name, arguments) else None
    try:
        requests.read_request(name, arguments, request_id="0", page=page)
    except KeyError as missing:
        raise SettingWrong(
            f"QuickBooks Desktop is to be asked for {name!r} without {missing}.",
            "Nothing was asked.",
            "Report it: the question is put wrongly.",
        ) from missing


def prepared(operation: Operation, pace: Pace) -> Operation:
    """Answer the operation with its plan, where it has none yet."""
    if operation.progress:
        return operation
    return replace(operation, progress=windows.planned(operation.name, operation.payload, pace) | {"lost": 0})


def request_id(operation: Operation) -> str:
    """Answer what the answer must repeat: a late one to an earlier hand-out is told apart by it."""
    return f"{operation.id}-{operation.attempts}"


def next_message(operation: Operation) -> Message:
    """Answer the message of a prepared operation whose ``attempts`` counts this hand-out already.

    Raises:
        SettingWrong: The question is unknown or an argument of it cannot be written.
    """
    size = operation.progress.get("size", 0)
    continues = operation.phase is Phase.CONTINUE
    page = requests.PageAsk(size, operation.iterator_id if continues else "") if size else None
    body = requests.read_request(
        operation.name, arguments_now(operation), request_id=request_id(operation), page=page
    )  # fmt: skip
    return Message(body, operation.phase)


def arguments_now(operation: Operation) -> Mapping[str, Any]:
    """Answer the arguments of the next message: of a report those of its first unread span."""
    spans = operation.progress.get("spans")
    return {**operation.payload, "from": spans[0][0], "to": spans[0][1]} if spans else operation.payload


def apply(operation: Operation, seen: Seen, *, seconds: float, pace: Pace) -> Taken:
    """Answer what an answer with the right request id does.

    Args:
        operation: As it was handed out.
        seen: What the answer says of itself.
        seconds: Between hand-out and answer.
        pace: Learned so far for this question.
    """
    match verdict(seen):
        case Verdict.APPLY | Verdict.EMPTY | Verdict.NOT_FOUND:
            return _page(operation, seen, seconds, pace)
        case Verdict.RETRY:
            return Taken(_locked(operation, seen))
        case Verdict.PAUSE:
            return Taken(replace(restarted(operation), pause=_said(seen)))
        case Verdict.UNKNOWN | Verdict.NOT_DONE:
            return Taken(refused(operation, _said(seen), code=_code(seen)))
        case _ if operation.phase is Phase.CONTINUE:
            return Taken(refused(operation, _said(seen), code=_code(seen)))
        case _:
            return Taken(failed(operation, _said(seen), code=_code(seen)))


def restarted(operation: Operation) -> Change:
    """Answer that an iteration begins again; what is not paged is only asked again."""
    if "size" not in operation.progress:
        return Change(State.PENDING, Phase.START)
    plan = {key: value for key, value in operation.progress.items() if key != "remaining"}
    fresh = {"generation": operation.generation + 1, "page": 0, "iterator_id": "", "progress": plan}
    return Change(State.PENDING, Phase.START, fresh)


def lost(operation: Operation, *, seconds: float, pace: Pace) -> Taken:
    """Answer what follows where no answer came.

    Half as much is asked for where it may have taken too long. A machine that came back sooner was only switched off.

    Args:
        operation: As it was handed out.
        seconds: From hand-out until the machine was heard of again.
        pace: Learned so far for this question.
    """
    count = operation.progress.get("lost", 0) + 1
    if count > MOST_GENERATIONS:
        return Taken(failed(operation, _never_answered(count)))
    smaller = windows.shrunk(operation.progress) if seconds > windows.SLOW_SECONDS else None
    kept = replace(operation, progress={**(smaller or operation.progress), "lost": count})
    change = restarted(kept)
    change = replace(change, values={"progress": kept.progress, **change.values})
    return Taken(change, pace=windows.pace_of(smaller, pace) if smaller else None)


def refused(operation: Operation, why: str, *, code: str = "") -> Change:
    """Answer what follows an answer that could not be used: again, twice at most, then it failed."""
    count = operation.failures + 1
    if count > MOST_FAILURES:
        return failed(operation, why, code=code)
    again = restarted(operation)
    return replace(again, values={**again.values, "failures": count, "error": why, "error_code": code})


def failed(operation: Operation, why: str, *, code: str = "") -> Change:
    """Answer that it failed for good."""
    return Change(State.FAILED, operation.phase, {"error": why, "error_code": code, "iterator_id": ""})


def _page(operation: Operation, seen: Seen, seconds: float, pace: Pace) -> Taken:
    before = operation.progress.get("remaining")
    if seen.remaining and (not seen.iterator_id or (before is not None and seen.remaining >= before)):
        return Taken(refused(operation, f"QuickBooks says again that {seen.remaining} records are left."))
    learned = windows.learned(operation.name, operation.payload, operation.progress, seconds=seconds, pace=pace)
    values: dict[str, Any] = {"page": operation.page + 1, "iterator_id": seen.iterator_id if seen.remaining else ""}
    return Taken(_after_page(operation, seen, values, learned), arguments_now(operation), learned)


def _after_page(operation: Operation, seen: Seen, values: dict[str, Any], pace: Pace) -> Change:
    progress = {**operation.progress}
    if seen.remaining:
        values["progress"] = {**progress, "remaining": seen.remaining}
        return Change(State.PENDING, Phase.CONTINUE, values)
    left = windows.rest(progress, pace)
    progress.pop("remaining", None)
    values |= {"error": "", "error_code": ""}
    if not left:
        return Change(State.SUCCEEDED, Phase.START, values | {"progress": {**progress, "spans": []}})
    values |= {"failures": 0, "progress": {**progress, "spans": left, "lost": 0}}
    return Change(State.PENDING, Phase.START, values)


def _locked(operation: Operation, seen: Seen) -> Change:
    count = operation.lock_retries + 1
    if count > MOST_LOCK_RETRIES:
        return failed(operation, _said(seen), code=_code(seen))
    again = restarted(operation)
    wait = LOCK_BACKOFF_SECONDS * min(count, 10)
    return replace(again, values={**again.values, "lock_retries": count}, retry_in_seconds=wait)


def _said(seen: Seen) -> str:
    return f"QuickBooks answered {_code(seen) or 'without a status'}: {seen.status_message or 'no words with it'}"


def _code(seen: Seen) -> str:
    return str(seen.message_set_status or seen.status_code or "")


def _never_answered(count: int) -> str:
    return (
        f"It was handed out {count} times and never answered to the end: the Windows machine went off, QuickBooks took"
        " longer than a minute each time, or two machines take turns with one company file."
    )
