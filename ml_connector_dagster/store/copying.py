"""A copy of the state database in another place: the database's own backup on SQLite, table by table from Postgres."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import func, insert, select
from sqlalchemy.engine import make_url

from ml_connector_dagster.store.engine import build_engine
from ml_connector_dagster.store.migrate import upgrade
from ml_connector_dagster.store.tables.schema import schema

if TYPE_CHECKING:
    from ml_connector_dagster.store.engine import Store

ROWS_AT_ONCE = 1000


def copy_to_file(store: Store, target: Path) -> dict[str, int]:
    """Write the whole state, as it stands at one moment, into a new SQLite file; answers rows by table.

    SQLite is copied by its backup interface, page by page, while others write. From Postgres every table is read in one
    repeatable-read transaction and written into this release's schema: that proves content and key, not your ``pg_dump``.

    Args:
        store: Read, never written.
        target: Must not exist yet.
    """
    if store.is_postgres:
        return _copy_tables(store, target)
    source = make_url(store.environment.database_url).database or ""
    with store.reaching(), closing(sqlite3.connect(source)) as original, closing(sqlite3.connect(target)) as copy:
        original.backup(copy)
    return _counted(target)


def faults_of(file: Path) -> list[str]:
    """Answer what SQLite's own integrity and foreign-key checks find wrong with a file; nothing where it is whole."""
    with closing(sqlite3.connect(file)) as copy:
        found = [str(row[0]) for row in copy.execute("PRAGMA integrity_check")]
        orphans = [f"{row[0]} row {row[1]} refers to no {row[2]}" for row in copy.execute("PRAGMA foreign_key_check")]
    return [one for one in found if one != "ok"] + orphans


def _copy_tables(store: Store, target: Path) -> dict[str, int]:
    url = f"sqlite:///{target}"
    upgrade(url)
    copy = build_engine(url)
    try:
        with (
            store.reaching(),
            store.engine.connect().execution_options(isolation_level="REPEATABLE READ") as source,
            copy.connect().execution_options(write=True) as written,
            written.begin(),
        ):
            for table in schema().sorted_tables:
                found = source.execution_options(yield_per=ROWS_AT_ONCE).execute(select(table)).mappings()
                for rows in found.partitions():
                    written.execute(insert(table), [dict(row) for row in rows])
    finally:
        copy.dispose()
    return _counted(target)


def _counted(file: Path) -> dict[str, int]:
    copy = build_engine(f"sqlite:///{file}")
    try:
        with copy.connect() as connection:
            return {
                name: connection.execute(select(func.count()).select_from(table)).scalar_one()
                for name, table in schema().tables.items()
            }
    finally:
        copy.dispose()
