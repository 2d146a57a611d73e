"""A company file, its Web Connector and our endpoint's calls in one process, with every way in which they fail each other."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from lxml import etree
from sqlalchemy import delete, insert, select

from ml_connector_dagster.ledger.journal import Journal, JournalLine
from ml_connector_dagster.ledger.journal_posting import Approval, JournalPosting
from ml_connector_dagster.ledger.ledger_account import LedgerAccount
from ml_connector_dagster.ledger.party import TrackingOption
from ml_connector_dagster.sources.contract.journals import JournalDesk
from ml_connector_dagster.sources.quickbooks_desktop import rows
from ml_connector_dagster.sources.quickbooks_desktop.greeting import OWNER_ID
from ml_connector_dagster.sources.quickbooks_desktop.journal_writer import DesktopJournals
from ml_connector_dagster.sources.quickbooks_desktop.operations import Operation
from ml_connector_dagster.sources.quickbooks_desktop.queue import Queue
from ml_connector_dagster.sources.quickbooks_desktop.sessions import Sessions
from ml_connector_dagster.store.engine import Store
from ml_connector_dagster.store.faultpoints import planted
from ml_connector_dagster.store.tables.desktop import (
    desktop_attempt,
    desktop_company,
    desktop_operation,
    desktop_session,
)
from ml_connector_dagster_tests.faults.sandbox_books import SandboxBooks
from ml_connector_dagster_tests.sources.quickbooks_desktop.small_books import MachineDiedError, SmallBooks

Answer = TypeVar("Answer")
ACCOUNTS = {
    f"8000000{number}-1": LedgerAccount(
        f"8000000{number}-1", f"60{number}0", f"Account {number}", "expense", "Expense", "", "", True, None, ""
    )
    for number in range(1, 5)
}
CLASSES = {"90000001-1": TrackingOption("90000001-1", "Sales:East", "class", "Class", True, "")}
TABLES = (desktop_company, desktop_session, desktop_operation, desktop_attempt)
CALLS = ("drop_request", "drop_answer", "repeat", "server_dies_uncommitted", "server_dies_committed")
"""What can befall a call to our endpoint."""
WORK = (
    "machine_dies",
    "quickbooks_dies_before",
    "quickbooks_dies_after",
    "hresult",
    "empty",
    "garbage",
    "half",
    "other_machine",
)
"""What can befall a message on the customer's machine."""


class DiedError(BaseException):
    """A process ends where it stands; nothing of the product catches it."""


def hcp(company_id: str, *, closing: str = "2026-09-30", classes: bool = True) -> str:
    """What the Web Connector says of the company file with the first call."""
    return (
        "<QBXML><QBXMLMsgsRs><HostQueryRs><HostRet><ProductName>Enterprise</ProductName><Country>US</Country>"
        "<SupportedQBXMLVersion>16.0</SupportedQBXMLVersion></HostRet></HostQueryRs><CompanyQueryRs><CompanyRet>"
        "<CompanyName>Brackenridge</CompanyName><FirstMonthFiscalYear>January</FirstMonthFiscalYear><DataExtRet>"
        f"<OwnerID>{OWNER_ID}</OwnerID><DataExtName>FileID</DataExtName><DataExtValue>{{{company_id}}}</DataExtValue>"
        "</DataExtRet></CompanyRet></CompanyQueryRs><PreferencesQueryRs><PreferencesRet><AccountingPreferences>"
        f"<IsUsingAccountNumbers>true</IsUsingAccountNumbers><IsUsingClassTracking>{str(classes).lower()}</IsUsingClassTracking>"
        f"<ClosingDate>{closing}</ClosingDate></AccountingPreferences></PreferencesRet></PreferencesQueryRs>"
        "</QBXMLMsgsRs></QBXML>"
    )


def journal(key: str, cents: int = 125_000) -> Journal:
    amount = Decimal(cents) / 100
    lines = (
        JournalLine("80000001-1", amount, "90000001-1", "plan"),
        JournalLine("80000002-1", -amount),
    )
    return Journal(key, date(2026, 11, 30), lines)


class OpenSessions(Sessions):
    """The endpoint's calls with a login that costs nothing."""

    def __init__(self, store: Store, company_id: str, clock: Callable[[], datetime]) -> None:
        super().__init__(store, clock=clock)
        self._company = company_id

    def logged_in(self, username: str, password: str) -> str | None:
        return self._company


@dataclass
class Trouble:
    """What befalls one session: the call or the work of that number, from 0."""

    at: int
    kind: str


