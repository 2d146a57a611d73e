from __future__ import annotations

import json
import socket
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import insert, literal, select, text, update
from sqlalchemy.exc import IntegrityError, StatementError

from ml_connector_dagster.errors import SettingWrong, TemporarilyRefused
from ml_connector_dagster.store import engine as engine_module
from ml_connector_dagster.store.engine import Store
from ml_connector_dagster.store.environment import Environment
from ml_connector_dagster.store.tables.database import marker
from ml_connector_dagster.store.tables.metadata import Money
from ml_connector_dagster.store.tables.staging import watermark
from ml_connector_dagster_tests.forks import all_at_once, fork, succeeded


def put(store: Store, value: str) -> None:
    with store.begin() as connection:
        connection.execute(insert(marker).values(name="counter", value=value))


def value_of(store: Store) -> str | None:
    with store.read() as connection:
        return connection.execute(select(marker.c.value).where(marker.c.name == "counter")).scalar()


# ── opening ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_home_that_was_never_initialised_is_refused_and_left_untouched(environment: Environment) -> None:
    with pytest.raises(SettingWrong, match=r"There is no state database at .*run `ml-connector init`"):
        Store.open(environment)
    assert not environment.home.exists()


def test_an_empty_database_is_refused(environment: Environment) -> None:
    environment.home.mkdir()
    (environment.home / "state.db").touch()
    with pytest.raises(SettingWrong, match=r"was never initialised.*ml-connector init"):
        Store.open(environment)


def test_init_creates_what_is_missing_and_may_be_repeated(environment: Environment) -> None:
    Store.open(environment, create=True).close()
    store = Store.open(environment, create=True)
    put(store, "kept")
    store.close()
    again = Store.open(environment)
    assert value_of(again) == "kept"
    again.close()


@pytest.mark.postgres
def test_init_creates_the_schema_on_postgres(tmp_path: Path, postgres_url: str) -> None:
    variables = {"ML_CONNECTOR_HOME": str(tmp_path / "home"), "ML_CONNECTOR_DATABASE_URL": postgres_url}
    with pytest.raises(SettingWrong, match="was never initialised"):
        Store.open(Environment.read(variables))
    store = Store.open(Environment.read(variables), create=True)
    put(store, "kept")
    assert value_of(store) == "kept"
    store.close()


def test_processes_that_initialise_at_once_agree_on_one_instance(environment: Environment) -> None:
    instances = environment.home.parent

    def init(number: int) -> None:
        store = Store.open(environment, create=True)
        with store.read() as connection:
            found = connection.execute(select(marker.c.value).where(marker.c.name == "instance")).scalar_one()
        (instances / f"instance_{number}").write_text(found)

    assert all_at_once(init, 4)
    assert len({(instances / f"instance_{number}").read_text() for number in range(4)}) == 1


@pytest.mark.postgres
def test_pods_that_initialise_one_postgres_at_once_agree_on_one_instance(tmp_path: Path, postgres_url: str) -> None:
    """Each pod has a home of its own; migrations take turns on an advisory lock."""

    def init(number: int) -> None:
        home = tmp_path / f"pod_{number}"
        variables = {"ML_CONNECTOR_HOME": str(home), "ML_CONNECTOR_DATABASE_URL": postgres_url}
        Store.open(Environment.read(variables), create=True)

    assert all_at_once(init, 4)
    assert len({(tmp_path / f"pod_{number}" / "profile.json").read_text() for number in range(4)}) == 1


def test_a_folder_that_cannot_hold_a_database_is_named(environment: Environment) -> None:
    environment.home.parent.mkdir(exist_ok=True)
    (environment.home / "state.db").mkdir(parents=True)
    with pytest.raises(TemporarilyRefused, match=r"The state database .*state.db could not be used"):
        Store.open(environment)


def test_a_postgres_that_does_not_answer_is_named_without_its_password(environment: Environment) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    url = f"postgresql+psycopg2://connector:geheim@127.0.0.1:{port}/state"
    with pytest.raises(TemporarilyRefused, match=r"connector:\*\*\*@127.0.0.1.*[Cc]onnection refused") as caught:
        Store.open(replace(environment, database_url=url))
    assert "geheim" not in str(caught.value)


# ── the profile marker ────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.postgres
def test_a_shell_without_its_environment_is_refused_instead_of_opening_an_empty_database(
    postgres_store: Store,
) -> None:
    home = postgres_store.home
    with pytest.raises(SettingWrong) as caught:
        Store.open(Environment.read({"ML_CONNECTOR_HOME": str(home)}), create=True)
    assert "was initialised for postgres, but this shell points at sqlite" in str(caught.value)
    assert "Set ML_CONNECTOR_DATABASE_URL as it was at `ml-connector init` (a postgresql:// address)" in caught.value.do
    assert not (home / "state.db").exists()


def test_a_sqlite_home_refuses_a_shell_that_points_at_postgres(sqlite_store: Store) -> None:
    elsewhere = replace(sqlite_store.environment, database_url="postgresql+psycopg2://db/state")
    with pytest.raises(SettingWrong, match=r"initialised for sqlite, but this shell points at postgres.*unset it"):
        Store.open(elsewhere)


def test_another_database_than_the_homes_is_refused(environment: Environment, tmp_path: Path) -> None:
    Store.open(environment, create=True).close()
    other = replace(environment, home=tmp_path / "other", database_url=f"sqlite:///{tmp_path / 'other.db'}")
    Store.open(other, create=True).close()
    with pytest.raises(SettingWrong, match=r"belongs to instance .*delete profile.json"):
        Store.open(replace(other, home=environment.home))


