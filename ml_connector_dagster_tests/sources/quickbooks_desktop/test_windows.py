from __future__ import annotations

import pytest

from ml_connector_dagster.sources.quickbooks_desktop import windows

MONTH = {"from": "2026-10-01", "to": "2026-10-31"}


@pytest.mark.parametrize("days", [1, 2, 7, 15, 30, 31, 400])
def test_every_day_of_a_span_is_in_exactly_one_part(days: int) -> None:
    parts = windows.cut(["2026-10-01", "2026-10-31"], days)
    assert sum(windows.length(part) for part in parts) == 31
    assert (parts[0][0], parts[-1][1]) == ("2026-10-01", "2026-10-31")
    assert all(windows.length(part) <= days for part in parts)
    assert sorted(parts) == parts


def test_a_balance_is_never_cut_and_a_list_without_iterator_never_paged() -> None:
    assert windows.planned("trial_balance", MONTH, {"days": 3}) == {}
    assert windows.planned("ledger_accounts", {}, {"size": 3}) == {}
    assert windows.planned("ledger_lines", MONTH, {"days": 16})["spans"] == [
        ["2026-10-01", "2026-10-16"],
        ["2026-10-17", "2026-10-31"],
    ]


@pytest.mark.parametrize(
    ("size", "seconds", "expected"),
    [(24, 31.0, 12), (8, 59.0, 5), (5, 59.0, 5), (12, 1.0, 24), (25, 1.0, 25), (12, 20.0, None)],
)
def test_a_page_is_halved_when_slow_doubled_when_fast_and_kept_between(
    size: int, seconds: float, expected: int | None
) -> None:
    learned = windows.learned("invoices", MONTH, {"size": size}, seconds=seconds, pace={})
    assert learned.get("size") == expected


def test_a_short_last_span_teaches_nothing_when_it_is_fast() -> None:
    plan = {"spans": [["2026-10-31", "2026-10-31"]]}
    assert windows.learned("ledger_lines", MONTH, plan, seconds=0.2, pace={"days": 15}) == {"days": 15}
    assert windows.learned("ledger_lines", MONTH, plan, seconds=40, pace={"days": 15}) == {"days": 1}


def test_what_never_came_is_asked_for_in_halves_down_to_a_day_and_five_records() -> None:
    plan = windows.planned("ledger_lines", MONTH, {})
    halves = 0
    while (smaller := windows.shrunk(plan)) is not None:
        plan, halves = smaller, halves + 1
        assert sum(windows.length(span) for span in plan["spans"]) == 31
    assert (halves, plan["spans"][0]) == (5, ["2026-10-01", "2026-10-01"])
    assert windows.shrunk({"size": 5}) is None
    assert windows.shrunk({}) is None
