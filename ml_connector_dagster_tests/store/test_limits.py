from __future__ import annotations

import json
import random
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from ml_connector_dagster.errors import QuotaExhausted
from ml_connector_dagster.store.engine import Store
from ml_connector_dagster.store.limits import Limits, Pace
from ml_connector_dagster.store.locks import LockBusy
from ml_connector_dagster.store.tables.database import rate_limit
from ml_connector_dagster_tests.forks import all_at_once, fork, kill
from ml_connector_dagster_tests.store.slept_clock import START, Clock


def most_in_a_window(times: list[float], per_seconds: float) -> int:
    """Answer the largest number of times in one window of that length, both ends included, wherever it begins."""
    times = sorted(times)
    most, first = 0, 0
    for last, moment in enumerate(times):
        while times[first] < moment - per_seconds:
            first += 1
        most = max(most, last - first + 1)
    return most


# ── the pace ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_fifth_comes_at_once_and_then_one_by_one(limits: Limits, clock: Clock) -> None:
    waits = [limits.acquire("x", 60, 60.0) for _ in range(14)]
    assert waits[:12] == [0.0] * 12
    assert waits[12] == pytest.approx(60 / 49, abs=0.002)
    assert clock.now - START == pytest.approx(2 * 60 / 49, abs=0.005)


def test_a_limit_that_rested_gives_its_burst_again(limits: Limits, clock: Clock) -> None:
    for _ in range(12):
        limits.acquire("x", 60, 60.0)
    clock.sleep(60)
    assert [limits.acquire("x", 60, 60.0) for _ in range(12)] == [0.0] * 12


def test_a_bucket_gives_everything_at_once_and_refills_evenly(limits: Limits) -> None:
    assert [limits.acquire("x", 600, 60.0, burst=600) for _ in range(600)] == [0.0] * 600
    assert limits.acquire("x", 600, 60.0, burst=600) == pytest.approx(0.1, abs=0.002)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(permits=st.integers(1, 40), per_seconds=st.sampled_from([1.0, 7.5, 60.0]), seed=st.integers(0, 10**6))
def test_no_window_wherever_it_begins_sees_more_than_the_limit(
    sqlite_store: Store, permits: int, per_seconds: float, seed: int
) -> None:
    """Vendors' windows are fixed and begin when they please: only a bound on every window is a bound on theirs."""
    clock, chance = Clock(), random.Random(seed)
    limits = Limits(sqlite_store, sleep=clock.sleep, clock=clock.read)
    granted = []
    for _ in range(permits * 3):
        limits.acquire(f"x:{permits}:{per_seconds}:{seed}", permits, per_seconds)
        granted.append(clock.now)
        if chance.random() < 0.2:
            clock.sleep(chance.uniform(0.001, per_seconds))
    assert most_in_a_window(granted, per_seconds) <= permits


def test_a_pace_spends_most_of_the_limit_over_time() -> None:
    pace = Pace.of(60, 60.0)
    assert 60 / pace.interval_seconds == pytest.approx(49, abs=0.01)
    assert (pace.burst, pace.tolerance_seconds) == (12, 11 * pace.interval_seconds)


def test_a_limit_of_one_is_one_in_each_window() -> None:
    assert Pace.of(1, 5.0) == Pace(1, 5.002)


# ── patience ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_wait_beyond_patience_is_a_spent_quota_that_says_when_it_opens(limits: Limits, clock: Clock) -> None:
    limits.acquire("xero:day:calder", 10, 86_400.0, burst=1)
    with pytest.raises(QuotaExhausted, match=r"'xero:day:calder' is used up\. It opens again at 2027-01-15") as caught:
        limits.acquire("xero:day:calder", 10, 86_400.0, burst=1, wait_at_most_seconds=60)
    assert caught.value.opens_at == datetime.fromtimestamp(START + 8640, UTC)
    assert clock.now == START


def test_waits_of_one_call_add_up_against_its_patience(sqlite_store: Store, clock: Clock) -> None:
    """Others take the permit that came due while we slept."""

    def sleep_while_others_take(seconds: float) -> None:
        clock.sleep(seconds)
        others.acquire("x", 1, 10.0, wait_at_most_seconds=0)

    others = Limits(sqlite_store, clock=clock.read)
    limits = Limits(sqlite_store, sleep=sleep_while_others_take, clock=clock.read)
    others.acquire("x", 1, 10.0)
    with pytest.raises(QuotaExhausted):
        limits.acquire("x", 1, 10.0, wait_at_most_seconds=25)
    assert clock.now - START == pytest.approx(20, abs=0.1)


def test_names_are_limits_of_their_own(limits: Limits) -> None:
    assert [limits.acquire(f"x:{company}", 1, 60.0, wait_at_most_seconds=0) for company in "abc"] == [0.0] * 3


# ── what the vendor says ──────────────────────────────────────────────────────────────────────────────────────────────
def test_a_block_holds_until_its_moment_and_is_never_shortened(limits: Limits, clock: Clock) -> None:
    limits.block_until("x", datetime.fromtimestamp(START + 30, UTC))
    limits.block_until("x", datetime.fromtimestamp(START + 5, UTC))
    assert limits.acquire("x", 60, 60.0) == pytest.approx(30, abs=0.01)


def test_a_block_of_a_limit_in_use_keeps_its_pace_afterwards(limits: Limits) -> None:
    limits.acquire("x", 60, 60.0)
    limits.block_until("x", datetime.fromtimestamp(START + 30, UTC))
    waits = [limits.acquire("x", 60, 60.0) for _ in range(13)]
    assert waits[0] == pytest.approx(30, abs=0.01)
    assert waits[1:12] == [0.0] * 11
    assert waits[12] > 0


