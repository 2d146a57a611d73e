"""QuickBooks Desktop's ``JournalWriter``: journals become operations of the queue, which the Web Connector takes when it calls.

What is enqueued is what was approved: the very bytes are frozen with it. They follow from company, key and content alone, so
that a lost state database that is given the same journal again asks under the same marks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from ml_connector_dagster.errors import HeldForPerson, RecordRefused
from ml_connector_dagster.ledger.journal import REVERSAL, Journal, correction, entries
from ml_connector_dagster.ledger.journal_posting import Approval, JournalPosting, JournalState
from ml_connector_dagster.sources.contract.journals import JournalDesk
from ml_connector_dagster.sources.quickbooks_desktop import journal_requests as requests
from ml_connector_dagster.sources.quickbooks_desktop import rows
from ml_connector_dagster.sources.quickbooks_desktop.facts import Facts, facts_of
from ml_connector_dagster.sources.quickbooks_desktop.journal_marks import (
    dedupe_key,
    external_guid,
    message_set_id,
    operation_id,
    ref_number,
)
from ml_connector_dagster.sources.quickbooks_desktop.journal_records import (
    approved,
    line_of,
    lines_from,
    payload_of,
    posting_of,
)
from ml_connector_dagster.sources.quickbooks_desktop.journal_rules import problems
from ml_connector_dagster.sources.quickbooks_desktop.journals import DELETED, FOREIGN, MISSING, OTHER_CONTENT
from ml_connector_dagster.sources.quickbooks_desktop.operations import Kind, Operation, Phase, State
from ml_connector_dagster.sources.quickbooks_desktop.queue import Queue, Wanted
from ml_connector_dagster.store.faultpoints import fault_point

ANEW = (DELETED, FOREIGN, MISSING)
"""Conflicts of an entry that certainly does not stand: a person's word posts it anew, under another number."""


