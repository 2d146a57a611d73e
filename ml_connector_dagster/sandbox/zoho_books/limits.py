"""Zoho's limits, all of an organisation: calls a minute, calls a day of its own zone, calls at a time."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from ml_connector_dagster.sandbox.clock import Clock
from ml_connector_dagster.sandbox.zoho_books.answers import Refusal

PLANS = {
    "Free": 1_000,
    "Standard": 2_000,
    "Professional": 5_000,
    "Premium": 10_000,
    "Elite": 10_000,
    "Ultimate": 10_000,
}
BLOCK_SECONDS = 60
_BLOCKED = (
    "For security reasons your organization has been blocked as it have exceeded the maximum number of requests per "
    "minute that can be made. Please try again after sometime."
)
_BUSY = "You have exceeded the maximum number of in process requests allowed. Please try again after some time."


@dataclass
class Limits:
    """Counts calls and refuses those over a limit; a refused call counts nowhere."""

    clock: Clock
    zone: ZoneInfo
    minute: int = 100
    day: int = PLANS["Professional"]
    concurrent: int = 10
    _recent: deque[float] = field(default_factory=deque)
    _blocked_until: float = 0.0
    _used: int = 0
    _used_on: str = ""
    _flying: int = 0

    def choose_plan(self, plan: str) -> None:
        """Set the day's calls and the calls at a time by plan; KeyError for a plan that does not exist."""
        self.day = PLANS[plan]
        self.concurrent = 5 if plan == "Free" else 10

    def admit(self) -> None:
        """Count one call; Refusal with 429 and Zoho's code where the day or the minute is full."""
        now = self.clock.now()
        self._turn_day(now)
        if self._used >= self.day:
            raise Refusal(429, 45, f"You have exceeded the maximum call rate limit of {self.day}.")
        moment = now.timestamp()
        while self._recent and self._recent[0] <= moment - 60:
            self._recent.popleft()
        if moment < self._blocked_until:
            raise Refusal(429, 44, _BLOCKED)
        if len(self._recent) >= self.minute:
            self._blocked_until = moment + BLOCK_SECONDS
            raise Refusal(429, 44, _BLOCKED)
        self._recent.append(moment)
        self._used += 1

    @contextmanager
    def flight(self) -> Iterator[None]:
        """Hold one of the places of calls under way; Refusal with 1070 where all are taken."""
        if self._flying >= self.concurrent:
            raise Refusal(429, 1070, _BUSY)
        self._flying += 1
        try:
            yield
        finally:
            self._flying -= 1

    def headers(self) -> dict[str, str]:
        """What every answer tells: the day's calls, what is left, and the seconds to the organisation's midnight."""
        now = self.clock.now()
        self._turn_day(now)
        return {
            "X-Rate-Limit-Limit": str(self.day),
            "X-Rate-Limit-Remaining": str(max(0, self.day - self._used)),
            "X-Rate-Limit-Reset": str(seconds_to_midnight(now, self.zone)),
        }

    def spend(self, calls: int) -> None:
        """Let another integration of the same organisation use up calls of the day."""
        self._turn_day(self.clock.now())
        self._used += calls

    def forget(self) -> None:
        """Start minute and day afresh."""
        self._recent.clear()
        self._blocked_until = 0.0
        self._used = 0

    def _turn_day(self, now: datetime) -> None:
        day = now.astimezone(self.zone).date().isoformat()
        if day != self._used_on:
            self._used, self._used_on = 0, day


def seconds_to_midnight(now: datetime, zone: ZoneInfo) -> int:
    """Whole seconds until the next day begins in the zone; a day of a clock change has 23 or 25 hours."""
    local = now.astimezone(zone)
    midnight = datetime.combine(local.date() + timedelta(days=1), time(), zone)
    return max(1, int(midnight.timestamp() - now.timestamp()))
