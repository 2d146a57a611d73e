"""What QuickBooks says of a request, and what follows from it: the status codes of the reference page's §4.3.

The code decides, never the severity: a real capture shows 3210 with "Info".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from lxml import etree

from ml_connector_dagster.errors import RequestRejected
from ml_connector_dagster.sources.quickbooks_desktop.qbxml import parse_untrusted


class Verdict(StrEnum):
    """What an answer means for the operation that asked."""

    APPLY = "apply"
    """0, or a warning that what was asked for is there all the same."""
    EMPTY = "empty"
    """1: the query matched nothing."""
    NOT_FOUND = "not_found"
    """500: some of what was named is not there; the rest is in the answer. Of a probe: nothing was found."""
    UNKNOWN = "unknown"
    """600, 1000, 9002, 9005, a code that nobody listed, or no code: whether it took effect must be looked up."""
    RETRY = "retry"
    """3175, 3176, and 3170 or 3180 with words of a lock: somebody holds the record; later it may pass."""
    STALE = "stale"
    """3200: the record was changed since it was read; read it again before changing it."""
    NOT_DONE = "not_done"
    """3231: an earlier request of the set failed, this one was certainly not executed."""
    CONFLICT = "conflict"
    """9001: the message set's id is known with other content; a person decides."""
    PAUSE = "pause"
    """3220, 3260, 3261, 3263: QuickBooks gives this application no right; nothing more is sent until a person mends it."""
    FAILED = "failed"
    """Refused for good, certainly not saved."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The answer to a message, or to the first of several questions in it."""

    request_id: str
    kind: str
    """Its element: ``InvoiceQueryRs``; empty where the set holds no answer (a message set's status alone)."""
    status_code: int | None
    """None where the set holds no answer."""
    status_message: str
    message_set_status: int
    """0 where the set says nothing of itself."""
    iterator_id: str
    remaining: int
    """Records that come with later pages of the iterator; 0 with the last page, and without one."""
    is_empty: bool
    """True where the answer holds nothing below it."""


LOCK_WORDS = (
    "could not be locked",
    "in use by another user",
    "failed to acquire the lock",
    "list element is in use",
    "modified by another user",
)
_BY_CODE = {
    0: Verdict.APPLY,
    1: Verdict.EMPTY,
    500: Verdict.NOT_FOUND,
    **dict.fromkeys((501, 510, 550, 560, 570), Verdict.APPLY),
    **dict.fromkeys((530, 531), Verdict.FAILED),
    **dict.fromkeys((600, 1000, 9002, 9005), Verdict.UNKNOWN),
    **dict.fromkeys((1010, 1030, 1060, 9004), Verdict.FAILED),
    **dict.fromkeys((3175, 3176), Verdict.RETRY),
    3200: Verdict.STALE,
    **dict.fromkeys((3220, 3260, 3261, 3263), Verdict.PAUSE),
    3231: Verdict.NOT_DONE,
    9001: Verdict.CONFLICT,
}
LONGEST_NUMBER = 10
"""Digits; what has more is no code and no count, and fits no column."""
_LOCKED_BY_WORDS = (3170, 3180)
_SIGN_ON = range(2000, 2041)
_REFUSALS = range(3000, 4000)


def seen(answer: bytes) -> Seen:
    """Answer what a qbXML answer says of the request that was sent; of the first where a journal's look asked several.

    Args:
        answer: The document, as ``qbxml.as_document`` makes it of the text that came.

    Raises:
        RequestRejected: It is no qbXML answer.
    """
    root = parse_untrusted(answer)
    found = root.find("QBXMLMsgsRs")
    if root.tag != "QBXML" or found is None:
        raise _no_answer(f"its outermost element is {root.tag!r}")
    return _seen(found, found[0] if len(found) else None)


def verdict(seen: Seen) -> Verdict:
    """Answer what follows from it; the message set's own status goes before that of the answer inside."""
    of_set = _BY_CODE.get(seen.message_set_status, Verdict.UNKNOWN) if seen.message_set_status else None
    if of_set not in (None, Verdict.APPLY):
        return of_set
    code = seen.status_code
    if code is None:
        return Verdict.UNKNOWN
    if code in _LOCKED_BY_WORDS:
        return Verdict.RETRY if _is_of_a_lock(seen.status_message) else Verdict.FAILED
    if code in _BY_CODE:
        return _BY_CODE[code]
    return Verdict.FAILED if code in _REFUSALS or code in _SIGN_ON else Verdict.UNKNOWN


def _seen(message_set: etree._Element, one: etree._Element | None) -> Seen:
    inside = {str(name): str(value) for name, value in one.attrib.items()} if one is not None else {}
    return Seen(
        request_id=inside.get("requestID", ""),
        kind="" if one is None else one.tag,
        status_code=None if one is None else _number(inside.get("statusCode", ""), unknown=None),
        status_message=inside.get("statusMessage", ""),
        message_set_status=_number(message_set.get("messageSetStatusCode", ""), unknown=0) or 0,
        iterator_id=inside.get("iteratorID", ""),
        remaining=_number(inside.get("iteratorRemainingCount", ""), unknown=0) or 0,
        is_empty=one is None or not len(one),
    )


def _number(written: str, *, unknown: int | None) -> int | None:
    return int(written) if written.isascii() and written.isdigit() and len(written) < LONGEST_NUMBER else unknown


def _is_of_a_lock(message: str) -> bool:
    said = message.lower()
    return any(words in said for words in LOCK_WORDS)


def _no_answer(why: str) -> RequestRejected:
    return RequestRejected(
        f"What QuickBooks answered is no answer to one request: {why}.",
        "Whether the request took effect is not known, and nothing of the answer was used.",
        "It is asked again by itself; if it stays, look at the Web Connector's log and report it.",
        status=400,
    )
