"""A vault with its key, and connections written by the tests."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ml_connector_dagster.connections.keyring import create_key_file
from ml_connector_dagster.connections.opening import Connector
from ml_connector_dagster.connections.vault import Vault
from ml_connector_dagster.sandbox.server import running
from ml_connector_dagster.store.engine import Store
from ml_connector_dagster_tests.connections.sandboxed import connected, variables

GOOD = """\
    type: ml_connector_dagster.components.Connection
    attributes:
      version: 1
      source: {system: xero, company_id: 0b6f1f3c-8a3e-4d52-9c55-7a2d9e1b4c60, credential: acme_xero, time_zone: Europe/London}
      anaplan:
        region: us1
        workspace: 0123456789abcdef0123456789abcdef
        model: 0123456789ABCDEF0123456789ABCDEF
        credential: acme_anaplan
      periods: {start: 2024-01}
      lists:
        - {name: accounts, from: ledger_accounts, import: Accounts in}
      modules:
        - name: actuals
          from: ledger_lines
          import: Actuals in
          columns: {Entity: "=UK", Version: "=Actual", Period: period, Account: ledger_account, Amount: amount}
          clear: {Entity: in_file, Period: in_file, Account: all}
          read_back: {view: Actuals, line_item: Amount, columns: {Entity: Entities, Period: Time, Account: Accounts}}
      mapping:
        ledger_account: {file: mapping/accounts.csv}
"""


@pytest.fixture
def vault(store: Store) -> Vault:
    create_key_file(store.environment)
    return Vault.open(store)


@pytest.fixture
def sqlite_vault(sqlite_store: Store) -> Vault:
    create_key_file(sqlite_store.environment)
    return Vault.open(sqlite_store)


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    """Writes the good file with one text replaced by another; answers its path."""

    def write(old: str = "", new: str = "", *, name: str = "acme", text: str = GOOD) -> Path:
        assert old in text, old
        path = tmp_path / "defs" / name / "defs.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text.replace(old, new, 1) if old else text), encoding="utf-8")
        return path

    return write


@pytest.fixture(scope="session")
def sandbox_url() -> Iterator[str]:
    """The sandbox of this test session; tests may only read its books."""
    with running() as sandbox:
        yield sandbox.base_url


@pytest.fixture
def shell(tmp_path: Path, sandbox_url: str, sqlite_template: Path) -> dict[str, str]:
    """The variables of a shell over a fresh home."""
    return variables(tmp_path, sandbox_url, sqlite_template)


@pytest.fixture
def connector(shell: dict[str, str]) -> Iterator[Connector]:
    """Both systems connected."""
    with connected(shell) as opened:
        yield opened
