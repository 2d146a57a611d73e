"""COMPLETE says nothing: what a finished task really did (anaplan.md §6.5)."""

from __future__ import annotations

from typing import Any

import pytest

from ml_connector_dagster.anaplan.tasks import Task
from ml_connector_dagster.anaplan.verdict import Outcome, judge


def result(*, failed: int = 0, ignored: int = 0, warned: int = 0, total: int = 10, **flags: Any) -> dict[str, Any]:
    counts = {"failedCount": failed, "ignoredCount": ignored, "warningsRowCount": warned, "totalRowCount": total}
    values = [text for name, value in counts.items() for text in (name, str(value))]
    detail = {"type": "hierarchyRowsProcessed", "localMessageText": "text", "values": values}
    return {
        "successful": True,
        "failureDumpAvailable": False,
        "objectId": "112000000001",
        "objectName": "Import",
        "details": [detail],
        **flags,
    }


def verdict(state: str, outcome: dict[str, Any], by: str = ""):
    return judge(Task("T", state, outcome, by))


@pytest.mark.parametrize(
    ("state", "outcome", "expected"),
    [
        ("COMPLETE", result(), Outcome.LOADED),
        ("COMPLETE", result(ignored=1), Outcome.LOADED_WITH_IGNORED),
        ("COMPLETE", result(failed=2, failureDumpAvailable=True), Outcome.PARTIAL),
        ("COMPLETE", result(failureDumpAvailable=True), Outcome.PARTIAL),
        ("COMPLETE", result(warned=1, failureDumpAvailable=True), Outcome.PARTIAL),
        ("COMPLETE", result(successful=False), Outcome.FAILED),
        ("COMPLETE", {}, Outcome.FAILED),
        ("CANCELLED", result(), Outcome.CANCELLED),
    ],
)
def test_the_verdict_follows_flags_and_counts(state: str, outcome: dict[str, Any], expected: Outcome) -> None:
    assert verdict(state, outcome).outcome is expected


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        (result(failed=1, failureDumpAvailable=True), Outcome.PARTIAL),
        (result(successful=False), Outcome.FAILED),
        (result(warned=1), Outcome.PARTIAL),
        (result(ignored=3), Outcome.LOADED_WITH_IGNORED),
        (result(), Outcome.LOADED),
    ],
)
def test_a_process_is_no_better_than_its_worst_step(inner: dict[str, Any], expected: Outcome) -> None:
    outer = {
        "successful": True,
        "failureDumpAvailable": False,
        "nestedResults": [result(), {"nestedResults": [inner], "successful": True}],
    }
    assert verdict("COMPLETE", outer).outcome is expected


def test_a_process_counts_over_all_its_steps() -> None:
    outer = {"successful": True, "nestedResults": [result(failed=1, total=5), result(failed=2, ignored=4, total=6)]}
    found = verdict("COMPLETE", outer)
    assert (found.rows_rejected, found.rows_ignored, found.rows_read) == (3, 4, (5, 6))


def test_a_cancelled_task_says_by_whom() -> None:
    assert verdict("CANCELLED", {}, "someone@example").says == "cancelled by someone@example."


def test_counts_are_read_from_the_sentence_where_the_values_lack_them() -> None:
    text = "Actuals: 1,300 (0/1300) rows successful, 2 (0/2) rows has warnings, 1,002 failed, 7 ignored"
    detail = {
        "type": "lineItemRowsProcessedWithFailures",
        "localMessageText": text,
        "values": ["moduleName", None, "odd"],
    }
    found = verdict("COMPLETE", {"successful": True, "failureDumpAvailable": True, "details": [detail]})
    assert (found.rows_rejected, found.rows_ignored, found.rows_warned, found.rows_read) == (1004, 7, 2, ())


def test_a_result_without_details_is_read() -> None:
    found = verdict("COMPLETE", {"successful": True, "objectId": "112000000001"})
    assert (found.outcome, found.says) == (Outcome.LOADED, "")


def test_counts_that_arrive_as_numbers_are_read_too() -> None:
    detail = {
        "type": "hierarchyRowsProcessed",
        "values": ["failedCount", 0, "totalRowCount", 7, "ignoredCount", "many"],
    }
    assert verdict("COMPLETE", {"successful": True, "details": [detail]}).rows_read == (7,)
