"""What a finished task really did: COMPLETE and even ``successful`` may hide failed and ignored rows (anaplan.md §6.5)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ml_connector_dagster.anaplan.tasks import Task


class Outcome(StrEnum):
    """One word for a task's end."""

    LOADED = "LOADED"
    LOADED_WITH_IGNORED = "LOADED_WITH_IGNORED"
    """Rows aimed at calculated or read-only cells: neither failed nor in the dump, yet not in the model."""
    PARTIAL = "PARTIAL"
    """Rows failed, or were taken without some of their cells (a warning); their dump names them."""
    FAILED = "FAILED"
    """Earlier steps of a process are not rolled back."""
    CANCELLED = "CANCELLED"
    """The running action was rolled back."""


@dataclass(frozen=True, slots=True)
class ActionResult:
    """The result of one import inside a task."""

    object_id: str
    name: str
    successful: bool
    has_dump: bool
    failed: int
    ignored: int
    warned: int
    """Rows taken in part: the cells that Anaplan refused are not in the model."""
    total: int | None
    """Rows the import read; None where its kind of result does not say."""
    says: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The whole task's end, nested results included."""

    outcome: Outcome
    actions: tuple[ActionResult, ...]
    says: str

    @property
    def rows_rejected(self) -> int:
        """Rows that are not whole in the model, over all actions: failed, or taken in part."""
        return sum(one.failed for one in self.actions) + self.rows_warned

    @property
    def rows_warned(self) -> int:
        """Rows taken in part, over all actions."""
        return sum(one.warned for one in self.actions)

    @property
    def rows_ignored(self) -> int:
        """Rows that were ignored, over all actions."""
        return sum(one.ignored for one in self.actions)

    @property
    def rows_read(self) -> tuple[int, ...]:
        """What each import that says so has read; a file that arrived whole shows its row count in each."""
        return tuple(one.total for one in self.actions if one.total is not None)


def judge(task: Task) -> Verdict:
    """Answer the verdict on a task that has ended."""
    actions = tuple(_leaves(task.result))
    says = "; ".join(one.says for one in actions if one.says)
    if task.state == "CANCELLED":
        whom = f" by {task.cancelled_by}" if task.cancelled_by else ""
        return Verdict(Outcome.CANCELLED, actions, f"cancelled{whom}. {says}".strip())
    return Verdict(_outcome(task.result, actions), actions, says)


def _outcome(result: Mapping[str, Any], actions: Sequence[ActionResult]) -> Outcome:
    if not result.get("successful") or any(not one.successful for one in actions):
        return Outcome.FAILED
    if any(one.failed or one.warned or one.has_dump for one in actions):
        return Outcome.PARTIAL
    if any(one.ignored for one in actions):
        return Outcome.LOADED_WITH_IGNORED
    return Outcome.LOADED


def _leaves(result: Mapping[str, Any]) -> Iterator[ActionResult]:
    """Walk nested results: a process's outer flags may be fine while an inner one is not."""
    nested = result.get("nestedResults") or ()
    for one in nested:
        yield from _leaves(one)
    if result and not nested:
        yield _leaf(result)


def _leaf(result: Mapping[str, Any]) -> ActionResult:
    details = [one for one in result.get("details") or () if isinstance(one, Mapping)]
    counts = [_counts(one) for one in details]
    totals = [one["total"] for one in counts if "total" in one]
    texts = [str(one.get("localMessageText") or one.get("type") or "") for one in details]
    return ActionResult(
        object_id=str(result.get("objectId") or ""),
        name=str(result.get("objectName") or ""),
        successful=bool(result.get("successful")),
        has_dump=bool(result.get("failureDumpAvailable")),
        failed=max((one.get("failed", 0) for one in counts), default=0),
        ignored=max((one.get("ignored", 0) for one in counts), default=0),
        warned=max((one.get("warned", 0) for one in counts), default=0),
        total=max(totals) if totals else None,
        says="; ".join(text for text in texts if text)[:500],
    )


_KEYS = {"failed": "failedCount", "ignored": "ignoredCount", "warned": "warningsRowCount", "total": "totalRowCount"}
_WORDS = {
    "failed": r"(\d[\d,]*) failed",
    "ignored": r"(\d[\d,]*) ignored",
    "warned": r"(\d[\d,]*) (?:\(\d+/\d+\) )?rows has warnings",
}


def _counts(detail: Mapping[str, Any]) -> dict[str, int]:
    """Read the counts of one detail; where a kind of result has no such key, its English sentence is read instead."""
    flat = list(detail.get("values") or ())
    values = dict(zip(flat[::2], flat[1::2], strict=False))
    counts = {ours: number for ours, key in _KEYS.items() if (number := _whole(values.get(key))) is not None}
    text = str(detail.get("localMessageText") or "")
    for ours, pattern in _WORDS.items():
        if ours not in counts and (match := re.search(pattern, text)):
            counts[ours] = int(match[1].replace(",", ""))
    return counts


def _whole(value: object) -> int | None:
    if isinstance(value, int | Decimal):
        return int(value)
    return int(value) if isinstance(value, str) and value.strip().isdigit() else None
