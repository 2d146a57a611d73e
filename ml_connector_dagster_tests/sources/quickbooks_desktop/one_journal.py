"""One journal's operation, walked step by step over a little QuickBooks, without a database."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from ml_connector_dagster.sources.quickbooks_desktop import journal_requests as requests
from ml_connector_dagster.sources.quickbooks_desktop import journals
from ml_connector_dagster.sources.quickbooks_desktop.journal_marks import (
    dedupe_key,
    external_guid,
    message_set_id,
    operation_id,
    ref_number,
)
from ml_connector_dagster.sources.quickbooks_desktop.operations import Kind, Operation, Phase, State
from ml_connector_dagster.sources.quickbooks_desktop.qbxml import as_document
from ml_connector_dagster.sources.quickbooks_desktop.status import seen
from ml_connector_dagster_tests.sources.quickbooks_desktop.small_books import MachineDiedError, SmallBooks

LINES = [
    {"ledger_account_id": "80000001-1", "amount": "1250.00", "tracking_id": "90000001-1", "memo": "Plan FY27 v3"},
    {"ledger_account_id": "80000002-1", "amount": "-1250.00", "tracking_id": "", "memo": ""},
]
NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


def operation(kind: Kind = Kind.JOURNAL_ADD, **payload: Any) -> Operation:
    dedupe = dedupe_key("6b1e9d52-7c3f-4a8e-b0d4-1f5a2c9e7d38", "NOV-1", 1, kind.value)
    named, message_set = operation_id(dedupe), message_set_id(dedupe, 0)
    content = {"key": "NOV-1", "date": "2026-11-30", "is_adjustment": False, "lines": LINES, **payload}
    request = None
    if kind is Kind.JOURNAL_ADD:
        request = requests.add(
            named, message_set, number=ref_number(dedupe), guid=external_guid(dedupe), payload=content
        )
    if kind is Kind.JOURNAL_VOID:
        request = requests.void(named, message_set, content["txn_id"])
    return Operation(
        id=named, company_id="c", reading_id=None, position=0, kind=kind, name="", payload=content, payload_hash="",
        dedupe_key=dedupe, ref_number=ref_number(dedupe) if kind is Kind.JOURNAL_ADD else None,
        external_guid=external_guid(dedupe) if kind is Kind.JOURNAL_ADD else None,
        message_set_id=message_set if request else None, request=request, phase=Phase.PROBE, state=State.PENDING,
        owner_session=None, owner_epoch=None, priority=10, not_before=None, attempts=0, failures=0, lock_retries=0,
        writes=0, generation=1, page=0, iterator_id="", progress={}, txn_id=None, edit_sequence=None, txn_number=None,
        result={}, error_code="", error="", run_id="", created_at=NOW, sent_at=None, written_at=None, finished_at=None,
        version=0,
    )  # fmt: skip


@dataclass
class Walk:
    """Does with the operation what the queue does."""

    books: SmallBooks
    operation: Operation
    sent: list[bytes] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)
    paused: str = ""

    def hand_out(self) -> bytes:
        message = journals.next_message(self.operation)
        self.sent.append(message.body)
        self.operation = replace(
            self.operation,
            phase=message.phase,
            attempts=self.operation.attempts + 1,
            writes=self.operation.writes + message.is_write,
            written_at=self.operation.written_at or (self.books.now if message.is_write else None),
            state=State.IN_FLIGHT,
        )
        return message.body

    def take(self, answer: str) -> State:
        raw = as_document(answer)
        change = journals.apply(self.operation, seen(raw), raw)
        self.waited.append(change.retry_in_seconds)
        self.paused = change.pause or self.paused
        self.operation = replace(self.operation, state=change.state, phase=change.phase, **change.values)
        return self.operation.state

    def step(self) -> State:
        return self.take(self.books.process(self.hand_out().decode()))

    def lose(self) -> None:
        """The message reaches QuickBooks and its answer is lost."""
        body = self.hand_out().decode()
        with suppress(MachineDiedError):
            self.books.process(body)
        self.forget()

    def forget(self) -> None:
        """What was handed out is never answered."""
        known = State.UNKNOWN if self.operation.writes else State.PENDING
        self.operation = replace(self.operation, state=known, phase=Phase.PROBE)
        self.books.now += timedelta(hours=1)

    def to_the_end(self, most: int = 60) -> State:
        for _ in range(most):
            if self.operation.state not in (State.PENDING, State.UNKNOWN):
                return self.operation.state
            self.step()
        raise AssertionError(f"no end after {most} steps")


def walk(books: SmallBooks | None = None, kind: Kind = Kind.JOURNAL_ADD, **payload: Any) -> Walk:
    return Walk(books or SmallBooks(), operation(kind, **payload))
