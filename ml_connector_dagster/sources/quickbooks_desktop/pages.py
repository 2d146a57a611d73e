"""Answers of QuickBooks to pages of rows, whether they were read now or kept.

An iterator is no snapshot: a record that changed while its list was paged, or was dated into a later span, may come twice. The
first is taken; what it became since moves its stamp, so that the change feed has it read again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from ml_connector_dagster.errors import RecordRefused, RequestRejected
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sources.contract.answers import Page, RefusedRecord
from ml_connector_dagster.sources.contract.entity import Entity
from ml_connector_dagster.sources.quickbooks_desktop.fields import Record, raw, record_id, text
from ml_connector_dagster.sources.quickbooks_desktop.known_fields import unknown_fields
from ml_connector_dagster.sources.quickbooks_desktop.parse import SHAPES, Context, document_rows
from ml_connector_dagster.sources.quickbooks_desktop.parse_reference import ROWS
from ml_connector_dagster.sources.quickbooks_desktop.qbxml import parse_untrusted
from ml_connector_dagster.sources.quickbooks_desktop.reports import answers_of


def answer_in(content: bytes) -> Record:
    """Answer the one answer of a message set.

    Raises:
        RequestRejected: It holds none.
    """
    found = answers_of(parse_untrusted(content))
    if len(found) != 1:
        raise RequestRejected(
            f"A kept message of QuickBooks holds {len(found)} answers where one was asked for.",
            "Nothing of it was used.",
            "Read the period again; if it stays, report it.",
        )
    return found[0]


def document_page(entity: Entity, content: bytes, context: Context, period: Period | None, *, seen: set[str]) -> Page:
    """Answer the rows of transactions.

    Args:
        entity: Of documents.
        content: The message as it came.
        context: What a transaction does not say itself.
        period: The one that was asked for; None where they were asked for by id.
        seen: Ids of earlier pages of the same reading; those of this one are added.

    Raises:
        RequestRejected: A transaction lies outside the period: QuickBooks ignored the filter.
    """
    records = list(answer_in(content).iterchildren(*SHAPES))
    if period is not None:
        _must_be_as_asked(entity, records, period)
    return _page(_unseen(records, seen), content, lambda record: document_rows(record, context))


def reference_page(content: bytes, zone: ZoneInfo, *, seen: set[str]) -> Page:
    """Answer the rows of a list, or of those deleted from one; ``seen`` as in ``document_page``."""
    records = _unseen(answer_in(content).iterchildren(*ROWS), seen)
    return _page(records, content, lambda record: (ROWS[str(record.tag)](record, zone),))


def _unseen(records: Iterable[Record], seen: set[str]) -> list[Record]:
    """Answer the records that no earlier page had; one without an id is always there, to be refused."""
    found = []
    for record in records:
        key = record_id(record)
        if not key or key not in seen:
            found.append(record)
        seen.add(key)
    return found


def _page(records: Sequence[Record], content: bytes, rows_of: Callable[[Record], Sequence[Any]]) -> Page:
    rows: list[Any] = []
    refused: list[RefusedRecord] = []
    for record in records:
        try:
            rows.extend(rows_of(record))
        except RecordRefused as error:
            refused.append(RefusedRecord(record_id(record) or "without an id", error.happened, raw(record)))
    return Page(rows, len(records), refused, content, unknown_fields(records))


def _must_be_as_asked(entity: Entity, records: Iterable[Record], period: Period) -> None:
    """Refuse an answer that ignores its filter: other months' documents would be staged as this one's."""
    first, last = period.first_on.isoformat(), period.last_on.isoformat()
    for record in records:
        on = text(record, "TxnDate")
        if on[:1].isdigit() and not first <= on <= last:
            raise RequestRejected(
                f"QuickBooks answered {record_id(record)} of {on} when asked for {entity.name} of {period}.",
                "It ignored the filter, so nothing of this answer was staged.",
                "Report it: the query's form must change.",
                entity=entity.name,
                record_id=record_id(record),
            )
