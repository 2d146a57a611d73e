"""Reading qbXML's fields: typed or refused, never guessed. Almost every child of an answer is optional."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache, partial
from typing import TYPE_CHECKING, TypeAlias
from zoneinfo import ZoneInfo

from lxml import etree

from ml_connector_dagster.errors import RecordRefused
from ml_connector_dagster.ledger.money import ZERO, amount

if TYPE_CHECKING:
    from lxml.etree import _Element

Record: TypeAlias = "_Element"
LOCAL_CHARACTERS = len("2026-10-31T09:00:00")


untrusted = partial(RecordRefused.untrusted, "QuickBooks")
"""Answers the refusal of a record, with what was seen."""


def text(record: Record, path: str) -> str:
    """Answer what a child says; empty where it is missing."""
    return (record.findtext(path) or "").strip()


def ref(record: Record, name: str) -> str:
    """Answer the id that a reference points at; empty where there is none.

    Raises:
        RecordRefused: It names something without its id.
    """
    found = record.find(name)
    if found is None:
        return ""
    pointed = text(found, "ListID")
    if not pointed and text(found, "FullName"):
        raise untrusted(f"{name} names {text(found, 'FullName')!r} without its id.")
    return pointed


def figure(record: Record, path: str) -> Decimal:
    """Answer an amount; 0 where it is missing.

    Raises:
        RecordRefused: It is no amount.
    """
    written = text(record, path)
    return amount(written) if written else ZERO


def flag(record: Record, name: str, *, missing: bool = False) -> bool:
    """Answer a truth value.

    Raises:
        RecordRefused: It is neither true nor false.
    """
    written = text(record, name)
    if written in ("", "true", "false"):
        return missing if not written else written == "true"
    raise untrusted(f"{name} is {written!r}, which is neither true nor false.")


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
def local_time(written: str) -> datetime:
    """Answer the workstation's own clock time, naive: the offset is cut off, since QuickBooks writes a wrong one in summer.

    Raises:
        RecordRefused: It is no time.
    """
    try:
        return datetime.fromisoformat(written[:LOCAL_CHARACTERS])
    except ValueError:
        raise untrusted(f"{written!r} is no time that QuickBooks writes.") from None


def modified_at(record: Record, zone: ZoneInfo) -> datetime | None:
    """Answer when a record was last changed (aware UTC), by the workstation's clock; None where it does not say.

    Args:
        record: As it came.
        zone: The company's, which the workstation is set to.
    """
    written = text(record, "TimeModified")
    return as_utc(local_time(written), zone) if written else None


def as_utc(local: datetime, zone: ZoneInfo) -> datetime:
    """Answer the earlier of the two moments that a clock time in the autumn's double hour may mean."""
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC)


def as_local(moment: datetime, zone: ZoneInfo) -> datetime:
    """Answer what the workstation's clock shows at a moment, naive."""
    return moment.astimezone(zone).replace(tzinfo=None)


def record_id(record: Record) -> str:
    """Answer TxnID or ListID; empty where it has neither."""
    return text(record, "TxnID") or text(record, "ListID")


def raw(record: Record) -> bytes:
    """Answer a record as it came, alone."""
    return etree.tostring(record, encoding="utf-8", with_tail=False)
