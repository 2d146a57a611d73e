"""When to ask again: Retry-After first, else full jitter; bounded per call and by a budget per client."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from ml_connector_dagster.errors import TemporarilyRefused


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How patient a client is; seconds that are longer than this are the load row's or the schedule's business."""

    attempts: int = 5
    """Tries of one call, the first included; 1 asks once."""
    base_seconds: float = 0.5
    cap_seconds: float = 20.0
    """The longest pause of our own choosing."""
    wait_at_most_seconds: float = 90.0
    """The longest Retry-After that is sat out; a longer one ends the call."""
    budget_seconds: float = 300.0
    """All pauses of one client together, so that a sick vendor does not hold a run for hours."""
    seed: int | None = None
    sleep: Callable[[float], None] = time.sleep

    def begin(self) -> Retries:
        """Answer the state of a new client's retries."""
        return Retries(self)


class Retries:
    """What is left of one client's patience."""

    def __init__(self, policy: RetryPolicy) -> None:
        self._policy = policy
        self._random = random.Random(policy.seed)  # noqa: S311 - spreads callers, no secret
        self.slept_seconds = 0.0

    def pause(self, attempt: int, refused: TemporarilyRefused) -> bool:
        """Sleep before the next try and answer True; answer False at once where no further try is due.

        Args:
            attempt: The number of the try that was refused, from 1.
            refused: What it was refused with; its ``retry_after_seconds`` beats our own pause.
        """
        if attempt >= self._policy.attempts:
            return False
        seconds = self._seconds(attempt, refused.retry_after_seconds)
        if seconds is None or self.slept_seconds + seconds > self._policy.budget_seconds:
            return False
        self._policy.sleep(seconds)
        self.slept_seconds += seconds
        return True

    def _seconds(self, attempt: int, asked: float | None) -> float | None:
        jitter = self._random.uniform(0, min(self._policy.cap_seconds, self._policy.base_seconds * 2 ** (attempt - 1)))
        if asked is None:
            return jitter
        if asked > self._policy.wait_at_most_seconds:
            return None
        return asked + min(jitter, self._policy.base_seconds)  # all waiters hear the same Retry-After: spread them


def retry_after_seconds(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Answer how long the vendor asks to wait, in seconds; None where it does not say, or says what nobody can read.

    Args:
        headers: Of the answer, any case where the mapping cares for none.
        now: Aware UTC; Retry-After may be an HTTP-date, which counts from here.
    """
    written = (headers.get("retry-after") or headers.get("Retry-After") or "").strip()
    if re.fullmatch(r"\d+(\.\d+)?", written):
        return float(written)
    try:
        moment = parsedate_to_datetime(written)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())
