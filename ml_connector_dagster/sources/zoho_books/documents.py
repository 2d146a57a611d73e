"""Lists of documents with their details: a detail is asked for once for each new stamp, whatever month it stands in."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from ml_connector_dagster.errors import RecordRefused, RequestRejected
from ml_connector_dagster.ledger.document import DocumentLine
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sources.contract.answers import Page, RefusedRecord
from ml_connector_dagster.sources.contract.entity import Entity
from ml_connector_dagster.sources.contract.session import KeptDetails
from ml_connector_dagster.sources.zoho_books.client import IDS, OLDEST_FIRST, Answered, Listing, ZohoApi, detail_in
from ml_connector_dagster.sources.zoho_books.entities import ENTITIES
from ml_connector_dagster.sources.zoho_books.parse_documents import (
    date_field,
    document_rows,
    needs_detail,
    stamp_of,
)
from ml_connector_dagster.sources.zoho_books.reading import Record, decoded, need, refuse, text

PATHS: Mapping[str, str] = {entity.name: entity.endpoint for entity in ENTITIES}
_NOT_SORTED = frozenset({"customer_payments", "vendor_payments", "journals", "vendor_credits"})
"""Lists that Zoho does not sort by the time of entry."""
_GONE = 404


class Documents:
    """The documents of one organization."""

    def __init__(self, api: ZohoApi, kept: KeptDetails) -> None:
        """Take the client and what was kept of earlier details."""
        self._api = api
        self._kept = kept

    def listed(self, entity: str, period: Period | None = None, *, after: date | None = None) -> Iterator[Answered]:
        """Yield the list of an entity: of one period, of all days after one, or whole."""
        return self._api.pages(self._listing(entity, period, after=after))

    @staticmethod
    def _listing(entity: str, period: Period | None, *, after: date | None = None) -> Listing:
        span: tuple[tuple[str, str], ...] = ()
        if period is not None and entity != "purchase_orders":  # orders know one date alone, no range
            span = (("date_start", str(period.first_on)), ("date_end", str(period.last_on)))
        if after is not None:
            span = (("date_after", str(after)),)
        order = () if entity in _NOT_SORTED else OLDEST_FIRST
        return Listing(PATHS[entity], (*span, *order))

    def count(self, entity: str, period: Period) -> int:
        """Answer how many documents stand in a period, by its list alone."""
        pages = self._api.once(self._listing(entity, period))
        return sum(_stands_in(entity, row, period) for answered in pages for row in answered.records)

    def read(self, entity: Entity, period: Period) -> Iterator[Page]:
        """Yield the documents of a period with their lines.

        The period is looked at once more: a filter that Zoho does not know is ignored in silence.
        """
        for answered in self.listed(entity.name, period):
            stands_here = [row for row in answered.records if _stands_in(entity.name, row, period)]
            yield self._page(entity.name, stands_here, answered.content)

    def read_ids(self, entity: Entity, record_ids: Sequence[str]) -> Iterator[Page]:
        """Yield documents by id, one call each; those that were deleted are absent."""
        for record_id in record_ids:
            try:
                content, record = self._api.one(PATHS[entity.name], record_id)
            except RequestRejected as rejected:
                if rejected.status != _GONE:
                    raise
                continue
            yield _made(entity.name, [(record, record)], [], content)

    def bodies(self, entity: str, rows: Sequence[Record]) -> dict[str, bytes]:
        """Answer the details as they came, by id: those kept with the stamp of now, the others asked for and kept."""
        stamps = {need(row, IDS[PATHS[entity]]): stamp_of(entity, row) for row in rows}
        bodies = dict(self._kept.of(entity, stamps))
        for record_id, stamp in stamps.items():
            if record_id not in bodies and (body := self._asked(entity, record_id, stamp)) is not None:
                bodies[record_id] = body
        return bodies

    def _asked(self, entity: str, record_id: str, stamp: str) -> bytes | None:
        try:
            content, _ = self._api.one(PATHS[entity], record_id)
        except RequestRejected as rejected:
            if rejected.status != _GONE:
                raise
            return None
        self._kept.keep(entity, record_id, stamp, content)
        return content

    def _page(self, entity: str, rows: Sequence[Record], listed: bytes) -> Page:
        """Answer the page of a list; the details that its lines were read from are kept with it."""
        wanted = [row for row in rows if _wants_detail(entity, row)]
        bodies = self.bodies(entity, wanted)
        gone = {text(row, IDS[PATHS[entity]]) for row in wanted} - bodies.keys()
        pairs: list[tuple[Record, Record | None]] = []
        for row in rows:
            record_id = text(row, IDS[PATHS[entity]])
            if record_id not in gone:
                body = bodies.get(record_id)
                pairs.append((row, detail_of(entity, body) if body else None))
        return _made(entity, pairs, [], with_details(listed, bodies))


def detail_of(entity: str, body: bytes) -> dict[str, Any]:
    """Answer the document of a detail call's answer."""
    return detail_in(PATHS[entity], decoded(body, PATHS[entity]))


def _made(entity: str, pairs: Sequence[tuple[Record, Record | None]], refused: list[RefusedRecord], raw: bytes) -> Page:
    rows: list[DocumentLine] = []
    for row, detail in pairs:
        try:
            rows += document_rows(entity, row, detail)
        except RecordRefused as error:
            refused.append(refuse(text(row, IDS[PATHS[entity]]), error.happened, row))
    return Page(rows=rows, read=len(pairs), refused=refused, raw=raw)


def _stands_in(entity: str, row: Record, period: Period) -> bool:
    """A date that cannot be read stays in every period, so that its record is refused and not lost."""
    written = text(row, date_field(entity))
    first, last = str(period.first_on), str(period.last_on)
    return len(written) != len(first) or not written[:4].isdigit() or first <= written <= last


def _wants_detail(entity: str, row: Record) -> bool:
    try:
        return bool(text(row, IDS[PATHS[entity]])) and needs_detail(entity, row)
    except RecordRefused:
        return False


def with_details(listed: bytes, bodies: Mapping[str, bytes]) -> bytes:
    """Put list and details into one JSON text, so that both can be read again without a call."""
    if not bodies:
        return listed
    inside = b",".join(json.dumps(key).encode() + b":" + body for key, body in bodies.items())
    return b'{"list":' + listed + b',"details":{' + inside + b"}}"
