"""Calls a minute: 600 reads, 250 accounting POSTs. Every answer tells what is left, and a Retry-After even when all is well."""

from collections import Counter
from dataclasses import dataclass, field

from ml_connector_dagster.sandbox.clock import Clock

_WINDOW = 60


@dataclass
class Limits:
    """Fixed windows of a minute for one person's app."""

    clock: Clock
    reads: int = 600
    writes: int = 250
    burst: int = 0
    """So many of the next calls are refused whatever is left."""
    _used: Counter[tuple[str, int]] = field(default_factory=Counter)

    def count(self, kind: str) -> tuple[bool, dict[str, str]]:
        """Count one call; whether it may pass, and the headers of its answer."""
        limit = self.writes if kind == "writes" else self.reads
        now = self.clock.now().timestamp()
        window = int(now // _WINDOW)
        self._used[kind, window] += 1
        left = limit - self._used[kind, window]
        ends_at = (window + 1) * _WINDOW
        headers = {
            "x-ratelimit-limit": str(limit),
            "x-ratelimit-remaining": str(max(left, 0)),
            "x-ratelimit-reset": str(ends_at),
            "retry-after": str(max(1, round(ends_at - now))),
        }
        if self.burst:
            self.burst -= 1
            return False, headers | {"retry-after": "1"}
        return left >= 0, headers

    def forget(self) -> None:
        """Start the windows afresh."""
        self._used.clear()
