"""What the company file remembers of message sets, per application: QuickBooks' own guard against doing a write twice.

Table in shared/reference/quickbooks_desktop.md 5. A switch makes it forgetful: how long the real one remembers is not known.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ml_connector_dagster.sandbox.quickbooks_desktop.answer import Answer
from ml_connector_dagster.sandbox.quickbooks_desktop.request import MessageSet

LONGEST_ID = 24
CLEAR_ALL = "ClearAllMessageSets"
NO_STATE, OTHER_CONTENT, NOTHING_STORED, TOO_LONG, NOT_STORED = 600, 9001, 9002, 9004, 9005


@dataclass(frozen=True)
class Stored:
    """Checksum of the requests of one set, and the answers it got."""

    checksum: str
    answers: Sequence[Answer]


@dataclass
class MessageSets:
    """The memory of one company file."""

    remembers: bool = True
    cannot_store: int = 0
    """So many more sets that are executed and then cannot be stored: 9005."""
    _stored: dict[str, dict[str, Stored]] = field(default_factory=dict)

    def before(self, application: str, asked: MessageSet) -> tuple[int, Sequence[Answer] | None]:
        """What the ids alone decide: a set status, and the answers of an earlier time. None: execute the requests."""
        known = self._stored.setdefault(application, {})
        if max(len(asked.new_id), len(asked.old_id)) > LONGEST_ID and asked.old_id != CLEAR_ALL:
            return TOO_LONG, []
        if asked.old_id == CLEAR_ALL:
            known.clear()
        elif asked.old_id and asked.old_id != asked.new_id:
            known.pop(asked.old_id, None)
        if not asked.new_id:
            return 0, None
        stored = known.get(asked.new_id)
        if asked.new_id == asked.old_id and not asked.requests:
            return self._status(known, stored)
        if stored is None:
            return 0, None
        if stored.checksum != asked.checksum:
            return OTHER_CONTENT, []
        return 0, [_again(answer) for answer in stored.answers]

    def after(self, application: str, asked: MessageSet, answers: Sequence[Answer]) -> int:
        """Store what was done; answers the set status."""
        if not asked.new_id:
            return 0
        if self.cannot_store > 0:
            self.cannot_store -= 1
            return NOT_STORED
        if self.remembers:
            self._stored.setdefault(application, {})[asked.new_id] = Stored(asked.checksum, list(answers))
        return 0

    def forget(self) -> None:
        """Lose everything, as a company file that was restored from a backup."""
        self._stored.clear()

    def ids(self, application: str) -> list[str]:
        return list(self._stored.get(application, {}))

    def _status(self, known: dict[str, Stored], stored: Stored | None) -> tuple[int, Sequence[Answer]]:
        if stored is not None:
            return 0, [_again(answer) for answer in stored.answers]
        return (NOTHING_STORED if known else NO_STATE), []


def _again(answer: Answer) -> Answer:
    """An answer as it is told later: its status, and ids instead of the object."""
    return Answer(answer.name, answer.request_id, answer.code, answer.severity, answer.message, body=answer.recovery)
