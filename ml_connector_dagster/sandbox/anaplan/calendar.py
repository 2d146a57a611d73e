"""A model's calendar: months with years, quarters above them, and the ways an import's time column is read."""

from datetime import date, datetime, timedelta

from ml_connector_dagster.sandbox.anaplan.members import TIME_ID, Dimension, Member

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_FORMATS = {"iso_date": "%Y-%m-%d", "yyyymmdd": "%Y%m%d"}


def next_month(day: date) -> date:
    """First day of the month after day's."""
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


class Calendar(Dimension):
    """The Time dimension: months from first to last, quarters and fiscal years as aggregates.

    A fiscal year is named by the calendar year it ends in: Apr 25 to Mar 26 is FY26.
    """

    def __init__(self, *, first: date, last: date, current: date, year_starts: int = 4) -> None:
        super().__init__(TIME_ID, "Time")
        self.calendar_type = "Calendar Months/Quarters/Years"
        self.current = current.replace(day=1)
        self.year_starts = year_starts
        self.first, self.last = first.replace(day=1), last.replace(day=1)
        self._of_month: dict[tuple[int, int], Member] = {}
        self.first_day: dict[Member, date] = {}
        self._ids = 141_000_000_000
        month = self.first
        while month <= self.last:
            self._add_month(month)
            month = next_month(month)

    def fiscal_year(self, month: date) -> int:
        return month.year + (1 if month.month >= self.year_starts and self.year_starts > 1 else 0)

    def year_bounds(self, month: date) -> tuple[date, date]:
        """First and last day of the fiscal year that month lies in."""
        year = self.fiscal_year(month) - (1 if self.year_starts > 1 else 0)
        starts = date(year, self.year_starts, 1)
        return starts, starts.replace(year=year + 1) - timedelta(days=1)

    def month(self, day: date) -> Member | None:
        return self._of_month.get((day.year, day.month))

    def read(self, text: str, pattern: str) -> Member | None:
        """The month a column's text means under a time mapping; None where it is invalid or outside the calendar.

        pattern: iso_date, yyyymmdd, mmm_yy (the names exactly as the model shows them), or a strftime pattern.
        """
        if pattern == "mmm_yy":
            found = self.by_name(text)
            return found if found is not None and found.name == text else None
        try:
            return self.month(datetime.strptime(text, _FORMATS.get(pattern, pattern)).date())  # noqa: DTZ007 - a date, no zone
        except ValueError:
            return None

    @staticmethod
    def label(day: date) -> str:
        """`Oct 26`, in English whatever the machine's locale."""
        return f"{_MONTHS[day.month - 1]} {day.year % 100:02d}"

    def _add_month(self, month: date) -> None:
        fiscal = self.fiscal_year(month)
        year = self._group(f"FY{fiscal % 100:02d}", None)
        quarter = self._group(f"Q{(month.month - self.year_starts) % 12 // 3 + 1} FY{fiscal % 100:02d}", year)
        member = self.add(Member(self._new_id(), self.label(month), parent=quarter))
        self._of_month[month.year, month.month] = member
        self.first_day[member] = month

    def _group(self, name: str, parent: Member | None) -> Member:
        return self.by_name(name) or self.add(Member(self._new_id(), name, parent=parent))

    def _new_id(self) -> str:
        self._ids += 1
        return str(self._ids)
