"""One thing that is asked of a QuickBooks company file: what is kept of it, and how a step changes it.

The queue hands out one message of one operation at a time and stores what comes back. What an operation says next and what
its answer means is decided by pure functions: ``reads`` for reads, ``journals`` for journals.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import RowMapping


class Kind(StrEnum):
    """What is asked."""

    READ = "read"
    JOURNAL_ADD = "journal_add"
    JOURNAL_MOD = "journal_mod"
    JOURNAL_VOID = "journal_void"


class State(StrEnum):
    """Where an operation stands."""

    PENDING = "pending"
    """To be handed out, once ``not_before`` has passed. It is certain that QuickBooks saved nothing of it."""
    IN_FLIGHT = "in_flight"
    """Handed out to ``owner_session``; committed before the message left."""
    UNKNOWN = "unknown"
    """A journal whose write may have been saved: handed out before anything else, as a probe, never blindly again."""
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    """For good, and certainly not saved; ``error`` says why."""
    CONFLICT = "conflict"
    """A person must look: changed, deleted or posted by somebody else; ``error`` says what was seen."""
    CANCELLED = "cancelled"


RUNNABLE = (State.UNKNOWN, State.PENDING)
FINAL = (State.SUCCEEDED, State.FAILED, State.CONFLICT, State.CANCELLED)


class Phase(StrEnum):
    """Which message comes next. Reads use the first two, journals the rest."""

    START = "start"
    """The first page of the current generation, or the next window of a report."""
    CONTINUE = "continue"
    """The next page of the iterator, which lives in ``owner_session`` alone."""
    PREFLIGHT = "preflight"
    PROBE = "probe"
    """Is it there already? Where every journal begins, and where it returns to whenever an answer was lost."""
    DELETED = "deleted"
    """Was it there and did a user delete it?"""
    WRITE = "write"
    """The frozen bytes of ``request``, with their message set id."""
    VERIFY = "verify"
    """Read back what stands, for ids and lines."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One row of ``desktop_operation``, as it stood when it was read; ``version`` guards every change."""

    id: str
    company_id: str
    reading_id: str | None
    position: int
    kind: Kind
    name: str
    payload: Mapping[str, Any]
    payload_hash: str
    dedupe_key: str
    ref_number: str | None
    external_guid: str | None
    message_set_id: str | None
    request: bytes | None
    phase: Phase
    state: State
    owner_session: str | None
    owner_epoch: int | None
    priority: int
    not_before: datetime | None
    attempts: int
    failures: int
    lock_retries: int
    writes: int
    generation: int
    page: int
    iterator_id: str
    progress: Mapping[str, Any]
    txn_id: str | None
    edit_sequence: str | None
    txn_number: str | None
    result: Mapping[str, Any]
    error_code: str
    error: str
    run_id: str
    created_at: datetime
    sent_at: datetime | None
    written_at: datetime | None
    finished_at: datetime | None
    version: int

    @classmethod
    def of(cls, row: RowMapping) -> Operation:
        """Answer the operation of a row (``result.mappings()``)."""
        found = {name.name: row[name.name] for name in fields(cls)}
        return cls(**found | {"kind": Kind(row["kind"]), "phase": Phase(row["phase"]), "state": State(row["state"])})

    @property
    def is_read(self) -> bool:
        """Whether it can be asked again without harm."""
        return self.kind is Kind.READ


@dataclass(frozen=True, slots=True)
class Message:
    """What is handed out next: one qbXML document, and the phase it belongs to."""

    body: bytes
    phase: Phase
    is_write: bool = False
    """True counts in ``writes``, stamps ``written_at`` and freezes the body in ``request`` where it is not yet frozen."""


@dataclass(frozen=True, slots=True)
class Change:
    """What an answer does to its operation; the queue writes it in one transaction, compare-and-set on the version."""

    state: State
    phase: Phase
    values: Mapping[str, Any] = field(default_factory=dict)
    """Other columns of ``desktop_operation``: txn_id, edit_sequence, txn_number, result, error_code, error, lock_retries,
    payload, message_set_id, request."""
    retry_in_seconds: float = 0.0
    """Not handed out again before that; 0 at once."""
    pause: str = ""
    """Why nothing more can be handed out to this company, in words (no permission, read-only file); empty: it can."""
