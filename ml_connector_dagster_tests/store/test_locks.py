from __future__ import annotations

import os
import pickle
import threading
import time
from collections.abc import Callable

import pytest
from sqlalchemy import text

from ml_connector_dagster.errors import TemporarilyRefused
from ml_connector_dagster.store.engine import Store
from ml_connector_dagster.store.locks import HeldSession, LockBusy, LockLost, Locks
from ml_connector_dagster_tests.forks import all_at_once, fork, kill, succeeded


@pytest.fixture
def locks(store: Store) -> Locks:
    return Locks(store)


def holding(locks: Locks, name: str) -> int:
    """Forks a child that holds the lock for ever, and answers its id once it has it."""
    ready_out, ready_in = os.pipe()

    def hold() -> None:
        with locks.hold(name):
            os.write(ready_in, b"x")
            time.sleep(60)

    child = fork(hold)
    os.close(ready_in)
    assert os.read(ready_out, 1) == b"x"
    os.close(ready_out)
    return child


def terminate(store: Store, held: HeldSession) -> None:
    """End the lock's session as an administrator or a fail-over would."""
    pid = held.connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    with store.read() as connection:
        assert connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid}).scalar_one()


def test_a_second_holder_is_refused_in_words(locks: Locks) -> None:
    with (
        locks.hold("token:acme", 0),
        pytest.raises(LockBusy, match=r"lock 'token:acme' was not free") as caught,
        locks.hold("token:acme", 0),
    ):
        pass
    assert caught.value.context == {"lock": "token:acme"}


def test_other_names_are_other_locks(locks: Locks) -> None:
    with locks.hold("a/b", 0), locks.hold("a-b", 0) as held:
        assert held.name == "a-b"


def test_a_lock_is_free_at_once_after_its_context(locks: Locks) -> None:
    for _ in range(3):
        with locks.hold("a", 0) as held:
            held.ping()


def test_an_error_inside_frees_the_lock_and_goes_on(locks: Locks) -> None:
    with pytest.raises(ZeroDivisionError), locks.hold("a", 0):
        _ = 1 / 0
    with locks.hold("a", 0):
        pass


def test_a_wait_ends_in_time_where_the_lock_stays_taken(locks: Locks) -> None:
    began = time.monotonic()
    with locks.hold("a", 0), pytest.raises(LockBusy, match=r"within 0\.05 seconds"), locks.hold("a", 0.05):
        pass
    assert time.monotonic() - began > 0.04


@pytest.mark.parametrize("patience", [None, 20.0])
def test_a_waiter_gets_the_lock_when_it_is_freed(locks: Locks, patience: float | None) -> None:
    got = threading.Event()

    def wait() -> None:
        with locks.hold("a", patience):
            got.set()

    waiter = threading.Thread(target=wait)
    with locks.hold("a", 0):
        waiter.start()
        assert not got.wait(0.05)
    assert got.wait(5)
    waiter.join()


def test_the_first_free_one_of_several_is_held(locks: Locks) -> None:
    with locks.hold("s#0", 0), locks.hold_one_of(["s#0", "s#1"]) as held:
        assert held.name == "s#1"
        with pytest.raises(LockBusy, match=r"'s#0', 's#1'"), locks.hold_one_of(["s#0", "s#1"]):
            pass


def test_a_lock_excludes_other_processes(locks: Locks, store: Store) -> None:
    """Each child adds to a file without any other protection; a lost step would show."""
    tally = store.home / "tally"
    tally.write_text("0")

    def add(_number: int) -> None:
        for _ in range(10):
            with locks.hold("tally", 30):
                tally.write_text(str(int(tally.read_text()) + 1))

    assert all_at_once(add, 3)
    assert tally.read_text() == "30"


def test_the_lock_of_a_holder_killed_by_sigkill_is_free(locks: Locks) -> None:
    """No patience of anybody's runs out meanwhile: a lock that outlived its holder would be taken for ever."""
    child = holding(locks, "a")
    with pytest.raises(LockBusy), locks.hold("a", 0):
        pass
    kill(child)
    with locks.hold("a", 60) as held:
        assert held.name == "a"


def test_a_waiter_that_is_killed_takes_nothing_with_it(locks: Locks) -> None:
    with locks.hold("a", 0):
        waiter = fork(lambda: locks.hold("a").__enter__())
        time.sleep(0.05)
        kill(waiter)
    with locks.hold("a", 10):
        pass


