"""The customer's machine without a Web Connector: plays sessions against the queue, in this process."""

import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import insert

from ml_connector_dagster.errors import AnswerAwaited
from ml_connector_dagster.sources.contract.session import CompanySession
from ml_connector_dagster.sources.quickbooks_desktop import rows
from ml_connector_dagster.sources.quickbooks_desktop.arrivals import purpose_of
from ml_connector_dagster.sources.quickbooks_desktop.company import DesktopCompany
from ml_connector_dagster.sources.quickbooks_desktop.qbxml import as_document
from ml_connector_dagster.sources.quickbooks_desktop.queue import LastSeen, LastSession
from ml_connector_dagster.sources.quickbooks_desktop.readings import COMPLETE, Reading, Request
from ml_connector_dagster.sources.quickbooks_desktop.requests import READS, PageAsk, is_paged, read_request
from ml_connector_dagster.sources.quickbooks_desktop.sessions import Sessions
from ml_connector_dagster.sources.quickbooks_desktop.status import seen
from ml_connector_dagster.store.engine import Store
from ml_connector_dagster.store.environment import Environment
from ml_connector_dagster.store.tables.desktop import desktop_session
from ml_connector_dagster_tests.sources.quickbooks_desktop.payloads import FILE_ID

MOST_SESSIONS = 3
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
PATH = r"C:\Books\Brackenridge.QBW"


class File(Protocol):
    """A company file, open in QuickBooks."""

    def greeting(self) -> str:
        """What the Web Connector brings with the first call of a session."""

    def answer(self, message: str) -> str:
        """QuickBooks' answer to one message."""

    def end_session(self) -> None:
        """Iterators live as long as the session."""


class Desk:
    """The customer's machine: plays sessions, counts what was asked of QuickBooks."""

    def __init__(self, store: Store, file: File):
        self.store, self.file = store, file
        self.calls = 0
        self.closed = False
        self.sessions = Sessions(store)

    def run(self) -> None:
        """One session, until nothing is left to ask."""
        ticket, told = self._login(), self.file.greeting()
        while message := self.sessions.send_request(ticket, told, PATH, "US", (16, 0)):
            self.calls += 1
            told = ""
            if self.sessions.receive_response(ticket, self.file.answer(message), "", "") in (-1, 100):
                break
        self.sessions.close(ticket)
        self.file.end_session()

    def close(self) -> None:
        self.closed = True

    def _login(self) -> str:
        """As after the right password, which takes a tenth of a second on purpose."""
        ticket, now = uuid.uuid4().hex, self.store.now()
        with self.store.begin() as database:
            company = rows.company(self.store, database, FILE_ID)
            rows.change_company(database, FILE_ID, epoch=company["epoch"] + 1)
            database.execute(
                insert(desktop_session).values(
                    id=ticket, company_id=FILE_ID, ticket_hash=rows.ticket_hash(ticket),
                    epoch=company["epoch"] + 1, state="open", opened_at=now, seen_at=now,
                )
            )  # fmt: skip
        return ticket


class Patient:
    """A reader that lets the machine answer, and asks again: what two runs and a session between them do."""

    def __init__(self, company: DesktopCompany, desk: Desk, *, anew: bool = False):
        """Take what it stands for.

        Args:
            company: The reader.
            desk: The machine.
            anew: True where each read and control sees the books of now, as if the run before had published.
        """
        self.waiting, self.desk, self.anew = company, desk, anew

    def read(self, entity, period):
        self._begin(entity.name, period)
        return self._waited(self.waiting.read, entity, period)

    def control(self, period, **named):
        self._begin("ledger_lines", period)
        return self._waited(self.waiting.control, period, **named)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.waiting, name)
        return (lambda *given, **named: self._waited(found, *given, **named)) if callable(found) else found

    def _begin(self, entity, period):
        if self.anew:
            self.waiting.spend(purpose_of(entity, str(period)))

    def _waited(self, ask: Callable[..., Any], *given, **named):
        for _ in range(MOST_SESSIONS):
            try:
                told = ask(*given, **named)
                return iter(list(told)) if hasattr(told, "__next__") else told
            except AnswerAwaited:
                self.desk.run()
        return ask(*given, **named)


class StraightQueue:
    """Stands where the queue stands, and asks the file at once: for figures of many months, without sessions and tables."""

    def __init__(self, file: File):
        self.file, self.calls = file, 0
        self._answers: dict[str, list[tuple[str, Any, bytes]]] = {}

    def find(self, purpose: str) -> Reading | None:
        return self._reading(purpose) if purpose in self._answers else None

    def ask(self, purpose: str, requests: Sequence[Request]) -> Reading:
        self._answers[purpose] = [one for request in requests for one in self._asked(*request)]
        return self._reading(purpose)

    def answers(self, reading: Reading) -> Iterator[tuple[str, Any, bytes]]:
        yield from self._answers[reading.purpose]

    def let_go(self, reading: Reading) -> None:
        del self._answers[reading.purpose]

    def forget(self) -> None:
        """Ask everything anew."""
        self._answers.clear()

    def company(self) -> LastSession:
        return LastSession(as_document(self.file.greeting()), NOON, PATH, {})

    def seen(self) -> LastSeen:
        return LastSeen(NOON, NOON, "", None, "")

    def operations(self, *kinds: object) -> list[Any]:
        del kinds
        return []

    def _asked(self, name, arguments):
        page = PageAsk(READS[name].page_size) if is_paged(name, arguments) else None
        while True:
            self.calls += 1
            message = read_request(name, arguments, request_id="1", page=page)
            answer = as_document(self.file.answer(message.decode()))
            yield name, arguments, answer
            told = seen(answer)
            if not told.remaining:
                return
            page = PageAsk(READS[name].page_size, told.iterator_id)

    def _reading(self, purpose: str) -> Reading:
        return Reading(f"{purpose} {self.calls}", FILE_ID, purpose, COMPLETE, "", NOON, NOON)


def straight(file: File) -> tuple[DesktopCompany, StraightQueue]:
    """A company file whose questions are answered at once."""
    queue = StraightQueue(file)
    company = DesktopCompany(CompanySession(None, "", FILE_ID, "America/Chicago"))  # type: ignore[arg-type]
    company.__dict__["queue"] = queue
    return company, queue


def opened(file: File, *, anew: bool = False) -> tuple[Patient, Desk]:
    """A company file, opened as the product opens it, over a state database of its own."""
    desk = Desk(fresh_store(), file)
    return Patient(DesktopCompany(session_of(desk)), desk, anew=anew), desk


def session_of(desk: Desk) -> CompanySession:
    """What ``open_company`` gets."""
    return CompanySession(desk, "", FILE_ID, "America/Chicago", store=desk.store)


def fresh_store() -> Store:
    """A state database of its own."""
    home = Path(tempfile.mkdtemp(prefix="desk"))
    shutil.copytree(_template(), home, dirs_exist_ok=True)
    return Store.open(_environment(home))


@cache
def _template() -> Path:
    home = Path(tempfile.mkdtemp(prefix="desk"))
    Store.open(_environment(home), create=True).close()
    return home


def _environment(home: Path) -> Environment:
    return Environment.read({"ML_CONNECTOR_HOME": str(home)})
