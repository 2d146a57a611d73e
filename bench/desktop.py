"""QuickBooks Desktop's queue under 100,000 transactions: memory, handler times, nothing twice after a machine that dies.

Run: ``python -m bench.desktop [transactions] [machines that die]``. The SOAP handlers run in process on SQLite, with bodies
as the Web Connector sends them; the company file is a generator that keeps nothing.
"""

from __future__ import annotations

import random
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape, unescape
from pathlib import Path

from lxml import etree

from ml_connector_dagster.sources.quickbooks_desktop import passwords, requests, rows
from ml_connector_dagster.sources.quickbooks_desktop.greeting import OWNER_ID
from ml_connector_dagster.sources.quickbooks_desktop.queue import Queue
from ml_connector_dagster.sources.quickbooks_desktop.sessions import Sessions
from ml_connector_dagster.sources.quickbooks_desktop.soap import INTUIT
from ml_connector_dagster.sources.quickbooks_desktop.web_connector import Endpoint
from ml_connector_dagster.store.engine import Store
from ml_connector_dagster.store.environment import Environment

FILE_ID = "6b1e9d52-7c3f-4a8e-b0d4-1f5a2c9e7d38"
GREETING = (
    "<QBXML><QBXMLMsgsRs><HostQueryRs><HostRet><SupportedQBXMLVersion>16.0</SupportedQBXMLVersion></HostRet></HostQueryRs>"
    f"<CompanyQueryRs><CompanyRet><DataExtRet><OwnerID>{OWNER_ID}</OwnerID><DataExtName>FileID</DataExtName>"
    f"<DataExtValue>{{{FILE_ID}}}</DataExtValue></DataExtRet></CompanyRet></CompanyQueryRs></QBXMLMsgsRs></QBXML>"
)
LINE = (
    "<InvoiceLineRet><TxnLineID>{n}-{line}</TxnLineID><ItemRef><ListID>80000012-1700000000</ListID><FullName>Widget</FullName>"
    "</ItemRef><Desc>Widgets, boxed, as ordered by telephone</Desc><Quantity>3</Quantity><Rate>12.50</Rate><ClassRef><ListID>"
    "80000002-1700000000</ListID><FullName>Sales:East</FullName></ClassRef><Amount>37.50</Amount></InvoiceLineRet>"
)


