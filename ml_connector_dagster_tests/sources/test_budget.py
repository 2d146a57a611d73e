"""What a read costs before it begins: vectors of the pure functions, and what every source declares for them."""

from dataclasses import replace

import pytest

from ml_connector_dagster.sources.budget import Budget, Known, calls_of, is_enough
from ml_connector_dagster.sources.contract.entity import EntityKind
from ml_connector_dagster.sources.contract.source import Source
from ml_connector_dagster.sources.registry import all_sources
from ml_connector_dagster.transport.rate_limit import Quota
from ml_connector_dagster_tests.flows.little_company import LITTLE

SOURCES = [pytest.param(source, id=source.system) for source in all_sources().values()]
DEAR = replace(
    LITTLE,
    details=frozenset({"invoices", "bills"}),
    expected_calls=lambda counts: len(counts) + counts.get("invoices", 0) + counts.get("bills", 0),
)
"""One call a list, and one for each invoice and bill."""
ALL = ("ledger_accounts", "customers", "tracking", "invoices", "bills", "ledger_lines")
JULY = {"invoices": 10, "bills": 5}


@pytest.mark.parametrize(
    ("source", "unread", "known", "calls"),
    [
        (LITTLE, {"2026-07": ALL, "2026-08": ALL}, Known(), 12),
        (DEAR, {"2026-07": ALL}, Known(), 6),
        (DEAR, {}, Known(counted={"2026-07": JULY}), 0),
        (DEAR, {"2026-07": ALL, "2026-08": ALL}, Known(counted={"2026-07": JULY}), 2 * (6 + 15)),
        (DEAR, {"2026-07": ("bills",)}, Known(counted={"2026-07": JULY}), 1 + 5),
        (DEAR, {"2026-07": ALL, "2026-08": ALL}, Known({"2026-07": JULY}, {}, JULY), 6 + 6 + 15),
        (DEAR, {"2026-08": ALL}, Known({"2026-06": {"invoices": 20}, "2026-07": JULY}), 6 + 15 + 5),
        (DEAR, {"2026-07": ALL, "2026-08": ALL}, Known({"2026-07": JULY}, {}, {"invoices": 17, "bills": 5}), 12 + 8),
        (DEAR, {"2026-08": ALL}, Known({"2026-07": JULY}, {}, {"invoices": 99, "bills": 99}), 6),
        (DEAR, {"2026-07": ALL}, Known({"2026-07": {"bills": 5}}, {"2026-07": JULY}, {"bills": 5}), 6 + 10),
    ],
    ids=["no details", "nothing known", "nothing left", "like the counted month", "one entity", "a month that was read",
         "the mean of two", "stopped half-way", "all kept", "one entity read"],
)  # fmt: skip
def test_calls_are_every_list_and_each_missing_detail_once(source, unread, known, calls):
    assert calls_of(source, unread, known) == calls


@pytest.mark.parametrize(
    ("calls", "quota", "days"),
    [
        (0, Quota(9000, 0), 1),
        (9000, Quota(9000, 9000), 1),
        (9001, Quota(9000, 9000), 2),
        (24_000, Quota(9000, 8640), 3),
        (1, Quota(9000, 0), 2),
        (600_000, Quota(500_000, 400_000, 30), 31),
    ],
)
def test_days_count_today_and_each_window_after_it(calls, quota, days):
    budget = Budget("This backfill of 24 months", calls, quota, "Little")
    assert budget.days == days
    assert budget.burns == (days > 1)
    assert (f"takes {days} days" in budget.says) == budget.burns


def test_the_sentence_says_what_is_left_and_how_it_goes_on():
    budget = Budget("This backfill of 24 months", 24_000, Quota(9000, 8640), "Zoho Books")
    assert budget.says == (
        "This backfill of 24 months: about 24,000 calls; 8,640 are left of the 9,000 that Zoho Books allows us a day, so it takes "
        "3 days. It stops cleanly where a day's calls are spent, and goes on by itself when the next ones come; what was read by "
        "then is not asked for again."
    )
    short = replace(budget, calls=60, is_least=True)
    assert short.says.endswith(
        "months: at least 60 calls; 8,640 are left of the 9,000 that Zoho Books allows us a day."
    )
    assert "goes on after ml-connector enable uk when" in replace(budget, resumes="after ml-connector enable uk").says


@pytest.mark.parametrize("source", SOURCES)
def test_a_source_whose_records_cost_a_call_each_can_count_them_before(source: Source):
    documents = {one.name for one in source.entities if one.kind in (EntityKind.DOCUMENT, EntityKind.COMMITMENT)}
    assert source.details <= documents
    assert bool(source.details) == (source.count is not None)
    assert is_enough(source, Known()) == (not source.details)
    assert source.expected_calls({}) == 0
    for name in source.details:
        assert source.expected_calls({name: 7}) >= 7
