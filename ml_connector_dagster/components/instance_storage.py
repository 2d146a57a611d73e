"""One dagster.yaml for both profiles: Dagster's own storage follows the state database.

This is the only module that imports private parts of Dagster; ``dagster_contract/`` tests what it relies on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dagster import Field
from dagster._core.storage.base_storage import DagsterStorage
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from dagster._serdes import ConfigurableClass, ConfigurableClassData

from ml_connector_dagster.store.environment import Environment


class StorageFromEnvironment(DagsterStorage, ConfigurableClass):
    """Answers SQLite below DAGSTER_HOME, or Postgres where ML_CONNECTOR_DATABASE_URL names one."""

    @classmethod
    def config_type(cls) -> Mapping[str, Field]:
        """Take no settings: everything comes from the environment."""
        return {}

    @classmethod
    def from_config_value(  # type: ignore[override]  # Dagster asks for a storage here, not for this class
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> DagsterStorage[Any]:
        """Choose the storage; the Postgres driver is imported only where it is used."""
        del config_value
        environment = Environment.read()
        if environment.profile == "sqlite":
            return DagsterSqliteStorage.from_local(str(environment.dagster_home), inst_data=inst_data)
        from dagster_postgres import DagsterPostgresStorage

        return DagsterPostgresStorage(
            postgres_url=environment.database_url, should_autocreate_tables=True, inst_data=inst_data
        )
