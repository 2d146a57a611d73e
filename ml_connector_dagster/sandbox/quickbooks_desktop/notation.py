"""How QuickBooks writes amounts, texts and times; times carry the wrong offset in summer, as the real one's do."""

import re
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("America/Chicago")
STANDARD_HOURS = -6
_STAMP = re.compile(
    r"(?P<day>\d{4}-\d{1,2}-\d{1,2})(?:T(?P<hour>\d{1,2})(?::(?P<minute>\d{1,2})(?::(?P<second>\d{1,2})(?P<offset>[+-]\d{1,2}:\d{1,2})?)?)?)?"
)
_ESCAPED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"} | {
    chr(code): f"&#x{code:X};" for code in range(32) if code not in {9, 10, 13}
}
_TO_ESCAPE = re.compile('[&<>"\x00-\x08\x0b\x0c\x0e-\x1f]')


def escaped(text: str) -> str:
    """XML text or attribute value. A control character becomes a reference, which no parser takes: so does QuickBooks."""
    return _TO_ESCAPE.sub(lambda found: _ESCAPED[found[0]], text) if _TO_ESCAPE.search(text) else text


def kept(text: str) -> str:
    """A text as QuickBooks stores it: Windows-1252, and "?" for what that has not."""
    return text if text.isascii() else text.encode("cp1252", "replace").decode("cp1252")


def wall_time(moment: datetime) -> datetime:
    """The PC's clock on the wall at an aware instant: naive, whole seconds."""
    return moment.astimezone(ZONE).replace(tzinfo=None, microsecond=0)


def stamp(wall: datetime) -> str:
    """A time as answers show it: the wall's clock, and the standard offset all year, which is wrong from March to November."""
    return f"{wall.isoformat()}{STANDARD_HOURS:+03d}:00"


def parse_stamp(text: str, *, end: bool = False) -> datetime:
    """A time of a request as wall time: without an offset it is one already, with one it is taken at the standard offset.

    A day alone is its first second, or its last with end. ValueError for what is no time.
    """
    found = _STAMP.fullmatch(text)
    if found is None:
        raise ValueError(f"{text} is no date or time.")
    year, month, day = (int(part) for part in found["day"].split("-"))
    on = date(year, month, day)
    if found["hour"] is None:
        return datetime.combine(on, time(23, 59, 59) if end else time())
    wall = datetime.combine(on, time(int(found["hour"]), int(found["minute"] or 0), int(found["second"] or 0)))
    if not found["offset"]:
        return wall
    hours, _, minutes = found["offset"][1:].partition(":")
    ahead = timedelta(hours=int(hours), minutes=int(minutes)) * (-1 if found["offset"][0] == "-" else 1)
    return wall - ahead + timedelta(hours=STANDARD_HOURS)
