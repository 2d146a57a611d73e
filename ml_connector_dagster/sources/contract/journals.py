"""What a source declares that takes journals: who brings them into the books of a company, each once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ml_connector_dagster.ledger.journal import Journal
from ml_connector_dagster.ledger.journal_posting import Approval, JournalPosting
from ml_connector_dagster.ledger.ledger_account import LedgerAccount
from ml_connector_dagster.ledger.party import TrackingOption

if TYPE_CHECKING:
    from ml_connector_dagster.store.engine import Store


@dataclass(frozen=True, slots=True)
class JournalDesk:
    """What a source's ``JournalWriter`` gets: the company, and its charts as they were read last."""

    store: Store
    company_id: str
    accounts: Mapping[str, LedgerAccount]
    """By ledger_account_id, from the newest staged snapshot."""
    options: Mapping[str, TrackingOption]
    """By option_id, of the dimension that a journal's lines may carry."""


class JournalWriter(Protocol):
    """Brings journals into the books of one company, each once, whatever crashes.

    A journal is known by its key. Sent again with the same content it is the same journal; with other content it is refused.
    Nothing is ever deleted, and what a user deleted or voided is never posted again without a person's word.
    """

    def problems(self, journal: Journal) -> Sequence[str]:
        """Answer why the books would refuse it, in words; nothing is sent. Empty where it may be posted."""

    def post(self, journals: Sequence[Journal], approval: Approval) -> Sequence[JournalPosting]:
        """Take journals for posting, all or none of them; those that were taken before are answered as they stand.

        Raises:
            RecordRefused: One cannot be posted; nothing of any was taken.
            HeldForPerson: One was taken before with other content.
        """

    def postings(self, key: str = "") -> Sequence[JournalPosting]:
        """Answer what was taken, oldest first; of one journal, or of all."""

    def void(self, key: str, approval: Approval) -> Sequence[JournalPosting]:
        """Void a journal's entries in the books; what was not sent yet is cancelled.

        Raises:
            HeldForPerson: There is none of that key, its outcome is not known yet, or its period is closed.
        """

    def correct(self, journal: Journal, approval: Approval) -> Sequence[JournalPosting]:
        """Take what turns the posted journal of this key into this one: a reversal and a new entry, in one journal.

        Raises:
            RecordRefused: It cannot be posted.
            HeldForPerson: There is no posted journal of that key.
        """

    def amend(self, journal: Journal, approval: Approval) -> Sequence[JournalPosting]:
        """Change our own entry in place: unedited since, of one entry, in an open period.

        Raises:
            RecordRefused: It cannot be posted so.
            HeldForPerson: There is no such entry.
        """

    def retry(self, key: str, approval: Approval) -> Sequence[JournalPosting]:
        """Try again what was refused, or what a person looked into: his word overrides what the look found.

        Raises:
            HeldForPerson: There is nothing of that key to be tried again.
        """

    def verify(self, key: str = "") -> Sequence[JournalPosting]:
        """Look again at what stands in the books, of one journal or of all: what a user changed or deleted shows then."""


@dataclass(frozen=True, slots=True)
class Journals:
    """How a source takes journals."""

    open: Callable[[JournalDesk], JournalWriter]
    dimension: str
    """Entity whose options a line may carry: classes."""
    posts_at_once: bool
    """True where there is no draft: the connection must then say ``post: posted``."""
