from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from ml_connector_dagster.errors import QuotaExhausted, RequestRejected, TemporarilyRefused
from ml_connector_dagster.store.limits import Limits
from ml_connector_dagster.store.locks import LockBusy
from ml_connector_dagster.transport.rate_limit import OpenGate, Quota, RateGate, SharedLimit
from ml_connector_dagster_tests.store.slept_clock import Clock

MINUTE = SharedLimit("minute", "xero:minute:calder", 60, 60.0)
DAY = SharedLimit("day", "xero:day:calder", 5000, 86_400.0, wait_at_most_seconds=0)


def calls_left(headers: Mapping[str, str]) -> Mapping[str, int]:
    return {name.removeprefix("x-left-"): int(value) for name, value in headers.items() if name.startswith("x-left-")}


def ask(gate: RateGate, times: int = 1) -> None:
    for _ in range(times):
        with gate.before("GET"):
            pass


def test_an_open_gate_lets_everything_pass() -> None:
    gate = OpenGate()
    with gate.before("GET"):
        gate.learn({}, None)


def test_a_pull_of_a_dozen_calls_never_waits(limits: Limits, clock: Clock) -> None:
    began = clock.now
    ask(RateGate(limits, [MINUTE, DAY]), 12)
    assert clock.now == began


def test_a_long_read_is_paced_below_the_vendors_minute(limits: Limits, clock: Clock) -> None:
    began = clock.now
    ask(RateGate(limits, [MINUTE]), 120)
    assert 120 < clock.now - began < 150


def test_a_spent_day_fails_fast_and_costs_no_minutes_permit(limits: Limits, clock: Clock) -> None:
    gate = RateGate(limits, [MINUTE, DAY], calls_left=calls_left)
    gate.learn({"x-left-day": "0"}, None)
    began = clock.now
    for _ in range(30):
        with pytest.raises(QuotaExhausted, match="xero:day:calder"):
            ask(gate)
    assert clock.now == began
    ask(RateGate(limits, [MINUTE]), 12)
    assert clock.now == began


def test_the_vendors_count_of_a_day_also_gives_calls_back(limits: Limits, clock: Clock) -> None:
    """The vendor resets its day at a time of its own; our bucket would refill slowly for hours."""
    gate = RateGate(limits, [DAY], calls_left=calls_left)
    gate.learn({"x-left-day": "0"}, None)
    gate.learn({"x-left-day": "5000"}, None)
    began = clock.now
    ask(gate, 20)
    assert clock.now == began


def test_a_day_that_the_vendor_resets_gives_nothing_back_before(limits: Limits, clock: Clock) -> None:
    clock.now = datetime.now(UTC).timestamp()
    gate = RateGate(limits, [DAY], calls_left=calls_left, opens_in=lambda _headers: {"day": 7200.0})
    gate.learn({"x-left-day": "1"}, None)
    ask(gate)
    gate.learn({"x-left-day": "0"}, None)
    clock.now += 7000
    with pytest.raises(QuotaExhausted) as spent:
        ask(gate)
    assert spent.value.opens_at is not None
    assert abs(spent.value.opens_at.timestamp() - clock.now - 200) < 5
    clock.now += 205
    ask(gate)


def test_a_share_of_a_quota_counts_the_vendors_answer_in_proportion(limits: Limits) -> None:
    half = SharedLimit("day", "xero:day:half", 50, 86_400.0, wait_at_most_seconds=0, vendor_permits=100)
    gate = RateGate(limits, [half], calls_left=calls_left)
    gate.learn({"x-left-day": "20"}, None)
    ask(gate, 10)
    with pytest.raises(QuotaExhausted):
        ask(gate)


def test_a_quota_is_what_the_vendor_said_last_and_our_own_count_before(limits: Limits, clock: Clock) -> None:
    half = SharedLimit("day", "xero:day:half", 2500, 86_400.0, wait_at_most_seconds=0, vendor_permits=5000)
    gate = RateGate(limits, [MINUTE, half], calls_left=calls_left, calls_allowed=lambda headers: {"day": 1000})
    assert gate.quota() == Quota(2500, 2500)
    ask(gate, 4)
    assert gate.quota() == Quota(2500, 2496)
    gate.learn({"x-left-day": "730"}, None)
    assert gate.quota() == Quota(500, 365)
    limits.block_until(half.row, datetime.fromtimestamp(clock.now + 60, UTC))
    assert gate.quota() == Quota(500, 0)


