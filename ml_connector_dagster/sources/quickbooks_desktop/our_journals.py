"""What we posted into the books from a plan, as a reader of actuals must know it: no actual, left out by its stored id."""

from __future__ import annotations

from collections.abc import Iterable

from ml_connector_dagster.errors import AnswerAwaited, HeldForPerson
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sources.quickbooks_desktop.journals import DELETED, FOREIGN, MISSING
from ml_connector_dagster.sources.quickbooks_desktop.operations import Operation, State

_NOT_THERE = (DELETED, FOREIGN, MISSING)
"""Conflicts of an entry that certainly does not stand."""


def posted_ids(additions: Iterable[Operation]) -> frozenset[str]:
    """Answer the TxnIDs of our entries, reversals included."""
    return frozenset(one.txn_id for one in additions if one.txn_id)


def must_be_known(additions: Iterable[Operation], period: Period) -> None:
    """Refuse a month in which an entry of ours may stand whose id is not known: it would be counted as an actual.

    Args:
        additions: Every journal that was ever to be posted.
        period: The month that is to be read.

    Raises:
        AnswerAwaited: The machine has not said yet what became of one.
        HeldForPerson: It could not say, and a person must decide.
    """
    for one in additions:
        if one.txn_id is None and one.writes and str(one.payload["date"]).startswith(str(period)):
            _must_be_settled(one, period)


def _must_be_settled(one: Operation, period: Period) -> None:
    named = f"journal {one.payload['key']} ({one.ref_number})"
    if one.state in (State.UNKNOWN, State.IN_FLIGHT):
        raise AnswerAwaited(
            f"Whether {named} was saved in {period} is not known yet.",
            "Its lines would be counted as actuals, so nothing of the month was staged.",
            "QuickBooks is asked for it first when its Web Connector runs next; the month is read after that.",
            journal=str(one.payload["key"]),
        )
    if one.state is State.CONFLICT and one.error_code not in _NOT_THERE:
        raise HeldForPerson(
            f"Whether {named} stands in {period} could not be learned: {one.error}",
            "If it does, its lines would be counted as actuals, so nothing of the month was staged.",
            "Look for its number in QuickBooks, then run ml-connector journals retry: it looks before it posts.",
            journal=str(one.payload["key"]),
        )
