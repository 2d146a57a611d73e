"""What a request passes before it is sent: the vendor's limits over all processes, and what its headers teach."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from ml_connector_dagster.errors import ConnectorError, QuotaExhausted, TemporarilyRefused
from ml_connector_dagster.store.limits import Limits

LONG_WINDOW_SECONDS = 3600.0
DAY_SECONDS = 86_400
SLOT_WAIT_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Quota:
    """Calls of a day, or of a longer window, that are ours."""

    a_window: int
    left: int
    """Of them, now."""
    window_days: int = 1


class Gate(Protocol):
    """Lets requests through one by one."""

    def before(self, method: str) -> AbstractContextManager[None]:
        """Wait until a request may be sent; it is in flight inside the context.

        Raises:
            QuotaExhausted: The wait would be longer than patience allows.
        """

    def learn(self, headers: Mapping[str, str], refused: ConnectorError | None) -> None:
        """Take in what an answer says about the limits: its headers, and the error it was read as."""

    def quota(self) -> Quota | None:
        """Answer the longest limit where it is a day's or longer; None where there is none."""


class OpenGate:
    """No limit at all: the local webserver, a token endpoint that nobody counts."""

    def before(self, method: str) -> AbstractContextManager[None]:
        """Let every request pass."""
        del method
        return nullcontext()

    def learn(self, headers: Mapping[str, str], refused: ConnectorError | None) -> None:
        """Learn nothing."""

    def quota(self) -> Quota | None:
        """Answer that there is none."""
        return None


@dataclass(frozen=True, slots=True)
class SharedLimit:
    """One limit of a vendor as all processes share it."""

    label: str
    """The vendor's name for it, as ``calls_left`` names it: minute, day."""
    row: str
    """Its row: ``vendor:limit:scope``."""
    permits: int
    """Our share of it."""
    per_seconds: float
    wait_at_most_seconds: float = 120.0
    vendor_permits: int = 0
    """The vendor's whole limit where ours is a share of it; 0 where they are the same."""
    burst: int | None = None
    """See ``store.limits.Pace.of``; a window of an hour or more defaults to all permits at once."""

    @property
    def at_once(self) -> int | None:
        """How many may come at once; None for the strict pace of short windows."""
        return self.permits if self.burst is None and self.is_long else self.burst

    @property
    def is_long(self) -> bool:
        """A day's quota: spent as needed, corrected by the vendor's own count in both directions."""
        return self.per_seconds >= LONG_WINDOW_SECONDS

    def share_of(self, remaining: int) -> int:
        """Answer our share of what the vendor says is left."""
        return remaining * self.permits // (self.vendor_permits or self.permits)


class RateGate:
    """The limits and slots of one vendor and company."""

    def __init__(
        self,
        limits: Limits,
        shared: Sequence[SharedLimit],
        *,
        slots: tuple[str, int] | None = None,
        calls_left: Callable[[Mapping[str, str]], Mapping[str, int]] | None = None,
        calls_allowed: Callable[[Mapping[str, str]], Mapping[str, int]] | None = None,
        opens_in: Callable[[Mapping[str, str]], Mapping[str, float]] | None = None,
    ) -> None:
        """Take the limits.

        Args:
            limits: Of the store.
            shared: Every limit a request counts against.
            slots: Name and number of requests in flight at once, over all processes.
            calls_left: Answer headers to {label: calls that remain}, in the vendor's own words.
            calls_allowed: Answer headers to {label: calls of the whole window}, where the vendor tells them.
            opens_in: Answer headers to {label: seconds until its window opens anew}; a window that the vendor resets gives
                back nothing before.
        """
        self._limits = limits
        self._shared = tuple(sorted(shared, key=lambda limit: limit.per_seconds))
        self._slots = slots
        self._calls_left = calls_left
        self._calls_allowed = calls_allowed
        self._allowed: dict[str, int] = {}
        self._opens_in = opens_in

    @contextmanager
    def before(self, method: str) -> Iterator[None]:
        """Hold a slot and take a permit of every limit, the longest window first: a spent day costs no minute's permit.

        Raises:
            QuotaExhausted: A limit opens later than its patience.
            TemporarilyRefused: Every slot stayed taken.
        """
        del method
        held = self._limits.slots(*self._slots, SLOT_WAIT_SECONDS) if self._slots else nullcontext()
        with held:
            for limit in reversed(self._shared):
                self._limits.acquire(
                    limit.row,
                    limit.permits,
                    limit.per_seconds,
                    burst=limit.at_once,
                    wait_at_most_seconds=limit.wait_at_most_seconds,
                )
            yield

    def learn(self, headers: Mapping[str, str], refused: ConnectorError | None) -> None:
        """Obey the vendor's count and its refusal, for all processes.

        A spent quota closes the longest window until it opens; a 429 with Retry-After closes the shortest for as long.
        """
        left = self._calls_left(headers) if self._calls_left else {}
        opens = self._opens_in(headers) if self._opens_in else {}
        for limit in self._shared:
            if limit.label in left:
                if limit.label in opens and not limit.share_of(left[limit.label]):
                    moment = datetime.now(UTC) + timedelta(seconds=opens[limit.label])
                    self._limits.block_until(limit.row, moment)
                self._limits.allow(
                    limit.row,
                    limit.share_of(left[limit.label]),
                    limit.permits,
                    limit.per_seconds,
                    burst=limit.at_once,
                    exact=limit.is_long,
                )
        if self._calls_allowed:
            self._allowed.update(self._calls_allowed(headers))
        if self._shared:
            self._close(refused)

    def quota(self) -> Quota | None:
        """Answer the longest limit where it is a day's or longer: what is left by the vendor's last word or our own count."""
        if not self._shared or self._shared[-1].per_seconds < DAY_SECONDS:
            return None
        limit = self._shared[-1]
        told = self._allowed.get(limit.label)
        a_window = limit.permits if told is None else limit.share_of(told)
        left = self._limits.left(limit.row, limit.permits, limit.per_seconds, burst=limit.at_once)
        return Quota(a_window, min(left, a_window), round(limit.per_seconds / DAY_SECONDS))

    def _close(self, refused: ConnectorError | None) -> None:
        if isinstance(refused, QuotaExhausted) and refused.opens_at is not None:
            self._limits.block_until(self._shared[-1].row, refused.opens_at)
        elif isinstance(refused, TemporarilyRefused) and refused.context.get("status") == 429:
            seconds = refused.retry_after_seconds or 0.0
            self._limits.block_until(self._shared[0].row, datetime.now(UTC) + timedelta(seconds=seconds))