def test_what_gives_calls_back_within_hours_is_no_quota(limits: Limits) -> None:
    month = SharedLimit("month", "intuit:month:app", 500_000, 30 * 86_400.0, wait_at_most_seconds=0)
    assert RateGate(limits, [MINUTE]).quota() is None
    assert OpenGate().quota() is None
    assert RateGate(limits, [month]).quota() == Quota(500_000, 500_000, 30)


def test_the_vendors_count_of_a_minute_only_tightens(limits: Limits, clock: Clock) -> None:
    gate = RateGate(limits, [MINUTE], calls_left=calls_left)
    gate.learn({"x-left-minute": "0"}, None)
    gate.learn({"x-left-minute": "59"}, None)
    began = clock.now
    ask(gate)
    assert clock.now > began


def test_a_header_about_another_limit_teaches_nothing(limits: Limits, clock: Clock) -> None:
    gate = RateGate(limits, [MINUTE], calls_left=calls_left)
    gate.learn({"x-left-app": "0"}, None)
    began = clock.now
    ask(gate)
    assert clock.now == began


def test_a_429_closes_the_shortest_limit_for_all_processes(limits: Limits, clock: Clock) -> None:
    gate = RateGate(limits, [DAY, MINUTE])
    clock.now = datetime.now(UTC).timestamp()
    gate.learn({}, TemporarilyRefused("Busy.", "x.", "y.", status=429, retry_after_seconds=30))
    began = clock.now
    ask(RateGate(limits, [MINUTE]))
    assert 29 < clock.now - began < 32


def test_a_spent_quota_closes_the_longest_limit_until_it_opens(limits: Limits, clock: Clock) -> None:
    opens_at = datetime.fromtimestamp(clock.now, UTC) + timedelta(hours=9)
    gate = RateGate(limits, [MINUTE, DAY])
    gate.learn({}, QuotaExhausted("Spent.", "x.", "y.", opens_at=opens_at))
    with pytest.raises(QuotaExhausted) as caught:
        ask(gate)
    assert caught.value.opens_at == opens_at


@pytest.mark.parametrize(
    "refused",
    [
        QuotaExhausted("Spent.", "x.", "y."),
        TemporarilyRefused("Ill.", "x.", "y.", status=503, retry_after_seconds=30),
        TemporarilyRefused("Busy.", "x.", "y.", status=429),
        RequestRejected("No.", "x.", "y.", status=404),
    ],
)
def test_other_refusals_close_nothing(limits: Limits, clock: Clock, refused: Exception) -> None:
    clock.now = datetime.now(UTC).timestamp() + 1
    gate = RateGate(limits, [MINUTE, DAY])
    gate.learn({}, refused)
    began = clock.now
    ask(gate)
    assert clock.now == began


def test_a_gate_without_limits_learns_nothing_from_a_429(limits: Limits, clock: Clock) -> None:
    gate = RateGate(limits, [])
    gate.learn({}, TemporarilyRefused("Busy.", "x.", "y.", status=429))
    began = clock.now
    ask(gate)
    assert clock.now == began


def test_only_so_many_requests_are_in_flight_at_once(limits: Limits, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ml_connector_dagster.transport.rate_limit.SLOT_WAIT_SECONDS", 0.0)
    gate = RateGate(limits, [], slots=("xero:flight:calder", 2))
    with gate.before("GET"), gate.before("GET"), pytest.raises(LockBusy, match="All 2 slots"):
        ask(gate)
    ask(gate)


def test_a_short_limit_may_be_a_bucket_by_choice(limits: Limits, clock: Clock) -> None:
    began = clock.now
    ask(RateGate(limits, [SharedLimit("minute", "anaplan:minute:tenant", 300, 60.0, burst=300)]), 300)
    assert clock.now == began
