from __future__ import annotations

from pathlib import Path

import pytest

from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.store.environment import Environment


def test_without_variables_everything_lies_in_the_home_below_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    environment = Environment.read({})
    home = tmp_path / ".home"
    assert environment.home == home
    assert environment.database_url == f"sqlite:///{home / 'state.db'}"
    assert environment.blobs_url == str(home / "blobs")
    assert environment.vault_key_file == home / "vault.key"
    assert environment.vault_key is None
    assert environment.sandbox_url == "http://127.0.0.1:8700"
    assert environment.connections_root.name == "defs"
    assert environment.dagster_home == home / "dagster"
    assert environment.run_limit_seconds == 7200
    assert environment.profile == "sqlite"


def test_each_variable_is_taken(tmp_path: Path) -> None:
    environment = Environment.read(
        {
            "ML_CONNECTOR_HOME": str(tmp_path),
            "ML_CONNECTOR_DATABASE_URL": "postgresql://u:geheim@db/connector",
            "ML_CONNECTOR_BLOBS_URL": "s3://bucket/connector",
            "ML_CONNECTOR_VAULT_KEY": "k1:geheim",
            "ML_CONNECTOR_VAULT_KEY_FILE": "/run/secrets/vault",
            "ML_CONNECTOR_SANDBOX_URL": "http://localhost:9000/",
            "ML_CONNECTOR_CONNECTIONS": str(tmp_path / "ours"),
            "ML_CONNECTOR_RUN_LIMIT_SECONDS": "600",
            "DAGSTER_HOME": str(tmp_path / "dagster_home"),
        }
    )
    assert environment.database_url == "postgresql+psycopg2://u:geheim@db/connector"
    assert environment.profile == "postgres"
    assert environment.blobs_url == "s3://bucket/connector"
    assert environment.vault_key == "k1:geheim"
    assert environment.vault_key_file == Path("/run/secrets/vault")
    assert environment.sandbox_url == "http://localhost:9000"
    assert environment.connections_root == tmp_path / "ours"
    assert environment.dagster_home == tmp_path / "dagster_home"
    assert environment.run_limit_seconds == 600
    assert "geheim" not in repr(environment)


def test_the_processs_own_variables_are_read_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ML_CONNECTOR_RUN_LIMIT_SECONDS", "61")
    assert Environment.read().run_limit_seconds == 61


def test_an_empty_variable_counts_as_unset() -> None:
    assert Environment.read({"ML_CONNECTOR_VAULT_KEY": "", "ML_CONNECTOR_HOME": ""}).vault_key is None


@pytest.mark.parametrize(
    "url",
    ["http://192.168.0.7:8700", "https://127.0.0.1:8700", "http://sandbox.example.com", "http://127.0.0.1.evil.com"],
)
def test_a_sandbox_elsewhere_is_refused(url: str) -> None:
    with pytest.raises(SettingWrong, match="answers on this machine alone"):
        Environment.read({"ML_CONNECTOR_SANDBOX_URL": url})


@pytest.mark.parametrize("url", ["mysql://db/x", "postgresql+psycopg://db/x", "state.db"])
def test_another_database_is_refused_by_name(url: str) -> None:
    with pytest.raises(SettingWrong, match="Only SQLite files and Postgres"):
        Environment.read({"ML_CONNECTOR_DATABASE_URL": url})


@pytest.mark.parametrize("text", ["0", "two hours", "-5", "1.5"])
def test_a_run_limit_is_a_number_of_seconds(text: str) -> None:
    with pytest.raises(SettingWrong, match="ML_CONNECTOR_RUN_LIMIT_SECONDS is"):
        Environment.read({"ML_CONNECTOR_RUN_LIMIT_SECONDS": text})
