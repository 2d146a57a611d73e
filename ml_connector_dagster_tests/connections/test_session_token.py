"""One Anaplan login over all processes, and no wrong login repeated by every run."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path

import pytest

from ml_connector_dagster.anaplan.auth import SavedToken
from ml_connector_dagster.connections.credentials import Credentials, Standing
from ml_connector_dagster.connections.session_token import SessionToken
from ml_connector_dagster.connections.tokens import TokenTimes
from ml_connector_dagster.connections.vault import Owner, Vault
from ml_connector_dagster.errors import CredentialRefused
from ml_connector_dagster.store.engine import Store
from ml_connector_dagster.store.locks import Locks
from ml_connector_dagster_tests.faults.forked import ended, fork

OWNER = Owner("acme_anaplan", "anaplan")


@pytest.fixture
def shared(store: Store, vault: Vault) -> SessionToken:
    with store.begin() as connection:
        Credentials(store).write(connection, OWNER.name, OWNER.vendor, "basic", {"email": "a@b.example"})
    return SessionToken(store, Locks(store), vault, OWNER)


def quick(store: Store, vault: Vault, **times: float) -> SessionToken:
    return SessionToken(store, Locks(store), vault, OWNER, times=TokenTimes(**times))


def test_a_token_comes_back_as_it_was_stored_and_makes_the_credential_ready(store, vault, shared):
    assert shared.read() is None
    until = store.now() + timedelta(minutes=35)
    token = SavedToken("value", until, "c" * 32, "u" * 32, "v1")
    with shared.locked():
        shared.write(token)
    assert quick(store, vault).read() == token
    found = Credentials(store).named(OWNER.name)
    assert (found.state, found.access_expires_at) == (Standing.READY, until)


def test_many_processes_log_in_once(store, shared, tmp_path: Path):
    logins = tmp_path / "logins"

    def run() -> int:
        with shared.locked():
            if shared.read() is None:
                with logins.open("a") as file:
                    file.write("login\n")
                time.sleep(0.05)
                shared.write(SavedToken("value", store.now() + timedelta(minutes=35)))
        return 0

    children = [fork(run) for _ in range(6)]
    assert [ended(child) for child in children] == [0] * 6
    assert logins.read_text() == "login\n"


def refuse(shared: SessionToken) -> None:
    with pytest.raises(CredentialRefused), shared.locked():
        raise CredentialRefused("Anaplan refused the login.", "Nothing is read.", "Check it.")


def test_a_refused_login_is_not_tried_again_at_once(store, vault, shared):
    refuse(shared)
    assert Credentials(store).named(OWNER.name).state == Standing.SUSPECT
    with pytest.raises(CredentialRefused, match="refused before"), shared.locked():
        raise AssertionError("a second wrong login so soon locks the user out")


def test_a_login_refused_for_long_needs_a_person_and_a_good_one_clears_it(store, vault, shared):
    patient = quick(store, vault, suspect_retry=0, suspect_ends=0)
    refuse(patient)
    refuse(patient)
    assert Credentials(store).named(OWNER.name).state == Standing.NEEDS_REAUTH
    with pytest.raises(CredentialRefused, match="credential set acme_anaplan"), patient.locked():
        raise AssertionError
    with store.begin() as connection:
        Credentials(store).note(connection, OWNER.name, state=Standing.NEW, reason="", suspect_since=None)
    with patient.locked():
        patient.write(SavedToken("value", store.now()))
    assert Credentials(store).named(OWNER.name).state == Standing.READY
