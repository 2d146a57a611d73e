"""What moved since a moment, by QuickBooks' change data capture, with the month a record left and the one it stands in.

One call answers all entities: full objects, stubs of what was deleted, at most 1,000 together, and nothing says that some were
cut off. So 1,000 are taken as too many: each entity is then asked alone, and one that still answers so many is marked dirty in
every open month, as is everything where the watermark is older than the 30 days that QuickBooks looks back. Both are said aloud.

The general ledger has no feed of its own: a month is dirty in it where any document of it moved. The watermark is the server's
time of the first answer, and every question reaches back a few minutes more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc

from ml_connector_dagster.errors import HeldForPerson, RecordRefused, TemporarilyRefused
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sources.contract.answers import Changes
from ml_connector_dagster.sources.contract.entity import LEDGER_LINES
from ml_connector_dagster.sources.contract.reader import StagedReader
from ml_connector_dagster.sources.quickbooks_online.client import record_id
from ml_connector_dagster.sources.quickbooks_online.entities import DOCUMENT_OF, REFERENCES_OF
from ml_connector_dagster.sources.quickbooks_online.fields import calendar_date, moment
from ml_connector_dagster.transport.redaction import logger

if TYPE_CHECKING:
    from ml_connector_dagster.sources.quickbooks_online.company import QuickbooksCompany

LOG = logger(__name__)
OVERLAP = timedelta(minutes=5)
LOOK_BACK = timedelta(days=29)
"""QuickBooks keeps 30 days; what it answers beyond is not documented, so it is never asked."""
MOST_OBJECTS = 1000
MONTHS_BACK = 120
"""How many months are looked through for what is staged; those that are not cost nothing to mark."""
WORDS = (*DOCUMENT_OF, *REFERENCES_OF)


@dataclass
class _Found:
    """What the feed said so far."""

    dirty: dict[str, set[Period]] = field(default_factory=lambda: defaultdict(set))
    changed: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """QuickBooks' word to the ids of documents that changed or went."""
    overflowed: list[str] = field(default_factory=list)
    server_times: list[datetime] = field(default_factory=list)


def read_changes(company: QuickbooksCompany, since: datetime, staged: StagedReader) -> Changes:
    """Ask the feed; see ``CompanyReader.changes``."""
    found = _Found()
    now = datetime.now(UTC)
    if now - since > LOOK_BACK:
        LOG.warning(
            "change feed too old",
            since=f"{since:%Y-%m-%d}",
            says="QuickBooks looks back 30 days, so every open month of every entity is read again.",
        )
        _mark_open(found, WORDS, company, now)
        return _answer(found, now)
    _ask(company, WORDS, since - OVERLAP, found)
    if found.overflowed:
        LOG.warning(
            "change feed overflowed",
            entities=found.overflowed,
            says="1,000 objects or more changed, so every open month of these entities is read again.",
        )
        _mark_open(found, found.overflowed, company, min(found.server_times))
    _mark_where_they_stood(found, staged, now)
    return _answer(found, min(found.server_times))


def open_months(company: QuickbooksCompany, now: datetime) -> list[Period]:
    """Answer the months after the books' closing date, up to now."""
    locked = company.company().lock_on
    last = Period.of(now.date())
    months = [last.shift(-back) for back in range(MONTHS_BACK)]
    return [period for period in months if locked is None or period.last_on > locked]


def _ask(company: QuickbooksCompany, words: Sequence[str], since: datetime, found: _Found) -> None:
    """Ask for entities together; alone where the answer holds so many objects that some may be cut off."""
    params = {"entities": ",".join(words), "changedSince": since.isoformat(timespec="seconds")}
    body = company.api.get("cdc", params).body
    found.server_times.append(_server_time(body))
    answers = list(_objects(body))
    if len(answers) < MOST_OBJECTS:
        for word, record in answers:
            _note(word, record, found)
    elif len(words) > 1:
        for word in words:
            _ask(company, (word,), since, found)
    else:
        found.overflowed += words


def _objects(body: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield (QuickBooks' word, object): lists are known by their name, never by their place."""
    for response in body.get("CDCResponse") or ():
        for answered in response.get("QueryResponse") or ():
            for word in WORDS:
                for record in answered.get(word) or ():
                    yield word, record


def _server_time(body: Mapping[str, Any]) -> datetime:
    written = body.get("time")
    try:
        return datetime.fromtimestamp(written / 1000, UTC) if isinstance(written, int) else moment(str(written or ""))
    except RecordRefused as error:
        raise TemporarilyRefused(
            f"QuickBooks answered its change feed without its time: {error.happened}",
            "Where the feed stands is not known, so the watermark stays.",
            "It is tried again by itself; the schedule's full read of the open periods still sees every change.",
            endpoint="cdc",
        ) from error


def _note(word: str, record: Any, found: _Found) -> None:
    if word in REFERENCES_OF:
        period = Period.of(max(found.server_times).date())
        for entity in REFERENCES_OF[word]:
            found.dirty[entity.name].add(period)
        return
    found.changed[word].add(record_id(record))
    stands_in = _period(record)
    if stands_in:
        found.dirty[DOCUMENT_OF[word].name].add(stands_in)
        found.dirty[LEDGER_LINES].add(stands_in)


def _period(record: Any) -> Period | None:
    """Answer the month of a changed document; None for a stub of a deleted one, which has no date."""
    try:
        return Period.of(calendar_date(str(record.get("TxnDate") or "")))
    except RecordRefused:
        return None


def _mark_open(found: _Found, words: Iterable[str], company: QuickbooksCompany, now: datetime) -> None:
    months = open_months(company, now)
    for word in words:
        if word in REFERENCES_OF:
            for entity in REFERENCES_OF[word]:
                found.dirty[entity.name].add(months[0] if months else Period.of(now.date()))
        else:
            found.dirty[DOCUMENT_OF[word].name].update(months)
            found.dirty[LEDGER_LINES].update(months)


def _mark_where_they_stood(found: _Found, staged: StagedReader, now: datetime) -> None:
    """Mark the months in which changed and deleted documents stand in staging: as documents, and in the ledger's lines."""
    wanted: set[str] = set()
    for word, ids in found.changed.items():
        entity = DOCUMENT_OF[word].name
        stood = staged.find(entity, sorted(ids))["document_date"].to_pylist()
        months = {Period.of(day) for day in set(stood)}
        found.dirty[entity] |= months
        found.dirty[LEDGER_LINES] |= months
        wanted |= ids
    if wanted:
        found.dirty[LEDGER_LINES] |= _posted_in(wanted, staged, Period.of(now.date()))


def _posted_in(ids: set[str], staged: StagedReader, last: Period) -> set[Period]:
    """Answer the staged months whose ledger lines hold one of these documents, read as documents or not."""
    months: set[Period] = set()
    for back in range(MONTHS_BACK):
        period = last.shift(-back)
        try:
            batches = list(staged.batches(LEDGER_LINES, period, ["record_id"]))
        except HeldForPerson:  # never read: there is nothing to read again
            continue
        if any(ids & set(pc.unique(table["record_id"]).to_pylist()) for table in batches):
            months.add(period)
    return months


def _answer(found: _Found, watermark: datetime) -> Changes:
    return Changes({name: frozenset(months) for name, months in found.dirty.items() if months}, watermark)
