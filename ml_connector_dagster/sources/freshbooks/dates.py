"""FreshBooks' stamps, read into dates and aware UTC times.

Accounting stamps carry no zone and are US/Eastern, summer time included; bills, projects and sign-up dates are UTC. The hour
that occurs twice each November is read as its first time (fold 0), so an order by converted times proves nothing then.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from ml_connector_dagster.errors import RecordRefused

EASTERN = ZoneInfo("America/New_York")
OVERLAP = timedelta(days=1)
"""The filter has whole days, and Eastern days at that."""


def calendar_date(written: object) -> date:
    """Answer a business date as it stands in the books; it has no zone.

    Raises:
        RecordRefused: It is no date.
    """
    try:
        return date.fromisoformat(str(written)[:10])
    except ValueError:
        raise _no_date(written) from None


def eastern(written: object) -> datetime | None:
    """Answer an accounting stamp as aware UTC; None where there is none."""
    return _moment(written, EASTERN)


def utc(written: object) -> datetime | None:
    """Answer a stamp of bills, projects, ledger accounts or identity as aware UTC; None where there is none."""
    return _moment(written, UTC)


def updated_min(since: datetime) -> str:
    """Write the day to ask changes from: the watermark's Eastern day, less one."""
    return (since.astimezone(EASTERN).date() - OVERLAP).isoformat()


def _moment(written: object, zone: tzinfo) -> datetime | None:
    if not written:
        return None
    try:
        parsed = datetime.fromisoformat(str(written))
    except ValueError:
        raise _no_date(written) from None
    aware = parsed.replace(tzinfo=zone, fold=0) if parsed.tzinfo is None else parsed
    return aware.astimezone(UTC)


def _no_date(written: object) -> RecordRefused:
    return RecordRefused(
        f"{written!r} is no date that FreshBooks writes.",
        "The record cannot be put into a period.",
        "Correct the date in FreshBooks, then read the period again.",
    )
