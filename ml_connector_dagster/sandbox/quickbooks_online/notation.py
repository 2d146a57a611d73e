"""How QuickBooks writes things: amounts as JSON numbers, stamps with Pacific time's offset, references."""

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

PACIFIC = ZoneInfo("America/Los_Angeles")


def number(cents: int) -> int | Decimal:
    """80 for 80.00, 5.5 for 5.50."""
    whole, rest = divmod(cents, 100)
    return whole if not rest else Decimal(cents).scaleb(-2).normalize()


def rate_number(rate: int) -> int | Decimal:
    whole, rest = divmod(rate, 1_000_000)
    return whole if not rest else Decimal(rate).scaleb(-6).normalize()


def stamp(epoch_seconds: int) -> str:
    """2026-05-05T02:08:55-07:00."""
    return datetime.fromtimestamp(epoch_seconds, PACIFIC).isoformat(timespec="seconds")


def server_time(now: datetime) -> str:
    """The time of an answer, with milliseconds."""
    return now.astimezone(PACIFIC).isoformat(timespec="milliseconds")


def epoch(text: str) -> float:
    """Epoch seconds of an ISO stamp or day; without an offset Pacific time is meant. ValueError for anything else."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=PACIFIC)).timestamp()


def cloud_event_time(now: datetime) -> str:
    """UTC with nanoseconds."""
    return f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}517Z"