def test_only_what_remains_is_given_at_once(limits: Limits) -> None:
    limits.allow("x", 3, 60, 60.0)
    waits = [limits.acquire("x", 60, 60.0) for _ in range(4)]
    assert waits[:3] == [0.0] * 3
    assert waits[3] > 0


def test_more_than_we_counted_is_given_only_where_the_vendors_word_is_exact(limits: Limits) -> None:
    limits.allow("day", 0, 100, 86_400.0, burst=100)
    limits.allow("day", 100, 100, 86_400.0, burst=100)
    with pytest.raises(QuotaExhausted):
        limits.acquire("day", 100, 86_400.0, burst=100)
    limits.allow("day", 100, 100, 86_400.0, burst=100, exact=True)
    assert [limits.acquire("day", 100, 86_400.0, burst=100) for _ in range(100)] == [0.0] * 100


def test_a_count_below_zero_is_none_left(limits: Limits) -> None:
    limits.allow("x", -3, 60, 60.0)
    assert limits.acquire("x", 60, 60.0) > 0


# ── both databases, their own clocks ──────────────────────────────────────────────────────────────────────────────────
def test_a_permit_is_a_row_that_all_share(store: Store) -> None:
    for limits in (Limits(store), Limits(store)):
        limits.acquire("xero:minute:calder", 60, 60.0)
    with store.read() as connection:
        assert connection.execute(select(rate_limit.c.granted)).scalars().all() == [2]


def test_a_burst_a_block_and_a_count_hold_on_the_databases_own_clock(store: Store) -> None:
    limits = Limits(store)
    began = time.monotonic()
    for _ in range(6):
        limits.acquire("x", 50, 1.0, burst=5)
    assert time.monotonic() - began >= 0.018
    limits.allow("x", 0, 50, 1.0, burst=5)
    assert 0 < limits.acquire("x", 50, 1.0, burst=5) < 1
    limits.block_until("x", store.now() + timedelta(seconds=60))
    with pytest.raises(QuotaExhausted) as caught:
        limits.acquire("x", 50, 1.0, burst=5, wait_at_most_seconds=30)
    assert caught.value.opens_at is not None
    assert 50 < (caught.value.opens_at - store.now()).total_seconds() < 62


@pytest.mark.parametrize("processes", [2, 6])
def test_processes_together_never_pass_more_than_the_limit(store: Store, tmp_path: Path, processes: int) -> None:
    """30 permits in 0.3 seconds, taken as fast as they come, while another process counts what every window saw."""
    permits, per_seconds, each = 30, 0.3, 90 // processes
    pace = Pace.of(permits, per_seconds)

    def work(number: int) -> None:
        if number == processes:
            (tmp_path / "looks").write_text(json.dumps(watched(store, each * processes)))
            return
        limits = Limits(store)
        for _ in range(each):
            limits.acquire("x", permits, per_seconds)

    began = time.monotonic()
    assert all_at_once(work, processes + 1)
    assert time.monotonic() - began >= (each * processes - pace.burst) * pace.interval_seconds - 0.05
    looks = json.loads((tmp_path / "looks").read_text())
    in_windows = [
        later_granted - granted
        for number, (before, _, granted) in enumerate(looks)
        for _, after, later_granted in looks[number:]
        if after - before <= per_seconds
    ]
    assert max(in_windows) <= permits + 1  # a grant's time is taken before it is seen: one may be on its way


def watched(store: Store, enough: int) -> list[tuple[float, float, int]]:
    """Answers (time before, time after, permits granted) of many looks, until enough are granted."""
    looks = [(0.0, 0.0, 0)]
    while looks[-1][2] < enough:
        before = time.monotonic()
        with store.read() as connection:
            granted = connection.execute(select(rate_limit.c.granted)).scalar() or 0
        looks.append((before, time.monotonic(), granted))
        time.sleep(0.005)
    return looks


# ── slots ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_only_so_many_are_in_flight_at_once(store: Store) -> None:
    limits = Limits(store)
    with limits.slots("x", 2), limits.slots("x", 2):
        with pytest.raises(LockBusy, match=r"All 2 slots of 'x' stayed taken"), limits.slots("x", 2, 0.0):
            pass
        with limits.slots("y", 1):
            pass
    with limits.slots("x", 2, 0.0):
        pass


def test_a_freed_slot_is_found(store: Store) -> None:
    limits, got = Limits(store), threading.Event()

    def wait() -> None:
        with limits.slots("x", 1):
            got.set()

    waiter = threading.Thread(target=wait)
    with limits.slots("x", 1):
        waiter.start()
        assert not got.wait(0.05)
    assert got.wait(60)
    waiter.join()


def test_the_slot_of_a_killed_process_is_free(store: Store, tmp_path: Path) -> None:
    limits, ready = Limits(store), tmp_path / "ready"

    def hold() -> None:
        with limits.slots("x", 1):
            ready.touch()
            time.sleep(60)

    child = fork(hold)
    while not ready.exists():
        time.sleep(0.005)
    kill(child)
    with limits.slots("x", 1, 60.0):
        pass


def test_an_error_inside_a_slot_frees_it(store: Store) -> None:
    limits = Limits(store)
    with pytest.raises(ZeroDivisionError), limits.slots("x", 1):
        _ = 1 / 0
    with limits.slots("x", 1, 0.0):
        pass
