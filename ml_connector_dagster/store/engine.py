"""One database, opened: SQLite file or Postgres, the same code for both, safe across processes, threads and forks."""

from __future__ import annotations

import os
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import Pool, QueuePool

from ml_connector_dagster.errors import SettingWrong, TemporarilyRefused
from ml_connector_dagster.store.environment import DATABASE_URL, Environment
from ml_connector_dagster.store.marker import check_instance, check_profile, write_marker
from ml_connector_dagster.store.migrate import check_revision, revision_of, upgrade
from ml_connector_dagster.store.tables.database import marker

BUSY_SECONDS = 30
POSTGRES_OPTIONS = (
    "-c timezone=UTC -c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3"
    " -c client_connection_check_interval=1000"
)
"""A server that loses its client's machine notices within half a minute, so a dead holder's lock is given free."""


def build_engine(database_url: str, *, durable: bool = True, poolclass: type[Pool] = QueuePool) -> Engine:
    """Answer an engine whose write transactions begin with the write lock in hand.

    Args:
        database_url: Of SQLite or Postgres.
        durable: False gives up the last commits before a power cut (never their order); for rate limits alone.
        poolclass: ``NullPool`` gives each connection a session of its own, closed when it is given back.
    """
    url = make_url(database_url)
    pool: dict[str, Any] = {"pool_size": 3, "max_overflow": 20} if poolclass is QueuePool else {}
    pool["hide_parameters"] = True  # no value of a row in a log or traceback: hashes, tokens, amounts
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url, poolclass=poolclass, connect_args={"timeout": BUSY_SECONDS}, **pool)
        _speak_sqlite(engine, "FULL" if durable else "NORMAL")
        return engine
    options = POSTGRES_OPTIONS if durable else f"{POSTGRES_OPTIONS} -c synchronous_commit=off"
    connect = {"options": options, "connect_timeout": 10, "application_name": "ml-connector"}
    keepalives = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
    return create_engine(
        url, poolclass=poolclass, isolation_level="READ COMMITTED", connect_args=connect | keepalives,
        pool_pre_ping=poolclass is QueuePool, **pool,
    )  # fmt: skip


