"""Each way into Anaplan: password, OAuth by code, OAuth on a device; and the way out."""

from __future__ import annotations

import httpx
import pytest

from ml_connector_dagster.connections.consent import Consents
from ml_connector_dagster.connections.credentials import Credentials
from ml_connector_dagster.connections.entering import enter
from ml_connector_dagster.connections.opening import Connector
from ml_connector_dagster.errors import CredentialRefused
from ml_connector_dagster.store.environment import Environment
from ml_connector_dagster_tests.connections.sandboxed import redirect_of
from ml_connector_dagster_tests.forks import all_at_once

CODE_CLIENT = {"client_id": "0123456789abcdef0123456789abcdef", "client_secret": "sandbox-anaplan-secret"}
DEVICE_CLIENT = {"client_id": "fedcba9876543210fedcba9876543210"}
REGISTERED = "https://connector.calderfinch.example/connect/callback"
"""Anaplan registers no localhost: the answer is pasted back."""


def use(connector, credential: str) -> None:
    path = connector.paths["calder_uk"]
    path.write_text(path.read_text().replace("credential: demo_anaplan", f"credential: {credential}"))


def test_however_many_processes_run_they_log_in_once(connector, shell, sandbox_url):
    """Counted by the sandbox: six processes at once, then six more, one login for all of them."""
    connector.close()

    def run(_: int) -> None:
        with Connector(Environment.read(shell)) as own:
            assert own.connection("calder_uk").model().state() == "UNLOCKED"

    before = logins(sandbox_url)
    assert all_at_once(run, 6)
    assert all_at_once(run, 6)
    assert logins(sandbox_url) == (before[0] + 1, before[1])


def logins(sandbox_url: str) -> tuple[int, int]:
    """How often anybody logged in and refreshed so far."""
    counts = httpx.get(f"{sandbox_url}/_control/anaplan/counts", trust_env=False, verify=False).json()
    return counts["authenticate"], counts["refresh"]


def test_a_code_grant_opens_the_model_and_is_refreshed(connector):
    enter(connector, "by_code", "anaplan", "oauth", CODE_CLIENT)
    use(connector, "by_code")
    consents = Consents(connector)
    began = consents.begin("by_code", redirect_uri=REGISTERED, session="terminal")
    consented = consents.finish(redirect_of(began.authorize_url), session="terminal")
    assert consented.companies == ()
    assert connector.connection("calder_uk").model().state() == "UNLOCKED"
    assert consents.disconnect("by_code")


def test_a_device_grant_waits_for_the_person(connector, sandbox_url):
    enter(connector, "by_device", "anaplan", "oauth", DEVICE_CLIENT)
    use(connector, "by_device")
    consents = Consents(connector)
    code = consents.start_device("by_device")
    assert not consents.poll_device("by_device", code.device_code)
    httpx.get(code.verification_url, trust_env=False, verify=False)
    connector_clock(sandbox_url, 6)
    assert consents.poll_device("by_device", code.device_code)
    assert connector.connection("calder_uk").model().state() == "UNLOCKED"


def connector_clock(sandbox_url: str, seconds: int) -> None:
    """A device may be asked about every five seconds; the sandbox's clock is ours to move."""
    httpx.post(
        f"{sandbox_url}/_control/clock", json={"advance_seconds": seconds}, trust_env=False, verify=False
    ).raise_for_status()


def test_disconnecting_a_login_ends_its_session(connector):
    connector.connection("calder_uk").model()
    consents = Consents(connector)
    assert consents.disconnect("demo_anaplan")
    assert not consents.disconnect("demo_anaplan")
    assert connector.connection("calder_uk").model().state() == "UNLOCKED"


def test_a_revoked_grant_is_suspect_and_says_what_to_do(connector):
    consents = Consents(connector)
    consents.disconnect("demo_xero")
    with pytest.raises(CredentialRefused, match="ml-connector connect demo_xero"):
        connector.connection("calder_uk").reader().company()
    assert Credentials(connector.store).named("demo_xero").state == "new"
