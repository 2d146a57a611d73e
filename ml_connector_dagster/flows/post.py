"""Journals out: a file of journals becomes postings in the books of its connections, each once; every outcome is recorded.

Whoever runs ``ml-connector journals post`` approves the file; what is posted is what those bytes said. A source that posts at
once (it knows no draft) gets nothing until its connection says ``post: posted``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from ml_connector_dagster.audit import trail
from ml_connector_dagster.connections.opening import Connector, OpenConnection
from ml_connector_dagster.errors import ConnectorError, HeldForPerson, RecordRefused, SettingWrong
from ml_connector_dagster.flows.reference import reference_table
from ml_connector_dagster.ledger.journal import Journal
from ml_connector_dagster.ledger.journal_posting import Approval, JournalPosting, JournalState
from ml_connector_dagster.ledger.ledger_account import LedgerAccount
from ml_connector_dagster.ledger.party import TrackingOption
from ml_connector_dagster.mapping.journal_csv import JournalRow, journals_of, read_journals
from ml_connector_dagster.sources.contract.journals import JournalDesk, Journals, JournalWriter

WAIT_SECONDS = 30.0
"""For another poster of the same company."""
EVENTS = {
    JournalState.WAITING: "journal_taken",
    JournalState.UNKNOWN: "journal_outcome_unknown",
    JournalState.POSTED: "journal_posted",
    JournalState.VOIDED: "journal_voided",
    JournalState.REFUSED: "journal_refused",
    JournalState.CONFLICT: "journal_conflict",
    JournalState.CANCELLED: "journal_cancelled",
}
Row = TypeVar("Row", LedgerAccount, TrackingOption)


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of one entry that a file asked for."""

    connection: str
    posting: JournalPosting
    is_new: bool
    """False where it was taken before, by the same journal: nothing is posted again."""


def post_file(connector: Connector, path: Path, *, by: str) -> list[Posted]:
    """Take every journal of a file for posting; nothing of it where one of them cannot be posted.

    Args:
        connector: Of the process.
        path: See ``mapping.journal_csv``.
        by: Who approves.

    Raises:
        SettingWrong: The file is wrong, or names a connection that takes no journals.
        HeldForPerson: A connection's settings do not let journals be posted, or a journal was approved with other content.
        RecordRefused: A journal cannot be posted: unbalanced, closed period, unknown account …
        AnswerAwaited: The chart of accounts was never read, and is asked for now.
    """
    return _each(connector, path, by, lambda writer, journals, approval: writer.post(journals, approval))


def correct_file(connector: Connector, path: Path, *, by: str) -> list[Posted]:
    """Turn posted journals into what a file says under the same keys: a reversal and a new entry each.

    Raises:
        ConnectorError: As ``post_file``; or a journal does not stand in the books as posted.
    """
    return _each(connector, path, by, _one_by_one(lambda writer: writer.correct))


def amend_file(connector: Connector, path: Path, *, by: str) -> list[Posted]:
    """Change our own unedited entries in place to what a file says under the same keys.

    Raises:
        ConnectorError: As ``post_file``; or an entry may not be changed.
    """
    return _each(connector, path, by, _one_by_one(lambda writer: writer.amend))


def void_journal(connection: OpenConnection, key: str, *, by: str) -> Sequence[JournalPosting]:
    """Void a journal's entries in the books; what was not sent yet is cancelled.

    Raises:
        HeldForPerson: There is none of that key, or its entries may not be voided.
    """
    return _told(connection, lambda writer: writer.void(key, _approval(connection, by, f"void {key}")))


def retry_journal(connection: OpenConnection, key: str, *, by: str) -> Sequence[JournalPosting]:
    """Try again what was refused, or what a person looked into.

    Raises:
        HeldForPerson: There is nothing of that key to be tried again.
    """
    return _told(connection, lambda writer: writer.retry(key, _approval(connection, by, f"retry {key}")))


def verify_journals(connection: OpenConnection, key: str = "") -> Sequence[JournalPosting]:
    """Look again at what stands in the books, of one journal or of all."""
    return _told(connection, lambda writer: writer.verify(key))


def postings_of(connection: OpenConnection, key: str = "") -> Sequence[JournalPosting]:
    """Answer what was taken for posting, oldest first; new outcomes are recorded on the way."""
    if connection.source.journals is None:
        return ()
    writer = _writer(connection, {}, {})
    record_outcomes(connection)
    return writer.postings(key)


def record_outcomes(connection: OpenConnection) -> int:
    """Append to the audit trail whatever became of journals since it was last looked; answers how many events.

    The books are reached by another process, which knows no connection. What it stored is read here, and the trail itself
    tells which outcomes it has, so that none is missed and none is recorded twice whoever looks when.
    """
    if connection.source.journals is None:
        return 0
    writer = _writer(connection, {}, {})
    with connection.locks.hold(f"journal events:{connection.name}", WAIT_SECONDS):
        known = _recorded(connection)
        news = [one for one in writer.postings() if known.get(one.operation_id) != EVENTS[one.state]]
        if news:
            with connection.store.begin() as database:
                for one in news:
                    trail.record(database, connection.name, EVENTS[one.state], _facts(one))
    return len(news)


