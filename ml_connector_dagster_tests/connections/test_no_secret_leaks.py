"""Planted secrets are searched for in everything that was written or printed, failing runs included."""

from __future__ import annotations

import logging
import pickle
import traceback

import pytest

from ml_connector_dagster.connections.checking import check_anaplan
from ml_connector_dagster.connections.consent import Consents
from ml_connector_dagster.connections.entering import enter
from ml_connector_dagster.connections.keyring import read_keyring
from ml_connector_dagster.connections.tokens import OAuthTokens
from ml_connector_dagster.errors import ConnectorError
from ml_connector_dagster_tests.connections.sandboxed import ANAPLAN_LOGIN, XERO_CLIENT


def secrets_of(connector) -> set[str]:
    """Every secret the vault holds now, and its keys."""
    found = {XERO_CLIENT["client_secret"], ANAPLAN_LOGIN["password"]}
    with connector.store.read() as connection:
        for name, vendor in (("demo_xero", "xero"), ("demo_anaplan", "anaplan")):
            from ml_connector_dagster.connections.vault import Owner

            for text in connector.vault.all_of(connection, Owner(name, vendor)).values():
                found.add(text)
    found |= {key.hex() for key in read_keyring(connector.environment).keys.values()}
    return {text for text in found if len(text) > 8}


def test_no_secret_stands_in_files_messages_logs_or_tracebacks(connector, caplog):
    caplog.set_level(logging.DEBUG)
    said: list[str] = []
    connection = connector.connection("calder_uk")
    said += [finding.says for finding in check_anaplan(connection)]
    known = secrets_of(connector)
    enter(connector, "demo_anaplan", "anaplan", "basic", {**ANAPLAN_LOGIN, "password": "a-wrong-password-canary"})
    known.add("a-wrong-password-canary")
    connection.close()
    Consents(connector).disconnect("demo_xero")
    for attempt in (connection.model, connection.reader().company):
        with pytest.raises(ConnectorError) as caught:
            attempt()
        said += [str(caught.value), repr(caught.value), repr(caught.value.context)]
        said += traceback.format_exception(caught.value)
        said.append(repr(pickle.dumps(caught.value)))
    said.append(caplog.text)
    files = [path for path in connector.environment.home.rglob("*") if path.is_file() and path.name != "vault.key"]
    written = b"".join(path.read_bytes() for path in files)
    for secret in known:
        assert secret.encode() not in written
        assert all(secret not in text for text in said)


def test_tokens_and_keys_print_nothing_of_themselves(connector):
    from ml_connector_dagster.connections.addresses import SourceAddresses
    from ml_connector_dagster.connections.clients import oauth_tokens
    from ml_connector_dagster.connections.credentials import Credentials

    connection = connector.connection("calder_uk")
    addresses = SourceAddresses.of(connection.source, "sandbox", connector.environment.sandbox_url)
    tokens = oauth_tokens(connector, Credentials(connector.store).named("demo_xero"), addresses.grant)
    assert isinstance(tokens, OAuthTokens)
    access = tokens.access()
    assert access.value not in repr(access)
    assert access.value not in repr(vars(tokens))
    state = tokens._rows.read()
    assert access.value not in repr(state)
    assert (state.refresh or "?") not in repr(state)
