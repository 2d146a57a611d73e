"""Every way in which FreshBooks writes a moment, and money. Most accounting stamps are US/Eastern without saying so."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from ml_connector_dagster.sandbox.books.cents import text

EASTERN = ZoneInfo("America/New_York")
Money = dict[str, str]


def eastern(ms: int) -> str:
    """Naive US/Eastern, daylight saving included: updated, created_at."""
    return f"{datetime.fromtimestamp(ms / 1000, EASTERN):%Y-%m-%d %H:%M:%S}"


def eastern_version(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms / 1000, EASTERN):%Y-%m-%d %H:%M:%S.%f}"


def naive_utc(ms: int) -> str:
    """The exceptions: bills, signup_date."""
    return f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%d %H:%M:%S}"


def project_utc(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%dT%H:%M:%S}"


def zulu(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"


def rfc3339(ms: int) -> str:
    """Microseconds and Z: ledger accounts."""
    return f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%dT%H:%M:%S.%fZ}"


def money(cents: int, code: str) -> Money:
    return {"amount": text(cents), "code": code}