class DesktopJournals:
    """Journals of one company file."""

    def __init__(self, desk: JournalDesk) -> None:
        """Take the desk; nothing is read yet."""
        self._desk = desk
        self._queue = Queue(desk.store, desk.company_id)

    def problems(self, journal: Journal) -> Sequence[str]:
        """Answer why QuickBooks would refuse it, or should not be given it."""
        return tuple(problems(journal, self._desk.accounts, self._desk.options, self._facts()))

    def post(self, journals: Sequence[Journal], approval: Approval) -> Sequence[JournalPosting]:
        """Enqueue journals, all or none; those that stand there already are answered as they are."""
        standing = self._by_key()
        wanted: list[Wanted] = []
        for journal in journals:
            if journal.key in standing:
                _refuse_other_content(journal, standing[journal.key])
            else:
                wanted += self._additions(journal, approval)
        self._enqueue(wanted)
        keys = {journal.key for journal in journals}
        return [posting for posting in self.postings() if posting.key in keys]

    def postings(self, key: str = "") -> Sequence[JournalPosting]:
        """Answer every entry and what was done to it, oldest first."""
        operations = self._queue.operations()
        voided = {
            operation.payload["txn_id"]
            for operation in operations
            if operation.kind is Kind.JOURNAL_VOID and operation.state is State.SUCCEEDED
        }
        return [posting_of(one, voided) for one in operations if key in ("", one.payload["key"])]

    def void(self, key: str, approval: Approval) -> Sequence[JournalPosting]:
        """Enqueue the void of each entry in the books, and cancel those that do not stand there."""
        additions = self._additions_of(key)
        if self._corrections(key):
            raise _held(key, "was corrected since", "Void its corrections first; `journals show` names them.")
        self._refuse_closed(key, date.fromisoformat(additions[0].payload["date"]))
        if any(_may_stand(one) for one in additions):
            raise _held(key, "is on its way to QuickBooks and its outcome is not known yet", "Void it after that.")
        for one in additions:
            if one.state in (State.PENDING, State.FAILED) or one.error_code in ANEW:
                self._change(one, state=State.CANCELLED, finished_at=self._now(), error=f"cancelled by {approval.by}")
        self._enqueue(self._void(one, approval) for one in additions if one.state is State.SUCCEEDED)
        return self.postings(key)

    def correct(self, journal: Journal, approval: Approval) -> Sequence[JournalPosting]:
        """Enqueue reversal and new entry, all or none; the same correction again is the same one."""
        made = self._corrections(journal.key)
        checked = self._checked(journal)
        if made and made[-1].payload["wanted"]["journal_hash"] == checked.content_hash:
            return self.postings(made[-1].payload["key"])
        posted = self._corrected(made) if made else self._posted(journal.key)
        key = f"{journal.key} correction {len(made) + 1}"
        kept = {"corrects": journal.key, "wanted": payload_of(checked, checked.lines, approval)}
        wanted = [one for part in correction(posted, checked, key=key) for one in self._additions(part, approval, kept)]
        self._enqueue(wanted)
        return [posting for one in wanted for posting in self.postings(one.payload["key"])]

    def amend(self, journal: Journal, approval: Approval) -> Sequence[JournalPosting]:
        """Enqueue a change of our own entry in place."""
        posted, checked = self._posted(journal.key), self._checked(journal)
        if self._corrections(journal.key):
            raise _held(journal.key, "was corrected since", "Correct it once more: `journals correct`.")
        additions = self._additions_of(journal.key)
        if len(additions) > 1 or len(entries(checked)) > 1:
            raise _held(journal.key, "is posted as several entries", "Correct it by a reversal: `journals correct`.")
        self._refuse_closed(journal.key, posted.posting_date)
        self._enqueue([self._amendment(additions[0], posted, checked, approval)])
        return self.postings(journal.key)

    def retry(self, key: str, approval: Approval) -> Sequence[JournalPosting]:
        """Try again what was refused or left in doubt; post anew, under another number, what a person looked into."""
        stopped = [one for one in self._newest(key) if one.state in (State.FAILED, State.CONFLICT)]
        if not stopped:
            raise _held(key, "has nothing that was refused or needs a decision", "Look at `journals show`.")
        for one in stopped:
            if one.state is State.CONFLICT and one.error_code in ANEW:
                self._enqueue([self._anew(one, approval)])
            else:
                self._reopen(one)
        return self.postings(key)

    def verify(self, key: str = "") -> Sequence[JournalPosting]:
        """Let the entries in the books be looked at again: what a user changed, voided or deleted since shows then."""
        for one in self._queue.operations(Kind.JOURNAL_ADD):
            if one.state is State.SUCCEEDED and key in ("", one.payload["key"]):
                self._change(one, state=State.PENDING, phase=Phase.VERIFY, finished_at=None)
        return self.postings(key)

    def _enqueue(self, wanted: Iterable[Wanted]) -> None:
        """Enqueue all that does not stand there yet: what was approved first is what counts."""
        standing = {operation.dedupe_key for operation in self._queue.operations()}
        fault_point("desktop.journals.before")
        self._queue.enqueue(*(one for one in wanted if one.dedupe_key not in standing))
        fault_point("desktop.journals.enqueued")

    def _facts(self) -> Facts | None:
        last = self._queue.company()
        return None if last is None else facts_of(last.document)

    def _checked(self, journal: Journal) -> Journal:
        found = self.problems(journal)
        if found:
            raise RecordRefused(
                f"The journal {journal.key!r} cannot be posted: {'; '.join(found)}.",
                "Nothing of it, and nothing that came with it, was sent to QuickBooks.",
                "Correct the journal, or what QuickBooks holds, and post it again.",
                journal=journal.key,
            )
        return journal.checked()

    def _additions(
        self, journal: Journal, approval: Approval, kept: Mapping[str, Any] | None = None
    ) -> Iterator[Wanted]:
        checked = self._checked(journal)
        cut = entries(checked)
        for number, lines in enumerate(cut, start=1):
            payload = payload_of(checked, lines, approval) | {"entry": number, "entries": len(cut), "revision": 1}
            payload |= kept or {}
            yield self._addition(dedupe_key(self._queue.company_id, journal.key, number, "post"), payload)

    def _addition(self, dedupe: str, payload: Mapping[str, Any]) -> Wanted:
        named, message_set = operation_id(dedupe), message_set_id(dedupe, 0)
        number, guid = ref_number(dedupe), external_guid(dedupe)
        request = requests.add(named, message_set, number=number, guid=guid, payload=payload)
        return Wanted(
            named,
            Kind.JOURNAL_ADD,
            dedupe,
            payload,
            ref_number=number,
            external_guid=guid,
            message_set_id=message_set,
            request=request,
        )

    def _void(self, posted: Operation, approval: Approval) -> Wanted:
        assert posted.txn_id is not None
        payload = {
            **posted.payload,
            "txn_id": posted.txn_id,
            "lines": self._standing_lines(posted),
            **approved(approval),
        }
        dedupe = dedupe_key(self._queue.company_id, posted.txn_id, 1, "void")
        named, message_set = operation_id(dedupe), message_set_id(dedupe, 0)
        request = requests.void(named, message_set, posted.txn_id)
        return Wanted(named, Kind.JOURNAL_VOID, dedupe, payload, message_set_id=message_set, request=request)

    def _amendment(self, added: Operation, posted: Journal, wanted: Journal, approval: Approval) -> Wanted:
        payload = payload_of(wanted, wanted.lines, approval) | {
            "entry": 1,
            "entries": 1,
            "txn_id": added.txn_id,
            "posted_lines": [line_of(line) for line in posted.lines],
        }
        purpose = f"amend {posted.content_hash} {wanted.content_hash}"
        dedupe = dedupe_key(self._queue.company_id, str(added.txn_id), 1, purpose)
        return Wanted(operation_id(dedupe), Kind.JOURNAL_MOD, dedupe, payload)

    def _anew(self, stopped: Operation, approval: Approval) -> Wanted:
        if stopped.kind is not Kind.JOURNAL_ADD:
            raise _held(stopped.payload["key"], f"cannot be changed: {stopped.error}", "Mend it in QuickBooks itself.")
        revision = int(stopped.payload["revision"]) + 1
        payload = {**stopped.payload, **approved(approval), "revision": revision, "accept_look_alikes": True}
        key, entry = stopped.payload["key"], stopped.payload["entry"]
        return self._addition(dedupe_key(self._queue.company_id, key, entry, f"post {revision}"), payload)

    def _reopen(self, stopped: Operation) -> None:
        """Let it begin again with a look, since it may stand; under a new message set id where the old one is used up."""
        values: dict[str, Any] = {"phase": Phase.PROBE, "finished_at": None, "lock_retries": 0, "failures": 0}
        values |= {"not_before": None}
        progress = {key: value for key, value in stopped.progress.items() if key != "doubts"}
        is_used_up = stopped.state is State.FAILED or stopped.error_code == OTHER_CONTENT
        if is_used_up and stopped.request is not None and stopped.message_set_id is not None:
            progress["tries"] = int(progress.get("tries", 0)) + 1
            values["message_set_id"] = message_set_id(stopped.dedupe_key, progress["tries"])
            values["request"] = requests.under_new_id(stopped.request, stopped.message_set_id, values["message_set_id"])
        state = State.UNKNOWN if stopped.writes else State.PENDING
        self._change(stopped, **values, state=state, progress=progress, error="", error_code="")

    def _change(self, operation: Operation, **values: Any) -> None:
        with self._desk.store.begin() as database:
            rows.company(self._desk.store, database, self._queue.company_id)
            rows.change_operation(database, operation, **values)

    def _by_key(self) -> dict[str, list[Operation]]:
        found: dict[str, list[Operation]] = {}
        for operation in self._queue.operations(Kind.JOURNAL_ADD):
            found.setdefault(operation.payload["key"], []).append(operation)
        return found

    def _newest(self, key: str) -> list[Operation]:
        """Answer the operations of a journal, of each entry's additions the newest revision alone."""
        newest: dict[tuple[str, int, str], Operation] = {}
        for operation in self._queue.operations():
            if operation.payload["key"] == key:
                target = operation.dedupe_key if operation.kind is not Kind.JOURNAL_ADD else ""
                newest[operation.kind, int(operation.payload["entry"]), target] = operation
        return list(newest.values())

    def _additions_of(self, key: str) -> list[Operation]:
        found = [one for one in self._newest(key) if one.kind is Kind.JOURNAL_ADD]
        if not found:
            raise _held(key, "was never posted from here", "Look at `journals show` for the keys there are.")
        return found

    def _posted(self, key: str) -> Journal:
        """Answer the journal as it should stand in the books now, all its entries together."""
        additions = self._additions_of(key)
        self._refuse_unless_in_books(key, additions)
        lines = lines_from([line for one in additions for line in self._standing_lines(one)])
        first = additions[0].payload
        return Journal(key, date.fromisoformat(first["date"]), lines, bool(first["is_adjustment"]))

    def _corrected(self, made: Sequence[Operation]) -> Journal:
        """Answer what the newest correction made of its journal."""
        newest = made[-1].payload
        self._refuse_unless_in_books(newest["key"], self._additions_of(newest["key"]))
        wanted = newest["wanted"]
        lines = lines_from(wanted["lines"])
        return Journal(wanted["key"], date.fromisoformat(wanted["date"]), lines, bool(wanted["is_adjustment"]))

    def _corrections(self, key: str) -> list[Operation]:
        """Answer the first entry of each correction of a journal, oldest first."""
        return [
            one
            for one in self._queue.operations(Kind.JOURNAL_ADD)
            if one.payload.get("corrects") == key
            and one.payload["entry"] == 1
            and not one.payload["key"].endswith(REVERSAL)
        ]

    def _refuse_unless_in_books(self, key: str, additions: Sequence[Operation]) -> None:
        standing = [one for one in self.postings(key) if one.action == "post"]
        if any(one.state is not State.SUCCEEDED for one in additions):
            raise _held(key, "is not in the books with all its entries", "Wait for it, or void what is there.")
        touched = [one for one in standing if one.state is JournalState.VOIDED or one.says]
        if touched:
            raise _held(
                key, f"does not stand as posted: {touched[0].says or 'it is void'}", "Post a new journal instead."
            )

    def _standing_lines(self, added: Operation) -> list[Mapping[str, Any]]:
        """Answer an entry's lines after our own amendments."""
        lines: list[Mapping[str, Any]] = list(added.payload["lines"])
        for one in self._queue.operations(Kind.JOURNAL_MOD):
            if one.state is State.SUCCEEDED and one.payload["txn_id"] == added.txn_id:
                lines = list(one.payload["lines"])
        return lines

    def _refuse_closed(self, key: str, posting_date: date) -> None:
        facts = self._facts()
        if facts is None or (facts.closing_on is not None and posting_date <= facts.closing_on):
            closed = (
                f"lies in a period that is closed up to {facts.closing_on}" if facts else "meets a file never opened"
            )
            raise _held(key, closed, "Post a correction in an open period instead.")

    @staticmethod
    def _now() -> datetime:
        return datetime.now(UTC)


def _refuse_other_content(journal: Journal, standing: Sequence[Operation]) -> None:
    if any(one.payload["journal_hash"] != journal.checked().content_hash for one in standing):
        raise HeldForPerson(
            f"The journal {journal.key!r} was approved before with other content.",
            "Nothing was posted: what stands in the books, or is on its way, is what was approved then.",
            "Give the changed journal another key, or turn the posted one into it with `ml-connector journals correct`.",
            journal=journal.key,
        )


def _may_stand(one: Operation) -> bool:
    """Whether an entry that is not known to stand may be in the books all the same, or may come there this moment."""
    if one.state is State.CONFLICT:
        return one.error_code not in ANEW
    was_sent = one.writes > 0 or one.txn_id is not None
    return one.state in (State.UNKNOWN, State.IN_FLIGHT) or (one.state is State.PENDING and was_sent)


def _held(key: str, why: str, do: str) -> HeldForPerson:
    return HeldForPerson(f"The journal {key!r} {why}.", "Nothing was changed in QuickBooks.", do, journal=key)
