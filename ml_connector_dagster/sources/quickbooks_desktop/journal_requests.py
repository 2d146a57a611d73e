"""The qbXML that the journals' steps hand out; elements in the order of the schema, ASCII with numeric references."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape

VERSION = "13.0"
HEAD = f'<?xml version="1.0" encoding="utf-8"?>\n<?qbxml version="{VERSION}"?>\n'
DAY, SINCE, GONE = "day", "since", "gone"
"""What the further questions of a look are about; the first one's request id is the operation's own."""


def request_id(operation_id: str, about: str = "") -> str:
    """Answer the requestID of a question; at most 50 characters."""
    return f"{operation_id}-{about}" if about else operation_id


def look_for(operation_id: str, number: str, posting_date: str, changed_since: date | None) -> bytes:
    """Ask for every entry that may be ours: by number, by posting date, changed since the first write, and deleted ones.

    Args:
        operation_id: Whose look it is.
        number: Our reference number; a user may have changed it since.
        posting_date: 2026-10-31.
        changed_since: Day before the write was first handed out; None where it never was.
    """
    asks = [
        _entries(request_id(operation_id), f"<RefNumberCaseSensitive>{escape(number)}</RefNumberCaseSensitive>"),
        _entries(
            request_id(operation_id, DAY),
            f"<TxnDateRangeFilter><FromTxnDate>{posting_date}</FromTxnDate>"
            f"<ToTxnDate>{posting_date}</ToTxnDate></TxnDateRangeFilter>",
        ),
    ]
    if changed_since is not None:
        since = f"<FromModifiedDate>{changed_since.isoformat()}</FromModifiedDate>"
        asks.append(
            _entries(request_id(operation_id, SINCE), f"<ModifiedDateRangeFilter>{since}</ModifiedDateRangeFilter>")
        )
    return _document([*asks, _deleted(operation_id)])


def look_at(operation_id: str, txn_id: str) -> bytes:
    """Ask for one entry by its TxnID, and for the deleted ones."""
    return _document([_entries(request_id(operation_id), f"<TxnID>{escape(txn_id)}</TxnID>"), _deleted(operation_id)])


def add(operation_id: str, message_set: str, *, number: str, guid: str, payload: Mapping[str, Any]) -> bytes:
    """Write the JournalEntryAdd of a payload; the same arguments give the same bytes."""
    lines = "".join(_added_line(line) for line in payload["lines"])
    return _write(
        message_set,
        f'<JournalEntryAddRq requestID="{operation_id}"><JournalEntryAdd>'
        f"<TxnDate>{payload['date']}</TxnDate><RefNumber>{number}</RefNumber>"
        f"<IsAdjustment>{str(payload['is_adjustment']).lower()}</IsAdjustment><ExternalGUID>{guid}</ExternalGUID>"
        f"{lines}</JournalEntryAdd></JournalEntryAddRq>",
    )


def void(operation_id: str, message_set: str, txn_id: str) -> bytes:
    """Write the TxnVoid of an entry."""
    return _write(
        message_set,
        f'<TxnVoidRq requestID="{operation_id}"><TxnVoidType>JournalEntry</TxnVoidType>'
        f"<TxnID>{escape(txn_id)}</TxnID></TxnVoidRq>",
    )


def modify(
    operation_id: str, message_set: str, payload: Mapping[str, Any], edit_sequence: str, line_ids: Iterable[str]
) -> bytes:
    """Write the JournalEntryMod that turns an entry into the payload's lines.

    Args:
        operation_id: Whose write it is.
        message_set: Its id.
        payload: ``txn_id``, ``date`` and ``lines`` as they shall be.
        edit_sequence: Read again just before: a stale one is refused.
        line_ids: TxnLineID of the lines that stand, in their order; further lines become new ones, missing ones vanish.
    """
    standing = list(line_ids)
    ids = [*standing, *["-1"] * max(0, len(payload["lines"]) - len(standing))]
    lines = "".join(_modified_line(line_id, line) for line_id, line in zip(ids, payload["lines"], strict=False))
    return _write(
        message_set,
        f'<JournalEntryModRq requestID="{operation_id}"><JournalEntryMod><TxnID>{escape(payload["txn_id"])}</TxnID>'
        f"<EditSequence>{escape(edit_sequence)}</EditSequence><TxnDate>{payload['date']}</TxnDate>"
        f"{lines}</JournalEntryMod></JournalEntryModRq>",
    )


def under_new_id(request: bytes, old: str, new: str) -> bytes:
    """Answer a frozen write under another message set id; nothing else of it changes."""
    return request.replace(f'newMessageSetID="{old}"'.encode(), f'newMessageSetID="{new}"'.encode(), 1)


def _entries(named: str, chosen: str) -> str:
    return (
        f'<JournalEntryQueryRq requestID="{named}">{chosen}<IncludeLineItems>true</IncludeLineItems>'
        "</JournalEntryQueryRq>"
    )


def _deleted(operation_id: str) -> str:
    """Everything QuickBooks still knows to be deleted: the last 90 days."""
    return (
        f'<TxnDeletedQueryRq requestID="{request_id(operation_id, GONE)}"><TxnDelType>JournalEntry</TxnDelType>'
        "</TxnDeletedQueryRq>"
    )


def _added_line(line: Mapping[str, Any]) -> str:
    amount = Decimal(line["amount"])
    side = "JournalDebitLine" if amount > 0 else "JournalCreditLine"
    return f"<{side}>{_account(line)}{_amount(amount)}{_memo(line)}{_class(line)}</{side}>"


def _modified_line(line_id: str, line: Mapping[str, Any]) -> str:
    amount = Decimal(line["amount"])
    side = "Debit" if amount > 0 else "Credit"
    return (
        f"<JournalLineMod><TxnLineID>{escape(line_id)}</TxnLineID><JournalLineType>{side}</JournalLineType>"
        f"{_account(line)}{_amount(amount)}{_memo(line)}{_class(line)}</JournalLineMod>"
    )


def _account(line: Mapping[str, Any]) -> str:
    return f"<AccountRef><ListID>{escape(line['ledger_account_id'])}</ListID></AccountRef>"


def _amount(amount: Decimal) -> str:
    return f"<Amount>{abs(amount):.2f}</Amount>"


def _memo(line: Mapping[str, Any]) -> str:
    return f"<Memo>{escape(line['memo'])}</Memo>" if line["memo"] else ""


def _class(line: Mapping[str, Any]) -> str:
    return f"<ClassRef><ListID>{escape(line['tracking_id'])}</ListID></ClassRef>" if line["tracking_id"] else ""


def _write(message_set: str, request: str) -> bytes:
    return _ascii(
        f'{HEAD}<QBXML><QBXMLMsgsRq newMessageSetID="{message_set}" onError="stopOnError">{request}'
        "</QBXMLMsgsRq></QBXML>"
    )


def _document(requests: Iterable[str]) -> bytes:
    return _ascii(f'{HEAD}<QBXML><QBXMLMsgsRq onError="continueOnError">{"".join(requests)}</QBXMLMsgsRq></QBXML>')


def _ascii(text: str) -> bytes:
    return text.encode("ascii", "xmlcharrefreplace")
