"""The sandbox's QuickBooks and Web Connector against our own endpoint, in one process, everything that passes judged.

A wrong message, answer or envelope is kept in `wrong`; a test asserts that nothing is there.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from unittest.mock import patch

from lxml import etree
from sqlalchemy import select

from ml_connector_dagster.ledger.journal import Journal, JournalLine
from ml_connector_dagster.ledger.journal_posting import Approval
from ml_connector_dagster.ledger.ledger_account import LedgerAccount
from ml_connector_dagster.sandbox.quickbooks_desktop.company import FILE_ID, FILE_PATH
from ml_connector_dagster.sandbox.quickbooks_desktop.processor import Processor, Program
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.connector import WebConnector
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.envelope import HttpAnswer
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.machine import (
    CompanyFile,
    QuickBooks,
    RequestProcessor,
)
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.machines import Machines
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.wire import Wire
from ml_connector_dagster.sources.contract.journals import JournalDesk
from ml_connector_dagster.sources.quickbooks_desktop import passwords
from ml_connector_dagster.sources.quickbooks_desktop.journal_writer import DesktopJournals
from ml_connector_dagster.sources.quickbooks_desktop.operations import FINAL
from ml_connector_dagster.sources.quickbooks_desktop.queue import Queue
from ml_connector_dagster.sources.quickbooks_desktop.qwc import issue, written
from ml_connector_dagster.sources.quickbooks_desktop.sessions import Sessions
from ml_connector_dagster.sources.quickbooks_desktop.web_connector import Endpoint
from ml_connector_dagster.store.engine import Store
from ml_connector_dagster.store.tables.desktop import desktop_operation
from ml_connector_dagster_tests.contract.qbxml_judge import judge_answer, judge_request
from ml_connector_dagster_tests.contract.soap_judge import judge_soap

PUBLIC_URL = "http://localhost:8702"
NUMBERS = ("6400", "6200")
"""Accounts that the test's journals debit and credit."""


@dataclass
class Clock:
    """The service's time, moved by hand; aware UTC."""

    now: datetime = datetime(2026, 11, 29, 15, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def seconds(self) -> float:
        return self.now.timestamp()


@dataclass
class JudgedProcessor:
    """QuickBooks, with every message to it and every answer judged."""

    processor: Processor
    wrong: list[str]

    def begin_session(self) -> None:
        self.processor.begin_session()

    def end_session(self) -> None:
        self.processor.end_session()

    def process(self, qbxml: str) -> str:
        self.wrong += judge_request(qbxml.encode())
        answer = self.processor.process(qbxml)
        self.wrong += judge_answer(answer.encode())
        return answer


@dataclass
class JudgedCarrier:
    """Carries calls to whatever answers (status, media type, body), and judges each answer; gets are answered 200."""

    answer: Callable[[Mapping[str, str], bytes], HttpAnswer]
    wrong: list[str]
    is_judged: bool = True

    def get(self, _url: str) -> int:
        return 200

    def post(self, _url: str, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        answer = self.answer(headers, body)
        if not self.is_judged:
            return answer
        method = etree.QName(etree.fromstring(body, etree.XMLParser(huge_tree=True))[0][0]).localname
        self.wrong += judge_soap(method, answer.status, answer.media_type, answer.body)
        return answer


@dataclass
class Stack:
    """One company: its store on our side, its file and machines on the customer's."""

    store: Store
    program: Program
    style: str = "Document"
    clock: Clock = field(default_factory=Clock)
    is_judged: bool = True
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.endpoint = Endpoint(Sessions(self.store, clock=self.clock))
        self.carrier = JudgedCarrier(self._called, self.wrong, self.is_judged)
        self.machines = Machines(
            self._on_a_pc,
            now=self.clock.seconds,
            sleep=self.pass_by,
            wire=Wire(self.carrier),
        )
        self.queue = Queue(self.store, FILE_ID)
        with patch.object(passwords, "COST", 2):  # hashed in a millisecond, not in a tenth of a second at each login
            login = issue(self.store, FILE_ID, "brackenridge", rotate=False, grace=timedelta())
        text = written(
            connection="brackenridge",
            company_id=FILE_ID,
            username=login.username,
            public_url=PUBLIC_URL,
            every_minutes=15,
        )
        self.qwc, self.password = text.replace(">Document<", f">{self.style}<"), login.password

    def connector(self, name: str = "OFFICE-PC") -> WebConnector:
        """Answer a machine's Web Connector with the application added."""
        made = self.machines.connector(name)
        made.add(self.qwc, self.password)
        return made

    def pass_by(self, seconds: float) -> None:
        self.clock.now += timedelta(seconds=seconds)

    def post(self, *keys: str) -> None:
        """Enqueue a journal for each key, as an approved file does."""
        accounts = {
            one.list_id: LedgerAccount(one.list_id, one.number, one.name, "expense", "Expense", "", "", True, None, "")
            for one in self.program.company.lists["Account"].values()
            if one.number in NUMBERS
        }
        debit, credit = sorted(accounts)
        lines = (JournalLine(debit, Decimal("12.50"), memo="Plan – Łódź €"), JournalLine(credit, Decimal("-12.50")))
        journals = [Journal(key, date(2026, 10, 31), lines) for key in keys]
        DesktopJournals(JournalDesk(self.store, FILE_ID, accounts, {})).post(
            journals, Approval("a person", self.clock.now, "0" * 64)
        )

    def entries(self) -> list[str]:
        """Answer the ExternalGUIDs of the journal entries that stand in the books through us."""
        return [
            txn.external_guid
            for txn in self.program.company.txns.values()
            if txn.kind == "JournalEntry" and txn.external_guid
        ]

    def waits(self) -> bool:
        """Answer whether anything was asked for, or is to be posted, whose end is not known yet."""
        table = desktop_operation.c
        with self.store.read() as database:
            ended = table.state.in_([state.value for state in FINAL])
            return database.execute(select(desktop_operation).where(~ended)).first() is not None

    def read_ids(self, purpose: str, record: str) -> list[str]:
        """Answer the ids of the records of one kind in a reading, each as often as it came."""
        pages = self.queue.answers(self.queue.find(purpose))
        return [
            found.text or "" for *_, page in pages for found in etree.fromstring(page).iterfind(f".//{record}/TxnID")
        ]

    def _called(self, _headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        status, answer = self.endpoint.answer(body)
        return HttpAnswer(status, "text/xml", answer)

    def _on_a_pc(self, _name: str) -> QuickBooks:
        def processor(application: str) -> RequestProcessor:
            made = Processor(self.program, application=application, wait=self.pass_by)
            return JudgedProcessor(made, self.wrong) if self.is_judged else made

        return QuickBooks({FILE_PATH: CompanyFile(processor, self.program.company.stamps)}, open_file=FILE_PATH)
