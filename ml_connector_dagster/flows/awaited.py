"""What a source that is answered later was asked for: what still waits, and what has come.

A wanted slice carries a dirty mark from the moment a run asked for it in vain until its snapshot is published, so that no
crash between asking, answering and publishing loses it. Nothing here asks the machine anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import chain

from ml_connector_dagster.connections.opening import OpenConnection
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sources.contract.answers import Finding
from ml_connector_dagster.sources.contract.entity import Entity, EntityKind
from ml_connector_dagster.sources.contract.later import CHANGES, Arrived, Waiting
from ml_connector_dagster.staging.snapshots import Staging

EVERY_PERIOD = ""
"""Stands for the period of a reference entity, whose one answer serves all."""
WANTED = "asked for; the machine where the books are has not answered yet"


def waiting(connection: OpenConnection) -> Sequence[Waiting]:
    """Answer what was asked for and is not answered in full, oldest first; nothing for a source that answers at once."""
    later = connection.source.later
    return later.waiting(connection.store, connection.settings.source.company_id) if later else ()


def arrived(connection: OpenConnection) -> Sequence[Arrived]:
    """Answer what is answered in full and not yet published, oldest first; nothing for a source that answers at once."""
    later = connection.source.later
    return later.arrived(connection.store, connection.settings.source.company_id) if later else ()


def answer_to(connection: OpenConnection, entity: Entity, period: Period) -> Arrived | None:
    """Answer the answer that a reader of this slice gives; a reference entity has one for all periods."""
    wanted = (entity.name, EVERY_PERIOD) if entity.kind is EntityKind.REFERENCE else (entity.name, str(period))
    return next((one for one in arrived(connection) if _slice_of(connection, one) == wanted), None)


def want(connection: OpenConnection, entity: Entity, period: Period, wanted_at: datetime) -> None:
    """Note that the slice waits for its answer since that moment (aware UTC); an older note stands."""
    Staging(connection.store, connection.blobs).want(connection.name, entity.name, period, WANTED, wanted_at)


def put_away(connection: OpenConnection, answer: Arrived, run_id: str) -> None:
    """Tell the source that the answer stands in a snapshot now, or is noted."""
    if connection.source.later:
        company_id = connection.settings.source.company_id
        connection.source.later.published(connection.store, company_id, answer.entity, answer.period, run_id)


def changes_answer(connection: OpenConnection) -> Arrived | None:
    """Answer what the change feed has said and nobody noted yet."""
    return next((one for one in arrived(connection) if one.entity == CHANGES), None)


def asked_for(connection: OpenConnection) -> frozenset[tuple[str, str]]:
    """Answer entity and period of what waits or has come: asking again would bring nothing new."""
    return frozenset(
        _slice_of(connection, one) for one in chain[Waiting | Arrived](waiting(connection), arrived(connection))
    )


def heartbeat(connection: OpenConnection) -> Sequence[Finding]:
    """Answer when the machine was last seen, what keeps it, and how long questions have waited; asks nobody."""
    later = connection.source.later
    if later is None:
        return ()
    return (*later.heartbeat(connection.store, connection.settings.source.company_id), says_waiting(connection))


def says_waiting(connection: OpenConnection) -> Finding:
    """Answer whether anything has waited longer than the connection promises figures to be fresh."""
    open_questions = waiting(connection)
    if not open_questions:
        return Finding("questions", holds=True, says="Nothing waits for an answer.")
    hours = connection.settings.fresh_within_hours
    oldest = min(open_questions, key=lambda one: one.since)
    kept = connection.store.now() - oldest.since <= timedelta(hours=hours)
    says = (
        f"{len(open_questions)} questions wait, the oldest since {oldest.since:%Y-%m-%d %H:%M} UTC: {_named(oldest)}."
    )
    do = (
        "" if kept else f" That is more than {hours} hours: see to it that the machine is on and the company file open."
    )
    return Finding("questions", holds=kept, says=says + do)


def _slice_of(connection: OpenConnection, one: Waiting | Arrived) -> tuple[str, str]:
    return (one.entity, EVERY_PERIOD if is_reference(connection, one) else one.period)


def is_reference(connection: OpenConnection, one: Waiting | Arrived) -> bool:
    """Answer whether it is the one answer for all periods."""
    return one.entity != CHANGES and connection.source.entity(one.entity).kind is EntityKind.REFERENCE


def _named(one: Waiting) -> str:
    return f"{one.entity.replace('_', ' ')} {one.period}".strip()
