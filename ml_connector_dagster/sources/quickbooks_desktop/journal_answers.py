"""What QuickBooks answered to a journal's message: entries, deleted ones, statuses. Read leniently, judged elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from ml_connector_dagster.sources.quickbooks_desktop.status import LONGEST_NUMBER

if TYPE_CHECKING:
    from lxml.etree import _Element

FOUND, NOTHING, SOME_MISSING = 0, 1, 500
"""Status codes of a query that was answered; a look counts only with one of these in each of its questions."""
ANSWERED = (FOUND, NOTHING, SOME_MISSING)


@dataclass(frozen=True, slots=True)
class EntryLine:
    """One line as it stands in the company file."""

    line_id: str
    account_id: str
    account: str
    class_id: str
    class_name: str
    amount: Decimal
    """Debit + and credit −."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A journal entry as it stands in the company file."""

    txn_id: str
    edit_sequence: str
    txn_number: str
    txn_date: str
    ref_number: str
    guid: str
    """ExternalGUID, lower case with braces; empty where it has none."""
    lines: tuple[EntryLine, ...]

    @property
    def is_void(self) -> bool:
        """Whether all its amounts are zero, as QuickBooks leaves a voided entry."""
        return not any(line.amount for line in self.lines)

    def amounts(self) -> Counter[tuple[str, str, Decimal]]:
        """Answer the lines that post something as (account id, class id, amount), however they are ordered."""
        return Counter((line.account_id, line.class_id, line.amount) for line in self.lines if line.amount)


@dataclass(frozen=True, slots=True)
class DeletedEntry:
    """A journal entry that is no longer in the company file."""

    txn_id: str
    ref_number: str
    created_at: datetime | None
    """Aware; QuickBooks' offset may be an hour off in summer. None where it is unreadable."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to one request of a message set."""

    request_id: str
    kind: str
    """JournalEntryAdd, JournalEntryQuery, TxnDeletedQuery …"""
    status_code: int
    status_message: str
    entries: tuple[Entry, ...]
    deleted: tuple[DeletedEntry, ...]
    recovered: Entry | None
    """What QuickBooks remembers of a write that it was sent before; without lines."""
    voided_txn_id: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one message."""

    set_status: int
    """messageSetStatusCode: 0 where the set was taken, or has no id."""
    replies: Mapping[str, Reply]
    """By request id."""
    message_set_id: str = ""
    """Of the write that it answers; empty of looks."""


def read_answer(raw: bytes) -> Answer | None:
    """Read an answer; None where it is no qbXML answer."""
    from ml_connector_dagster.sources.quickbooks_desktop.qbxml import parse_untrusted

    body = parse_untrusted(raw).find("QBXMLMsgsRs")
    if body is None:
        return None
    replies = [_reply(element) for element in body if isinstance(element.tag, str)]
    return Answer(
        _number(body.get("messageSetStatusCode", "0")),
        {reply.request_id: reply for reply in replies},
        body.get("newMessageSetID", ""),
    )


def _reply(element: _Element) -> Reply:
    recovered = element.find("ErrorRecovery")
    kind = str(element.tag).removesuffix("Rs")
    return Reply(
        request_id=element.get("requestID", ""),
        kind=kind,
        status_code=_number(element.get("statusCode", "")),
        status_message=element.get("statusMessage", ""),
        entries=tuple(_entry(found) for found in element.findall("JournalEntryRet")),
        deleted=tuple(_deleted(found) for found in element.findall("TxnDeletedRet")),
        recovered=None if recovered is None else _entry(recovered),
        voided_txn_id=_text(element, "TxnID") if kind == "TxnVoid" else "",
    )


def _entry(element: _Element) -> Entry:
    return Entry(
        txn_id=_text(element, "TxnID"),
        edit_sequence=_text(element, "EditSequence"),
        txn_number=_text(element, "TxnNumber"),
        txn_date=_text(element, "TxnDate"),
        ref_number=_text(element, "RefNumber"),
        guid=_text(element, "ExternalGUID").lower(),
        lines=tuple(_lines(element)),
    )


def _lines(element: _Element) -> Iterator[EntryLine]:
    for line in element:
        if line.tag not in ("JournalDebitLine", "JournalCreditLine"):
            continue
        amount = _decimal(_text(line, "Amount"))
        yield EntryLine(
            line_id=_text(line, "TxnLineID"),
            account_id=_text(line, "AccountRef/ListID"),
            account=_text(line, "AccountRef/FullName"),
            class_id=_text(line, "ClassRef/ListID"),
            class_name=_text(line, "ClassRef/FullName"),
            amount=amount if line.tag == "JournalDebitLine" else -amount,
        )


def _deleted(element: _Element) -> DeletedEntry:
    return DeletedEntry(_text(element, "TxnID"), _text(element, "RefNumber"), _moment(_text(element, "TimeCreated")))


def _text(element: _Element, path: str) -> str:
    return (element.findtext(path) or "").strip()


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < LONGEST_NUMBER else -1


def _decimal(text: str) -> Decimal:
    try:
        amount = Decimal(text or "0")
    except InvalidOperation:
        return Decimal("NaN")
    return amount if amount.is_finite() else Decimal("NaN")


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo is not None else None
