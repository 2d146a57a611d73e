"""A caller of the request processor, as small as can be: requests in, answers taken apart."""

import re
from datetime import datetime, timedelta

from lxml import etree

from ml_connector_dagster.sandbox.quickbooks_desktop.company import Company
from ml_connector_dagster.sandbox.quickbooks_desktop.processor import Processor, Program

NOW = datetime(2026, 11, 20, 10, 30)
HEAD = '<?xml version="1.0" encoding="utf-8"?><?qbxml version="13.0"?>'
CASH, FEES, ACCRUED = "1010", "6600", "2300"


def message(requests: str, *, on_error: str = "stopOnError", head: str = HEAD, **attributes: str) -> str:
    """One message set."""
    more = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f'{head}<QBXML><QBXMLMsgsRq onError="{on_error}"{more}>{requests}</QBXMLMsgsRq></QBXML>'


class Office:
    """A company file with an application in session. The PC's clock stands still unless it is moved."""

    def __init__(self, company: Company | None = None) -> None:
        self.now = NOW
        self.company = company or Company(lambda: self.now)
        self.program = Program(self.company)
        self.waited: list[float] = []
        self.processor = Processor(self.program, wait=self.waited.append)
        self.processor.begin_session()

    def later(self, **time: float) -> None:
        self.now += timedelta(**time)

    def raw(self, requests: str, **more: str) -> str:
        return self.processor.process(message(requests, **more))

    def set(self, requests: str, **more: str) -> etree._Element:
        """The QBXMLMsgsRs of an answer."""
        return etree.fromstring(self.raw(requests, **more).encode())[0]

    def ask(self, requests: str, **more: str) -> etree._Element:
        """The answer to one request."""
        answers = self.set(requests, **more)
        assert len(answers) == 1
        return answers[0]

    def code(self, requests: str, **more: str) -> str:
        return self.ask(requests, **more).get("statusCode", "")

    def account(self, number: str) -> str:
        return self.company.account(number)

    def line(self, side: str, account: str, amount: str, rest: str = "") -> str:
        """A journal line on an account by number; rest comes after the amount."""
        ref = f"<AccountRef><ListID>{self.account(account)}</ListID></AccountRef>" if account else ""
        given = f"<Amount>{amount}</Amount>" if amount else ""
        return f"<Journal{side}Line>{ref}{given}{rest}</Journal{side}Line>"

    def journal(
        self, lines: str = "", *, ref: str = "P1", day: str = "2026-11-15", rest: str = "", tail: str = ""
    ) -> str:
        """A JournalEntryAddRq; 125.00 of fees accrued where no lines are given."""
        lines = lines or self.line("Debit", FEES, "125.00") + self.line("Credit", ACCRUED, "125.00")
        number = f"<RefNumber>{ref}</RefNumber>" if ref else ""
        date = f"<TxnDate>{day}</TxnDate>" if day else ""
        inside = f"<JournalEntryAdd>{date}{number}{rest}{lines}</JournalEntryAdd>"
        return f'<JournalEntryAddRq requestID="a1">{inside}{tail}</JournalEntryAddRq>'

    def added(self, **more: str) -> etree._Element:
        """The JournalEntryRet of an entry that was added."""
        answer = self.ask(self.journal(**more))
        assert answer.get("statusCode") == "0", answer.attrib
        return answer[0]


def texts(element: etree._Element, path: str) -> list[str]:
    return [found.text or "" for found in element.findall(path)]


def iterated(kind: str, size: int, filters: str = "", iterator: str = "Start", name: str = "") -> str:
    of = f' iteratorID="{name}"' if name else ""
    return f'<{kind}QueryRq requestID="q" iterator="{iterator}"{of}><MaxReturned>{size}</MaxReturned>{filters}</{kind}QueryRq>'


def between(first: str, last: str) -> str:
    return f"<TxnDateRangeFilter><FromTxnDate>{first}</FromTxnDate><ToTxnDate>{last}</ToTxnDate></TxnDateRangeFilter>"


def period(first: str, last: str) -> str:
    return f"<ReportPeriod><FromReportDate>{first}</FromReportDate><ToReportDate>{last}</ToReportDate></ReportPeriod>"


def rows(report: etree._Element) -> list[dict[str, str]]:
    """The data rows of a report by column title (the last title row), and the account under "account"."""
    titles = {
        column.get("colID"): "".join(title.get("value", "") for title in column.findall("ColTitle")[-1:])
        for column in report.iter("ColDesc")
    }
    found = []
    for row in report.iter("DataRow"):
        cells = {titles[cell.get("colID")]: cell.get("value") for cell in row.findall("ColData")}
        found.append(cells | {"account": row.find("RowData").get("value")})
    return found


def cents(text: str | None) -> int:
    """An amount in cents; a missing cell is nothing."""
    assert text is None or re.fullmatch(r"-?\d+\.\d\d", text)
    return int(text.replace(".", "")) if text else 0
