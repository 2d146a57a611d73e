"""What waits for the customer's Web Connector, and what came back: the face that readers, journals and Dagster see.

Tables: ``store/tables/desktop.py``. One row a company file in ``desktop_company``: login, fencing ``epoch``, the facts
of its last session, measured pace. ``desktop_session``: one login of a Web Connector, its ticket as SHA-256 alone.
``desktop_operation``: one thing asked (``operations.Operation``); its id is the qbXML requestID. ``reading``: reads that are
only worth anything together, such as an entity's month. ``desktop_page``: answers of reads, by generation; readers see those
of the generation in which their operation succeeded. ``desktop_attempt``: every message handed out and what came back.

States of an operation::

    PENDING ──handed out──> IN_FLIGHT ──answer──> SUCCEEDED | FAILED | CONFLICT | PENDING (next phase, or later)
    IN_FLIGHT ──answer lost──> PENDING, next generation (a read) | UNKNOWN, phase PROBE (a journal that was ever written)
    UNKNOWN ──handed out first, as a probe──> IN_FLIGHT

Nothing but these: every change is ``UPDATE … WHERE id AND version`` under a row lock on the company, in one transaction that
is committed before the Web Connector is answered. A session whose epoch is not its company's changes nothing except that an
answer to an operation it still owns is taken as evidence.

States of a reading: pending → complete → published; failed (one of its operations did), replaced (asked again after that).

Journals. ``enqueue`` takes kind, dedupe key and payload; the same key again answers the same operation, with another payload
it raises. They begin PENDING in phase PROBE. ``journals.next_message(operation) -> Message`` and
``journals.apply(operation, seen, raw) -> Change`` decide the rest; an answer that was lost, empty or unreadable, or came with an
hresult, never reaches ``apply``: the queue puts the operation to UNKNOWN/PROBE where ``writes > 0``, else to PENDING/PROBE.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, insert, select

from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.sources.quickbooks_desktop import readings, reads, rows
from ml_connector_dagster.sources.quickbooks_desktop.operations import Kind, Operation, Phase, State
from ml_connector_dagster.sources.quickbooks_desktop.readings import Reading, Request
from ml_connector_dagster.store.tables.desktop import desktop_operation

if TYPE_CHECKING:
    from ml_connector_dagster.store.engine import Store


@dataclass(frozen=True, slots=True)
class LastSession:
    """What the last session told of the company file."""

    document: bytes
    """Host, Company and Preferences answers, one qbXML document."""
    opened_at: datetime
    """Aware UTC: when the file was open."""
    path: str
    """Of the company file on the Windows machine."""
    versions: Mapping[str, str]
    """quickbooks, qbxml (the newest it speaks), country."""


@dataclass(frozen=True, slots=True)
class LastSeen:
    """When the Windows machine was heard of; times are aware UTC, None for never."""

    seen_at: datetime | None
    opened_at: datetime | None
    error: str
    """Of the last session, in words; empty where it went well."""
    error_at: datetime | None
    paused: str
    """Why nothing is handed out, in words; empty where it is."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A journal's operation, to be enqueued."""

    id: str
    """At most 50 characters: the request id that its frozen bytes carry."""
    kind: Kind
    dedupe_key: str
    payload: Mapping[str, Any]
    ref_number: str | None = None
    external_guid: str | None = None
    message_set_id: str | None = None
    request: bytes | None = None
    txn_id: str | None = None
    run_id: str = ""
    priority: int = 10
    """Journals go before reads, whose priority is 0."""
    phase: Phase = Phase.PROBE


