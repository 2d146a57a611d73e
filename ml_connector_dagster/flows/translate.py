"""Turn the staged snapshots of a period into the file of one Anaplan list or module."""

from __future__ import annotations

from ml_connector_dagster.connections.opening import OpenConnection
from ml_connector_dagster.flows.file_plan import FilePlan


def translate(connection: OpenConnection, target_name: str, period: str) -> FilePlan:
    """Answer the whole slice of a target and period as a file; makes no call to the accounting system or to Anaplan.

    A plan that must wait is answered too, with ``held`` filled: preview shows it, load refuses it.
    """
    raise NotImplementedError
