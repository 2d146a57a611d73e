"""Brings the state database to the schema of this release, and says which schema it has."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text
from sqlalchemy.pool import NullPool

from ml_connector_dagster.errors import SettingWrong

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0004"
"""The revision this release reads and writes; a test holds it equal to the newest file under ``migrations/versions``."""
VERSION_TABLE = "ml_connector_revision"
"""Ours by name: Dagster keeps its own revision in ``alembic_version`` of the same Postgres database."""
ONE_AT_A_TIME = 0x6D6C_636F_6E6E
"""Advisory lock key: two processes that migrate at once take turns (first start of a fleet of pods)."""


def upgrade(database_url: str) -> None:
    """Migrate the database to ``HEAD``, in one transaction, one process at a time; a no-op where it is there already.

    Raises:
        SettingWrong: The database was written by a newer release.
    """
    from alembic import command

    from ml_connector_dagster.store.engine import build_engine

    engine = build_engine(database_url, poolclass=NullPool)
    try:
        with engine.connect().execution_options(write=True) as connection, connection.begin():
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ONE_AT_A_TIME})
            refuse_newer(revision_of(connection))
            command.upgrade(_config(connection), "head")
    finally:
        engine.dispose()


def revision_of(connection: Connection) -> str | None:
    """Answer the revision the database is at; None where it was never initialised."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    revision: str | None = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()
    return revision


def check_revision(revision: str | None) -> None:
    """Refuse a database whose schema is not this release's.

    Raises:
        SettingWrong: Never initialised, older, or newer; the message names the command that mends it.
    """
    if revision is None:
        raise SettingWrong(
            "The state database was never initialised.", "There is nothing to read.", "Run `ml-connector init`."
        )
    refuse_newer(revision)
    if revision != HEAD:
        raise SettingWrong(
            f"The state database has schema {revision}, this release needs {HEAD}.",
            "Reading it as it is could misread figures, so nothing was opened.",
            "Stop all runs and run `ml-connector upgrade`.",
        )


def refuse_newer(revision: str | None) -> None:
    """Refuse a schema that this release does not know.

    Raises:
        SettingWrong: The revision is none of this release's.
    """
    if revision is not None and revision not in known_revisions():
        raise SettingWrong(
            f"The state database has schema {revision}, which this release (schema {HEAD}) does not know.",
            "A newer release wrote it; an older one could damage it, so nothing was opened.",
            "Install the release that wrote it, or restore the backup taken before its upgrade.",
        )


def known_revisions() -> frozenset[str]:
    """Answer every revision that this release can migrate from, its own included."""
    return frozenset(path.stem.partition("_")[0] for path in _migrations().glob("versions/0*.py"))


def _migrations() -> Path:
    return Path(__file__).with_name("migrations")


def _config(connection: Connection) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_migrations()).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
