"""Which cells of a slice may hold a figure in Anaplan now: the base of a file's zero rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

    from ml_connector_dagster.connections.opening import OpenConnection
    from ml_connector_dagster.mapping.targets import ModuleTarget


def previous_cells(
    connection: OpenConnection, target: ModuleTarget, period: str, *, from_model: bool = False
) -> pa.Table:
    """Answer the distinct cells that earlier loads may have filled, one row each, no amount.

    The union of the cells of every load of the slice that may have reached Anaplan, since and including the last
    verified one. Where no load is known (first load, lost database) or ``from_model`` is set (restore, force), the
    non-zero cells that the read-back view shows; that asks Anaplan.

    Args:
        connection: The opened connection.
        target: The module.
        period: 2026-10.
        from_model: Do not trust the load table.

    Returns:
        Text columns, the dimension columns of the file in the file's own values (period label and constants included);
        no rows where nothing was ever loaded.
    """
    raise NotImplementedError
