"""Rate limits that all processes share: one row a limit, the generic cell rate algorithm (GCRA), vendors' own word first."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select, text

from ml_connector_dagster.errors import QuotaExhausted
from ml_connector_dagster.store.engine import Store
from ml_connector_dagster.store.locks import LockBusy, Locks
from ml_connector_dagster.store.tables.database import rate_limit

LEAST_SLEEP_SECONDS = 0.001
SLOT_LOOK_SECONDS = 0.05
CLOCK_GRAIN_SECONDS = 1e-3
"""A sum of many intervals on seconds since the epoch is no more exact than this: a permit due within it is due."""

GRANT_POSTGRES = text("""
    INSERT INTO rate_limit (name, theoretical_arrival, blocked_until, granted)
    VALUES (:name, extract(epoch FROM clock_timestamp()) + :interval, 0, 1)
    ON CONFLICT (name) DO UPDATE SET granted = rate_limit.granted + 1, theoretical_arrival =
        greatest(rate_limit.theoretical_arrival, extract(epoch FROM clock_timestamp())) + :interval
    WHERE greatest(rate_limit.theoretical_arrival - :tolerance, rate_limit.blocked_until)
        <= extract(epoch FROM clock_timestamp()) + 0.001
    RETURNING granted
""")
LOOK_POSTGRES = text("""
    SELECT greatest(theoretical_arrival - :tolerance, blocked_until) - extract(epoch FROM clock_timestamp())
    FROM rate_limit WHERE name = :name
""")
LOOK_SQLITE = "SELECT theoretical_arrival, blocked_until FROM rate_limit WHERE name = ?"
GRANT_SQLITE = """
    INSERT INTO rate_limit (name, theoretical_arrival, blocked_until, granted) VALUES (?, ?, 0, 1)
    ON CONFLICT (name) DO UPDATE SET theoretical_arrival = excluded.theoretical_arrival, granted = granted + 1
"""
BLOCK = text("""
    INSERT INTO rate_limit (name, theoretical_arrival, blocked_until, granted) VALUES (:name, 0, :until, 0)
    ON CONFLICT (name) DO UPDATE SET blocked_until = excluded.blocked_until
    WHERE rate_limit.blocked_until < excluded.blocked_until
""")
SET_ARRIVAL = text("""
    INSERT INTO rate_limit (name, theoretical_arrival, blocked_until, granted) VALUES (:name, :arrival, 0, 0)
    ON CONFLICT (name) DO UPDATE SET theoretical_arrival = excluded.theoretical_arrival
    WHERE :exact = 1 OR rate_limit.theoretical_arrival < excluded.theoretical_arrival
