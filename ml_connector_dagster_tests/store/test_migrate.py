from __future__ import annotations

from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.store import migrate
from ml_connector_dagster.store.engine import Store
from ml_connector_dagster.store.environment import Environment
from ml_connector_dagster.store.migrate import HEAD, VERSION_TABLE, known_revisions, revision_of, upgrade
from ml_connector_dagster.store.tables.schema import schema

MIGRATIONS = Path(migrate.__file__).with_name("migrations")


def set_revision(store: Store, revision: str) -> None:
    with store.begin() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = :revision"), {"revision": revision})


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database of each kind."""
    if request.param == "postgres":
        url: str = request.getfixturevalue("postgres_url")
        return url
    return f"sqlite:///{tmp_path / 'empty.db'}"


def test_the_migrated_database_is_exactly_the_metadata(store: Store) -> None:
    """After an edit under tables/: a new revision, alembic -c ml_connector_dagster/store/alembic.ini revision --autogenerate."""
    with store.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "version_table": VERSION_TABLE})
        assert compare_metadata(context, schema()) == []


def test_a_developers_alembic_reads_the_same_environment(sqlite_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ML_CONNECTOR_HOME", str(sqlite_store.home))
    said = StringIO()
    command.check(Config(str(MIGRATIONS.with_name("alembic.ini")), stdout=said))
    assert "No new upgrade operations detected" in said.getvalue()


def test_the_release_names_its_newest_revision_and_knows_them_all() -> None:
    script = ScriptDirectory(str(MIGRATIONS))
    assert script.get_heads() == [HEAD]
    assert known_revisions() == {revision.revision for revision in script.walk_revisions()}


@pytest.mark.parametrize("released", sorted(known_revisions()))
def test_an_upgrade_from_every_released_revision_ends_at_this_ones(empty_url: str, released: str) -> None:
    engine = create_engine(empty_url, poolclass=NullPool)
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, released)
    upgrade(empty_url)
    with engine.connect() as connection:
        assert revision_of(connection) == HEAD


def test_an_upgrade_of_the_newest_changes_nothing(empty_url: str) -> None:
    upgrade(empty_url)
    upgrade(empty_url)
    with create_engine(empty_url, poolclass=NullPool).connect() as connection:
        assert revision_of(connection) == HEAD


def test_dagsters_own_revision_in_the_same_database_is_left_alone(empty_url: str) -> None:
    """Both keep their tables in one Postgres, and alembic's usual table is Dagster's."""
    engine = create_engine(empty_url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
        connection.execute(text("INSERT INTO alembic_version VALUES ('dagsters')"))
    upgrade(empty_url)
    with engine.connect() as connection:
        assert revision_of(connection) == HEAD
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all() == ["dagsters"]


def test_an_upgrade_that_fails_leaves_nothing_behind(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables and revision move in one transaction, on SQLite too."""

    def fail(connection: object) -> Config:
        connection.execute(text("CREATE TABLE half (done INTEGER)"))  # type: ignore[attr-defined]
        raise ZeroDivisionError

    monkeypatch.setattr(migrate, "_config", fail)
    with pytest.raises(ZeroDivisionError):
        upgrade(empty_url)
    with create_engine(empty_url, poolclass=NullPool).connect() as connection:
        assert not connection.dialect.has_table(connection, "half")


def test_a_database_of_a_newer_release_is_refused(sqlite_store: Store) -> None:
    set_revision(sqlite_store, "9999")
    with pytest.raises(SettingWrong, match=r"schema 9999, which this release .* does not know.*Install the release"):
        Store.open(sqlite_store.environment)
    with pytest.raises(SettingWrong, match="schema 9999"):
        upgrade(sqlite_store.environment.database_url)


def test_a_database_of_an_older_release_is_refused_and_the_command_named(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "HEAD", "0099")
    monkeypatch.setattr(migrate, "known_revisions", lambda: frozenset({HEAD, "0099"}))
    for create in (False, True):
        with pytest.raises(SettingWrong, match=r"this release needs 0099.*run `ml-connector upgrade`"):
            Store.open(sqlite_store.environment, create=create)


def test_a_percent_sign_in_the_address_is_no_template(tmp_path: Path, environment: Environment) -> None:
    folder = tmp_path / "50%"
    folder.mkdir()
    url = f"sqlite:///{folder / 'state.db'}"
    Store.open(replace(environment, database_url=url), create=True).close()
    assert (folder / "state.db").exists()
