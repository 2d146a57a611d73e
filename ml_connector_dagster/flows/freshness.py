"""Whether the period that is open now was verified in time; a question to the state database alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from ml_connector_dagster.connections.opening import OpenConnection
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.store.tables.loads import load


@dataclass(frozen=True, slots=True)
class LatestPeriod:
    """The open period of a target, and when it was last verified."""

    period: str
    verified_at: datetime | None
    """Aware UTC; None where it never was."""
    is_fresh: bool
    promised_hours: int

    @property
    def verified_text(self) -> str:
        """The time as text; empty where it never was."""
        return self.verified_at.isoformat(timespec="seconds") if self.verified_at else ""

    @property
    def says(self) -> str:
        """One sentence for the check."""
        if self.verified_at is None:
            return (
                f"{self.period} was never verified. Materialize the source entities of {self.period}; the load follows."
            )
        if self.is_fresh:
            return f"{self.period} was verified at {self.verified_text}."
        return (
            f"{self.period} was last verified at {self.verified_text}, more than {self.promised_hours} hours ago. "
            "Look at the newest runs of this connection, and whether its schedule is on."
        )


def latest_open_period(connection: OpenConnection, target_name: str) -> LatestPeriod:
    """Answer when the target's open month (the company's own calendar) was last verified."""
    now = connection.store.now()
    zone = ZoneInfo(connection.settings.source.time_zone)
    period = str(Period.of(now.astimezone(zone).date()))
    query = sa.select(sa.func.max(load.c.verified_at)).where(
        load.c.connection == connection.name, load.c.target == target_name, load.c.period == period
    )
    with connection.store.read() as database:
        verified_at = database.execute(query).scalar()
    hours = connection.settings.fresh_within_hours
    fresh = verified_at is not None and now - verified_at <= timedelta(hours=hours)
    return LatestPeriod(period=period, verified_at=verified_at, is_fresh=fresh, promised_hours=hours)