@dataclass
class Measured:
    """Seconds of each handler by method, and the largest body."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    largest_bytes: int = 0


def invoice(number: int) -> str:
    """One invoice of three lines, about 2 kB, as QuickBooks writes it."""
    lines = "".join(LINE.format(n=number, line=line) for line in range(3))
    return (
        f"<InvoiceRet><TxnID>{number:X}-1700000000</TxnID><TimeCreated>2026-10-05T09:00:00-05:00</TimeCreated><TimeModified>"
        f"2026-10-05T09:00:00-05:00</TimeModified><EditSequence>1700000000</EditSequence><TxnNumber>{number}</TxnNumber>"
        "<CustomerRef><ListID>80000001-1700000000</ListID><FullName>Abel &amp; Sons:Roof</FullName></CustomerRef><TxnDate>"
        f"2026-10-05</TxnDate><RefNumber>{number}</RefNumber><Subtotal>112.50</Subtotal>{lines}</InvoiceRet>"
    )


@dataclass
class Machine:
    """The Web Connector and the company file; dies before some of its answers."""

    endpoint: Endpoint
    transactions: int
    measured: Measured
    ticket: str = ""
    at: int = 0

    def call(self, method: str, **texts: str) -> str:
        """One SOAP call, measured; answers the text of the result."""
        inside = "".join(f"<{name}>{escape(text, quote=False)}</{name}>" for name, text in texts.items())
        body = (
            '<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/">'
            f'<soap:Body><{method} xmlns="{INTUIT}">{inside}</{method}></soap:Body></soap:Envelope>'
        ).encode()
        began = time.perf_counter()
        status, answered = self.endpoint.answer(body)
        self.measured.seconds.setdefault(method, []).append(time.perf_counter() - began)
        self.measured.largest_bytes = max(self.measured.largest_bytes, len(body))
        assert status == 200, answered
        return unescape(answered.decode().partition("Result>")[2].rpartition("</" + method + "Result>")[0])

    def session(self, dies_at: int) -> bool:
        """Run one session, ended after so many messages; False where there is no work."""
        answered = self.call("authenticate", strUserName="bench", strPassword="bench")
        self.ticket = answered.removeprefix("<string>").partition("</string>")[0]
        if not self.ticket:
            return False
        told = GREETING
        for number in range(1, sys.maxsize):
            request = self.call(
                "sendRequestXML", ticket=self.ticket, strHCPResponse=told, strCompanyFileName="C:\\B.QBW"
            )
            told = ""
            if number == dies_at or not request:
                return True
            if self.call("receiveResponseXML", ticket=self.ticket, response=self.answer(request)) == "100":
                self.call("closeConnection", ticket=self.ticket)
                return True
        raise AssertionError

    def answer(self, request: str) -> str:
        """One page of invoices."""
        asked = etree.fromstring(request.encode())[0][0]
        size = int(asked.findtext("MaxReturned") or 0)
        self.at = 0 if asked.get("iterator") == "Start" else self.at
        page = range(self.at, min(self.at + size, self.transactions))
        self.at = page.stop
        left = f'iteratorRemainingCount="{self.transactions - self.at}" iteratorID="{{1}}"'
        inside = "".join(invoice(number) for number in page)
        return (
            f'<?xml version="1.0" ?><QBXML><QBXMLMsgsRs><InvoiceQueryRs requestID="{asked.get("requestID")}" statusCode="0"'
            f' statusMessage="Status OK" {left}>{inside}</InvoiceQueryRs></QBXMLMsgsRs></QBXML>'
        )


def opened(home: Path) -> Store:
    """A new state database with a machine that may log in."""
    store = Store.open(Environment.read({"ML_CONNECTOR_HOME": str(home)}), create=True)
    with store.begin() as database:
        rows.company(store, database, FILE_ID)
        rows.change_company(database, FILE_ID, username="bench", password_hash=passwords.hashed("bench"))
    return store


def read_ids(queue: Queue) -> Iterator[str]:
    """Every transaction of what arrived, one page in memory at a time."""
    for reading in queue.arrived():
        for *_, body in queue.answers(reading):
            for element in etree.fromstring(body).iter("InvoiceRet"):
                yield element.findtext("TxnID") or ""


def megabytes() -> float:
    """The largest resident memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def run(transactions: int, deaths: int) -> None:
    """Read that many invoices through a machine that dies that often, then count them."""
    with tempfile.TemporaryDirectory() as home:
        store = opened(Path(home))
        queue, measured = Queue(store, FILE_ID), Measured()
        queue.ask("invoices 2026-10", [("invoices", {"from": "2026-10-01", "to": "2026-10-31"})])
        machine = Machine(Endpoint(Sessions(store)), transactions, measured)
        pages = -(-transactions // requests.DOCUMENTS_A_PAGE)
        chance, before = random.Random(4), megabytes()
        began = time.perf_counter()
        for _ in range(deaths):
            machine.session(chance.randint(1, pages))
        while machine.session(0):
            pass
        took, peak = time.perf_counter() - began, megabytes()
        found = Counter(read_ids(queue))
        wanted = {f"{number:X}-1700000000" for number in range(transactions)}
        print(f"{transactions:,} transactions, {deaths} machines that died: {took:,.1f} s")
        print(
            f"memory: {before:.0f} MB before, {peak:.0f} MB at most, {megabytes():.0f} MB with every answer read back"
        )
        print(f"read twice: {sum(count > 1 for count in found.values())}, missed: {len(wanted - set(found))}")
        for method, seconds in measured.seconds.items():
            mean, worst = sum(seconds) / len(seconds), max(seconds)
            print(f"{method}: {len(seconds):,} calls, mean {mean * 1000:.1f} ms, longest {worst * 1000:.0f} ms")
        print(f"largest body: {measured.largest_bytes / 1024:,.0f} kB")
        store.close()
        assert set(found) == wanted
        assert max(found.values()) == 1
        assert max(max(seconds) for seconds in measured.seconds.values()) < 5


if __name__ == "__main__":
    run(*(int(argument) for argument in [*sys.argv[1:], "100000", "3"][:2]))