def test_a_child_forked_inside_a_lock_does_not_prolong_it(sqlite_store: Store) -> None:
    """flock belongs to the open file, which a fork shares: the child must let go of it."""
    locks = Locks(sqlite_store)
    with locks.hold("a", 0):
        child = fork(lambda: time.sleep(60))
    with locks.hold("a", 1):
        pass
    kill(child)


def test_a_removed_lock_file_is_a_lost_lock(sqlite_store: Store) -> None:
    with Locks(sqlite_store).hold("lease:M1", 0) as held:
        for path in (sqlite_store.home / "locks").iterdir():
            path.unlink()
        with pytest.raises(LockLost, match=r"'lease:M1' was lost .* was removed"):
            held.ping()


def test_a_replaced_lock_file_is_a_lost_lock(sqlite_store: Store) -> None:
    with Locks(sqlite_store).hold("a", 0) as held:
        path = next((sqlite_store.home / "locks").iterdir())
        path.unlink()
        path.touch()
        with pytest.raises(LockLost):
            held.ping()


def test_a_lock_file_has_no_session_to_write_through(sqlite_store: Store) -> None:
    with Locks(sqlite_store).hold("a", 0) as held, pytest.raises(LockLost, match="no database session"):
        _ = held.connection


@pytest.mark.postgres
def test_the_locks_own_session_writes_at_once(postgres_store: Store) -> None:
    """Protocol 3 writes the vendor's raw answer through it: it must stand before anything else can go wrong."""
    with Locks(postgres_store).hold("a", 0) as held:
        held.connection.execute(text("INSERT INTO marker (name, value) VALUES ('spool', 'x')"))
        with postgres_store.read() as other:
            assert other.execute(text("SELECT value FROM marker WHERE name = 'spool'")).scalar() == "x"


@pytest.mark.postgres
def test_protocol_05_a_session_that_the_database_ends_is_noticed_by_the_next_ping(postgres_store: Store) -> None:
    locks = Locks(postgres_store)
    with locks.hold("lease:M1", 0) as held:
        held.ping()
        terminate(postgres_store, held)
        with locks.hold("lease:M1", 0) as successor:
            with pytest.raises(LockLost, match=r"'lease:M1' was lost .* ended its session"):
                held.ping()
            with pytest.raises(LockLost, match="session is gone"):
                held.ping()
            with pytest.raises(LockLost):
                _ = held.connection
            successor.ping()


@pytest.mark.postgres
def test_protocol_05_a_write_through_a_lost_session_fails_and_never_reconnects(postgres_store: Store) -> None:
    with Locks(postgres_store).hold("a", 0) as held:
        terminate(postgres_store, held)
        with pytest.raises(TemporarilyRefused), postgres_store.reaching():
            held.connection.execute(text("SELECT 1"))
        with pytest.raises(LockLost):
            _ = held.connection


@pytest.mark.postgres
def test_a_session_that_gave_its_lock_away_is_a_lost_lock(postgres_store: Store) -> None:
    with Locks(postgres_store).hold("a", 0) as held:
        held.connection.execute(text("SELECT pg_advisory_unlock_all()"))
        with pytest.raises(LockLost, match="no longer has it"):
            held.ping()


@pytest.mark.postgres
def test_a_lock_that_is_lost_before_it_is_given_back_ends_quietly(postgres_store: Store) -> None:
    with Locks(postgres_store).hold("a", 0) as held:
        terminate(postgres_store, held)
    with Locks(postgres_store).hold("a", 0):
        pass


@pytest.mark.parametrize("kind", [LockBusy, LockLost])
def test_lock_errors_are_retried_later_and_cross_process_borders(kind: Callable[..., TemporarilyRefused]) -> None:
    error = pickle.loads(pickle.dumps(kind("a.", "b.", "c.", lock="x")))
    assert isinstance(error, TemporarilyRefused)
    assert error.context == {"lock": "x"}


def test_a_child_may_hold_what_its_parent_gave_back(locks: Locks) -> None:
    with locks.hold("a", 0):
        pass

    def hold() -> None:
        with locks.hold("a", 0) as held:
            held.ping()

    assert succeeded(fork(hold))
