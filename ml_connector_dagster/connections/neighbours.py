"""What a target of one connection must not share with any other connection of the same model: cells, and codes of a list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ml_connector_dagster.connections.rectangles import refuse_rivals, rivals
from ml_connector_dagster.connections.shared_lists import clashes, refuse_clashes

if TYPE_CHECKING:
    from ml_connector_dagster.connections.settings import ConnectionSettings


def refuse_neighbours(name: str, target: str, connections: Mapping[str, ConnectionSettings]) -> None:
    """Refuse a list or module of a connection into which another one writes as well.

    Args:
        name: The connection's.
        target: One of its lists and modules.
        connections: Every connection by name, its own among them.

    Raises:
        SettingWrong: Names the others.
    """
    refuse_rivals(name, target, rivals(name, target, connections))
    refuse_clashes(name, target, clashes(name, target, connections))
