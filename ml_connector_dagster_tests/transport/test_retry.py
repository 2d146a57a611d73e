from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ml_connector_dagster.errors import TemporarilyRefused
from ml_connector_dagster.transport.retry import RetryPolicy, retry_after_seconds

NOW = datetime(2026, 11, 29, 12, 0, 0, tzinfo=UTC)


def refused(seconds: float | None = None) -> TemporarilyRefused:
    return TemporarilyRefused("Busy.", "Nothing used.", "Wait.", retry_after_seconds=seconds)


def pauses_of(policy_choices: dict, tries: int, asked: float | None = None) -> list[float]:
    slept: list[float] = []
    retries = RetryPolicy(sleep=slept.append, **policy_choices).begin()
    for attempt in range(1, tries + 1):
        retries.pause(attempt, refused(asked))
    return slept


def test_a_seed_makes_the_jitter_repeatable() -> None:
    assert pauses_of({"attempts": 9, "seed": 7}, 5) == pauses_of({"attempts": 9, "seed": 7}, 5)


def test_two_clients_without_a_seed_do_not_pause_alike() -> None:
    assert pauses_of({"attempts": 9}, 5) != pauses_of({"attempts": 9}, 5)


def test_full_jitter_stays_below_the_doubling_bound_and_the_cap() -> None:
    for seed in range(200):
        slept = pauses_of({"attempts": 9, "seed": seed, "base_seconds": 1, "cap_seconds": 5}, 5)
        assert all(0 <= pause <= bound for pause, bound in zip(slept, [1, 2, 4, 5, 5], strict=True))


def test_full_jitter_uses_the_whole_range() -> None:
    firsts = [pauses_of({"attempts": 2, "seed": seed, "base_seconds": 1}, 1)[0] for seed in range(300)]
    assert min(firsts) < 0.05
    assert max(firsts) > 0.95


def test_the_last_attempt_is_not_followed_by_a_pause() -> None:
    retries = RetryPolicy(attempts=3, sleep=lambda seconds: None).begin()
    assert [retries.pause(attempt, refused()) for attempt in (1, 2, 3)] == [True, True, False]


def test_retry_after_beats_the_jitter_and_is_never_undercut() -> None:
    assert all(10 <= pause <= 10.5 for pause in pauses_of({"attempts": 9, "seed": 3}, 4, asked=10))


def test_a_retry_after_longer_than_patience_ends_the_call() -> None:
    assert pauses_of({"attempts": 9, "wait_at_most_seconds": 60}, 1, asked=61) == []


def test_the_budget_is_of_the_client_and_not_of_the_call() -> None:
    slept: list[float] = []
    retries = RetryPolicy(budget_seconds=25, seed=1, sleep=slept.append).begin()
    assert [retries.pause(1, refused(10)) for _ in range(4)] == [True, True, False, False]
    assert retries.slept_seconds == sum(slept) <= 25


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("0", 0),
        (" 120 ", 120),
        ("1.5", 1.5),
        ("Sun, 29 Nov 2026 12:00:30 GMT", 30),
        ("Sun, 29 Nov 2026 12:00:30 -0000", 30),
        ("Sun, 29 Nov 2026 11:00:00 GMT", 0),
        ("soon", None),
        ("-5", None),
        ("", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(written: str, seconds: float | None) -> None:
    assert retry_after_seconds({"Retry-After": written}, NOW) == seconds


def test_without_retry_after_nothing_is_read() -> None:
    assert retry_after_seconds({}) is None


def test_a_retry_after_date_counts_from_now_where_no_time_is_given() -> None:
    assert retry_after_seconds({"retry-after": "Sun, 29 Nov 2020 12:00:00 GMT"}) == 0
