"""Locks whose life is their holder's: a killed process frees them within milliseconds, no time-out is guessed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from filelock import FileLock, Timeout
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import NullPool

from ml_connector_dagster.errors import TemporarilyRefused
from ml_connector_dagster.store.engine import Store, build_engine

LOOK_AGAIN_SECONDS = 0.01
LOCK_NOT_AVAILABLE = "55P03"
TRY = text("SELECT pg_try_advisory_lock(:key)")
WAIT = text("SELECT pg_advisory_lock(:key)")
WAIT_AT_MOST = text("SELECT set_config('lock_timeout', :limit, false)")
FREE = text("SELECT pg_advisory_unlock(:key)")
HELD_BY_ME = text(
    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND granted"
    " AND classid = :high AND objid = :low AND objsubid = 1"
)


class LockBusy(TemporarilyRefused):
    """Another holder has the lock and kept it longer than the caller would wait."""


class LockLost(TemporarilyRefused):
    """The lock's session is gone: somebody else may hold it now, so the holder must stop writing."""


class Held(Protocol):
    """A lock in hand."""

    name: str

    def ping(self) -> None:
        """Make sure the lock is still ours; before each step that a second holder must not see.

        Raises:
            LockLost: It is not; stop, and leave what is unsettled to the next holder.
        """

    @property
    def connection(self) -> Connection:
        """The lock's own database session in autocommit: what is written through it was written while the lock stood.

        Raises:
            LockLost: The session is gone, or the lock is a file beside SQLite and has none.
        """


