"""QuickBooks' limits for one realm and app: a second, a minute, and the month's metered reads."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC

from ml_connector_dagster.sandbox.clock import Clock
from ml_connector_dagster.sandbox.quickbooks_online.answers import throttled


@dataclass
class Limits:
    """Counts calls and refuses those over a limit, as XML and without Retry-After; refused ones count too."""

    clock: Clock
    per_second: int = 10
    per_minute: int = 500
    monthly_reads: int = 500_000
    reads: Counter[str] = field(default_factory=Counter)
    """Metered reads by month."""
    refused: int = 0
    _used: Counter[tuple[int, int]] = field(default_factory=Counter)

    def count(self) -> None:
        """Count one read; a Refusal where a window is full."""
        now = self.clock.now()
        month = f"{now.astimezone(UTC):%Y-%m}"
        if self.reads[month] >= self.monthly_reads:
            self.refused += 1
            raise throttled(now, "The monthly quota of reads of this workspace is used up.")
        for seconds, limit in ((1, self.per_second), (60, self.per_minute)):
            window = (seconds, int(now.timestamp() // seconds))
            self._used[window] += 1
            if self._used[window] > limit:
                self.refused += 1
                raise throttled(now)
        self.reads[month] += 1

    def forget(self) -> None:
        """Start all windows and the meter afresh."""
        self._used.clear()
        self.reads.clear()
        self.refused = 0
