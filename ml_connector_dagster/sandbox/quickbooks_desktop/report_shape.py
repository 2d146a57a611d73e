"""ReportRet: column descriptions and numbered rows, of which empty cells are left out."""

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from ml_connector_dagster.sandbox.quickbooks_desktop.answer import attributes, element
from ml_connector_dagster.sandbox.quickbooks_desktop.notation import escaped


class Column(NamedTuple):
    """One column: ColType, data type, a title for each title row."""

    kind: str
    data: str
    titles: Sequence[str]


LABELS = Column("Blank", "STRTYPE", ("",))


@dataclass
class Rows:
    """The rows of one report, numbered from 1. Cells are by column number, the first being 1."""

    xml: list[str] = field(default_factory=list)

    def text(self, value: str) -> None:
        self.xml.append(f"<TextRow{attributes({'rowNumber': str(len(self.xml) + 1), 'value': value})} />\n")

    def data(self, cells: Mapping[int, str], row_type: str = "", value: str = "") -> None:
        self._row("DataRow", cells, row_type, value)

    def subtotal(self, cells: Mapping[int, str], row_type: str = "", value: str = "") -> None:
        self._row("SubtotalRow", cells, row_type, value)

    def total(self, cells: Mapping[int, str]) -> None:
        self._row("TotalRow", cells)

    def _row(self, name: str, cells: Mapping[int, str], row_type: str = "", value: str = "") -> None:
        of = f"<RowData{attributes({'rowType': row_type, 'value': value})} />\n" if row_type else ""
        shown = "".join(
            [f'<ColData colID="{place}" value="{escaped(cell)}" />\n' for place, cell in cells.items() if cell]
        )
        number = attributes({"rowNumber": str(len(self.xml) + 1)})
        self.xml.append(f"<{name}{number}>\n{of}{shown}</{name}>\n")


def report(title: str, subtitle: str, basis: str, columns: Sequence[Column], rows: Rows) -> str:
    """The whole ReportRet; a report without rows has no ReportData."""
    title_rows = max(len(column.titles) for column in columns)
    head = [
        element("ReportTitle", title),
        element("ReportSubtitle", subtitle),
        element("ReportBasis", basis),
        element("NumRows", len(rows.xml)),
        element("NumColumns", len(columns)),
        element("NumColTitleRows", title_rows),
        *(_described(place, column, title_rows) for place, column in enumerate(columns, 1)),
    ]
    body = f"<ReportData>\n{''.join(rows.xml)}</ReportData>\n" if rows.xml else ""
    return f"<ReportRet>\n{''.join(head)}{body}</ReportRet>\n"


def _described(place: int, column: Column, title_rows: int) -> str:
    titles = ""
    for row in range(title_rows):
        value = column.titles[row] if row < len(column.titles) else ""
        titles += f"<ColTitle{attributes({'titleRow': str(row + 1)} | ({'value': value} if value else {}))} />\n"
    start = attributes({"colID": str(place), "dataType": column.data})
    return f"<ColDesc{start}>\n{titles}{element('ColType', column.kind)}</ColDesc>\n"


def as_of(day: date) -> str:
    """ "As of November 30, 2026" of a balance report."""  # noqa: D210 - begins with the words it answers
    return f"As of {day:%B} {day.day}, {day.year}"


def span_words(first: date, last: date) -> str:
    """The days of a report in words: "October 2026" for a whole month."""
    if (first.year, first.month) == (last.year, last.month):
        if first.day == 1 and last.day == calendar.monthrange(last.year, last.month)[1]:
            return f"{first:%B} {first.year}"
        return f"{first:%B} {first.day} - {last.day}, {last.year}"
    return f"{first:%B} {first.day}, {first.year} through {last:%B} {last.day}, {last.year}"


def short_month(day: date) -> str:
    """A column title such as "Oct 26"."""
    return f"{day:%b %y}"


def short_day(day: date) -> str:
    """A column title such as "Nov 30, 26"."""
    return f"{day:%b} {day.day}, {day:%y}"
