"""Secrets open for their own row alone, survive a rotation killed at any row, and never without a key."""

from __future__ import annotations

import base64
import stat
from dataclasses import replace

import pytest
from sqlalchemy import delete, select, update

from ml_connector_dagster.connections.credentials import Credentials
from ml_connector_dagster.connections.envelope import envelope_kid, seal, unseal
from ml_connector_dagster.connections.keyring import (
    create_key_file,
    key_id,
    new_key,
    parse_keyring,
    read_keyring,
    write_keyring,
)
from ml_connector_dagster.connections.preparing import prepare
from ml_connector_dagster.connections.vault import Owner, Vault
from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.store.engine import Store
from ml_connector_dagster.store.tables.connections import data_key, secret
from ml_connector_dagster_tests.faults.forked import KILLED, ended, fork

ACME, OTHER = Owner("acme", "xero"), Owner("other", "xero")
POINTS = ("vault.key_added", "vault.row_read", "vault.row_written", "vault.row_committed")


def put(store: Store, vault: Vault, owner: Owner, **secrets: str) -> None:
    with store.begin() as connection:
        Credentials(store).write(connection, owner.name, owner.vendor, "oauth", {})
        vault.put(connection, owner, secrets)


def get(store: Store, vault: Vault, owner: Owner, field: str) -> str | None:
    with store.read() as connection:
        return vault.get(connection, owner, field)


def test_a_secret_comes_back_and_is_not_in_the_database_in_clear(store, vault):
    put(store, vault, ACME, client_secret="s3cret-ä", refresh_token="r" * 5000)
    assert get(store, vault, ACME, "client_secret") == "s3cret-ä"
    assert get(store, Vault.open(store), ACME, "refresh_token") == "r" * 5000
    assert get(store, vault, ACME, "nothing") is None
    with store.read() as connection:
        envelopes = connection.execute(select(secret.c.envelope)).scalars().all()
    assert all(envelope.startswith("v1.") and "s3cret" not in envelope for envelope in envelopes)


def test_a_secret_is_replaced_and_the_same_text_seals_differently_each_time(sqlite_store, sqlite_vault):
    put(sqlite_store, sqlite_vault, ACME, field="one")
    put(sqlite_store, sqlite_vault, ACME, field="two")
    assert get(sqlite_store, sqlite_vault, ACME, "field") == "two"
    key = new_key()
    assert seal(key, b"same", "place") != seal(key, b"same", "place")


@pytest.mark.parametrize(
    ("credential", "field"), [("other", "client_secret"), ("acme", "refresh_token")], ids=["credential", "field"]
)
def test_a_row_pasted_to_another_place_stays_shut(sqlite_store, sqlite_vault, credential, field):
    put(sqlite_store, sqlite_vault, ACME, client_secret="mine", refresh_token="token")
    put(sqlite_store, sqlite_vault, OTHER, client_secret="theirs")
    with sqlite_store.begin() as connection:
        mine = select(secret.c.envelope).where(secret.c.credential == "acme", secret.c.field == "client_secret")
        stolen = connection.execute(mine).scalar_one()
        there = (secret.c.credential == credential) & (secret.c.field == field)
        connection.execute(update(secret).where(there).values(envelope=stolen))
    with pytest.raises(SettingWrong, match="does not open"):
        get(sqlite_store, sqlite_vault, Owner(credential, "xero"), field)


def test_a_secret_of_one_vendor_does_not_open_for_another(sqlite_store, sqlite_vault):
    put(sqlite_store, sqlite_vault, ACME, client_secret="mine")
    with pytest.raises(SettingWrong, match="does not open"):
        get(sqlite_store, sqlite_vault, Owner("acme", "anaplan"), "client_secret")


@pytest.mark.parametrize("broken", ["", "v1.a.b", "v2.k.AAAA.AAAA", "v1.k.AAAA.!!!!", "v1.k.AAAAAAAAAAAAAAAA.AAAA"])
def test_a_changed_envelope_does_not_open(broken):
    with pytest.raises(SettingWrong, match="does not open"):
        unseal(new_key(), broken, "place")
    assert envelope_kid("no envelope") == ""


def test_without_a_key_nothing_opens_and_nothing_is_stored(sqlite_store):
    with pytest.raises(SettingWrong, match="There is no vault key"):
        Vault.open(sqlite_store)


@pytest.mark.parametrize("text", ["", "# only a comment\n", "c2hvcnQ=\n", "no base64 !\n"])
def test_a_key_file_without_a_key_is_refused(text):
    with pytest.raises(SettingWrong, match=r"no vault key|no key of 32 bytes"):
        parse_keyring(text, "the file")


def test_a_key_file_is_its_owners_alone_and_is_never_written_over(environment):
    assert create_key_file(environment)
    before = environment.vault_key_file.read_text()
    assert stat.S_IMODE(environment.vault_key_file.stat().st_mode) == 0o600
    assert not create_key_file(environment)
    assert environment.vault_key_file.read_text() == before


def test_keys_may_come_from_the_environment_and_then_no_file_is_made(environment, sqlite_store):
    keys = [new_key(), new_key()]
    text = ",".join(base64.b64encode(key).decode() for key in keys)
    given = replace(sqlite_store.environment, vault_key=text)
    ring = read_keyring(given)
    assert ring.primary == key_id(keys[0])
    assert set(ring.keys) == {key_id(key) for key in keys}
    assert not create_key_file(given)
    assert str(keys[0]) not in repr(ring)