def test_a_database_without_its_marker_is_opened_and_marked(sqlite_store: Store) -> None:
    """A restored database, or a pod with an empty home."""
    path = sqlite_store.home / "profile.json"
    path.unlink()
    Store.open(sqlite_store.environment).close()
    assert json.loads(path.read_text())["profile"] == "sqlite"


# ── transactions ──────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_write_that_fails_is_rolled_back(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.begin() as connection:
        connection.execute(insert(marker).values(name="counter", value="1"))
        _ = 1 / 0
    assert value_of(store) is None


def test_increments_of_several_processes_are_never_lost_where_the_row_is_locked_first(store: Store) -> None:
    put(store, "0")

    def increment(_number: int) -> None:
        for _ in range(25):
            with store.begin() as connection:
                query = select(marker.c.value).where(marker.c.name == "counter").with_for_update()
                value = int(connection.execute(query).scalar_one())
                connection.execute(update(marker).where(marker.c.name == "counter").values(value=str(value + 1)))

    assert all_at_once(increment, 4)
    assert value_of(store) == "100"


def test_a_reader_sees_one_state_and_is_not_held_up_by_a_writer(sqlite_store: Store) -> None:
    put(sqlite_store, "before")
    with sqlite_store.begin() as writer:
        writer.execute(update(marker).where(marker.c.name == "counter").values(value="after"))
        assert value_of(sqlite_store) == "before", "a reader that had to wait for us would wait in vain and say so"
    assert value_of(sqlite_store) == "after"


def test_a_writer_that_waits_too_long_says_that_the_database_is_locked(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "BUSY_SECONDS", 0.05)
    impatient = Store.open(sqlite_store.environment)
    with sqlite_store.begin(), pytest.raises(TemporarilyRefused, match="database is locked"), impatient.begin():
        pass
    impatient.close()


def test_sqlite_commits_survive_a_power_cut_and_permits_may_not(sqlite_store: Store) -> None:
    with sqlite_store.engine.connect() as durable, sqlite_store.quick_engine.connect() as quick:
        assert durable.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert quick.exec_driver_sql("PRAGMA synchronous").scalar() == 1
        assert durable.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert durable.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


@pytest.mark.postgres
def test_postgres_commits_survive_a_power_cut_and_permits_may_not(postgres_store: Store) -> None:
    with postgres_store.quick_engine.connect() as quick:
        assert quick.execute(text("SHOW synchronous_commit")).scalar() == "off"
        assert quick.execute(text("SHOW transaction_isolation")).scalar() == "read committed"


@pytest.mark.postgres
def test_a_session_that_the_server_ends_is_a_temporary_refusal_and_the_next_one_works(postgres_store: Store) -> None:
    with pytest.raises(TemporarilyRefused, match="could not be used"), postgres_store.begin() as connection:
        pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        with postgres_store.read() as other:
            other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        connection.execute(text("SELECT 1"))
    assert value_of(postgres_store) is None


# ── processes and threads ─────────────────────────────────────────────────────────────────────────────────────────────
def test_a_forked_child_gets_connections_of_its_own_and_leaves_its_parents_alive(store: Store) -> None:
    put(store, "parent")
    parents = store.engine

    def work() -> None:
        assert value_of(store) == "parent"
        assert store.engine is not parents
        store.close()

    assert succeeded(fork(work))
    assert value_of(store) == "parent"
    assert store.engine is parents


def test_threads_share_a_store(store: Store) -> None:
    put(store, "0")
    seen: list[str | None] = []
    threads = [threading.Thread(target=lambda: seen.append(value_of(store))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == ["0"] * 8


def test_closing_in_a_child_that_never_used_the_store_leaves_the_parents_connections(store: Store) -> None:
    put(store, "parent")
    assert succeeded(fork(store.close))
    assert value_of(store) == "parent"


# ── values ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_databases_clock_is_aware_utc_and_about_now(store: Store) -> None:
    assert store.now().tzinfo is UTC
    assert abs(store.now() - datetime.now(UTC)) < timedelta(seconds=5)


def test_a_moment_comes_back_as_the_same_instant_in_utc(store: Store) -> None:
    moment = datetime(2026, 10, 31, 23, 30, 0, 123456, tzinfo=timezone(timedelta(hours=-5)))
    with store.begin() as connection:
        connection.execute(insert(watermark).values(connection="c", feed="f", at=moment))
    with store.read() as connection:
        found = connection.execute(select(watermark.c.at)).scalar_one()
    assert found == moment
    assert found.tzinfo is UTC


def test_a_moment_without_a_zone_is_refused(store: Store) -> None:
    with pytest.raises(StatementError, match="without zone"), store.begin() as connection:
        connection.execute(insert(watermark).values(connection="c", feed="f", at=datetime(2026, 1, 1)))


def test_money_comes_back_to_the_last_digit(store: Store) -> None:
    with store.read() as connection:
        money = connection.execute(select(literal(Decimal("-12345678901234567890.1200"), Money()))).scalar_one()
    assert str(money) == "-12345678901234567890.1200"


def test_no_value_of_a_row_stands_in_an_error(store: Store) -> None:
    """Such an error ends up in a log; the row may hold a hash or a token."""
    with pytest.raises(IntegrityError) as refused, store.begin() as connection:
        connection.execute(insert(marker).values(name="instance", value="canary-value"))
    assert "canary-value" not in str(refused.value)
