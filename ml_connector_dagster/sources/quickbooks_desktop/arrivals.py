"""Which readings of a company file wait and which are complete, in the contract's words: see ``sources.contract.later``.

A reading's purpose is ``entity period`` (``ledger_lines 2026-10``), of a list the entity alone, and ``changes``. What is read
for other reasons (the company itself, records by id) starts no run.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from ml_connector_dagster.sources.contract.answers import Finding
from ml_connector_dagster.sources.contract.entity import EntityKind
from ml_connector_dagster.sources.contract.later import CHANGES, Arrived, Waiting
from ml_connector_dagster.sources.quickbooks_desktop.entities import ENTITIES
from ml_connector_dagster.sources.quickbooks_desktop.journal_records import for_a_person
from ml_connector_dagster.sources.quickbooks_desktop.queue import Queue
from ml_connector_dagster.sources.quickbooks_desktop.readings import FAILED, Reading
from ml_connector_dagster.sources.quickbooks_desktop.source import HOW_TO_CONNECT
from ml_connector_dagster.store.tables.desktop import desktop_attempt, desktop_operation

if TYPE_CHECKING:
    from ml_connector_dagster.store.engine import Store

MOST_NAMED = 5
_KINDS = {entity.name: entity.kind for entity in ENTITIES}
_PERIOD = re.compile(r"\d{4}-\d{2}")


def purpose_of(entity: str, period: str) -> str:
    """Answer what a reading of an entity and period is for; one reading of a list serves all periods."""
    return entity if entity == CHANGES or _KINDS[entity] is EntityKind.REFERENCE else f"{entity} {period}"


def slice_of(purpose: str) -> tuple[str, str] | None:
    """Answer entity and period of a purpose, no period for a list or the changes; None for one that starts no run."""
    entity, _, period = purpose.partition(" ")
    is_ours = entity == CHANGES or entity in _KINDS
    is_month = not period or _PERIOD.fullmatch(period) is not None
    return (entity, period) if is_ours and is_month and purpose == purpose_of(entity, period) else None


def waiting(store: Store, company_id: str) -> Sequence[Waiting]:
    """Answer what was asked for and is not answered in full, oldest first."""
    pending = (one for one in Queue(store, company_id).waiting() if one.state != FAILED)
    return [Waiting(*named, one.asked_at) for one in pending if (named := slice_of(one.purpose))]


def arrived(store: Store, company_id: str) -> Sequence[Arrived]:
    """Answer what is complete and not yet published, and what was refused for good, oldest first."""
    queue = Queue(store, company_id)
    ended = sorted(
        [*queue.arrived(), *(one for one in queue.waiting() if one.state == FAILED)], key=lambda one: one.asked_at
    )
    found = [(one, named) for one in ended if (named := slice_of(one.purpose))]
    first_sent = _first_sent(store, [one for one, _ in found])
    return [
        Arrived(*named, one.id, first_sent.get(one.id, one.asked_at), one.finished_at or one.asked_at)
        for one, named in found
    ]


def published(store: Store, company_id: str, entity: str, period: str, run_id: str) -> None:
    """Mark the answer that stands in a snapshot now; a reading that is not complete is left as it is."""
    queue = Queue(store, company_id)
    found = queue.find(purpose_of(entity, period))
    if found is not None and found.is_complete:
        queue.publish(found, run_id)


def heartbeat(store: Store, company_id: str) -> Sequence[Finding]:
    """Answer when the customer's machine was last seen and the company file was last open, for a bookkeeper."""
    queue = Queue(store, company_id)
    seen = queue.seen()
    if seen.seen_at is None:
        return [Finding("Web Connector", holds=False, says=f"It has never called. {HOW_TO_CONNECT}")]
    opened = (
        f"the company file was open {_said(seen.opened_at)}" if seen.opened_at else "the company file never was open"
    )
    says = f"The Windows machine was last seen {_said(seen.seen_at)}, {opened}."
    found = [Finding("Web Connector", holds=seen.opened_at is not None, says=says)]
    told = {"Last session": seen.error, "Paused": seen.paused}
    told["Journals"] = _said_of_journals(queue)
    return [*found, *(Finding(subject, holds=False, says=says) for subject, says in told.items() if says)]


def _said_of_journals(queue: Queue) -> str:
    """Answer which journals wait for a person's decision; empty where none does."""
    stopped = for_a_person(queue.operations())
    named = ", ".join(dict.fromkeys(str(one.payload["key"]) for one in stopped[:MOST_NAMED]))
    if not stopped:
        return ""
    return f"{len(stopped)} journal entries wait for a person ({named}); `ml-connector journals show` says why."


def _said(moment: datetime) -> str:
    return f"{moment:%d %B %Y at %H:%M} UTC"


def _first_sent(store: Store, found: Sequence[Reading]) -> dict[str, datetime]:
    """Answer when the first question of each was handed out: what was noted later is not in its answers."""
    operation, sent_at = desktop_operation.c, desktop_attempt.c.sent_at
    query = (
        sa.select(operation.reading_id, sa.func.min(sent_at, type_=sent_at.type))
        .join(desktop_attempt, desktop_attempt.c.operation_id == operation.id)
        .where(operation.reading_id.in_([one.id for one in found]), sent_at.is_not(None))
        .group_by(operation.reading_id)
    )
    with store.read() as database:
        return dict(database.execute(query).tuples().all()) if found else {}