class Queue:
    """What one company file is asked for, and what it answered."""

    def __init__(self, store: Store, company_id: str) -> None:
        """Take the store and the FileID, with or without braces, in any case."""
        self._store = store
        self.company_id = company_id.strip("{}").lower()

    def ask(self, purpose: str, requests: Sequence[Request]) -> Reading:
        """Answer the open reading of that purpose; asks for it where there is none, or where the one before failed.

        Args:
            purpose: What it is for: entity and period. One reading is open a purpose.
            requests: Names and arguments (``requests.READS``), all of them answered before any is seen.

        Raises:
            SettingWrong: One cannot be written; nothing was asked.
        """
        for name, arguments in requests:
            reads.refuse_unwritable(name, arguments)
        now = self._store.now()
        with self._store.begin() as database:
            rows.company(self._store, database, self.company_id)
            return readings.ask(database, self.company_id, purpose, requests, now)

    def find(self, purpose: str) -> Reading | None:
        """Answer the newest reading of that purpose that is not yet published, whatever its state; None without one."""
        with self._store.read() as database:
            return readings.find(database, self.company_id, purpose)

    def answers(self, reading: Reading) -> Iterator[tuple[str, Mapping[str, Any], bytes]]:
        """Yield (name, arguments, answer) of each page of a complete reading, in the order they were asked for.

        A report that was cut into spans of days yields each span, with the span's own ``from`` and ``to``. Memory holds one
        page. Nothing comes of a reading that is not complete.
        """
        if reading.is_complete:
            yield from readings.answers(self._store, reading)

    def publish(self, reading: Reading, run_id: str) -> None:
        """Mark the reading published by that run, after its snapshot is; its pages are dropped."""
        now = self._store.now()
        with self._store.begin() as database:
            rows.company(self._store, database, self.company_id)
            readings.publish(database, reading, run_id, now)

    def let_go(self, reading: Reading) -> None:
        """Close a reading that no snapshot is made of, such as one that failed: the next ``ask`` asks anew."""
        now = self._store.now()
        with self._store.begin() as database:
            rows.company(self._store, database, self.company_id)
            readings.let_go(database, reading, now)

    def arrived(self) -> Sequence[Reading]:
        """Answer the readings that are complete and not published, oldest first."""
        with self._store.read() as database:
            return readings.open_readings(database, self.company_id, readings.COMPLETE)

    def waiting(self) -> Sequence[Reading]:
        """Answer the readings that wait for the machine or failed, oldest first."""
        with self._store.read() as database:
            return readings.open_readings(database, self.company_id, readings.PENDING, readings.FAILED)

    def company(self) -> LastSession | None:
        """Answer what the last session told of the company file; None where there was none yet."""
        with self._store.read() as database:
            row = rows.known_company(database, self.company_id)
        if row is None or row["facts"] is None:
            return None
        return LastSession(rows.unpacked(row["facts"]), row["opened_at"], row["company_path"], row["versions"])

    def seen(self) -> LastSeen:
        """Answer when the machine was last seen, and what the last session's error was."""
        with self._store.read() as database:
            row = rows.known_company(database, self.company_id)
        if row is None:
            return LastSeen(None, None, "", None, "")
        return LastSeen(*(row[name] for name in ("seen_at", "opened_at", "error", "error_at", "paused")))

    def enqueue(self, *wanted: Wanted) -> list[Operation]:
        """Enqueue journals' operations, all or none; one that stands already under its dedupe key is answered as it is.

        Raises:
            SettingWrong: A dedupe key stands there with another payload: what was approved is what is posted.
        """
        now = self._store.now()
        with self._store.begin() as database:
            rows.company(self._store, database, self.company_id)
            return [self._one(database, one, now) for one in wanted]

    def operations(self, *kinds: Kind) -> list[Operation]:
        """Answer the operations of these kinds, oldest first; without kinds all journals'."""
        asked = [kind.value for kind in kinds or (Kind.JOURNAL_ADD, Kind.JOURNAL_MOD, Kind.JOURNAL_VOID)]
        table = desktop_operation.c
        query = select(desktop_operation).where(table.company_id == self.company_id, table.kind.in_(asked))
        with self._store.read() as database:
            found = database.execute(query.order_by(table.created_at, table.position, table.id)).mappings()
            return [Operation.of(row) for row in found]

    def operation(self, operation_id: str) -> Operation:
        """Answer one operation as it stands."""
        with self._store.read() as database:
            return rows.operation(database, operation_id)

    def _one(self, database: Connection, wanted: Wanted, now: datetime) -> Operation:
        table = desktop_operation.c
        payload = json.loads(json.dumps(wanted.payload))
        query = select(desktop_operation).where(
            table.company_id == self.company_id, table.dedupe_key == wanted.dedupe_key
        )
        found = database.execute(query).mappings().first()
        if found is None:
            row = {name: getattr(wanted, name) for name in _COPIED} | {
                "company_id": self.company_id, "payload": payload, "payload_hash": readings.payload_hash(payload),
                "state": State.PENDING.value, "kind": wanted.kind.value, "phase": wanted.phase.value, "created_at": now,
            }  # fmt: skip
            database.execute(insert(desktop_operation).values(**row))
            return rows.operation(database, wanted.id)
        if found["payload_hash"] != readings.payload_hash(payload):
            raise SettingWrong(
                f"{wanted.dedupe_key!r} was already asked of this company file with other content.",
                "Nothing was enqueued: what stands in the queue is what was approved.",
                "Give the changed journal a new version.",
                operation=found["id"],
            )
        return Operation.of(found)


_COPIED = (
    "id", "dedupe_key", "ref_number", "external_guid", "message_set_id", "request", "txn_id", "run_id", "priority",
)  # fmt: skip
