"""Reading QuickBooks' fields: typed or refused, never guessed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any

from ml_connector_dagster.errors import RecordRefused
from ml_connector_dagster.ledger.money import ZERO, amount
from ml_connector_dagster.sources.quickbooks_online.entities import CLASS, DEPARTMENT

Record = Mapping[str, Any]


untrusted = partial(RecordRefused.untrusted, "QuickBooks")
"""Answers the refusal of a record, with what was seen."""


@lru_cache(maxsize=8192)
def calendar_date(written: str) -> date:
    """Answer a calendar date of the company; QuickBooks writes it without a zone.

    Raises:
        RecordRefused: It is no date.
    """
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise untrusted(f"{written!r} is no date that QuickBooks writes.") from None


@lru_cache(maxsize=8192)
def moment(written: str) -> datetime:
    """Answer an aware UTC time; QuickBooks writes Pacific offsets, webhooks nanoseconds, so texts are never compared.

    Raises:
        RecordRefused: It is no time, or one without a zone.
    """
    whole, dot, rest = written.partition(".")
    digits = len(rest) - len(rest.lstrip("0123456789"))
    try:
        found = datetime.fromisoformat(f"{whole}.{rest[: min(digits, 6)]}{rest[digits:]}" if dot else written)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise untrusted(f"{written!r} is no time that QuickBooks writes.")
    return found.astimezone(UTC)


def text(record: Record, name: str) -> str:
    """Answer a text field; empty where it is missing.

    Raises:
        RecordRefused: It is no text.
    """
    found = record.get(name)
    if found is None:
        return ""
    if not isinstance(found, str):
        raise untrusted(f"{name} is {found!r}, which is no text.")
    return found


def ref(record: Record, name: str) -> str:
    """Answer the id that a reference points at; empty where there is none.

    Raises:
        RecordRefused: It is no reference.
    """
    found = record.get(name)
    if found is None:
        return ""
    value = found.get("value") if isinstance(found, dict) else None
    if not isinstance(value, str):
        raise untrusted(f"{name} is {found!r}, which is no reference.")
    return value


def figure(record: Record, name: str) -> Decimal:
    """Answer an amount; 0 where it is missing.

    Raises:
        RecordRefused: It is no amount.
    """
    found = record.get(name)
    return ZERO if found is None else amount(found)


def part(record: Record, name: str) -> Record:
    """Answer an object inside; empty where it is missing.

    Raises:
        RecordRefused: It is no object.
    """
    found = record.get(name)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise untrusted(f"{name} is {found!r}, which is no object.")
    return found


def parts(record: Record, name: str) -> Sequence[Record]:
    """Answer a list of objects inside; empty where it is missing.

    Raises:
        RecordRefused: It is no list of objects.
    """
    found = record.get(name)
    if found is None:
        return ()
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise untrusted(f"{name} is no list of objects.")
    return found


def modified_at(record: Record) -> datetime | None:
    """Answer when a record was last changed; None where it does not say."""
    written = text(part(record, "MetaData"), "LastUpdatedTime")
    return moment(written) if written else None


def is_active(record: Record) -> bool:
    """Answer whether a name list's row is active; a missing word means that it is.

    Raises:
        RecordRefused: The word is neither true nor false.
    """
    found = record.get("Active", True)
    if not isinstance(found, bool):
        raise untrusted(f"Active is {found!r}, which is neither true nor false.")
    return found


def tracking_of(class_id: str, department_id: str) -> str:
    """Answer a line's reporting dimensions as canonical JSON; those it does not carry are absent."""
    found = {CLASS: class_id, DEPARTMENT: department_id}
    chosen = {category: option_id(category, one) for category, one in found.items() if one}
    return json.dumps(chosen, separators=(",", ":"))


def option_id(category: str, record_id: str) -> str:
    """Answer the id of an option: classes and departments number themselves apart, so 3 may be one of each."""
    return f"{category}-{record_id}"
