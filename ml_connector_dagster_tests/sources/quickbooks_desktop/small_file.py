"""A company file of ten lines and a machine that asks for it: for tests of the queue alone, without any bookkeeping."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from lxml import etree

from ml_connector_dagster.sources.quickbooks_desktop import passwords, rows
from ml_connector_dagster.sources.quickbooks_desktop.greeting import OWNER_ID
from ml_connector_dagster.sources.quickbooks_desktop.sessions import Sessions
from ml_connector_dagster.store.engine import Store

FILE_ID = "6b1e9d52-7c3f-4a8e-b0d4-1f5a2c9e7d38"
PATH = "C:\\Books\\Small.QBW"
USER, PASSWORD = "small-1a2b", "correct-horse"
_HASH = passwords.hashed(PASSWORD, cost=2)
ONE_EACH_DAY = [f"T{day:02d}" for day in range(1, 32)]


def greeting(
    *, file_id: str = FILE_ID, owner: str = OWNER_ID, versions: tuple[str, ...] = ("12.0", "13.0", "16.0", "CA3.0")
) -> str:
    """What the first sendRequestXML of a session tells."""
    speaks = "".join(f"<SupportedQBXMLVersion>{one}</SupportedQBXMLVersion>" for one in versions)
    stamp = (
        f"<DataExtRet><OwnerID>{owner}</OwnerID><DataExtName>FileID</DataExtName><DataExtType>STR255TYPE</DataExtType>"
        f"<DataExtValue>{{{file_id.upper()}}}</DataExtValue></DataExtRet>"
    )
    return (
        '<?xml version="1.0" ?><QBXML><QBXMLMsgsRs><HostQueryRs requestID="0" statusCode="0"><HostRet>'
        f"<ProductName>QuickBooks Enterprise</ProductName>{speaks}</HostRet></HostQueryRs>"
        f'<CompanyQueryRs requestID="1" statusCode="0"><CompanyRet><CompanyName>Small</CompanyName>{stamp}</CompanyRet>'
        "</CompanyQueryRs></QBXMLMsgsRs></QBXML>"
    )


@dataclass
class Clock:
    """The time of a test, aware UTC."""

    now: datetime = datetime(2026, 11, 2, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class SmallFile:
    """Answers every question: a paged one from ``records``, a report with one row a day, anything else with nothing in it."""

    records: list[str] = field(default_factory=lambda: list(ONE_EACH_DAY))
    seconds: Callable[[int], float] = lambda asked: 0.1
    """How long it works, given how many records or days are asked for."""
    clock: Clock = field(default_factory=Clock)
    refuses: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Element of a question, without Rq, to the status code and message it is refused with."""
    asked: list[str] = field(default_factory=list)
    iterators: dict[str, int] = field(default_factory=dict)
    numbers: itertools.count[int] = field(default_factory=itertools.count)

    def new_session(self) -> None:
        """Forget every iterator: they live in one session alone."""
        self.iterators.clear()

    def process(self, request: str) -> str:
        """Answer one message."""
        self.asked.append(request)
        asked = etree.fromstring(request.encode())[0][0]
        name, inside, attributes = asked.tag.removesuffix("Rq"), "", ""
        if name in self.refuses:
            code, says = self.refuses[name]
            return answer(name, asked.get("requestID") or "", code=code, says=says)
        if asked.get("iterator"):
            inside, attributes = self._page(asked)
            if not attributes:
                return answer(name, asked.get("requestID") or "", code=3120, says="iterator is gone")
        elif asked.find("ReportPeriod") is not None:
            inside = self._report(asked)
        return answer(name, asked.get("requestID") or "", inside, attributes)

    def _page(self, asked: etree._Element) -> tuple[str, str]:
        size, key = int(asked.findtext("MaxReturned") or 0), asked.get("iteratorID") or ""
        if asked.get("iterator") == "Start":
            key = f"{{{next(self.numbers)}}}"
            self.iterators[key] = 0
        if key not in self.iterators:
            return "", ""
        self.clock.pass_by(self.seconds(size))
        at = self.iterators[key]
        self.iterators[key] = at + size
        inside = "".join(f"<Ret>{one}</Ret>" for one in self.records[at : at + size])
        return inside, f' iteratorRemainingCount="{max(0, len(self.records) - at - size)}" iteratorID="{key}"'

    def _report(self, asked: etree._Element) -> str:
        first, last = (
            date.fromisoformat(asked.findtext(f"ReportPeriod/{end}ReportDate") or "") for end in ("From", "To")
        )
        days = (last - first).days + 1
        self.clock.pass_by(self.seconds(days))
        return "".join(f"<Ret>T{(first + timedelta(days=gone)).day:02d}</Ret>" for gone in range(days))


def answer(name: str, request_id: str, inside: str = "", attributes: str = "", *, code: int = 0, says: str = "") -> str:
    """One qbXML answer."""
    status = f'requestID="{request_id}" statusCode="{code}" statusSeverity="Info" statusMessage="{says}"'
    return f'<?xml version="1.0" ?><QBXML><QBXMLMsgsRs><{name}Rs {status}{attributes}>{inside}</{name}Rs></QBXMLMsgsRs></QBXML>'


def records_in(body: bytes) -> list[str]:
    """Answer the records of one kept answer."""
    return [element.text or "" for element in etree.fromstring(body).iter("Ret")]


def introduce(store: Store, company_id: str = FILE_ID) -> None:
    """Let the machine log in, as after ``ml-connector qwc``, but hashed so cheaply that a login costs nothing."""
    with store.begin() as database:
        rows.company(store, database, company_id)
        rows.change_company(database, company_id, username=USER, password_hash=_HASH, connection="small")


@dataclass
class Machine:
    """A Windows machine: its Web Connector, and the company file that is open on it."""

    sessions: Sessions
    file: SmallFile
    ticket: str = ""
    greeted: bool = False
    sent: int = 0

    def log_in(self) -> tuple[str, ...]:
        """Begin a session; every iterator of the file is gone."""
        self.file.new_session()
        answered = self.sessions.authenticate(USER, PASSWORD)
        self.ticket, self.greeted = answered[0], False
        return answered

    def ask(self) -> str:
        """sendRequestXML."""
        told, self.greeted = ("" if self.greeted else greeting()), True
        self.sent += 1
        return self.sessions.send_request(self.ticket, told, PATH, "US", (16, 0))

    def bring(self, response: str, hresult: str = "", message: str = "") -> int:
        """receiveResponseXML."""
        return self.sessions.receive_response(self.ticket, response, hresult, message)

    def run(self) -> str:
        """One whole session, as it goes well; answers what closeConnection says, or why there was none."""
        answered = self.log_in()
        if not answered[0]:
            return answered[1]
        while request := self.ask():
            if self.bring(self.file.process(request)) == 100:
                break
        return self.sessions.close(self.ticket)
