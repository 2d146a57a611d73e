"""Which runs take the answers that have come, at a source that is answered later; a question to the state database alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from ml_connector_dagster.connections.opening import OpenConnection
from ml_connector_dagster.flows.awaited import EVERY_PERIOD, arrived, is_reference, waiting
from ml_connector_dagster.flows.changes import dirty_periods, open_period
from ml_connector_dagster.sources.contract.later import Arrived

TOGETHER = timedelta(seconds=60)
"""How long an answer waits for the others of its period, so that one run takes them all."""
TRIED_AGAIN = timedelta(minutes=10)
"""A run that took an answer and died is followed by another after this long."""


@dataclass(frozen=True, slots=True)
class AnsweredSlice:
    """An entity of a period that a run should read now, since its answer has come."""

    entity: str
    period: str
    """Empty for ``CHANGES``."""
    key: str
    attempt: int

    @property
    def run_key(self) -> str:
        """Never the same twice for a new attempt (protocol 17)."""
        return f"{self.entity}:{self.period}:{self.key}:{self.attempt}"


def answered_slices(connection: OpenConnection) -> list[AnsweredSlice]:
    """Answer what runs should take now: each answer's period, of a list every period that waits for it, else the open one.

    A period of which something is still under way, a list for all of them included, is left for a minute, so that one run
    takes all of it.
    """
    now, open_questions = connection.store.now(), waiting(connection)
    under_way = {one.period for one in open_questions}
    lists_come = any(is_reference(connection, one) for one in open_questions)
    return [
        slice_of
        for one in arrived(connection)
        for slice_of in _slices(connection, one, now)
        if not (lists_come or slice_of.period in under_way) or one.arrived_at <= now - TOGETHER
    ]


def _slices(connection: OpenConnection, answer: Arrived, now: datetime) -> Iterator[AnsweredSlice]:
    attempt = int(max(now - answer.arrived_at, timedelta(0)) / TRIED_AGAIN)
    periods = {answer.period}
    if is_reference(connection, answer):
        periods |= {one.period for one in dirty_periods(connection) if one.entity == answer.entity}
        periods = periods - {EVERY_PERIOD} or {str(open_period(connection))}
    for period in sorted(periods):
        yield AnsweredSlice(answer.entity, period, answer.key, attempt)
