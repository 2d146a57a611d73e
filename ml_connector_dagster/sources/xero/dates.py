"""Xero's two ways to write a time, read into dates and aware UTC times.

``/Date(1539993600000+0000)/`` counts milliseconds since 1970; the offset never shifts them, and the count may be negative.
A document's date is midnight UTC of its calendar date: the UTC date is taken, never the company's own zone's.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from ml_connector_dagster.errors import RecordRefused

_MILLISECONDS = re.compile(r"/Date\((-?\d+)(?:[+-]\d{4})?\)/")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def moment(written: str) -> datetime:
    """Answer the aware UTC time that Xero wrote, in either form.

    Raises:
        RecordRefused: It is no time.
    """
    match = _MILLISECONDS.fullmatch(written)
    try:
        if match:
            return _EPOCH + int(match[1]) * _MILLISECOND
        parsed = datetime.fromisoformat(written)
    except (ValueError, OverflowError):
        raise RecordRefused(
            f"{written!r} is no date that Xero writes.",
            "The record cannot be put into a period.",
            "Correct the date in Xero, then read the period again.",
        ) from None
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


@lru_cache(maxsize=8192)
def calendar_date(written: str) -> date:
    """Answer the calendar date of a document.

    Raises:
        RecordRefused: It is no date.
    """
    return moment(written).date()


def optional_date(written: str) -> date | None:
    """Answer the calendar date, or None where Xero wrote none."""
    return calendar_date(written) if written else None


@lru_cache(maxsize=8192)
def optional_moment(written: str) -> datetime | None:
    """Answer the time, or None where Xero wrote none."""
    return moment(written) if written else None


def since_header(moment_utc: datetime) -> str:
    """Write ``If-Modified-Since`` as Xero takes it: UTC, whole seconds, with Z; a fraction would be ignored in silence."""
    return f"{moment_utc.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
