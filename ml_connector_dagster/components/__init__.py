"""The component that ``defs.yaml`` names: ``type: ml_connector_dagster.components.Connection``."""

from ml_connector_dagster.components.connection import Connection as Connection
