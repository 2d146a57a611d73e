"""Whether the model was changed behind a verified load's back: a planner's edit, or another import."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from ml_connector_dagster.store.tables.loads import load, tie_out

if TYPE_CHECKING:
    from ml_connector_dagster.store.engine import Store


def has_strayed(store: Store, slice_: tuple[str, str, str]) -> bool:
    """Answer whether the newest tie-out found other figures in the model than the last verified load had left there.

    Then the same file is sent again, and the cells that the model shows are looked at too: otherwise loading the period
    again, as the red check asks for, would change nothing.

    Args:
        store: The state database.
        slice_: Name of the connection, name of the target, period.
    """
    mine = dict(zip(("connection", "target", "period"), slice_, strict=True))
    seen = sa.select(tie_out).filter_by(**mine).order_by(tie_out.c.id.desc()).limit(1)
    verified = sa.select(sa.func.max(load.c.verified_at)).filter_by(**mine, state="verified")
    with store.read() as database:
        newest = database.execute(seen).mappings().one_or_none()
        verified_at = database.execute(verified).scalar()
    if newest is None or newest["holds"] or verified_at is None or newest["measured_at"] <= verified_at:
        return False
    return any(one["anaplan"] is not None for one in newest["differences"])
