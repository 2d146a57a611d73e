"""What moved since a moment, with both the period a record left and the one it stands in.

``search[updated_min]`` has whole Eastern days, so a day of overlap is asked for, and what is staged as it came is no change.
Deleting a record moves no stamp: such lists are swept for ``vis_state=1`` and compared with what is staged. Lists without that
filter are read whole, and what is staged of the last three years and is not among them is gone. The feed of entries tells of no
change; its periods follow the documents'. An undeletion, a journal and a recode move no stamp either: the schedule's full read of
the open periods sees those.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from ml_connector_dagster.errors import HeldForPerson, RecordRefused
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sources.contract.answers import Changes
from ml_connector_dagster.sources.contract.entity import Entity
from ml_connector_dagster.sources.contract.reader import StagedReader
from ml_connector_dagster.sources.freshbooks import parse, parse_reference
from ml_connector_dagster.sources.freshbooks.client import DELETED, LINES, Listing
from ml_connector_dagster.sources.freshbooks.dates import EASTERN, eastern, updated_min
from ml_connector_dagster.sources.freshbooks.decode import id_of
from ml_connector_dagster.sources.freshbooks.entities import (
    CUSTOMERS,
    DOCUMENTS,
    JOURNAL_ENTRIES,
)
from ml_connector_dagster.sources.freshbooks.fields import text
from ml_connector_dagster.sources.freshbooks.shapes import SHAPES

if TYPE_CHECKING:
    from ml_connector_dagster.sources.freshbooks.company import FreshBooksCompany

WATCHED_MONTHS = 36
BATCH = 500
"""How many records are compared with what is staged at a time."""


def read_changes(company: FreshBooksCompany, since: datetime, staged: StagedReader) -> Changes:
    """Ask every list; see ``CompanyReader.changes``. The watermark is when asking began: the overlap outlasts any clock's error."""
    began_at = datetime.now(UTC)
    dirty: dict[str, set[Period]] = defaultdict(set)
    for entity in DOCUMENTS:
        listed: set[str] = set()
        for records in _batches(_changed(company, entity, since)):
            dirty[entity.name] |= _moved(company, entity, records, staged)
            listed.update(id_of(SHAPES[entity.name], record) for record in records)
        if entity.changed_since:
            for records in _batches(_swept(company, entity)):
                dirty[entity.name] |= _gone(entity, records, staged)
        else:
            dirty[entity.name] |= _vanished(entity, listed, Period.of(began_at.date()), staged)
    for entity in DOCUMENTS:
        dirty[JOURNAL_ENTRIES.name] |= dirty[entity.name]
    if _clients_moved(company, since, staged):
        dirty[CUSTOMERS.name].add(Period.of(began_at.date()))
    return Changes({name: frozenset(periods) for name, periods in dirty.items() if periods}, began_at)


def _changed(company: FreshBooksCompany, entity: Entity, since: datetime) -> Iterator[Any]:
    lines = LINES if entity.name in ("invoices", "bills", "credit_notes") else ()
    shape, path = SHAPES[entity.name], company.path_of(entity)
    listing = Listing(path, shape, lines)
    if entity.changed_since:
        day = updated_min(since)
        passes = lambda record: _is_since(record, day)  # noqa: E731
        listing = Listing(path, shape, (("search[updated_min]", day), *lines), passes=passes)
    for answered in company.api.whole(listing):
        yield from answered.records


def _swept(company: FreshBooksCompany, entity: Entity) -> Iterator[Any]:
    """Yield what is deleted."""
    shape, path = SHAPES[entity.name], company.path_of(entity)
    for answered in company.api.whole(Listing(path, shape, DELETED, passes=lambda one: text(one, "vis_state") == "1")):
        yield from answered.records


def _moved(company: FreshBooksCompany, entity: Entity, records: list[Any], staged: StagedReader) -> set[Period]:
    """Answer the periods that a record left or entered whose content is not as it is staged."""
    now: dict[str, tuple[Period, str]] = {}
    for record in records:
        try:
            first = parse.DOCUMENT_ROWS[entity.name](record, company.context)[0]
        except RecordRefused:
            continue  # the pull that stages its period refuses it with its reason
        now[first.document_id] = Period.of(first.document_date), first.version_hash
    stood = _stood(entity, now, staged)
    moved = {identifier for identifier, found in now.items() if stood.get(identifier) != found}
    return {place[identifier][0] for identifier in moved for place in (now, stood) if identifier in place}


def _gone(entity: Entity, records: list[Any], staged: StagedReader) -> set[Period]:
    """Answer the periods in which a record stands as staged although it is deleted."""
    ids = {id_of(SHAPES[entity.name], record) for record in records}
    found = staged.find(entity.name, sorted(ids - {""}))
    rows = zip(found["document_date"].to_pylist(), found["status"].to_pylist(), strict=True)
    return {Period.of(day) for day, status in rows if status != parse.DELETED}


def _vanished(entity: Entity, listed: set[str], newest: Period, staged: StagedReader) -> set[Period]:
    """Answer the periods in which a record stands as staged that the whole list no longer holds."""
    found = set()
    for period in (newest.shift(-months) for months in range(-1, WATCHED_MONTHS)):
        try:
            ids = {
                one for batch in staged.batches(entity.name, period, ["document_id"]) for one in batch[0].to_pylist()
            }
        except HeldForPerson:
            continue  # never read: its first read sees everything
        if ids - listed:
            found.add(period)
    return found


def _stood(
    entity: Entity, wanted: dict[str, tuple[Period, str]], staged: StagedReader
) -> dict[str, tuple[Period, str]]:
    found = staged.find(entity.name, sorted(wanted))
    columns = (found[name].to_pylist() for name in ("document_id", "document_date", "version_hash"))
    return {identifier: (Period.of(day), mark) for identifier, day, mark in zip(*columns, strict=True)}


def _clients_moved(company: FreshBooksCompany, since: datetime, staged: StagedReader) -> bool:
    table = staged.newest(CUSTOMERS.name)
    known = dict(zip(table["party_id"].to_pylist(), table["version_hash"].to_pylist(), strict=True))
    for record in _changed(company, CUSTOMERS, since):
        try:
            row = parse_reference.client_row(record)
        except RecordRefused:
            continue
        if known.get(row.party_id) != row.version_hash:
            return True
    return False


def _is_since(record: Any, day: str) -> bool:
    try:
        stamp = eastern(record.get("updated")) if isinstance(record, dict) else None
    except RecordRefused:
        return True
    return stamp is None or str(stamp.astimezone(EASTERN).date()) >= day


def _batches(records: Iterator[Any]) -> Iterator[list[Any]]:
    while batch := list(islice(records, BATCH)):
        yield batch
