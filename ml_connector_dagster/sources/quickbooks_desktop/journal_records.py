"""What the queue keeps of a journal, and how that reads as a ``JournalPosting``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from ml_connector_dagster.ledger.journal import Journal, JournalLine
from ml_connector_dagster.ledger.journal_posting import Approval, JournalPosting, JournalState
from ml_connector_dagster.ledger.money import ZERO
from ml_connector_dagster.sources.quickbooks_desktop.operations import Kind, Operation, State
from ml_connector_dagster.sources.quickbooks_desktop.qbxml import windows_text

_STATES = {
    State.PENDING: JournalState.WAITING,
    State.IN_FLIGHT: JournalState.WAITING,
    State.UNKNOWN: JournalState.UNKNOWN,
    State.SUCCEEDED: JournalState.POSTED,
    State.FAILED: JournalState.REFUSED,
    State.CONFLICT: JournalState.CONFLICT,
    State.CANCELLED: JournalState.CANCELLED,
}
_OPEN = (State.PENDING, State.IN_FLIGHT, State.UNKNOWN)
_ACTIONS = {Kind.JOURNAL_ADD: "post", Kind.JOURNAL_VOID: "void", Kind.JOURNAL_MOD: "amend"}


def payload_of(journal: Journal, lines: Sequence[JournalLine], approval: Approval) -> dict[str, Any]:
    """Answer what is kept of one entry of a journal: plain JSON, amounts as text."""
    return {
        "key": journal.key,
        "date": journal.posting_date.isoformat(),
        "is_adjustment": journal.is_adjustment,
        "lines": [line_of(line) for line in lines],
        "journal_hash": journal.content_hash,
        **approved(approval),
    }


def line_of(line: JournalLine) -> dict[str, str]:
    """Answer what is kept of a line; its memo as QuickBooks can store it."""
    return {
        "ledger_account_id": line.ledger_account_id,
        "amount": f"{line.amount:.2f}",
        "tracking_id": line.tracking_id,
        "memo": windows_text(line.memo),
    }


def approved(approval: Approval) -> dict[str, str]:
    """Answer what is kept of an approval."""
    return {
        "approved_by": approval.by,
        "approved_at": approval.at.astimezone(UTC).isoformat(),
        "document_hash": approval.document_hash,
    }


def lines_from(kept: Sequence[Mapping[str, Any]]) -> tuple[JournalLine, ...]:
    """Answer kept lines as values."""
    return tuple(
        JournalLine(line["ledger_account_id"], Decimal(line["amount"]), line["tracking_id"], line["memo"])
        for line in kept
    )


def for_a_person(operations: Sequence[Operation]) -> list[Operation]:
    """Answer those that QuickBooks refused or that are in conflict, and that nobody tried again since."""
    newest = {(one.payload["key"], one.payload["entry"]): one.id for one in operations if one.kind is Kind.JOURNAL_ADD}
    return [
        one
        for one in operations
        if one.state in (State.FAILED, State.CONFLICT)
        and (one.kind is not Kind.JOURNAL_ADD or newest[one.payload["key"], one.payload["entry"]] == one.id)
    ]


def posting_of(operation: Operation, voided: set[str]) -> JournalPosting:
    """Answer an operation as the contract shows it.

    Args:
        operation: Of a journal.
        voided: TxnIDs of the entries that we voided since.
    """
    payload = operation.payload
    amounts = [Decimal(line["amount"]) for line in payload["lines"]]
    verified = operation.kind is Kind.JOURNAL_ADD and operation.txn_id and operation.state in _OPEN
    state = JournalState.POSTED if verified else _STATES[operation.state]
    if state is JournalState.POSTED and (operation.txn_id in voided or operation.result.get("voided")):
        state = JournalState.VOIDED
    return JournalPosting(
        key=payload["key"],
        entry=int(payload["entry"]),
        entries=int(payload["entries"]),
        action=_ACTIONS[operation.kind],
        state=state,
        posting_date=date.fromisoformat(payload["date"]),
        debits=sum((amount for amount in amounts if amount > 0), ZERO),
        lines=len(amounts),
        number=operation.ref_number or "",
        transaction_id=operation.txn_id or payload.get("txn_id") or "",
        says=_says(operation),
        approval=Approval(
            payload["approved_by"], datetime.fromisoformat(payload["approved_at"]), payload["document_hash"]
        ),
        journal_hash=payload["journal_hash"],
        operation_id=operation.id,
        attempt=operation.version,
    )


def _says(operation: Operation) -> str:
    if operation.error:
        return operation.error
    if operation.result.get("voided"):
        return "a user voided it in QuickBooks"
    return "a user changed it in QuickBooks" if operation.result.get("edited") else ""