""")


@dataclass(frozen=True, slots=True)
class Pace:
    """How often: a burst at once, then one permit every ``interval_seconds``."""

    burst: int
    interval_seconds: float

    @property
    def tolerance_seconds(self) -> float:
        """How far ahead of the even pace a caller may run."""
        return (self.burst - 1) * self.interval_seconds

    @classmethod
    def of(cls, permits: int, per_seconds: float, burst: int | None = None) -> Pace:
        """Answer the pace of a limit.

        Without ``burst`` no window of ``per_seconds``, wherever it begins, sees more than ``permits``: a fifth may come at
        once, the rest evenly, which costs a fifth of the sustained rate and never a 429. With ``burst`` it is a
        token bucket: that many at once, refilled at ``permits`` per ``per_seconds`` (a window can see both together),
        as Anaplan's own bucket and for day quotas, where the vendor's headers correct it.
        """
        if burst is not None:
            return cls(burst, per_seconds / permits)
        at_once = max(1, permits // 5)
        return cls(at_once, (per_seconds + 2 * CLOCK_GRAIN_SECONDS) / (permits - at_once + 1))


class Limits:
    """The rate limits of one store."""

    def __init__(
        self, store: Store, *, sleep: Callable[[float], None] = time.sleep, clock: Callable[[], float] = time.time
    ) -> None:
        """Take the store; sleep and clock are replaced in tests (the clock counts on SQLite alone)."""
        self._store = store
        self._locks = Locks(store)
        self._sleep = sleep
        self._clock = clock

    def acquire(
        self,
        name: str,
        permits: int,
        per_seconds: float,
        *,
        burst: int | None = None,
        wait_at_most_seconds: float = 120.0,
    ) -> float:
        """Take one permit, sleeping until it is due, and answer the seconds waited.

        Args:
            name: ``vendor:limit:scope``; every process that names it shares it.
            permits: How many in ``per_seconds``.
            per_seconds: The window.
            burst: See ``Pace.of``.
            wait_at_most_seconds: A longer wait is no patience but a spent quota.

        Raises:
            QuotaExhausted: The wait would be longer; says when it opens.
        """
        pace = Pace.of(permits, per_seconds, burst)
        waited = 0.0
        while (due_in := self._grant(name, pace)) > 0:
            if waited + due_in > wait_at_most_seconds:
                raise self._exhausted(name, due_in)
            pause = max(due_in, LEAST_SLEEP_SECONDS)
            self._sleep(pause)
            waited += pause
        return waited

    def due_in_seconds(self, name: str, permits: int, per_seconds: float, *, burst: int | None = None) -> float:
        """Answer in how many seconds a permit is due, taking none; 0 where it is now. The arguments are ``acquire``'s."""
        pace = Pace.of(permits, per_seconds, burst)
        arrival, blocked_until = self._standing(name)
        return max(0.0, arrival - pace.tolerance_seconds - self._now(), blocked_until - self._now())

    def left(self, name: str, permits: int, per_seconds: float, *, burst: int | None = None) -> int:
        """Answer how many permits are due now, taking none; 0 while the limit is closed. The arguments are ``acquire``'s."""
        pace = Pace.of(permits, per_seconds, burst)
        arrival, blocked_until = self._standing(name)
        now = self._now()
        if blocked_until > now:
            return 0
        taken = math.ceil(max(0.0, arrival - now - CLOCK_GRAIN_SECONDS) / pace.interval_seconds)
        return max(0, pace.burst - taken)

    def block_until(self, name: str, moment: datetime) -> None:
        """Close the limit for all processes until that moment (aware UTC): the vendor's Retry-After. Never shortens."""
        with self._store.begin(durable=False) as connection:
            connection.execute(BLOCK, {"name": name, "until": moment.timestamp()})

    def allow(
        self,
        name: str,
        remaining: int,
        permits: int,
        per_seconds: float,
        *,
        burst: int | None = None,
        exact: bool = False,
    ) -> None:
        """Learn from the vendor's header that only ``remaining`` requests are left now.

        Args:
            name: The limit.
            remaining: What the header says.
            permits: As in ``acquire``.
            per_seconds: As in ``acquire``.
            burst: As in ``acquire``.
            exact: Also loosen where the vendor grants more than we counted (a day quota that was reset). A minute's
                header is stale by the requests in flight, so it only ever tightens.
        """
        pace = Pace.of(permits, per_seconds, burst)
        left = min(max(remaining, 0), pace.burst)
        arrival = self._now() + (pace.burst - left) * pace.interval_seconds
        with self._store.begin(durable=False) as connection:
            connection.execute(SET_ARRIVAL, {"name": name, "arrival": arrival, "exact": int(exact)})

    @contextmanager
    def slots(self, name: str, count: int, wait_at_most_seconds: float = 120.0) -> Iterator[None]:
        """Hold one of ``count`` slots: at most that many requests in flight, across processes; a kill frees the slot.

        Raises:
            LockBusy: All stayed taken for that long.
        """
        deadline = time.monotonic() + wait_at_most_seconds
        with ExitStack() as held:
            while not self._slot(held, name, count):
                if time.monotonic() >= deadline:
                    raise LockBusy(
                        f"All {count} slots of {name!r} stayed taken for {wait_at_most_seconds:g} seconds.",
                        "The vendor takes no more requests at once; nothing was sent.",
                        "Wait for other runs to end; this one is tried again by itself.",
                        lock=name,
                    )
                self._sleep(random.uniform(LEAST_SLEEP_SECONDS, SLOT_LOOK_SECONDS))  # noqa: S311 - spreads waiters, no secret
            yield

    def _slot(self, held: ExitStack, name: str, count: int) -> bool:
        names = [f"{name}#{number}" for number in random.sample(range(count), count)]
        with suppress(LockBusy):
            held.enter_context(self._locks.hold_one_of(names))
            return True
        return False

    def _standing(self, name: str) -> tuple[float, float]:
        """Answer until when permits are taken and until when the limit is closed, in seconds since the epoch."""
        query = select(rate_limit.c.theoretical_arrival, rate_limit.c.blocked_until).where(rate_limit.c.name == name)
        with self._store.read() as connection:
            return connection.execute(query).tuples().first() or (0.0, 0.0)

    def _grant(self, name: str, pace: Pace) -> float:
        """Take a permit and answer 0, or take none and answer in how many seconds one is due."""
        return self._grant_postgres(name, pace) if self._store.is_postgres else self._grant_sqlite(name, pace)

    def _grant_postgres(self, name: str, pace: Pace) -> float:
        values = {"name": name, "interval": pace.interval_seconds, "tolerance": pace.tolerance_seconds}
        with self._store.begin(durable=False) as connection:
            if connection.execute(GRANT_POSTGRES, values).first() is not None:
                return 0.0
            due_in = float(connection.execute(LOOK_POSTGRES, values).scalar_one())
        return max(due_in, LEAST_SLEEP_SECONDS)

    def _grant_sqlite(self, name: str, pace: Pace) -> float:
        # The driver's own cursor: SQLAlchemy's bookkeeping would cost four times what the permit itself costs.
        with self._store.reaching():
            connection = self._store.quick_engine.raw_connection()
            try:
                cursor = connection.cursor()
                cursor.execute("BEGIN IMMEDIATE")
                now = self._clock()
                arrival, blocked_until = cursor.execute(LOOK_SQLITE, (name,)).fetchone() or (0.0, 0.0)
                due_in = max(arrival - pace.tolerance_seconds, blocked_until) - now
                if due_in <= CLOCK_GRAIN_SECONDS:
                    cursor.execute(GRANT_SQLITE, (name, max(arrival, now) + pace.interval_seconds))
                cursor.execute("COMMIT")
            finally:
                connection.close()
        return due_in if due_in > CLOCK_GRAIN_SECONDS else 0.0

    def _now(self) -> float:
        return self._store.now().timestamp() if self._store.is_postgres else self._clock()

    def _exhausted(self, name: str, due_in: float) -> QuotaExhausted:
        opens_at = datetime.fromtimestamp(math.ceil(self._now() + due_in), UTC)
        return QuotaExhausted(
            f"The limit {name!r} is used up.",
            f"It opens again at {opens_at:%Y-%m-%d %H:%M:%S} UTC; nothing more was asked.",
            "Nothing to do: the schedule resumes then. Raise the quota with the vendor, or lower the number of reads.",
            limit=name,
            opens_at=opens_at,
        )
