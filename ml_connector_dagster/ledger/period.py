"""An accounting period is a calendar month, written 2026-10; ranges are half-open."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from ml_connector_dagster.errors import SettingWrong

_WRITTEN = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, order=True, slots=True)
class Period:
    """One month of the books; compares and sorts in time order."""

    year: int
    month: int

    @classmethod
    def parse(cls, text: str) -> Period:
        """Read ``2026-10``.

        Raises:
            SettingWrong: The text is not a month in that form.
        """
        match = _WRITTEN.fullmatch(text)
        if match is None:
            raise SettingWrong(f"{text!r} is not a period.", "Periods are calendar months.", "Write it as 2026-10.")
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def of(cls, day: date) -> Period:
        """Answer the period that the posting date falls into."""
        return cls(day.year, day.month)

    @property
    def first_on(self) -> date:
        """The first day of the period."""
        return date(self.year, self.month, 1)

    @property
    def end_on(self) -> date:
        """The day after the period's last day, so that a range is ``[first_on, end_on)``."""
        return self.next().first_on

    @property
    def last_on(self) -> date:
        """The last day of the period, as the date of a balance."""
        return self.end_on - timedelta(days=1)

    def next(self) -> Period:
        """Answer the following period."""
        return self.shift(1)

    def previous(self) -> Period:
        """Answer the period before."""
        return self.shift(-1)

    def shift(self, months: int) -> Period:
        """Answer the period so many months later; a negative number goes back."""
        year, month = divmod(self.year * 12 + self.month - 1 + months, 12)
        return Period(year, month + 1)

    def fiscal_year_start(self, year_end_month: int) -> Period:
        """Answer the first period of the fiscal year this period lies in.

        Args:
            year_end_month: The last month of the company's fiscal year, 1 to 12.
        """
        first_month = year_end_month % 12 + 1
        return Period(self.year if self.month >= first_month else self.year - 1, first_month)

    def label(self, period_format: str) -> str:
        """Write the period as the import expects it.

        Args:
            period_format: ``iso_date`` (2026-10-01), ``yyyymmdd`` (20261001), ``mmm_yy`` (Oct 26, English whatever the
                locale), or a strftime pattern applied to the first day.
        """
        match period_format:
            case "iso_date":
                return self.first_on.isoformat()
            case "yyyymmdd":
                return f"{self.first_on:%Y%m%d}"
            case "mmm_yy":
                return f"{_MONTHS[self.month - 1]} {self.year % 100:02d}"
            case _:
                return self.first_on.strftime(period_format)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"


def periods_between(start: Period, end: Period) -> Iterator[Period]:
    """Yield each period of ``[start, end)`` in time order."""
    while start < end:
        yield start
        start = start.next()
