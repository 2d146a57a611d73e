from datetime import UTC, date, datetime

import pytest

from ml_connector_dagster.errors import RecordRefused
from ml_connector_dagster.sources.freshbooks.dates import calendar_date, eastern, updated_min, utc


@pytest.mark.parametrize(
    ("written", "hour"),
    [
        ("2026-07-01 10:00:00", datetime(2026, 7, 1, 14, tzinfo=UTC)),
        ("2026-01-15 10:00:00", datetime(2026, 1, 15, 15, tzinfo=UTC)),
        ("2026-11-01 01:30:00", datetime(2026, 11, 1, 5, 30, tzinfo=UTC)),
        ("2026-03-08 03:30:00", datetime(2026, 3, 8, 7, 30, tzinfo=UTC)),
        ("2026-06-29 12:48:40.123456", datetime(2026, 6, 29, 16, 48, 40, 123456, tzinfo=UTC)),
    ],
    ids=["summer", "winter", "the hour that comes twice", "after the hour that never comes", "microseconds"],
)
def test_accounting_stamps_are_eastern_summer_time_included(written, hour):
    assert eastern(written) == hour


def test_bills_and_ledger_accounts_are_utc():
    assert utc("2026-07-01 10:00:00") == datetime(2026, 7, 1, 10, tzinfo=UTC)
    assert utc("2026-01-02T03:04:05.000006Z") == datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)
    assert utc(None) is None


def test_changes_are_asked_from_the_eastern_day_before():
    """Half past midnight UTC is still the evening before in New York."""
    assert updated_min(datetime(2026, 7, 2, 0, 30, tzinfo=UTC)) == "2026-06-30"
    assert updated_min(datetime(2026, 7, 2, 12, 0, tzinfo=UTC)) == "2026-07-01"


def test_a_business_date_has_no_zone():
    assert calendar_date("2026-10-31") == date(2026, 10, 31)
    with pytest.raises(RecordRefused, match="no date"):
        calendar_date(None)
    with pytest.raises(RecordRefused, match="no date"):
        eastern("soon")