@dataclass
class Office:
    store: Store
    company_id: str
    books: SmallBooks | SandboxBooks
    deleted: set[str] = field(default_factory=set)
    """GUIDs of entries that a user deleted."""
    touched: set[str] = field(default_factory=set)
    """GUIDs of entries that a user voided or edited."""
    log: list[str] = field(default_factory=list)
    done: int = 0
    """Steps that the last session came to."""

    def __post_init__(self) -> None:
        self.sessions = OpenSessions(self.store, self.company_id, lambda: self.books.now)
        self.open_file()

    def open_file(self, **said: Any) -> None:
        """Let a session have told us of the company file."""
        facts = zlib.compress(hcp(self.company_id, **said).encode(), 1)
        with self.store.begin() as database:
            rows.company(self.store, database, self.company_id)
            rows.change_company(database, self.company_id, facts=facts, opened_at=self.books.now)

    def writer(self) -> DesktopJournals:
        return DesktopJournals(JournalDesk(self.store, self.company_id, ACCOUNTS, CLASSES))

    def approval(self) -> Approval:
        return Approval("ann", datetime(2026, 11, 20, tzinfo=UTC), "f" * 64)

    def post(self, *journals: Journal, dies_at: str = "") -> list[JournalPosting]:
        """Post, or die at a fault point of it."""
        if not dies_at:
            return list(self.writer().post(journals, self.approval()))
        with self.dying(dies_at), suppress(DiedError):
            self.writer().post(journals, self.approval())
        return []

    @contextmanager
    def dying(self, at: str) -> Iterator[None]:
        def hook(reached: str) -> None:
            if reached.endswith(at):
                raise DiedError

        with planted(hook):
            yield

    def cycle(self, trouble: Trouble | None = None) -> int:
        """Let the Web Connector run one session; answers how many steps it came to."""
        machine = Machine(self, trouble)
        self.books.begin()
        with suppress(DiedError):
            machine.run()
        self.books.end()
        self.done = machine.step
        self.books.now += timedelta(minutes=20)
        return machine.step

    def settle(self) -> None:
        """Run sessions without trouble until there is nothing left to do."""
        for _ in range(40):
            if not self.cycle_has_work():
                return
        raise AssertionError("the queue never came to its end")

    def cycle_has_work(self) -> bool:
        return self.cycle() > 1

    def kept(self) -> dict[str, list[dict[str, Any]]]:
        """A backup of the state database, as far as this company is concerned."""
        with self.store.read() as database:
            return {table.name: [dict(row) for row in self._rows(database, table)] for table in TABLES}

    def restore(self, kept: Mapping[str, list[dict[str, Any]]]) -> None:
        with self.store.begin() as database:
            for table in reversed(TABLES):
                database.execute(delete(table).where(table.c.company_id == self.company_id))
            for table in TABLES:
                if kept[table.name]:
                    database.execute(insert(table), kept[table.name])

    def entry_of(self, posting: JournalPosting) -> str:
        """TxnID of the entry that carries the posting's GUID; empty where none stands."""
        guid = self.guid_of(posting)
        return next((entry.txn_id for entry in self.books.entries.values() if entry.guid == guid), "")

    def guid_of(self, posting: JournalPosting) -> str:
        return self.operation(posting).external_guid or ""

    def operation(self, posting: JournalPosting) -> Operation:
        return Queue(self.store, self.company_id).operation(posting.operation_id)

    def user(self, does: str, posting: JournalPosting) -> bool:
        """A user renames, moves, voids, edits or deletes the entry, if it stands."""
        txn_id = self.entry_of(posting)
        if not txn_id:
            return False
        guid = self.guid_of(posting)
        if does == "delete":
            self.books.delete_by_user(txn_id)
            self.deleted.add(guid)
        elif does == "void":
            self.books.void_by_user(txn_id)
            self.touched.add(guid)
        else:
            self.books.rename_by_user(txn_id, "JE-9", date="2026-12-03" if does == "move" else "")
        self.log.append(f"user {does}")
        return True

    def _rows(self, database: Any, table: Any) -> list[Any]:
        return list(database.execute(select(table).where(table.c.company_id == self.company_id)).mappings())


@dataclass
class Machine:
    """One session of the Web Connector, which may meet one trouble."""

    office: Office
    trouble: Trouble | None
    step: int = 0

    def run(self) -> None:
        sessions = self.office.sessions
        ticket, company_file, _, _ = self.call(lambda: sessions.authenticate("user", "password"))
        if company_file in ("none", "busy", "nvu"):
            return
        told, percent = hcp(self.office.company_id), 0
        while percent < 100:
            request = self.call(lambda told=told: sessions.send_request(ticket, told, "C:\\B.QBW", "US", (16, 0)))
            told = ""
            if not request:
                break
            response, hresult = self.work(request)
            percent = self.call(lambda r=response, h=hresult: sessions.receive_response(ticket, r, h, ""))
            if percent < 0:
                break
        self.call(lambda: sessions.close(ticket))

    def call(self, do: Callable[[], Answer]) -> Answer:
        """Call our endpoint."""
        kind = self._befalls(CALLS)
        if kind == "drop_request":
            raise DiedError
        if kind.startswith("server_dies"):
            with self.office.dying("." + kind.removeprefix("server_dies_")):
                do()
            raise DiedError
        answer = do()
        if kind == "drop_answer":
            raise DiedError
        return do() if kind == "repeat" else answer

    def work(self, request: str) -> tuple[str, str]:
        """Let QuickBooks do what was asked; answers response and hresult."""
        kind, books = self._befalls(WORK), self.office.books
        if kind == "machine_dies":
            raise DiedError
        if kind == "other_machine":
            self._other_machine()
        if kind.startswith("quickbooks_dies"):
            books.dies = kind.removeprefix("quickbooks_dies_")
        try:
            answer = books.process(request)
        except MachineDiedError:
            raise DiedError from None
        finally:
            books.dies = ""
        broken = {
            "hresult": ("", "0x80040402"),
            "empty": ("", ""),
            "garbage": (answer[:-9], ""),
            "half": (_half(answer), ""),
        }
        return broken.get(kind, (answer, ""))

    def _other_machine(self) -> None:
        """This machine hangs for six minutes, and another with the same .qwc file comes meanwhile; then it goes on."""
        self.office.books.now += timedelta(minutes=6)
        with suppress(DiedError):
            Machine(self.office, None).run()

    def _befalls(self, kinds: tuple[str, ...]) -> str:
        number, self.step = self.step, self.step + 1
        if self.trouble is None or self.trouble.at != number:
            return ""
        kind = self.trouble.kind if self.trouble.kind in kinds else kinds[0]
        self.office.log.append(f"{kind} at {number}")
        return kind


def _half(answer: str) -> str:
    """The answer as QuickBooks gives it when it fails at every question but the last."""
    root = etree.fromstring(answer.encode())
    for reply in root[0][:-1]:
        reply.set("statusCode", "1000")
        del reply[:]
    return etree.tostring(root).decode()
