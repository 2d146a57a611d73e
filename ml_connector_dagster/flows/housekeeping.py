"""What grows and nobody needs any more: counted, and taken away once it is old enough that no run can be at work on it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, Table, delete, func, select

from ml_connector_dagster.store.closed_questions import count_closed, forget_closed
from ml_connector_dagster.store.mailbox import DONE
from ml_connector_dagster.store.references import forget_snapshots, outlived_snapshots, referred_blobs
from ml_connector_dagster.store.tables.connections import consent_state
from ml_connector_dagster.store.tables.database import mailbox

if TYPE_CHECKING:
    from ml_connector_dagster.store.blobs import Blobs
    from ml_connector_dagster.store.engine import Store

KEEP_DAYS = 30
"""Far above the longest run (hours), and within every retention that an auditor asks of loads, which are kept for ever."""
WORKING_FOLDERS = "spool"
"""Below the home: one folder a reading under way. Files beside them are tokens' and are never touched."""


@dataclass(frozen=True, slots=True)
class Tidied:
    """One kind of thing, and what was taken away of it."""

    what: str
    removed: int
    size_bytes: int = 0


def tidy(store: Store, blobs: Blobs, *, keep_days: int = KEEP_DAYS, dry_run: bool = False) -> tuple[Tidied, ...]:
    """Take away what is older than these days and referred to by nothing; answers what, or what it would be.

    Loads, their files, sidecars and dumps, current snapshots and those that a load was planned from, tie-outs and the audit
    trail are never taken. Rows go first, then the blobs that no row names: a blob whose row is not committed yet is young.

    Args:
        store: The state database.
        blobs: Its files.
        keep_days: At least 1: a run may take hours.
        dry_run: Count only. Blobs of snapshots that would go too are not among those counted.
    """
    if keep_days < 1:
        raise ValueError("a run under way may need what is younger than a day")
    before = store.now() - timedelta(days=keep_days)
    return tuple(_all(store, blobs, before, dry_run=dry_run))


def _all(store: Store, blobs: Blobs, before: datetime, *, dry_run: bool) -> Iterator[Tidied]:
    yield Tidied("snapshots that others replaced", _snapshots(store, before, dry_run=dry_run))
    done = (mailbox.c.state == DONE) & (mailbox.c.done_at < before)
    yield Tidied("letters that are done", _rows(store, mailbox, done, dry_run=dry_run))
    yield Tidied("questions that QuickBooks Desktop answered", _closed_questions(store, before, dry_run=dry_run))
    expired = consent_state.c.expires_at < before
    yield Tidied("consents that expired", _rows(store, consent_state, expired, dry_run=dry_run))
    swept = blobs.sweep(referred_blobs(store), before, dry_run=dry_run)
    yield Tidied("blobs that nothing refers to", swept.count, swept.size_bytes)
    yield Tidied("working folders of runs that died", _folders(store.home / WORKING_FOLDERS, before, dry_run=dry_run))


def _snapshots(store: Store, before: datetime, *, dry_run: bool) -> int:
    with store.begin() as connection:
        ids = outlived_snapshots(connection, before)
        if not dry_run:
            forget_snapshots(connection, ids)
    return len(ids)


def _closed_questions(store: Store, before: datetime, *, dry_run: bool) -> int:
    with store.begin() as connection:
        count = count_closed(connection, before)
        if not dry_run:
            forget_closed(connection, before)
    return count


def _rows(store: Store, table: Table, old: ColumnElement[bool], *, dry_run: bool) -> int:
    with store.begin() as connection:
        count: int = connection.execute(select(func.count()).select_from(table).where(old)).scalar_one()
        if not dry_run:
            connection.execute(delete(table).where(old))
    return count


def _folders(parent: Path, before: datetime, *, dry_run: bool) -> int:
    old = [one for one in (parent.iterdir() if parent.exists() else ()) if one.is_dir() and _changed_at(one) < before]
    for folder in old if not dry_run else ():
        shutil.rmtree(folder, ignore_errors=True)
    return len(old)


def _changed_at(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)
