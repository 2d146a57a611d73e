"""How much is asked for at once: records a page and days a report, learned from the seconds that QuickBooks took.

QuickBooks and the Web Connector give up on a request after roughly a minute (no page of Intuit's says so; others measured
it), so a request is kept well below that. What was learned is kept by question in ``desktop_company.pace``, and counts from
the next iteration on: within one iteration MaxReturned stays as it began. Only questions whose answers add up are cut into
spans of days (``Read.by_days``), never a balance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from ml_connector_dagster.sources.quickbooks_desktop import requests

FAST_SECONDS = 8.0
"""An answer within this may be twice as large next time."""
SLOW_SECONDS = 30.0
"""An answer that took longer is halved next time."""
MOST_DAYS = 31
LEAST_RECORDS = 5

Pace = Mapping[str, int]
"""``size`` in records a page, ``days`` in a span; a missing one was never learned."""
Span = Sequence[str]
"""First and last day, both meant, as ISO dates."""


def planned(name: str, arguments: Mapping[str, Any], pace: Pace) -> dict[str, Any]:
    """Answer how a question begins: ``size`` where it is paged, else ``spans`` of days where it may be cut."""
    most = most_records(name, arguments)
    if most:
        return {"size": min(most, pace.get("size", most))}
    if is_cut(name, arguments):
        return {"spans": cut([arguments["from"], arguments["to"]], pace.get("days", MOST_DAYS))}
    return {}


def is_cut(name: str, arguments: Mapping[str, Any]) -> bool:
    """Answer whether the question is one of days that add up, even if it is of one day."""
    return requests.read_named(name).by_days and "from" in arguments and "to" in arguments


def most_records(name: str, arguments: Mapping[str, Any]) -> int:
    """Answer the largest page, 0 where the answer comes at once."""
    return requests.read_named(name).page_size if requests.is_paged(name, arguments) else 0


def learned(name: str, arguments: Mapping[str, Any], plan: Mapping[str, Any], *, seconds: float, pace: Pace) -> Pace:
    """Answer the pace after an answer that took so long.

    Args:
        name: Of the question.
        arguments: Its own.
        plan: As it stood when it was asked.
        seconds: Between the request handed out and its answer: QuickBooks' work and two journeys.
        pace: So far.
    """
    slow, fast = seconds > SLOW_SECONDS, seconds < FAST_SECONDS
    if not (slow or fast):
        return pace
    if "size" in plan:
        most, size = most_records(name, arguments), plan["size"]
        return {**pace, "size": max(min(LEAST_RECORDS, most), size // 2) if slow else min(most, size * 2)}
    if plan.get("spans"):
        return _learned_days(length(plan["spans"][0]), slow=slow, pace=pace)
    return pace


def _learned_days(days: int, *, slow: bool, pace: Pace) -> Pace:
    before = pace.get("days", MOST_DAYS)
    if slow:
        return {**pace, "days": max(1, days // 2)}
    return {**pace, "days": min(MOST_DAYS, days * 2)} if days >= before else pace


def shrunk(plan: Mapping[str, Any]) -> dict[str, Any] | None:
    """Answer the plan that asks for half as much, after no answer came; None where it cannot ask for less."""
    if plan.get("size", 0) > LEAST_RECORDS:
        return {**plan, "size": max(LEAST_RECORDS, plan["size"] // 2)}
    spans = plan.get("spans") or []
    if spans and length(spans[0]) > 1:
        return {**plan, "spans": [*cut(spans[0], (length(spans[0]) + 1) // 2), *spans[1:]]}
    return None


def pace_of(plan: Mapping[str, Any], pace: Pace) -> Pace:
    """Answer the pace that a shrunk plan teaches: other months are as slow."""
    if "size" in plan:
        return {**pace, "size": plan["size"]}
    spans = plan.get("spans")
    return {**pace, "days": length(spans[0])} if spans else pace


def rest(plan: Mapping[str, Any], pace: Pace) -> list[Span]:
    """Answer the spans after the first, none longer than was learned; empty when the question is answered."""
    spans: list[Span] = list(plan.get("spans", ()))[1:]
    days = pace.get("days", MOST_DAYS)
    return [part for span in spans for part in cut(span, days)]


def cut(span: Span, days: int) -> list[Span]:
    """Cut a span into parts of so many days, the last one shorter; every day is in exactly one part."""
    first, last = date.fromisoformat(span[0]), date.fromisoformat(span[1])
    starts = [first + timedelta(days=gone) for gone in range(0, (last - first).days + 1, days)]
    ends = [after - timedelta(days=1) for _, after in pairwise(starts)] + [last]
    return [[start.isoformat(), end.isoformat()] for start, end in zip(starts, ends, strict=True)]


def length(span: Span) -> int:
    """Answer how many days a span has."""
    return (date.fromisoformat(span[1]) - date.fromisoformat(span[0])).days + 1
