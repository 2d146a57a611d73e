"""Makes what a fresh home lacks: state database and vault key."""

from __future__ import annotations

from sqlalchemy import func, select

from ml_connector_dagster.connections.keyring import create_key_file
from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.store.engine import Store
from ml_connector_dagster.store.environment import VAULT_KEY_FILE, Environment
from ml_connector_dagster.store.tables.connections import data_key


def prepare(environment: Environment) -> bool:
    """Make database and key where there are none; answers whether the key is new.

    Raises:
        SettingWrong: The database holds secrets, but their key file is gone: a new key would open none of them.
    """
    store = Store.open(environment, create=True)
    try:
        with store.read() as connection:
            sealed = connection.execute(select(func.count()).select_from(data_key)).scalar_one()
    finally:
        store.close()
    if sealed and environment.vault_key is None and not environment.vault_key_file.exists():
        raise SettingWrong(
            f"The database holds secrets of {sealed} credentials, but {environment.vault_key_file} is gone.",
            "A new key would open none of them.",
            f"Put the key file back or point {VAULT_KEY_FILE} at it; if it is lost, start with an empty database.",
        )
    return create_key_file(environment)
