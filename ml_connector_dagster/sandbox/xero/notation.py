"""How Xero notates numbers, days and instants: money as JSON numbers, time as /Date(…)/."""

from datetime import UTC, date, datetime
from typing import Any

from ml_connector_dagster.sandbox.books.cents import RATE_ONE

Json = dict[str, Any]

_EPOCH = date(1970, 1, 1).toordinal()


def number(cents: int) -> int | float:
    """Cents as the JSON number Xero writes: 40 or 11.74. The shortest decimal of cents / 100 is always exact."""
    return cents // 100 if cents % 100 == 0 else cents / 100


def day_stamp(day: date) -> str:
    """A calendar date: midnight UTC; days before 1970 are negative."""
    return f"/Date({(day.toordinal() - _EPOCH) * 86_400_000}+0000)/"


def stamp(milliseconds: int) -> str:
    return f"/Date({milliseconds}+0000)/"


def iso_stamp(milliseconds: int) -> str:
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03d}Z"


def day_text(day: date) -> str:
    return f"{day.isoformat()}T00:00:00"


def shown_rate(rate: int) -> float:
    """The rate of a foreign record: foreign units for one of base, six decimals."""
    return rate / RATE_ONE


def base_rate(record_id: str) -> int:
    """The rate of a base-currency record: 1, or the 0 that Xero sometimes writes and nobody may divide by."""
    return int(record_id[2], 16) % 2