def _speak_sqlite(engine: Engine, synchronous: str) -> None:
    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves: the driver would begin too late, without the lock
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        connection.execute("PRAGMA foreign_keys = ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        write = connection.get_execution_options().get("write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


@dataclass(slots=True)
class _Engines:
    """The engines of one process: a forked child must never speak on, nor close, its parent's connections."""

    pid: int
    durable: Engine
    quick: Engine


_OF_PARENTS: list[_Engines] = []
"""Kept alive on purpose: collecting an inherited connection would end the parent's session."""


class Store:
    """The state database, opened and checked."""

    def __init__(self, environment: Environment) -> None:
        """Prepare engines without touching the database; ``open`` is what callers use."""
        self.environment = environment
        self.home: Path = environment.home
        self.is_postgres: bool = environment.profile == "postgres"
        self._engines = self._build()

    @classmethod
    def open(cls, environment: Environment, *, create: bool = False) -> Store:
        """Answer the store of this environment, its schema and profile checked.

        Args:
            environment: Where it lies.
            create: Make what is missing (``ml-connector init``); an older schema is still refused.

        Raises:
            SettingWrong: Not initialised, another profile or instance than the home's, or another release's schema.
            TemporarilyRefused: The database cannot be reached.
        """
        check_profile(environment)
        store = cls(environment)
        try:
            if create:
                store._create()
            store._check()
        except BaseException:
            store.close()
            raise
        return store

    @property
    def engine(self) -> Engine:
        """The engine of this process; a forked child gets one of its own."""
        return self._own().durable

    @property
    def quick_engine(self) -> Engine:
        """The same database, not durable against a power cut; for rate limits alone."""
        return self._own().quick

    @contextmanager
    def begin(self, *, durable: bool = True) -> Iterator[Connection]:
        """Open a write transaction; commits at the end, rolls back on an error. Never nest two.

        SQLite takes the write lock at once (BEGIN IMMEDIATE), so what is read inside cannot change before the write.
        Postgres is READ COMMITTED: compare-and-swap in the WHERE clause, or lock the row.

        Args:
            durable: False for rate limits alone, see ``quick_engine``.

        Raises:
            TemporarilyRefused: The database cannot be reached, or another process holds SQLite's write lock for 30 s.
        """
        with self._connected(self.engine if durable else self.quick_engine, write=True) as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a transaction for reading alone.

        Raises:
            TemporarilyRefused: The database cannot be reached.
        """
        with self._connected(self.engine, write=False) as connection:
            yield connection

    def now(self) -> datetime:
        """Answer the database clock's time, aware UTC: deadlines that several processes judge are measured by it.

        SQLite has no clock but this machine's, which all its processes share.
        """
        if not self.is_postgres:
            return datetime.now(UTC)
        with self.read() as connection:
            moment: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
        return moment.astimezone(UTC)

    def close(self) -> None:
        """Give every pooled connection of this process back."""
        if self._engines.pid == os.getpid():
            self._engines.durable.dispose()
            self._engines.quick.dispose()

    @contextmanager
    def reaching(self) -> Iterator[None]:
        """Say in words that the database is away, whatever statement found out.

        Raises:
            TemporarilyRefused: It cannot be reached, or its write lock stayed taken.
        """
        try:
            yield
        except OperationalError as error:
            raise self._unusable(error.orig or error) from error
        except sqlite3.OperationalError as error:
            raise self._unusable(error) from error

    @contextmanager
    def _connected(self, engine: Engine, *, write: bool) -> Iterator[Connection]:
        with self.reaching(), engine.connect().execution_options(write=write) as connection, connection.begin():
            yield connection

    def _create(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        if not self.is_postgres:
            self._create_file()
        with self.read() as connection:
            revision = revision_of(connection)
        if revision is None:
            upgrade(self.environment.database_url)

    def _create_file(self) -> None:
        path = self._file()
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")  # kept by the file: readers never wait for a writer

    def _check(self) -> None:
        if not self.is_postgres and not self._file().exists():
            raise SettingWrong(
                f"There is no state database at {self._file()}.",
                "Nothing was read or loaded: this home was never initialised, another home is meant, or the file is lost.",
                f"Put the file back, or set ML_CONNECTOR_HOME or {DATABASE_URL} right; in a new home run `ml-connector init`.",
            )
        with self.read() as connection:
            check_revision(revision_of(connection))
        instance = self._instance()
        check_instance(self.environment, instance)
        write_marker(self.environment, instance)

    def _instance(self) -> str:
        with self.read() as connection:
            known = connection.execute(select(marker.c.value).where(marker.c.name == "instance")).scalar()
        return known if known is not None else self._name_instance()

    def _name_instance(self) -> str:
        """Name the database, or answer the name that another process gave it at the same moment."""
        make = postgresql.insert if self.is_postgres else sqlite.insert
        mine = make(marker).values(name="instance", value=uuid.uuid4().hex).on_conflict_do_nothing()
        with self.begin() as connection:
            connection.execute(mine)
            name: str = connection.execute(select(marker.c.value).where(marker.c.name == "instance")).scalar_one()
        return name

    def _file(self) -> Path:
        return Path(make_url(self.environment.database_url).database or "")

    def _own(self) -> _Engines:
        if self._engines.pid != os.getpid():
            _OF_PARENTS.append(self._engines)
            self._engines = self._build()
        return self._engines

    def _build(self) -> _Engines:
        url = self.environment.database_url
        durable = build_engine(url)
        return _Engines(os.getpid(), durable, build_engine(url, durable=False))

    def _unusable(self, why: BaseException) -> TemporarilyRefused:
        shown = make_url(self.environment.database_url).render_as_string(hide_password=True)
        return TemporarilyRefused(
            f"The state database {shown} could not be used ({' '.join(str(why).split())}).",
            "What was being written there was not written.",
            f"Start the database or mend {DATABASE_URL}; what was under way resumes by itself.",
        )
