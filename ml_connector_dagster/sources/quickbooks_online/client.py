"""Calls to one QuickBooks company: reads alone, by an allow-list of paths, and every body looked into.

QuickBooks has no read-only scope, so this client is what keeps the books safe: it sends GET only, only to the paths below,
and a statement must be a SELECT. Queries are paged in closed windows: a list that fits one page is one answer and complete in
itself; a longer one is counted before and after, and read again where the counts or the ids do not agree.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from ml_connector_dagster.errors import RequestRejected, TemporarilyRefused
from ml_connector_dagster.sources.contract.session import CompanySession
from ml_connector_dagster.sources.quickbooks_online.entities import PAGE_SIZE
from ml_connector_dagster.sources.quickbooks_online.faults import fault_in, fault_of
from ml_connector_dagster.sources.quickbooks_online.refusals import error_of
from ml_connector_dagster.transport.retry import RetryPolicy

if TYPE_CHECKING:
    from ml_connector_dagster.transport.answer import Answer

MINOR_VERSION = "75"
MAX_PASSES = 3
"""How often a list that moved while it was paged is read again."""
IDS_A_CALL = 40
ALLOWED = re.compile(r"query|cdc|preferences|companyinfo/\d+|reports/(GeneralLedger|TrialBalance|ProfitAndLoss)")
_SELECT = re.compile(r"\s*select\s", re.IGNORECASE)
_PATIENCE = RetryPolicy(attempts=3, base_seconds=0.2, cap_seconds=5.0)
"""For what comes with HTTP 200 and is no answer: the transport sees nothing wrong with it."""


@dataclass(frozen=True, slots=True)
class Window:
    """A condition of a query, closed on both sides."""

    where: str

    @classmethod
    def of_dates(cls, first: date, last: date) -> Window:
        """Answer the documents dated on these days."""
        return cls(f"TxnDate >= '{first}' AND TxnDate <= '{last}'")

    @classmethod
    def whole(cls) -> Window:
        """Answer every row of a name list; without this condition QuickBooks hides inactive ones."""
        return cls("Active IN (true, false)")


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer, as bytes and decoded; figures are Decimal."""

    content: bytes
    body: Mapping[str, Any]


class QuickbooksApi:
    """Reads of one company; the transport holds token, limits and retry."""

    def __init__(self, session: CompanySession) -> None:
        """Keep the session; no call is made."""
        self._session = session

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Answered:
        """Answer one GET below the company's base.

        Raises:
            RequestRejected: The path is none that is read, or QuickBooks refused the request for good.
            TemporarilyRefused: QuickBooks is busy or ill, or answered something that is no JSON object.
            CredentialRefused: The consent does not reach it.
        """
        fields = {**(params or {}), "minorversion": MINOR_VERSION}
        if not is_read(path, fields):
            raise _not_a_read(path)
        retries, attempt = _PATIENCE.begin(), 1
        while True:
            answer = self._session.http.get(self._url(path), params=fields, headers={"Accept": "application/json"})
            try:
                return _judged(answer, path)
            except TemporarilyRefused as refused:
                if not retries.pause(attempt, refused):
                    raise
            attempt += 1

    def query(self, statement: str) -> Answered:
        """Answer one SELECT."""
        return self.get("query", {"query": statement})

    def count(self, word: str, window: Window) -> int:
        """Answer how many records a window holds."""
        body = self.query(f"SELECT count(*) FROM {word} WHERE {window.where}").body
        found = body["QueryResponse"].get("totalCount")
        if not isinstance(found, int):
            raise TemporarilyRefused(
                f"QuickBooks answered a count of {word} without a number.",
                "Whether a list is whole cannot be told.",
                "It is tried again by itself.",
                endpoint=word,
            )
        return found

    def pages(self, word: str, window: Window) -> Iterator[Answered]:
        """Yield the answers that hold every record of a window, each once.

        A list below 1,000 is one call. A longer one costs a count before and after besides; only a pass whose counts and
        ids agree is handed out, so that nothing that slipped over a page's edge is missed in silence.

        Raises:
            TemporarilyRefused: The list moved each time it was read.
        """
        first = self.query(_statement(word, window, 1))
        if len(records_of(first.body, word)) < PAGE_SIZE:
            yield first
            return
        for _ in range(MAX_PASSES):
            before = self.count(word, window)
            found = [self.query(_statement(word, window, start)) for start in range(1, max(before, 1) + 1, PAGE_SIZE)]
            ids = [record_id(one) for answered in found for one in records_of(answered.body, word)]
            if len(set(ids)) == len(ids) == before == self.count(word, window):
                yield from found
                return
        raise TemporarilyRefused(
            f"QuickBooks' list of {word} moved each of {MAX_PASSES} times it was read.",
            "A record may be missing, so nothing of it was published.",
            "It is tried again by itself; choose a quieter hour for the schedule if it stays.",
            endpoint=word,
        )

    def by_ids(self, word: str, ids: Sequence[str]) -> Iterator[Answered]:
        """Yield records by id, 40 a call; ids that are gone are absent."""
        for start in range(0, len(ids), IDS_A_CALL):
            listed = ", ".join(f"'{_quoted(one)}'" for one in ids[start : start + IDS_A_CALL])
            yield self.query(f"SELECT * FROM {word} WHERE Id IN ({listed}) STARTPOSITION 1 MAXRESULTS {PAGE_SIZE}")

    def _url(self, path: str) -> str:
        return f"{self._session.api_url}/{self._session.company_id}/{path}"


