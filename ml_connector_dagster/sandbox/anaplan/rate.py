"""The tenant's request limit: a token bucket of 600, refilled by 10 a second, shared by all users."""

from datetime import timedelta
from email.utils import format_datetime
from typing import Literal

from ml_connector_dagster.sandbox.clock import Clock

RetryAfterForm = Literal["seconds", "date", "none"]


class RateBucket:
    """Takes one permit a request; a 429 says when to come back in one of the three forms seen."""

    def __init__(self, clock: Clock, permits: int = 600, per_second: float = 10.0) -> None:
        self._clock = clock
        self.permits = permits
        self.per_second = per_second
        self.form: RetryAfterForm = "seconds"
        self.refused = 0
        self._left = float(permits)
        self._at = clock.now().timestamp()

    def take(self) -> bool:
        """Whether the request may pass."""
        now = self._clock.now().timestamp()
        self._left = min(float(self.permits), self._left + (now - self._at) * self.per_second)
        self._at = now
        if self._left < 1:
            self.refused += 1
            return False
        self._left -= 1
        return True

    def drain(self, left: float = 0.0) -> None:
        """Leave only so many permits, as if another tool of the tenant had spent the rest."""
        self._left = left

    def retry_after(self) -> dict[str, str]:
        seconds = max(1, round((1 - self._left) / self.per_second))
        if self.form == "none":
            return {}
        if self.form == "seconds":
            return {"Retry-After": str(seconds)}
        moment = self._clock.now() + timedelta(seconds=seconds)
        return {"Retry-After": format_datetime(moment, usegmt=True)}
