from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from ml_connector_dagster.errors import RecordRefused
from ml_connector_dagster.sources.xero.dates import (
    calendar_date,
    moment,
    optional_date,
    optional_moment,
    since_header,
)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("/Date(1539993600000+0000)/", datetime(2018, 10, 20, tzinfo=UTC)),
        ("/Date(1439434356790)/", datetime(2015, 8, 13, 2, 52, 36, 790000, tzinfo=UTC)),
        ("/Date(0+0000)/", datetime(1970, 1, 1, tzinfo=UTC)),
        ("/Date(-86400000)/", datetime(1969, 12, 31, tzinfo=UTC)),
        ("/Date(1539993600000+1300)/", datetime(2018, 10, 20, tzinfo=UTC)),
        ("2026-02-25T00:00:00", datetime(2026, 2, 25, tzinfo=UTC)),
        ("2026-02-25T01:30:00+02:00", datetime(2026, 2, 24, 23, 30, tzinfo=UTC)),
    ],
)
def test_every_form_of_a_time_is_read(written, read):
    assert moment(written) == read


@pytest.mark.parametrize("written", ["", "soon", "/Date(x)/", "/Date(99999999999999999999)/", "25/02/2026"])
def test_what_is_no_time_is_refused(written):
    with pytest.raises(RecordRefused, match="no date that Xero writes"):
        moment(written)


def test_a_document_date_is_the_utc_calendar_date():
    assert calendar_date("/Date(1771977600000+0000)/") == date(2026, 2, 25)


def test_a_missing_time_is_none():
    assert optional_date("") is None
    assert optional_moment("") is None
    assert optional_date("2026-02-25T00:00:00") == date(2026, 2, 25)
    assert optional_moment("/Date(0)/") == datetime(1970, 1, 1, tzinfo=UTC)


def test_if_modified_since_is_utc_without_a_fraction():
    when = datetime(2026, 11, 20, 12, 0, 5, 999999, tzinfo=timezone(timedelta(hours=2)))
    assert since_header(when) == "2026-11-20T10:00:05Z"
