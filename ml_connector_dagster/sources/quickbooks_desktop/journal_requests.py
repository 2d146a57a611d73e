"""The qbXML that the journals' steps hand out: looks, which ask several questions at once, and writes, one a message."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from ml_connector_dagster.sources.quickbooks_desktop.qbxml import Fields, Value, message, questions

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
        changed_since: Before the write was first handed out; None where it never was.
    """
    that_day: Fields = {"FromTxnDate": posting_date, "ToTxnDate": posting_date}
    asked = {
        request_id(operation_id): _entries({"RefNumberCaseSensitive": number}),
        request_id(operation_id, DAY): _entries({"TxnDateRangeFilter": that_day}),
    }
    if changed_since is not None:
        since: Fields = {"FromModifiedDate": changed_since}
        asked[request_id(operation_id, SINCE)] = _entries({"ModifiedDateRangeFilter": since})
    return questions(asked | _deleted(operation_id))


def look_at(operation_id: str, txn_id: str) -> bytes:
    """Ask for one entry by its TxnID, and for the deleted ones."""
    return questions({request_id(operation_id): _entries({"TxnID": txn_id})} | _deleted(operation_id))


def add(operation_id: str, message_set: str, *, number: str, guid: str, payload: Mapping[str, Any]) -> bytes:
    """Write the JournalEntryAdd of a payload; the same arguments give the same bytes."""
    entry: Fields = {
        "TxnDate": payload["date"],
        "RefNumber": number,
        "IsAdjustment": bool(payload["is_adjustment"]),
        "ExternalGUID": guid,
        "JournalDebitLine": [_line(line) for line in payload["lines"] if Decimal(line["amount"]) > 0],
        "JournalCreditLine": [_line(line) for line in payload["lines"] if Decimal(line["amount"]) < 0],
    }
    return _write("JournalEntryAddRq", {"JournalEntryAdd": entry}, operation_id, message_set)


def void(operation_id: str, message_set: str, txn_id: str) -> bytes:
    """Write the TxnVoid of an entry."""
    return _write("TxnVoidRq", {"TxnVoidType": "JournalEntry", "TxnID": txn_id}, operation_id, message_set)


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
    entry: Fields = {
        "TxnID": payload["txn_id"],
        "EditSequence": edit_sequence,
        "TxnDate": payload["date"],
        "JournalLineMod": [_modified(line_id, line) for line_id, line in zip(ids, payload["lines"], strict=False)],
    }
    return _write("JournalEntryModRq", {"JournalEntryMod": entry}, operation_id, message_set)


def under_new_id(request: bytes, old: str, new: str) -> bytes:
    """Answer a frozen write under another message set id; nothing else of it changes."""
    return request.replace(f'newMessageSetID="{old}"'.encode(), f'newMessageSetID="{new}"'.encode(), 1)


def _entries(chosen: Mapping[str, Value]) -> tuple[str, Fields]:
    return "JournalEntryQueryRq", {**chosen, "IncludeLineItems": True}


def _deleted(operation_id: str) -> dict[str, tuple[str, Fields]]:
    """Everything QuickBooks still knows to be deleted: the last 90 days."""
    return {request_id(operation_id, GONE): ("TxnDeletedQueryRq", {"TxnDelType": "JournalEntry"})}


def _line(line: Mapping[str, Any]) -> Fields:
    fields: dict[str, Value] = {
        "AccountRef": {"ListID": line["ledger_account_id"]},
        "Amount": abs(Decimal(line["amount"])),
    }
    if line["memo"]:
        fields["Memo"] = line["memo"]
    if line["tracking_id"]:
        fields["ClassRef"] = {"ListID": line["tracking_id"]}
    return fields


def _modified(line_id: str, line: Mapping[str, Any]) -> Fields:
    side = "Debit" if Decimal(line["amount"]) > 0 else "Credit"
    return {"TxnLineID": line_id, "JournalLineType": side, **_line(line)}


def _write(request: str, fields: Fields, operation_id: str, message_set: str) -> bytes:
    return message(request, fields, request_id=operation_id, set_attributes={"newMessageSetID": message_set})