class Locks:
    """Named locks of one store, between all its processes and threads; not re-entrant."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._sessions = build_engine(store.environment.database_url, poolclass=NullPool)

    @contextmanager
    def hold(self, name: str, wait_seconds: float | None = None) -> Iterator[Held]:
        """Hold the lock of that name.

        Each lock has a session or file of its own, so that a circle of two waiting holders is not noticed: take two
        locks in the same order everywhere, or with a bounded wait.

        Args:
            name: Any text, for example ``token:acme_xero``; it appears in messages.
            wait_seconds: 0 asks once, None waits for ever.

        Raises:
            LockBusy: It was not free in time.
            TemporarilyRefused: The database cannot be reached.
        """
        with self._hold((name,), wait_seconds) as held:
            yield held

    @contextmanager
    def hold_one_of(self, names: Sequence[str]) -> Iterator[Held]:
        """Hold the first of these locks that is free now; ``held.name`` says which.

        Raises:
            LockBusy: None is.
            TemporarilyRefused: The database cannot be reached.
        """
        with self._hold(names, 0) as held:
            yield held

    @contextmanager
    def _hold(self, names: Sequence[str], wait_seconds: float | None) -> Iterator[Held]:
        if not self._store.is_postgres:
            held_file = HeldFile.take(self._store.home / "locks", names, wait_seconds)
            try:
                yield held_file
            finally:
                held_file.give_back()
            return
        with self._store.reaching(), self._sessions.connect() as plain:
            connection = plain.execution_options(isolation_level="AUTOCOMMIT")
            held = HeldSession(_take(connection, names, wait_seconds), connection)
            try:
                yield held
            finally:
                held.give_back()


class HeldFile:
    """A flock beside SQLite; the kernel frees it with the process."""

    def __init__(self, name: str, lock: FileLock) -> None:
        self.name = name
        self._lock = lock
        self._path = Path(lock.lock_file)
        self._inode = self._path.stat().st_ino

    @classmethod
    def take(cls, folder: Path, names: Sequence[str], wait_seconds: float | None) -> HeldFile:
        """Take the first of these locks that is free, waiting for the last.

        Raises:
            LockBusy: None was free in time.
        """
        folder.mkdir(parents=True, exist_ok=True)
        for name in names:
            lock = FileLock(
                folder / _file_name(name), thread_local=False, fallback_to_soft=False, poll_interval=LOOK_AGAIN_SECONDS
            )
            with suppress(Timeout):
                lock.acquire(timeout=-1 if wait_seconds is None else wait_seconds)
                return cls(name, lock)
        raise _busy(names, wait_seconds)

    def give_back(self) -> None:
        """Free the lock."""
        self._lock.release()

    def ping(self) -> None:
        """See that the locked file is still the one others would lock.

        Raises:
            LockLost: Somebody removed it.
        """
        if not self._path.exists() or self._path.stat().st_ino != self._inode:
            raise _lost(self.name, f"its file {self._path} was removed")

    @property
    def connection(self) -> Connection:
        """There is none beside SQLite.

        Raises:
            LockLost: Always; ask ``store.is_postgres`` first.
        """
        raise _lost(self.name, "a lock file has no database session")


class HeldSession:
    """A Postgres advisory lock on a session of its own; the server frees it when the session ends, for whatever reason."""

    def __init__(self, name: str, connection: Connection) -> None:
        self.name = name
        self._connection = connection
        self._lost = False

    def ping(self) -> None:
        """Ask the server whether this session still has the lock.

        Raises:
            LockLost: The session ended (restart, pg_terminate_backend, network); a later ping stays lost.
        """
        try:
            holds = self.connection.execute(HELD_BY_ME, _halves(_key(self.name))).scalar_one()
        except DBAPIError as error:
            self._lost = True
            raise _lost(self.name, "the database ended its session") from error
        if not holds:
            self._lost = True
            raise _lost(self.name, "its session no longer has it")

    @property
    def connection(self) -> Connection:
        """The lock's own session in autocommit.

        Raises:
            LockLost: The session is gone; SQLAlchemy would have opened another one, without the lock.
        """
        if self._lost or self._connection.invalidated or self._connection.closed:
            raise _lost(self.name, "its database session is gone")
        return self._connection

    def give_back(self) -> None:
        """Free the lock before the session closes, so that the next one need not wait for the server to notice."""
        if self._lost or self._connection.invalidated:
            return
        with suppress(DBAPIError):
            self._connection.execute(FREE, {"key": _key(self.name)})


def _take(connection: Connection, names: Sequence[str], wait_seconds: float | None) -> str:
    """Take the first of these locks that is free now, else wait for the last, and answer its name."""
    for name in names:
        if connection.execute(TRY, {"key": _key(name)}).scalar_one():
            return name
    if wait_seconds is not None and wait_seconds <= 0:
        raise _busy(names, wait_seconds)
    limit = 0 if wait_seconds is None else max(1, round(wait_seconds * 1000))
    connection.execute(WAIT_AT_MOST, {"limit": str(limit)})
    try:
        connection.execute(WAIT, {"key": _key(names[-1])})
    except OperationalError as error:
        if getattr(error.orig, "pgcode", None) == LOCK_NOT_AVAILABLE:
            raise _busy(names, wait_seconds) from error
        raise
    connection.execute(WAIT_AT_MOST, {"limit": "0"})
    return names[-1]


def _key(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)


def _halves(key: int) -> dict[str, int]:
    unsigned = key & 0xFFFF_FFFF_FFFF_FFFF
    return {"high": unsigned >> 32, "low": unsigned & 0xFFFF_FFFF}


def _file_name(name: str) -> str:
    readable = re.sub(r"[^A-Za-z0-9_.-]+", "-", name)[:60]
    return f"{readable}.{hashlib.sha256(name.encode()).hexdigest()[:16]}.lock"


def _busy(names: Sequence[str], wait_seconds: float | None) -> LockBusy:
    named = ", ".join(repr(name) for name in names)
    return LockBusy(
        f"The lock {named} was not free within {wait_seconds or 0:g} seconds.",
        "Another run is at work on the same thing; nothing was started here.",
        "Wait for that run to end; this one is tried again by itself.",
        lock=names[-1],
    )


def _lost(name: str, why: str) -> LockLost:
    return LockLost(
        f"The lock {name!r} was lost while it was needed: {why}.",
        "Another run may hold it now, so this one stopped before its next step and left its work unsettled.",
        "Nothing to do: the next holder settles it first. If it recurs, see the database's log.",
        lock=name,
    )
