"""Which readings of a company file wait and which are complete, in the contract's words: see ``sources.contract.Later``.

A reading's purpose is ``entity period`` (``ledger_lines 2026-10``); what is read for other reasons (changes, the company
itself) bears no period and starts no run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from ml_connector_dagster.sources.contract import Arrived, Finding, Waiting
from ml_connector_dagster.sources.quickbooks_desktop.entities import ENTITIES
from ml_connector_dagster.sources.quickbooks_desktop.source import HOW_TO_CONNECT
from ml_connector_dagster.store.tables import desktop_attempt, desktop_company, desktop_operation, reading

if TYPE_CHECKING:
    from ml_connector_dagster.store.engine import Store

_NAMES = frozenset(entity.name for entity in ENTITIES)


def purpose_of(entity: str, period: str) -> str:
    """Answer what a reading of an entity and period is for."""
    return f"{entity} {period}"


def slice_of(purpose: str) -> tuple[str, str] | None:
    """Answer entity and period of a purpose; None for one that is no entity's."""
    entity, _, period = purpose.partition(" ")
    return (entity, period) if entity in _NAMES and period else None


def waiting(store: Store, company_id: str) -> Sequence[Waiting]:
    """Answer what was asked for and is not answered in full, oldest first."""
    return [Waiting(*named, row["asked_at"]) for named, row in _readings(store, company_id, "pending")]


def arrived(store: Store, company_id: str) -> Sequence[Arrived]:
    """Answer what is complete and not yet published, oldest first."""
    return [
        Arrived(*named, key=row["id"], began_at=row["began_at"] or row["asked_at"], arrived_at=row["finished_at"])
        for named, row in _readings(store, company_id, "complete")
    ]


def published(store: Store, company_id: str, entity: str, period: str, run_id: str) -> None:
    """Mark the answer that stands in a snapshot now; a reading that is not complete is left as it is."""
    with store.begin() as database:
        database.execute(
            sa.update(reading)
            .where(
                reading.c.company_id == company_id,
                reading.c.open_key == purpose_of(entity, period),
                reading.c.state == "complete",
            )
            .values(state="published", open_key=None, published_at=store.now(), published_by=run_id)
        )


def heartbeat(store: Store, company_id: str) -> Sequence[Finding]:
    """Answer when the customer's machine was last seen and the company file was last open, for a bookkeeper."""
    with store.read() as database:
        row = database.execute(sa.select(desktop_company).where(desktop_company.c.company_id == company_id)).first()
    if row is None or row.seen_at is None:
        return [Finding("Web Connector", holds=False, says=f"It has never called. {HOW_TO_CONNECT}")]
    seen = f"The Windows machine was last seen {row.seen_at:%d %B %Y at %H:%M} UTC"
    opened = (
        f"the company file was open {row.opened_at:%d %B %Y at %H:%M} UTC" if row.opened_at else "never with the file"
    )
    found = [Finding("Web Connector", holds=row.opened_at is not None, says=f"{seen}, {opened}.")]
    if row.error:
        found.append(Finding("Last session", holds=False, says=row.error))
    if row.paused:
        found.append(Finding("Paused", holds=False, says=row.paused))
    return found


def _readings(store: Store, company_id: str, state: str) -> Iterator[tuple[tuple[str, str], Mapping[str, Any]]]:
    first_sent = sa.func.min(desktop_attempt.c.sent_at).label("began_at")
    asked = (
        sa.select(reading, first_sent)
        .outerjoin(desktop_operation, desktop_operation.c.reading_id == reading.c.id)
        .outerjoin(desktop_attempt, desktop_attempt.c.operation_id == desktop_operation.c.id)
        .where(reading.c.company_id == company_id, reading.c.state == state)
        .group_by(*reading.c)
        .order_by(reading.c.asked_at, reading.c.id)
    )
    with store.read() as database:
        found = database.execute(asked).mappings().all()
    for row in found:
        named = slice_of(row["purpose"])
        if named:
            yield named, dict(row)
