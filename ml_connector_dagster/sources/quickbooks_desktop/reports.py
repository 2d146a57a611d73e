"""The grammar of QuickBooks' reports: columns bound by their type, rows in their order, names joined to ids.

A column's title is localized, so a column is known by its ``ColType``. Reports name accounts and classes, and know no ids: a
name is looked up as the list has it, and as a report may write it where account numbers are on (``6000 · Rent``, each part with
its own number, or ``6000 Rent``). A label that fits two is refused, never guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from ml_connector_dagster.errors import RequestRejected
from ml_connector_dagster.ledger.money import ZERO, amount
from ml_connector_dagster.sources.quickbooks_desktop.fields import Record, text, untrusted

unknown_shape = partial(RequestRejected.unknown_shape, "QuickBooks")
"""Answers the refusal of a report that cannot be read."""

BLANK = "Blank"
_ROWS = ("DataRow", "TextRow", "SubtotalRow", "TotalRow")
_JOINED = (" · ", " ")
_AMBIGUOUS = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a report."""

    kind: str
    """DataRow, TextRow, SubtotalRow or TotalRow."""
    about: str
    """Kind of what the row is of: account, class …; empty where it does not say."""
    named: str
    """Full name of what the row is of; empty where it does not say."""
    cells: Mapping[str, str]
    """Column id to value; an empty cell is absent."""
    words: str
    """Of a TextRow, the text it bears; empty for others."""

    def figure(self, column: str) -> Decimal:
        """Answer the amount of a cell; 0 where it is empty.

        Raises:
            RecordRefused: It is no amount.
        """
        written = self.cells.get(column, "").strip()
        return amount(written) if written else ZERO


@dataclass(frozen=True, slots=True)
class Table:
    """A report's columns and rows."""

    name: str
    columns: Mapping[str, str]
    """ColType to the id of the first column of it."""
    titles: Mapping[str, tuple[str, ...]]
    """Column id to its titles, top to bottom, empty ones left out."""
    rows: Sequence[Row]

    @classmethod
    def of(cls, name: str, answer: Record) -> Table:
        """Read a report's frame.

        Args:
            name: Of the report, for messages.
            answer: The element of the answer, which holds one ReportRet.

        Raises:
            RequestRejected: It holds no report.
        """
        report = answer.find("ReportRet")
        if report is None:
            raise unknown_shape(name)
        described = report.findall("ColDesc")
        columns = {text(one, "ColType"): one.get("colID", "") for one in reversed(described)}
        titles = {
            one.get("colID", ""): tuple(
                title.get("value", "") for title in one.iterfind("ColTitle") if title.get("value")
            )
            for one in described
        }
        inside = report.find("ReportData")
        rows = [_row(one) for one in inside.iterchildren(*_ROWS)] if inside is not None else []
        return cls(name, columns, titles, rows)

    def column(self, kind: str) -> str:
        """Answer a column's id.

        Raises:
            RequestRejected: The report has none of that type.
        """
        if kind not in self.columns:
            raise unknown_shape(self.name)
        return self.columns[kind]

    def data(self) -> Iterator[Row]:
        """Yield the data rows."""
        return (row for row in self.rows if row.kind == "DataRow")

    def label_of(self, row: Row) -> str:
        """Answer what a row's first column says."""
        return row.cells.get(self.columns.get(BLANK, "1"), "")


class Names:
    """Finds the id behind a name of a report."""

    def __init__(self, word: str) -> None:
        """Know none yet.

        Args:
            word: What is named, for messages: Account, Class …
        """
        self.word = word
        self._ids: dict[str, str] = {}
        self._exact: set[str] = set()

    @classmethod
    def of_accounts(cls, answers: Iterable[Record]) -> Names:
        """Know the chart, in every form that a report may write."""
        accounts = [one for answer in answers for one in answer.iterfind("AccountRet")]
        names, numbers = cls("Account"), {text(one, "FullName"): text(one, "AccountNumber") for one in accounts}
        for one in accounts:
            names.add(text(one, "ListID"), text(one, "FullName"))
        for one in accounts:
            for form in _numbered(text(one, "FullName"), numbers):
                names.add(text(one, "ListID"), form, exact=False)
        return names

    @classmethod
    def of_list(cls, word: str, answers: Iterable[Record], *, short: bool = False) -> Names:
        """Know a list by full name.

        Args:
            word: Customer, Vendor or Class.
            answers: Of its query.
            short: Whether the last part of a name is known as well, as a report's column may show it alone.
        """
        names = cls(word)
        records = [one for answer in answers for one in answer.iterfind(f"{word}Ret")]
        for one in records:
            names.add(text(one, "ListID"), text(one, "FullName") or text(one, "Name"))
        for one in records if short else ():
            names.add(text(one, "ListID"), text(one, "Name"), exact=False)
        return names

    def add(self, record_id: str, name: str, *, exact: bool = True) -> None:
        """Know one more name; a name in another form never replaces the list's own, and is lost where it fits two."""
        if not name or self._ids.get(name) == record_id:
            return
        if exact:
            self._ids[name] = record_id
            self._exact.add(name)
        elif name not in self._exact:
            self._ids[name] = _AMBIGUOUS if name in self._ids else record_id

    def find(self, name: str) -> str:
        """Answer the id; empty where the list does not know the name.

        Raises:
            RecordRefused: Two are called so.
        """
        found = self._ids.get(name)
        if found == _AMBIGUOUS:
            raise untrusted(f"Two of QuickBooks' {self.word} list are called {name!r} in reports.")
        return found or ""

    def need(self, name: str) -> str:
        """Answer the id.

        Raises:
            RecordRefused: The list does not know the name, or two are called so.
        """
        found = self.find(name)
        if not found:
            raise untrusted(f"The {self.word} {name!r} of a report is in no list that QuickBooks answers.")
        return found


def answers_of(root: Record) -> Sequence[Record]:
    """Answer the answers of a message set."""
    found = root.find("QBXMLMsgsRs")
    return list(found) if found is not None else []


def _row(element: Record) -> Row:
    about = element.find("RowData")
    cells = {one.get("colID", ""): one.get("value", "") for one in element.iterfind("ColData") if one.get("value")}
    return Row(
        kind=element.tag,
        about=about.get("rowType", "") if about is not None else "",
        named=about.get("value", "") if about is not None else "",
        cells=cells,
        words=element.get("value", ""),
    )


def _numbered(full_name: str, numbers: Mapping[str, str]) -> Iterator[str]:
    """Yield how a report may write an account: each part with its number, the whole with the last, the last part alone."""
    parts = full_name.split(":")
    own = [numbers.get(":".join(parts[: place + 1]), "") for place in range(len(parts))]
    for joint in _JOINED:
        each = [f"{number}{joint}{part}" if number else part for number, part in zip(own, parts, strict=True)]
        yield ":".join(each)
        yield each[-1]
        if own[-1]:
            yield f"{own[-1]}{joint}{full_name}"
    yield parts[-1]
