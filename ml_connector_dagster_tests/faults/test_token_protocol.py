"""One refresh over all processes, and no refresh token lost, wherever a process is killed."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import text, update

from ml_connector_dagster.connections.credentials import Standing
from ml_connector_dagster.connections.tokens import OAuthTokens
from ml_connector_dagster.connections.vault import Vault
from ml_connector_dagster.store.engine import Store
from ml_connector_dagster.store.faultpoints import planted
from ml_connector_dagster.store.tables.connections import refresh_intent
from ml_connector_dagster_tests.faults.forked import KILLED, ended, fork
from ml_connector_dagster_tests.faults.token_desk import Desk, opened_desk

STEPS = (
    "token.locked",
    "token.intent_written",
    "token.answered",
    "token.row_kept",
    "token.file_kept",
    "token.committed",
    "token.file_removed",
)
SEEDS = int(os.environ.get("ML_CONNECTOR_SEEDS", "200"))
POSTGRES_SEEDS = int(os.environ.get("ML_CONNECTOR_POSTGRES_SEEDS", max(SEEDS // 8, 10)))


@pytest.fixture
def desk(store: Store) -> Iterator[Desk]:
    yield from opened_desk(store)


def test_eight_processes_with_one_expired_token_make_one_post(desk):
    children = [fork(desk.ask) for _ in range(8)]
    assert [ended(child) for child in children] == [0] * 8
    assert desk.grant.posts == 1
    assert desk.grant.accepts(desk.tokens().access().value)


def test_a_fresh_token_is_answered_without_a_call(sqlite_desk):
    first = sqlite_desk.tokens().access()
    assert sqlite_desk.tokens().access() == first
    assert sqlite_desk.grant.posts == 1


def test_the_new_token_is_stored_before_it_is_used(sqlite_desk):
    seen = []

    def look(name: str) -> None:
        if name == "token.committed":
            seen.append(sqlite_desk.row().version)

    with planted(look):
        token = sqlite_desk.tokens().access()
    assert seen == [token.version]


def test_a_refused_token_is_refreshed_once_and_a_newer_stored_one_is_taken_as_it_is(sqlite_desk):
    tokens = sqlite_desk.tokens()
    first = tokens.access()
    second = tokens.access(refused=first.value)
    assert second.value != first.value
    assert tokens.access(refused=first.value) == second
    assert sqlite_desk.grant.posts == 2


@pytest.mark.parametrize("behaviour", ["grace", "kill", "fixed"])
@pytest.mark.parametrize("step", STEPS)
def test_killed_at_a_step_the_grant_lives_or_needs_reauth_is_said(desk, behaviour, step):
    desk.grant.behaviour = behaviour
    if behaviour == "fixed":
        assert desk.settle() is not None  # one refresh teaches that this client's refresh token stays
        desk.expire()
    assert ended(fork(desk.ask, die_at=step)) == KILLED
    token = desk.check()
    if behaviour == "kill":
        lost = step in ("token.intent_written", "token.answered")
        assert (token is None) == lost
    else:
        assert token is not None


@pytest.mark.parametrize("step", STEPS[:-1])
def test_protocol_01_a_waiter_judges_what_a_killed_holder_left_when_it_gets_the_lock(desk, step):
    """A is killed while B waits on the lock, at a vendor that ends a grant whose old token is shown again."""
    desk.grant.behaviour = "kill"
    a_is_there, b_waits = desk.store.home / "a_is_there", desk.store.home / "b_waits"

    def a_dies_when_b_waits(name: str) -> None:
        if name == step:
            a_is_there.touch()
            _until(b_waits.exists)
            time.sleep(0.03)  # B says so just before it asks for the lock
            os._exit(KILLED)

    def a_asks() -> int:
        with planted(a_dies_when_b_waits):
            return desk.ask()

    def b_asks() -> int:
        take = OAuthTokens._lock

        def told(own: OAuthTokens) -> Any:
            b_waits.touch()
            return take(own)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(OAuthTokens, "_lock", told)
            return desk.ask()

    held = fork(a_asks)
    _until(a_is_there.exists)
    waits = fork(b_asks)
    assert ended(held) == KILLED
    lost = step in ("token.intent_written", "token.answered")
    assert ended(waits) == (3 if lost else 0), "the old token is never shown where an answer may be lost"
    assert desk.grant.posts == (0 if step == "token.intent_written" else 1)
    assert (desk.check() is None) == lost


@pytest.mark.postgres
def test_protocol_02_a_lost_lock_session_is_waited_out_and_the_late_answer_clears_needs_reauth(postgres_store):
    for desk in opened_desk(postgres_store):
        desk.grant.behaviour = "kill"
        late = []

        def overtaken(name: str, desk: Desk = desk, late: list[str] = late) -> None:
            if name == "token.answered" and not late:
                _end_lock_sessions(desk.store)
                late.append("A's answer is in hand, its lock is gone")
                assert ended(fork(desk.ask)) == 3, "B waits for the deadline, then cannot but say needs_reauth"
                assert desk.row().state == Standing.NEEDS_REAUTH

        desk.deadline = 0.2
        with planted(overtaken):
            token = desk.tokens().access()
        assert late
        assert desk.grant.accepts(token.value)
        assert desk.row().state == Standing.READY
        assert desk.check() is not None


@pytest.mark.postgres
def test_protocol_02_nobody_posts_before_the_deadline_of_a_post_that_is_out(postgres_store):
    """B waits for a deadline five seconds off; its nap ends the wait, so that the test does not."""
    test = os.getpid()
    for desk in opened_desk(postgres_store):
        desk.deadline = 5.0
        version_at_nap = desk.store.home / "version_at_nap"

        def nap(_: float, desk: Desk = desk, told=version_at_nap) -> None:
            told.write_text(str(desk.tokens()._rows.read().credential.version))
            with desk.store.begin() as connection:
                connection.execute(update(refresh_intent).values(deadline_at=desk.store.now()))

        def b_asks(desk: Desk = desk, nap=nap) -> int:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(
                    "ml_connector_dagster.connections.tokens.time", SimpleNamespace(sleep=nap, monotonic=time.monotonic)
                )
                return desk.ask()

        def overtaken(name: str, desk: Desk = desk, told=version_at_nap, b_asks=b_asks) -> None:
            if name == "token.intent_written" and os.getpid() == test and not told.exists():
                _end_lock_sessions(desk.store)
                version = desk.row().version
                assert ended(fork(b_asks)) == 0
                assert told.read_text() == str(version), "B napped before it stored anything"

        with planted(overtaken):
            assert desk.ask() in (0, 4)
        assert version_at_nap.exists()
        assert desk.check() is not None


@pytest.mark.postgres
def test_protocol_02_of_two_answers_the_one_that_was_issued_last_stays(postgres_store):
    """A answers late, after B waited it out and asked again: A's token is superseded already, so B's goes on top."""
    for desk in opened_desk(postgres_store):
        desk.deadline = 0.2
        signs, test = desk.store.home, os.getpid()
        children = []

        def b_waits(name: str, signs=signs) -> None:
            if name == "token.file_kept":
                (signs / "b_has_its_answer").touch()
                _until((signs / "a_has_stored").exists)

        def b_asks(desk=desk, hook=b_waits) -> int:
            with planted(hook):
                return desk.ask()

        def a_is_late(name: str, desk=desk, children=children, b_asks=b_asks, signs=signs, test=test) -> None:
            if name == "token.answered" and not children and os.getpid() == test:
                _end_lock_sessions(desk.store)
                children.append(fork(b_asks))
                _until((signs / "b_has_its_answer").exists)

        with planted(a_is_late):
            desk.tokens().access()
        (signs / "a_has_stored").touch()
        assert ended(children[0]) == 0
        with desk.store.read() as connection:
            stored = Vault.open(desk.store).get(connection, desk.row().owner, "refresh_token")
        assert desk.grant.posts == 2
        assert stored == desk.grant.refresh
        assert desk.check() is not None


def _until(holds) -> None:
    deadline = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.postgres
def test_protocol_03_the_answer_survives_the_pod_whose_disk_is_lost(postgres_store):
    for desk in opened_desk(postgres_store):
        desk.grant.behaviour = "kill"
        assert ended(fork(desk.ask, die_at="token.file_kept")) == KILLED
        for path in desk.store.home.glob("spool/*"):
            path.unlink()
        assert desk.grant.posts == 1
        token = desk.settle()
        assert token is not None
        assert desk.grant.posts == 1, "the row brought the token, no second call"
        assert desk.check() is not None


@pytest.mark.postgres
def test_protocol_03_the_answer_is_kept_though_the_database_takes_no_new_connection(postgres_store):
    """The lock's own session is open already, so nothing can stand between the answer and its row."""
    for desk in opened_desk(postgres_store):
        desk.grant.behaviour = "kill"

        def is_full(*_: object, **__: object) -> None:
            raise ConnectionRefusedError

        def from_now_on(name: str, is_full=is_full) -> None:
            if name == "token.answered":
                Store.begin = is_full  # in the child alone

        def a_asks(desk: Desk = desk, hook=from_now_on) -> int:
            with planted(hook), suppress(ConnectionRefusedError):
                return desk.ask()
            return KILLED

        assert ended(fork(a_asks)) == KILLED
        for path in desk.store.home.glob("spool/*"):
            path.unlink()
        assert desk.settle() is not None
        assert desk.grant.posts == 1
        assert desk.check() is not None


