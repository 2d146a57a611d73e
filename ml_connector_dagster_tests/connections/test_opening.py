"""Opening joins settings, tokens, limits and clients, and closes what it opened."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from ml_connector_dagster.connections.credentials import Credentials
from ml_connector_dagster.connections.enablement import is_enabled, set_enabled
from ml_connector_dagster.connections.entering import enter
from ml_connector_dagster.connections.opening import Connector
from ml_connector_dagster.errors import CredentialRefused, SettingWrong
from ml_connector_dagster.store.tables.connections import credential
from ml_connector_dagster.store.tables.database import rate_limit
from ml_connector_dagster_tests.connections.sandboxed import MODEL, UK, XERO_CLIENT
from ml_connector_dagster_tests.faults.forked import ended, fork


def test_a_reader_reads_the_company_and_is_the_same_when_asked_again(connector):
    connection = connector.connection("calder_uk")
    reader = connection.reader()
    assert reader.company().name == "Calder & Finch Ltd"
    assert connection.reader() is reader
    assert connector.connection("calder_uk") is connection
    assert connection.source_calls == 1


def test_the_limits_are_rows_of_the_company_and_of_the_app(connector):
    connector.connection("calder_uk").reader().company()
    with connector.store.read() as database:
        rows = set(database.execute(select(rate_limit.c.name)).scalars())
    assert {f"xero:minute:{UK}", f"xero:day:{UK}", "xero:app_minute:sandbox-xero-client"} <= rows


def test_a_model_logs_in_once_for_all_processes_and_is_limited_by_its_tenant(connector):
    def run() -> int:
        with Connector(connector.environment) as own:
            return 0 if own.connection("calder_uk").model().state() == "UNLOCKED" else 1

    assert [ended(child) for child in [fork(run) for _ in range(4)]] == [0] * 4
    with connector.store.read() as database:
        rows = set(database.execute(select(rate_limit.c.name)).scalars())
    tenants = [row for row in rows if row.startswith("anaplan:minute:")]
    assert len(tenants) == 1
    assert len(tenants[0].removeprefix("anaplan:minute:")) == 32


def test_an_expired_access_token_is_refreshed_on_the_way(connector):
    with connector.store.begin() as database:
        past = connector.store.now() - timedelta(seconds=1)
        database.execute(update(credential).where(credential.c.name == "demo_xero").values(access_expires_at=past))
    before = Credentials(connector.store).named("demo_xero").version
    connector.connection("calder_uk").reader().company()
    assert Credentials(connector.store).named("demo_xero").version == before + 1


def test_a_wrong_anaplan_password_is_one_clear_error_and_not_tried_by_the_next_run(connector):
    enter(connector, "demo_anaplan", "anaplan", "basic", {"email": "demo@calderfinch.example", "password": "wrong"})
    with pytest.raises(CredentialRefused, match="Anaplan refused the login"):
        connector.connection("calder_uk").model()
    with pytest.raises(CredentialRefused, match="refused before"):
        connector.connection("calder_uk").model()


def test_a_connection_that_does_not_exist_names_those_that_do(connector):
    with pytest.raises(SettingWrong, match="Use one of: calder_uk"):
        connector.connection("nowhere")
    with pytest.raises(SettingWrong, match="no list or module 'nothing'"):
        connector.connection("calder_uk").target("nothing")


def test_a_credential_of_another_vendor_is_never_shown(connector):
    path = connector.paths["calder_uk"]
    path.write_text(path.read_text().replace("credential: demo_xero", "credential: demo_anaplan"))
    with pytest.raises(SettingWrong, match="belongs to anaplan"):
        connector.connection("calder_uk").reader()


def test_the_settings_hash_moves_with_what_decides_the_file_and_not_with_the_schedule(connector):
    def hash_with(old: str, new: str) -> str:
        path = connector.paths["calder_uk"]
        before = path.read_text()
        assert old in before
        path.write_text(before.replace(old, new, 1))
        with Connector(connector.environment) as fresh:
            found = fresh.connection("calder_uk").settings_hash("actuals")
        path.write_text(before)
        return found

    now = connector.connection("calder_uk").settings_hash("actuals")
    assert hash_with("version: 1", "version: 1") == now
    assert hash_with("from: ledger_lines", 'schedule: "0 6 * * *"\n      from: ledger_lines') == now
    assert hash_with("sign: natural", "sign: debit_positive") != now
    assert hash_with('prefix: "UK-"', 'prefix: "GB-"') != now
    assert connector.connection("calder_uk").settings_hash("balances") != now


def test_the_pool_is_the_models(connector):
    assert connector.connection("calder_uk").pool == f"anaplan_model_{MODEL}"


def test_a_run_limit_shorter_than_a_load_may_wait_is_refused(connector):
    connector.environment = replace(connector.environment, run_limit_seconds=60)
    with pytest.raises(SettingWrong, match="ML_CONNECTOR_RUN_LIMIT_SECONDS"):
        connector.connection("calder_uk")


def test_the_demo_runs_by_itself_and_any_connection_can_be_stopped(connector):
    connection = connector.connection("calder_uk")
    assert is_enabled(connection)
    set_enabled(connection, enabled=False)
    assert not is_enabled(connection)
    set_enabled(connection, enabled=True)
    assert is_enabled(connection)


def test_entering_says_which_field_is_missing_or_unknown(connector):
    with pytest.raises(SettingWrong, match="needs client_id"):
        enter(connector, "more", "xero", "oauth", {})
    with pytest.raises(SettingWrong, match="colour is no field"):
        enter(connector, "more", "xero", "oauth", {**XERO_CLIENT, "colour": "red"})
    with pytest.raises(SettingWrong, match="cannot be read as a PEM file"):
        enter(connector, "more", "anaplan", "certificate", {"certificate_file": "/nowhere.pem"})
    broken = {"certificate_pem": "x", "key_pem": "y"}
    with pytest.raises(SettingWrong, match="Check the passphrase"):
        enter(connector, "more", "anaplan", "certificate", broken)
