"""The sandbox's time: instants that follow the real clock, and the business day the books end on."""

import threading
from datetime import UTC, date, datetime, timedelta


class Clock:
    """Answers what time it is in the sandbox; tests may push it forward, never back.

    Two notions on purpose. `now()` is an instant: the machine's clock plus whatever was advanced, so tokens and
    stamps agree with a client that reads its own clock. `today()` is the business day: fixed by `--today`, so that
    books and calendars repeat, and moved by whole days only when somebody advances the clock.
    """

    def __init__(self, today: date | None = None) -> None:
        self._today = today
        self._advanced = timedelta()
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """The instant, aware UTC."""
        return datetime.now(UTC) + self._advanced

    def now_ms(self) -> int:
        """The instant in epoch milliseconds, as both vendors write it."""
        return round(self.now().timestamp() * 1000)

    def today(self) -> date:
        """The business day: the last day that has happened in the books."""
        if self._today is None:
            return self.now().date()
        return self._today + timedelta(days=self._advanced.days)

    def advance(self, seconds: float) -> datetime:
        """Move both notions forward by seconds; a negative value is refused, tokens cannot be un-expired."""
        if seconds < 0:
            raise ValueError(f"The sandbox's clock cannot go back by {-seconds} seconds.")
        with self._lock:
            self._advanced += timedelta(seconds=seconds)
        return self.now()