def test_protocol_03_the_answer_survives_in_the_file_where_the_row_was_lost(sqlite_desk):
    sqlite_desk.grant.behaviour = "kill"
    assert ended(fork(sqlite_desk.ask, die_at="token.file_kept")) == KILLED
    with sqlite_desk.store.begin() as connection:
        connection.execute(update(refresh_intent).values(spool=None))
    assert sqlite_desk.settle() is not None
    assert sqlite_desk.grant.posts == 1


@pytest.mark.parametrize("step", ["token.intent_written", "token.row_kept", "token.file_kept"])
def test_protocol_04_a_consent_makes_older_spools_and_intents_stale(desk, step):
    assert ended(fork(desk.ask, die_at=step)) == KILLED
    desk.connect()
    posts = desk.grant.posts
    token = desk.settle()
    assert token is not None
    assert desk.grant.accepts(token.value)
    assert desk.grant.posts == posts, "the consent's own token is used"
    assert desk.check() is not None


def test_protocol_04_a_consent_killed_before_the_old_file_is_removed_leaves_it_stale(sqlite_desk):
    assert ended(fork(sqlite_desk.ask, die_at="token.file_kept")) == KILLED

    def consent() -> int:
        sqlite_desk.connect()
        return 0

    raw = sqlite_desk.grant.consent()
    sqlite_desk.grant.consent = lambda: raw  # the child's copy of the vendor is not the one that answers
    assert ended(fork(consent, die_at="token.consent_stored")) == KILLED
    assert sqlite_desk.check() is not None


