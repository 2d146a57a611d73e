"""The request processor: one session of one application with the company file, a message in and an answer out.

`Processor.process` is the COM call ProcessRequest. Whoever drives it opens a session first and closes it after.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from lxml import etree

from ml_connector_dagster.sandbox.quickbooks_desktop.about import company_query, host_query, preferences_query
from ml_connector_dagster.sandbox.quickbooks_desktop.answer import Answer, attributes
from ml_connector_dagster.sandbox.quickbooks_desktop.com_error import ProcessDied, ProcessorError
from ml_connector_dagster.sandbox.quickbooks_desktop.company import Company
from ml_connector_dagster.sandbox.quickbooks_desktop.deleted_queries import deleted_query
from ml_connector_dagster.sandbox.quickbooks_desktop.detail_reports import custom_detail
from ml_connector_dagster.sandbox.quickbooks_desktop.injections import Injection, Injections
from ml_connector_dagster.sandbox.quickbooks_desktop.iterators import Iterators
from ml_connector_dagster.sandbox.quickbooks_desktop.journal_writes import journal_add, journal_mod
from ml_connector_dagster.sandbox.quickbooks_desktop.message_sets import MessageSets
from ml_connector_dagster.sandbox.quickbooks_desktop.queries import list_query, txn_query
from ml_connector_dagster.sandbox.quickbooks_desktop.refusals import (
    NO_SESSION,
    OTHER_USER,
    SINGLE_USER,
    UNEXPECTED,
    Refused,
    not_processed,
)
from ml_connector_dagster.sandbox.quickbooks_desktop.request import MessageSet, parse_message, text
from ml_connector_dagster.sandbox.quickbooks_desktop.summary_reports import custom_summary, general_summary
from ml_connector_dagster.sandbox.quickbooks_desktop.transaction_query import transaction_query
from ml_connector_dagster.sandbox.quickbooks_desktop.txn_writes import txn_del, txn_void

APPLICATION = "ml-connector"
_Act = Callable[[Company, Any], Answer]
_ACTS: Mapping[str, _Act] = {
    "HostQueryRq": host_query,
    "CompanyQueryRq": company_query,
    "PreferencesQueryRq": preferences_query,
    "TxnDeletedQueryRq": deleted_query,
    "ListDeletedQueryRq": deleted_query,
    "GeneralSummaryReportQueryRq": general_summary,
    "CustomSummaryReportQueryRq": custom_summary,
    "CustomDetailReportQueryRq": custom_detail,
    "JournalEntryAddRq": journal_add,
    "JournalEntryModRq": journal_mod,
    "TxnVoidRq": txn_void,
    "TxnDelRq": txn_del,
}
_LISTS = {"AccountQueryRq", "ClassQueryRq", "CustomerQueryRq", "VendorQueryRq"}


class Program:
    """The program with one company file open: what all its sessions share."""

    def __init__(self, company: Company, lock: AbstractContextManager[Any] | None = None) -> None:
        self.company = company
        self.message_sets = MessageSets()
        self.injections = Injections()
        self.lock: AbstractContextManager[Any] = lock or threading.RLock()
        """QuickBooks does one request after the other, whoever asks; who changes the file behind its back holds it too."""
        self.sessions: set[int] = set()
        """Sessions that are open; with the file in single-user mode there is no second one."""


class Processor:
    """One application on one PC. wait is called with the seconds that an answer takes; tests hand in a clock of their own."""

    def __init__(
        self, program: Program, *, application: str = APPLICATION, wait: Callable[[float], None] = time.sleep
    ) -> None:
        self._program = program
        self._application = application
        self._wait = wait
        self._iterators: Iterators | None = None

    @property
    def in_session(self) -> bool:
        """Whether a session is open."""
        return self._iterators is not None

    def begin_session(self) -> None:
        """Open the company file for this application; iterators of an earlier session are gone.

        Raises:
            ProcessorError: It cannot be opened now.
        """
        self._program.injections.session()
        if self._program.company.preferences.file_mode == "SingleUser" and self._program.sessions - {id(self)}:
            raise ProcessorError(OTHER_USER, SINGLE_USER)
        self._program.sessions.add(id(self))
        self._iterators = Iterators(self._program.company.saved)

    def end_session(self) -> None:
        """Close the session, and with it every iterator; one that is closed already is no error."""
        self._iterators = None
        self._program.sessions.discard(id(self))

    def process(self, qbxml: str) -> str:
        """Answer one message.

        Raises:
            ProcessorError: There is no answer: 0x80040400 the message cannot be parsed and nothing was executed,
                0x8004040D no session is open, others as injected. ProcessDied: the session is gone too, and whether the
                work was saved nobody can tell.
        """
        if self._iterators is None:
            raise ProcessorError(NO_SESSION, "The session ticket is invalid.")
        with self._program.lock:
            asked = parse_message(qbxml, self._program.company.preferences.qbxml_max)
            try:
                status, answers, seconds = self._answered(asked, self._iterators)
            except ProcessDied:
                self.end_session()
                raise
        self._take_time(seconds)
        return _written(asked, status, answers)

    def _answered(self, asked: MessageSet, iterators: Iterators) -> tuple[int, Sequence[Answer], float]:
        sets = self._program.message_sets
        status, earlier = sets.before(self._application, asked)
        if earlier is not None:
            return status, earlier, 0.0
        answers, crash, seconds = list[Answer](), False, 0.0
        for request in asked.requests:
            failed = asked.stops_on_error and any(answer.severity == "Error" for answer in answers)
            injection = None if failed else self._program.injections.take(str(request.tag))
            answer = _refusal(request, not_processed()) if failed else self._one(request, injection, iterators)
            seconds += self._seconds(answer, injection)
            crash = crash or (injection is not None and injection.crash == "after")
            answers.append(answer)
        status = sets.after(self._application, asked, answers)
        if crash:
            raise ProcessDied(UNEXPECTED, "QuickBooks has stopped working.")
        return status, answers, seconds

    def _one(self, request: etree._Element, injection: Injection | None, iterators: Iterators) -> Answer:
        tag, company = str(request.tag), self._program.company
        try:
            _check_id(request.get("requestID", ""))
            self._program.injections.before(injection, tag, text(request, ".//TxnID") or tag.removesuffix("Rq"))
            if tag in _ACTS:
                return _ACTS[tag](company, request)
            if tag == "TransactionQueryRq":
                return transaction_query(company, iterators, request)
            return (list_query if tag in _LISTS else txn_query)(company, iterators, request)
        except Refused as refused:
            return _refusal(request, refused)

    def _seconds(self, answer: Answer, injection: Injection | None) -> float:
        slow = self._program.injections
        return slow.seconds_each + slow.seconds_a_row * answer.rows + (injection.seconds if injection else 0.0)

    def _take_time(self, seconds: float) -> None:
        most = self._program.injections.gives_up_after_seconds
        if seconds > 0:
            self._wait(min(seconds, most) if most else seconds)
        if most and seconds > most:
            raise ProcessorError(UNEXPECTED, "QuickBooks did not answer in time.")


def _check_id(request_id: str) -> None:
    if len(request_id) > 50:
        raise Refused(1060, "The requestID is invalid.")


def _refusal(request: etree._Element, refused: Refused) -> Answer:
    name = f"{str(request.tag).removesuffix('Rq')}Rs"
    return Answer(name, request.get("requestID"), refused.code, refused.severity, refused.message)


def _written(asked: MessageSet, status: int, answers: Sequence[Answer]) -> str:
    ids = {}
    if asked.new_id or asked.old_id:
        ids = ({"newMessageSetID": asked.new_id} if asked.new_id else {}) | {"messageSetStatusCode": str(status)}
    body = "".join(answer.xml(with_body=asked.with_bodies) for answer in answers)
    return f'<?xml version="1.0" ?>\n<QBXML>\n<QBXMLMsgsRs{attributes(ids)}>\n{body}</QBXMLMsgsRs>\n</QBXML>\n'
