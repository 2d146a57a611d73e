"""Xero's limits: fixed windows a tenant, reset at the tenant's own second; their headers; concurrent calls."""

import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from starlette.responses import Response

from ml_connector_dagster.sandbox.clock import Clock
from ml_connector_dagster.sandbox.refusal import Refusal

_DAY_CALLS = {"starter": 1_000, "core": 5_000, "plus": 5_000, "advanced": 5_000}
_DAY = 86_400


@dataclass
class Limits:
    """Counts calls by app and tenant and refuses those over a limit; every call counts, refused ones too."""

    clock: Clock
    minute: int = 60
    day: int = _DAY_CALLS["core"]
    app_minute: int = 10_000
    concurrent: int = 5
    _used: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    _flying: Counter[str] = field(default_factory=Counter)

    def choose_tier(self, tier: str) -> None:
        """Set the day's calls by tier; KeyError for a tier that does not exist."""
        self.day = _DAY_CALLS[tier]

    def count(self, app: str, tenant_id: str) -> dict[str, str]:
        """Count one call and answer its headers; a Refusal with 429 where a window is full."""
        now = self.clock.now().timestamp()
        key = f"{app}:{tenant_id}"
        headers = {}
        for problem, window, limit, owner in (
            ("appminute", 60, self.app_minute, app),
            ("day", _DAY, self.day, key),
            ("minute", 60, self.minute, key),
        ):
            offset = zlib.crc32(owner.encode()) % window
            number, into = divmod(now - offset, window)
            slot = (problem, owner, int(number))
            self._used[slot] += 1
            left = limit - self._used[slot]
            headers[_HEADERS[problem]] = str(max(left, 0))
            if left < 0:
                raise self._refused(problem, headers, retry_after=int(window - into) + 1)
        return headers

    def count_app(self, app: str) -> None:
        """Count a call that belongs to no tenant: only the app's minute knows it."""
        now = self.clock.now().timestamp()
        slot = ("appminute", app, int((now - zlib.crc32(app.encode()) % 60) // 60))
        self._used[slot] += 1
        if self._used[slot] > self.app_minute:
            raise self._refused("appminute", {}, retry_after=60)

    @contextmanager
    def flight(self, app: str, tenant_id: str) -> Iterator[None]:
        """Hold one of the concurrent places; a Refusal without Retry-After where all are taken."""
        key = f"{app}:{tenant_id}"
        if self._flying[key] >= self.concurrent:
            raise self._refused("concurrent", {}, retry_after=None)
        self._flying[key] += 1
        try:
            yield
        finally:
            self._flying[key] -= 1

    def forget(self) -> None:
        """Start all windows afresh."""
        self._used.clear()

    @staticmethod
    def _refused(problem: str, headers: dict[str, str], retry_after: int | None) -> Refusal:
        shown = headers | {"X-Rate-Limit-Problem": problem}
        if retry_after is not None:
            shown["Retry-After"] = str(retry_after)
        return Refusal(Response("", 429, shown))


_HEADERS = {
    "appminute": "X-AppMinLimit-Remaining",
    "day": "X-DayLimit-Remaining",
    "minute": "X-MinLimit-Remaining",
}