def test_protocol_04_a_consent_waits_for_a_refresh_that_is_out(desk):
    """Its code is exchanged under the same lock, so no answer of the old grant can follow the new one."""
    before, signs, seen = desk.row().version, desk.store.home, []

    def a_is_slow(name: str) -> None:
        if name == "token.answered":
            (signs / "a_has_its_answer").touch()
            _until((signs / "consent_begins").exists)
            time.sleep(0.05)

    def a_asks() -> int:
        with planted(a_is_slow):
            return desk.ask()

    def exchange() -> str:
        seen.append(desk.row().version)
        return desk.grant.consent()

    held = fork(a_asks)
    _until((signs / "a_has_its_answer").exists)
    (signs / "consent_begins").touch()
    desk.tokens().replace_grant(exchange)
    assert (ended(held), seen) == (0, [before + 1])
    assert desk.check() is not None


def test_protocol_04_a_late_answer_of_the_old_grant_changes_nothing_of_the_new_one(desk):
    def consent_meanwhile(name: str) -> None:
        if name == "token.file_kept" and not late:
            late.append(name)
            rows = desk.tokens()._rows
            answer = desk.grant.consent()
            from ml_connector_dagster.transport.grant import read_answer

            rows.replace_grant(read_answer(answer, "xero"), desk.store.now(), {})

    late: list[str] = []
    with planted(consent_meanwhile):
        token = desk.tokens().access()
    assert late
    assert desk.grant.accepts(token.value)
    assert desk.check() is not None


def test_invalid_grant_is_believed_only_after_reading_again(desk):
    def somebody_connects(name: str) -> None:
        if name == "token.intent_written" and not done:
            done.append(name)
            from ml_connector_dagster.transport.grant import read_answer

            desk.grant.behaviour = "kill"
            answer = read_answer(desk.grant.consent(), "xero")
            desk.tokens()._rows.replace_grant(answer, desk.store.now(), {})
            desk.grant.superseded.clear()

    done: list[str] = []
    with planted(somebody_connects):
        token = desk.tokens().access()
    assert desk.grant.accepts(token.value)
    assert desk.row().state == Standing.READY


def test_a_kill_by_signal_at_each_step_is_survived(desk):
    for step in STEPS:

        def stop(name: str, step: str = step) -> None:
            if name == step:
                os.kill(os.getpid(), signal.SIGKILL)

        def work(stop=stop) -> int:
            with planted(stop):
                return desk.ask()

        assert ended(fork(work)) == -signal.SIGKILL
        assert desk.check() is not None
        desk.expire()


@pytest.mark.parametrize("part", range(4))
def test_seeded_plans_of_two_processes_and_their_kills_keep_the_grant_or_say_needs_reauth(sqlite_desk, part):
    for seed in range(part, SEEDS, 4):
        _check_plan(sqlite_desk, seed)


@pytest.mark.postgres
def test_seeded_plans_hold_on_postgres_too(postgres_store):
    for desk in opened_desk(postgres_store):
        for seed in range(POSTGRES_SEEDS):
            _check_plan(desk, seed + 1_000_000)


def _check_plan(desk: Desk, seed: int) -> None:
    """Two runs at once, each perhaps killed at a step, the vendor perhaps losing answers; then the invariant."""
    dice = random.Random(seed)
    desk.grant.behaviour = dice.choice(["grace", "grace", "kill", "fixed"])
    desk.grant.script = []
    desk.connect()
    desk.expire()
    desk.grant.script = dice.choices(["answer", "lose", "drop", "busy", "page"], [6, 1, 1, 1, 1], k=3)
    children = [fork(desk.ask, die_at=dice.choice([*STEPS, *[None] * 4])) for _ in range(2)]
    if dice.random() < 0.15:
        desk.connect()
    codes = [ended(child) for child in children]
    desk.grant.script = []
    try:
        assert set(codes) <= {0, 3, 4, KILLED}
        desk.check()
    except AssertionError as error:
        raise AssertionError(f"seed {seed}, {desk.grant.behaviour}, children ended with {codes}: {error}") from error


def _end_lock_sessions(store: Store) -> None:
    """What a restart or an administrator does to the session that holds an advisory lock."""
    with store.begin() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
                " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            )
        )
