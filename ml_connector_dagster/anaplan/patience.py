"""How long to wait between looks at Anaplan; injectable, so that tests wait for nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patience:
    """Waits and deadlines of a load, in seconds. Lease wait + upload + task deadline stay below the run limit."""

    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    first_look_seconds: float = 1.0
    """Small loads are done by then; the second look waits the rest of Anaplan's ceiling of one look per 5 s."""
    look_seconds: float = 5.0
    look_growth: float = 1.3
    longest_look_seconds: float = 30.0
    upload_deadline_seconds: float = 1200.0
    task_deadline_seconds: float = 3600.0
    lease_wait_seconds: float = 30.0
    idle_wait_seconds: float = 300.0
    """How long a load waits for a task of somebody else before it gives way."""
    adoption_looks: int = 3
    adoption_window_seconds: float = 30.0
    """A start whose answer was lost shows in the task list within this time, or is taken as never arrived."""

    def waits(self) -> Iterator[float]:
        """Yield the seconds before each look: 1, 4, 5, then growing to 30."""
        yield self.first_look_seconds
        yield max(self.look_seconds - self.first_look_seconds, 0.0)
        wait = self.look_seconds
        while True:
            yield wait
            wait = min(wait * self.look_growth, self.longest_look_seconds)

    @property
    def longest_run_seconds(self) -> float:
        """What a load may take; a connection's settings load only where the run limit is longer."""
        waits = self.lease_wait_seconds + self.idle_wait_seconds
        return waits + self.upload_deadline_seconds + self.task_deadline_seconds