def is_read(path: str, params: Mapping[str, str]) -> bool:
    """Answer whether a request is one that this product makes: a known path, and a SELECT where it is a query."""
    return bool(ALLOWED.fullmatch(path)) and (path != "query" or bool(_SELECT.match(params.get("query", ""))))


def records_of(body: Mapping[str, Any], word: str) -> list[Any]:
    """Answer the records of a query's answer; an empty one has no list at all.

    Raises:
        RequestRejected: It is no query's answer, or holds another kind of record.
    """
    answered = body.get("QueryResponse")
    found = answered.get(word, []) if isinstance(answered, dict) else None
    others = [name for name, value in answered.items() if isinstance(value, list)] if isinstance(answered, dict) else []
    if not isinstance(found, list) or set(others) - {word}:
        raise RequestRejected(
            f"QuickBooks answered a query of {word} without its records.",
            "Nothing can be said about them; they are not an empty list.",
            "Run ml-connector check; if it holds, report the answer.",
            endpoint=word,
        )
    return found


def record_id(record: Any) -> str:
    """Answer a record's id as text; empty where it has none."""
    found = record.get("Id") if isinstance(record, dict) else None
    return str(found) if isinstance(found, str | int) else ""


def _statement(word: str, window: Window, start: int) -> str:
    """Order by creation: an edit while the list is paged then moves no record to another page."""
    return (
        f"SELECT * FROM {word} WHERE {window.where} "
        f"ORDERBY MetaData.CreateTime STARTPOSITION {start} MAXRESULTS {PAGE_SIZE}"
    )


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")


def _judged(answer: Answer, path: str) -> Answered:
    """Answer the decoded body, or raise the fault that it holds, in JSON or XML, HTTP 200 or not."""
    fault = fault_in(answer.content) if answer.content.lstrip().startswith(b"<") else None
    if fault is not None:
        raise error_of(fault, answer.status)
    body = answer.json()
    if not isinstance(body, dict):
        raise TemporarilyRefused(
            f"QuickBooks answered {path} with something that is no object.",
            "Nothing of it was used.",
            "It is tried again by itself.",
            endpoint=path,
        )
    fault = fault_of(body)
    if fault is not None:
        raise error_of(fault, answer.status)
    return Answered(answer.content, body)


def _not_a_read(path: str) -> RequestRejected:
    return RequestRejected(
        f"{path} is none of the paths that are read.",
        "QuickBooks knows no read-only consent, so this client refuses everything else; nothing was sent.",
        "Report it: the connector asked for something it must not.",
        endpoint=path,
    )
