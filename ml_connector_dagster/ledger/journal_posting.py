"""What became of a journal in the books: who approved it, each of its entries, and where that stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum


class JournalState(StrEnum):
    """Where an entry that shall stand in the books is."""

    WAITING = "waiting"
    """Taken, not yet in the books."""
    UNKNOWN = "unknown"
    """It was sent and no answer came; it is looked for before anything else."""
    POSTED = "posted"
    VOIDED = "voided"
    REFUSED = "refused"
    """The books refused it; nothing of it was saved."""
    CONFLICT = "conflict"
    """A person changed, deleted or posted something; nothing more happens until a person decides."""
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Approval:
    """Who let journals be posted, when, and the hash of the very document that was approved."""

    by: str
    at: datetime
    document_hash: str


@dataclass(frozen=True, slots=True)
class JournalPosting:
    """One entry of a journal, or one thing done to it, and where it stands."""

    key: str
    entry: int
    """1, 2 …: a journal too long for one entry is posted as several that each balance."""
    entries: int
    action: str
    """post, void, amend."""
    state: JournalState
    posting_date: date
    debits: Decimal
    lines: int
    number: str
    """The number it bears in the books."""
    transaction_id: str
    """The vendor's id of the entry; empty until it is in the books."""
    says: str
    """What happened, in words, where that is more than the state says."""
    approval: Approval
    journal_hash: str
    """Of the whole journal as approved."""
    operation_id: str
    attempt: int
    """Moves with every change; with the id it names one outcome, for the audit trail."""
