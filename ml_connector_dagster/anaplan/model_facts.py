"""What the model itself says before a file is sent: versions, calendar, members."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from ml_connector_dagster.errors import RequestRejected, SettingWrong

if TYPE_CHECKING:
    from ml_connector_dagster.anaplan.client import AnaplanModel

_BATCH = 1000


def check_calendar(model: AnaplanModel, first_on: date) -> None:
    """Refuse a month that the model's calendar does not have: Anaplan would reject each of its rows.

    Args:
        model: The model.
        first_on: First day of the month to load.

    Raises:
        SettingWrong: The calendar is not one of months, or ends before or begins after the month.
    """
    known = model.fact("calendar")
    if known is None:
        known = model.remember([model.get(model.address("modelCalendar")).get("modelCalendar") or {}], "calendar")
    calendar = known[0]
    kind = str(calendar.get("calendarType") or "")
    if kind and not kind.startswith("Calendar Months"):
        raise SettingWrong(
            f"The model's calendar is {kind!r}.",
            "A month of the books is no period of that calendar.",
            "Name a model with a calendar of months in defs.yaml, or let the model builder change the calendar.",
        )
    start, end = _span(calendar)
    if start is not None and end is not None and not start <= first_on <= end:
        raise SettingWrong(
            f"The model's calendar runs from {start} to {end}; {first_on:%Y-%m} is outside.",
            "Anaplan would reject every row of it; nothing was sent.",
            "Extend the model's calendar, or start the connection's periods later.",
        )


def check_version(model: AnaplanModel, version: str, first_on: date) -> None:
    """Refuse a version that the model does not have, or whose editable range leaves the month out.

    Raises:
        SettingWrong: Says which versions there are, and which of them is the actual one.
    """
    url = model.short_address("versions")
    known = model.fact("versions")
    versions = known if known is not None else model.remember(model.collect(url, "versionMetadata"), "versions")
    for one in versions:
        if str(one.get("name")) == version:
            _check_editable(one, first_on)
            return
    actual = next((str(one.get("name")) for one in versions if one.get("isActual")), "none")
    names = ", ".join(str(one.get("name")) for one in versions) or "none"
    raise SettingWrong(
        f"The model has no version {version!r} (it has: {names}; the actual one is {actual}).",
        "Anaplan would reject every row; nothing was sent.",
        f"Write '={actual}' for the version column in defs.yaml.",
        setting="columns",
    )


def missing_members(model: AnaplanModel, dimension_id: str, members: Iterable[str]) -> list[str]:
    """Answer which of the members the dimension has neither as code nor as name; upper and lower case are alike to Anaplan."""
    wanted = sorted(members)
    missing: list[str] = []
    for begin in range(0, len(wanted), _BATCH):
        batch = wanted[begin : begin + _BATCH]
        found = _looked_up(model, dimension_id, batch)
        known = {str(one.get(key) or "").casefold() for one in found for key in ("code", "name")}
        missing.extend(one for one in batch if one.casefold() not in known)
    return missing


def dimension_id(model: AnaplanModel, name: str) -> str | None:
    """Answer the id of the list of that name; None where the model has no such list."""
    return next((str(one["id"]) for one in model.listed("lists", "lists") if one.get("name") == name), None)


def _looked_up(model: AnaplanModel, dimension: str, batch: list[str]) -> list[dict[str, Any]]:
    url = model.address(f"dimensions/{dimension}/items")
    try:
        return model.post(url, {"names": batch, "codes": batch}, repeatable=True).get("items") or []
    except RequestRejected as refused:
        if refused.status != 400:  # 400: a dimension without codes
            raise
        return model.post(url, {"names": batch}, repeatable=True).get("items") or []


def _span(calendar: Mapping[str, Any]) -> tuple[date | None, date | None]:
    year = calendar.get("fiscalYear") or {}
    start, end = _day(year.get("startDate")), _day(year.get("endDate"))
    if start is None or end is None:
        return None, None
    past, future = int(calendar.get("pastYearsCount") or 0), int(calendar.get("futureYearsCount") or 0)
    return start.replace(year=start.year - past), _same_day(end, end.year + future)


def _same_day(day: date, year: int) -> date:
    last_of_february = day.month == 2 and day.day == 29
    return date(year, 2, 28) if last_of_february else day.replace(year=year)


def _day(text: object) -> date | None:
    try:
        return date.fromisoformat(str(text)[:10])
    except ValueError:
        return None


def _check_editable(version: Mapping[str, Any], first_on: date) -> None:
    begin, end = _day(version.get("editFrom")), _day(version.get("editTo"))
    if (begin is not None and first_on < begin.replace(day=1)) or (end is not None and first_on > end):
        raise SettingWrong(
            f"The version {version.get('name')!r} may be edited from {begin} to {end}; {first_on:%Y-%m} is outside.",
            "Anaplan would ignore every row of it; nothing was sent.",
            "Let the model builder widen the version's edit range.",
        )