def _each(
    connector: Connector,
    path: Path,
    by: str,
    take: Callable[[JournalWriter, Sequence[Journal], Approval], Sequence[JournalPosting]],
) -> list[Posted]:
    """Prepare every connection's journals before the first is taken, so that a wrong row posts nothing at all."""
    file = read_journals(path)
    prepared = [_prepared(connector.connection(name), rows) for name, rows in file.by_connection().items()]
    done: list[Posted] = []
    for connection, writer, journals in prepared:
        approval = Approval(by, connection.store.now(), file.document_hash)
        with _alone(connection):
            before = {one.operation_id for one in writer.postings()}
            taken = take(writer, journals, approval)
        record_outcomes(connection)
        done += [Posted(connection.name, one, one.operation_id not in before) for one in taken]
    return done


def _prepared(
    connection: OpenConnection, rows: Sequence[JournalRow]
) -> tuple[OpenConnection, JournalWriter, Sequence[Journal]]:
    declared = _declared(connection)
    _refuse_unless_allowed(connection, declared)
    accounts = _by_id(connection, "ledger_accounts", LedgerAccount, "ledger_account_id")
    options = _by_id(connection, declared.dimension, TrackingOption, "option_id")
    journals = journals_of(rows, accounts, options)
    writer = _writer(connection, accounts, options)
    refused = [_refused(journal, found) for journal in journals if (found := writer.problems(journal))]
    if refused:
        first, *others = refused
        first.context["others"] = tuple(others)
        raise first
    return connection, writer, journals


def _told(
    connection: OpenConnection, do: Callable[[JournalWriter], Sequence[JournalPosting]]
) -> Sequence[JournalPosting]:
    _refuse_unless_allowed(connection, _declared(connection))
    with _alone(connection):
        done = do(_writer(connection, {}, {}))
    record_outcomes(connection)
    return done


@contextmanager
def _alone(connection: OpenConnection) -> Iterator[None]:
    """One poster a company: from look to enqueueing, or to confirmation where a source posts by itself."""
    chosen = connection.settings.source
    with connection.locks.hold(f"journals:{chosen.system}:{chosen.company_id}", WAIT_SECONDS):
        yield


def _one_by_one(
    method: Callable[[JournalWriter], Callable[[Journal, Approval], Sequence[JournalPosting]]],
) -> Callable[[JournalWriter, Sequence[Journal], Approval], Sequence[JournalPosting]]:
    def take(writer: JournalWriter, journals: Sequence[Journal], approval: Approval) -> Sequence[JournalPosting]:
        return [posting for journal in journals for posting in method(writer)(journal, approval)]

    return take


def _declared(connection: OpenConnection) -> Journals:
    if connection.source.journals is None:
        raise SettingWrong(
            f"{connection.source.title} takes no journals from here; {connection.name!r} is such a connection.",
            "Nothing was posted.",
            "Name a connection whose accounting system is posted to.",
        )
    return connection.source.journals


def _refuse_unless_allowed(connection: OpenConnection, declared: Journals) -> None:
    says = connection.settings.post
    if says == "posted" or (says == "draft" and not declared.posts_at_once):
        return
    at_once = (
        f" {connection.source.title} knows no draft: what is sent stands in the books at once." * declared.posts_at_once
    )
    raise HeldForPerson(
        f"The settings of {connection.name!r} say `post: {says}`.{at_once}",
        "Nothing was posted.",
        f"Write `post: {'posted' if declared.posts_at_once else 'draft'}` into {connection.path} once that is wanted.",
        connection=connection.name,
    )


def _writer(
    connection: OpenConnection, accounts: Mapping[str, LedgerAccount], options: Mapping[str, TrackingOption]
) -> JournalWriter:
    return _declared(connection).open(
        JournalDesk(connection.store, connection.settings.source.company_id, accounts, options)
    )


def _by_id(connection: OpenConnection, entity: str, record: type[Row], key: str) -> dict[str, Row]:
    table = reference_table(connection, entity)
    found = [record(**row) for row in table.to_pylist()]
    return {getattr(one, key): one for one in found}


def _approval(connection: OpenConnection, by: str, word: str) -> Approval:
    return Approval(by, connection.store.now(), word)


def _recorded(connection: OpenConnection) -> dict[str, str]:
    """Answer the newest event of each operation."""
    return {
        event.facts["operation"]: event.event
        for event in trail.events(connection.store, connection.name)
        if event.event in EVENTS.values()
    }


def _facts(one: JournalPosting) -> dict[str, Any]:
    return {
        "operation": one.operation_id,
        "attempt": one.attempt,
        "journal": one.key,
        "entry": one.entry,
        "entries": one.entries,
        "action": one.action,
        "lines": one.lines,
        "journal_hash": one.journal_hash,
        "document_hash": one.approval.document_hash,
        "approved_by": one.approval.by,
        "number": one.number,
        "transaction": one.transaction_id,
        "says": one.says[: trail.MOST_SAID],
    }


def _refused(journal: Journal, problems: Sequence[str]) -> ConnectorError:
    return RecordRefused(
        f"The journal {journal.key!r} cannot be posted: {'; '.join(problems)}.",
        "Nothing of the file was posted.",
        "Correct the journal, or what the accounting system holds, and post the file again.",
        journal=journal.key,
    )
