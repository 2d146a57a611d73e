"""How many calls a read of an accounting system makes, said before it begins, from what stands in the state database.

Where no month was read yet and each document costs a call, the lists of one month are asked for first: a backfill's worth of
calls is not begun blindly. No refusal is an error here: the read that follows meets it and says what to do.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from ml_connector_dagster.connections.enablement import is_enabled
from ml_connector_dagster.errors import ConnectorError
from ml_connector_dagster.ledger.period import Period, periods_between
from ml_connector_dagster.sources.budget import Budget, Known, calls_of, is_enough

if TYPE_CHECKING:
    from ml_connector_dagster.connections.opening import OpenConnection
    from ml_connector_dagster.staging.snapshot import SliceCount

MONTHS = 24
"""Of the backfill that ``check`` reckons."""


def budget_of_next_backfill(connection: OpenConnection) -> Budget | None:
    """Answer what reading the newest two years takes, the open month left out; None where the vendor counts no day."""
    today = _open_period(connection)
    months = list(periods_between(today.shift(-MONTHS), today))
    return budget_of_backfill(connection, f"A backfill of {MONTHS} months", _entities(connection), months)


def budget_of_backfill(
    connection: OpenConnection,
    what: str,
    entities: Collection[str],
    periods: Sequence[Period],
    *,
    began_at: datetime | None = None,
) -> Budget | None:
    """Answer what a backfill takes that is still to be read; None where the vendor counts no day.

    Calls: one for the company, which the read needs anyway and makes no second time; where no month was read yet, the lists of
    one month.

    Args:
        connection: The opened connection.
        what: Subject of the sentence.
        entities: Those that are read of each period.
        periods: Which, in any order.
        began_at: Aware UTC; slices read since then are done. None where nothing is.
    """
    if connection.quota() is None:
        return None
    with suppress(ConnectorError):  # the first answer tells the plan's quota and what other programs left of it
        connection.reader().company()
    counts = _staged(connection)
    known = _known(connection, counts)
    if not is_enough(connection.source, known):
        known = _counted(connection, known, periods)
    done = {(one.entity, one.period) for one in counts if began_at and one.read_began_at >= began_at}
    unread = {
        str(period): left for period in periods if (left := {one for one in entities if (one, str(period)) not in done})
    }
    return _budget(connection, what, unread, known)


def budget_of_period(connection: OpenConnection, period: Period) -> Budget | None:
    """Answer what reading a period takes, as far as is known without a call; None where the vendor counts no day."""
    if connection.quota() is None:
        return None
    unread = {str(period): set(_entities(connection))}
    return _budget(connection, str(period), unread, _known(connection, _staged(connection)))


def _budget(connection: OpenConnection, what: str, unread: dict[str, set[str]], known: Known) -> Budget | None:
    source, quota = connection.source, connection.quota()
    if quota is None:
        return None
    return Budget(
        what=what,
        calls=calls_of(source, unread, known),
        quota=quota,
        vendor=source.title,
        resumes="by itself" if is_enabled(connection) else f"after ml-connector enable {connection.name}",
        is_least=not known.typical or not is_enough(source, known),
    )


def _entities(connection: OpenConnection) -> list[str]:
    return [entity.name for entity in connection.source.entities]


def _staged(connection: OpenConnection) -> list[SliceCount]:
    from ml_connector_dagster.staging.snapshots import Staging

    return Staging(connection.store, connection.blobs).counts(connection.name)


def _known(connection: OpenConnection, counts: Iterable[SliceCount]) -> Known:
    staged: dict[str, dict[str, int]] = defaultdict(dict)
    for one in counts:
        if one.entity in _entities(connection):  # the books' reports are staged too
            staged[one.period][one.entity] = one.records
    return Known(staged, kept=connection.session.details.counts())


def _counted(connection: OpenConnection, known: Known, periods: Sequence[Period]) -> Known:
    """Ask the lists of the newest whole month; nothing where the day is spent or the vendor refuses."""
    count, quota = connection.source.count, connection.quota()
    if count is None or quota is None or not quota.left:
        return known
    whole = [period for period in periods if period < _open_period(connection)]
    month = max(whole or periods)
    with suppress(ConnectorError):
        return Known(known.staged, {str(month): count(connection.session, month)}, known.kept)
    return known


def _open_period(connection: OpenConnection) -> Period:
    now = datetime.now(UTC).astimezone(ZoneInfo(connection.settings.source.time_zone))
    return Period.of(now.date())
