"""Times: the PC's wall clock with the standard offset all year, and filters that mean the same."""

from datetime import UTC, datetime

import pytest

from ml_connector_dagster.sandbox.quickbooks_desktop.notation import escaped, parse_stamp, stamp, wall_time
from ml_connector_dagster_tests.sandbox.quickbooks_desktop.office import texts


@pytest.mark.parametrize(
    ("instant", "shown"),
    [
        (datetime(2026, 7, 1, 14, 0, tzinfo=UTC), "2026-07-01T09:00:00-06:00"),
        (datetime(2026, 12, 1, 15, 0, tzinfo=UTC), "2026-12-01T09:00:00-06:00"),
    ],
)
def test_in_summer_the_offset_is_an_hour_off(instant, shown):
    assert stamp(wall_time(instant)) == shown


@pytest.mark.parametrize(
    ("text", "wall"),
    [
        ("2026-07-01", "2026-07-01T00:00:00"),
        ("2026-07-01T09", "2026-07-01T09:00:00"),
        ("2026-7-1T9:05", "2026-07-01T09:05:00"),
        ("2026-07-01T09:00:00", "2026-07-01T09:00:00"),
        ("2026-07-01T09:00:00-06:00", "2026-07-01T09:00:00"),
        ("2026-07-01T09:00:00-05:00", "2026-07-01T08:00:00"),
        ("2026-07-01T15:00:00+00:00", "2026-07-01T09:00:00"),
    ],
)
def test_a_time_of_a_filter_is_the_walls_or_at_the_standard_offset(text, wall):
    assert parse_stamp(text).isoformat() == wall


def test_a_day_as_an_end_is_its_last_second():
    assert parse_stamp("2026-07-01", end=True).isoformat() == "2026-07-01T23:59:59"


@pytest.mark.parametrize("text", ["soon", "2026-07-01T09:00:00Z", "2026-02-30", "2026-07-01T25"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(ValueError, match=r"\w"):
        parse_stamp(text)


def modified(first="", last=""):
    inside = "".join(
        f"<{end}ModifiedDate>{value}</{end}ModifiedDate>" for end, value in (("From", first), ("To", last)) if value
    )
    return f"<JournalEntryQueryRq><ModifiedDateRangeFilter>{inside}</ModifiedDateRangeFilter></JournalEntryQueryRq>"


@pytest.mark.parametrize(
    ("first", "last", "found"),
    [
        ("2026-07-01T09:00:00", "", True),
        ("2026-07-01T09:00:00-06:00", "", True),
        ("2026-07-01T10:00:00-05:00", "", True),
        ("2026-07-01T10:00:01-05:00", "", False),
        ("2026-07-01T09:00:01", "", False),
        ("2026-07-01", "2026-07-01", True),
        ("", "2026-07-01T08:59:59", False),
    ],
)
def test_what_was_shown_finds_the_entry_again_and_the_true_instant_misses_it(office, first, last, found):
    """14:00 UTC is 9:00 in Chicago; QuickBooks shows 09:00-06:00, so a filter with the true offset is an hour late."""
    office.now = wall_time(datetime(2026, 7, 1, 14, 0, tzinfo=UTC))
    assert office.added().findtext("TimeModified") == "2026-07-01T09:00:00-06:00"
    assert (len(texts(office.ask(modified(first, last)), "*/TxnID")) == 1) is found


def test_a_control_character_is_written_as_a_reference_that_no_parser_takes(office):
    entry = office.added()
    office.company.damaged[entry.findtext("TxnID")] = {"RefNumber": "P\x1f1"}
    assert "<RefNumber>P&#x1F;1</RefNumber>" in office.raw("<JournalEntryQueryRq/>")
    assert escaped('a & b < "c" > d') == "a &amp; b &lt; &quot;c&quot; &gt; d"