def test_a_lost_key_file_is_said_before_a_new_one_is_made(sqlite_store, sqlite_vault):
    put(sqlite_store, sqlite_vault, ACME, field="text")
    sqlite_store.environment.vault_key_file.unlink()
    with pytest.raises(SettingWrong, match="is gone"):
        prepare(sqlite_store.environment)
    assert not sqlite_store.environment.vault_key_file.exists()


def test_another_keyring_opens_nothing_and_names_the_key_it_lacks(sqlite_store, sqlite_vault):
    put(sqlite_store, sqlite_vault, ACME, field="text")
    write_keyring(sqlite_store.environment.vault_key_file, (new_key(),))
    with pytest.raises(SettingWrong, match="The vault needs key"):
        get(sqlite_store, Vault.open(sqlite_store), ACME, "field")


def test_rotation_wraps_every_data_key_with_a_new_key_and_every_secret_still_opens(store, vault):
    put(store, vault, ACME, field="a")
    put(store, vault, OTHER, field="b")
    before = read_keyring(store.environment).primary
    assert sorted(vault.rotate()) == ["acme", "other"]
    after = read_keyring(store.environment).primary
    assert after != before
    with store.read() as connection:
        assert set(connection.execute(select(data_key.c.kid)).scalars()) == {after}
    assert get(store, vault, ACME, "field") == "a"
    assert get(store, Vault.open(store), OTHER, "field") == "b"


def test_a_process_that_began_before_a_rotation_goes_on(sqlite_store, sqlite_vault):
    put(sqlite_store, sqlite_vault, ACME, field="a")
    running = Vault.open(sqlite_store)
    list(sqlite_vault.rotate())
    assert get(sqlite_store, running, ACME, "field") == "a"
    put(sqlite_store, running, OTHER, field="b")
    assert get(sqlite_store, sqlite_vault, OTHER, "field") == "b"


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("row", [1, 2, 3])
def test_a_rotation_killed_at_every_row_leaves_every_secret_open_and_is_resumed(sqlite_store, sqlite_vault, point, row):
    owners = [Owner(f"credential_{number}", "xero") for number in range(3)]
    for owner in owners:
        put(sqlite_store, sqlite_vault, owner, field=owner.name)
    if point == "vault.key_added" and row > 1:
        row = 1

    def rotate() -> int:
        return len(list(Vault.open(sqlite_store).rotate()))

    assert ended(fork(rotate, die_at=point, die_on=row)) == KILLED
    for owner in owners:
        assert get(sqlite_store, Vault.open(sqlite_store), owner, "field") == owner.name
    vault = Vault.open(sqlite_store)
    list(vault.rotate())
    assert len(read_keyring(sqlite_store.environment).keys) == 2 + (point == "vault.row_committed" and row == 3)
    assert all(finding.opens for finding in vault.findings())


def test_old_keys_are_dropped_only_when_they_wrap_nothing(sqlite_store, sqlite_vault):
    put(sqlite_store, sqlite_vault, ACME, field="a")
    list(sqlite_vault.rotate())
    assert sqlite_vault.drop_old_keys() == 1
    assert len(read_keyring(sqlite_store.environment).keys) == 1
    assert get(sqlite_store, Vault.open(sqlite_store), ACME, "field") == "a"
    assert sqlite_vault.drop_old_keys() == 0


def test_keys_of_the_environment_are_rotated_by_giving_a_newer_one_first(sqlite_store, sqlite_vault):
    put(sqlite_store, sqlite_vault, ACME, field="a")
    old = read_keyring(sqlite_store.environment)
    newer = new_key()
    text = "\n".join(base64.b64encode(key).decode() for key in (newer, *old.keys.values()))
    sqlite_store.environment = replace(sqlite_store.environment, vault_key=text)
    vault = Vault.open(sqlite_store)
    assert list(vault.rotate()) == ["acme"]
    with sqlite_store.read() as connection:
        assert connection.execute(select(data_key.c.kid)).scalar_one() == key_id(newer)
    assert list(vault.rotate()) == []


def test_check_names_the_secret_that_does_not_open_and_goes_on(sqlite_store, sqlite_vault):
    put(sqlite_store, sqlite_vault, ACME, field="a")
    put(sqlite_store, sqlite_vault, OTHER, field="b")
    with sqlite_store.begin() as connection:
        connection.execute(delete(data_key).where(data_key.c.credential == "acme"))
    found = {one.credential: one.opens for one in sqlite_vault.findings()}
    assert found == {"acme": False, "other": True}


def test_forgetting_a_credential_takes_its_data_key_too(sqlite_store, sqlite_vault):
    put(sqlite_store, sqlite_vault, ACME, one="1", two="2")
    with sqlite_store.begin() as connection:
        sqlite_vault.forget(connection, ACME, "one")
        assert sqlite_vault.all_of(connection, ACME) == {"two": "2"}
        sqlite_vault.forget(connection, ACME)
        assert sqlite_vault.all_of(connection, ACME) == {}
        assert connection.execute(select(data_key)).all() == []


def test_a_credential_cannot_change_its_vendor(sqlite_store, sqlite_vault):
    put(sqlite_store, sqlite_vault, ACME, field="a")
    with pytest.raises(SettingWrong, match="belongs to xero"), sqlite_store.begin() as connection:
        Credentials(sqlite_store).write(connection, "acme", "anaplan", "basic", {})


def test_a_credential_nobody_entered_says_how_to(sqlite_store):
    with pytest.raises(SettingWrong, match="credential set nobody"):
        Credentials(sqlite_store).named("nobody")
