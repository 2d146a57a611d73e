from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.ledger.period import Period, periods_between

PERIODS = st.builds(Period, st.integers(1990, 2090), st.integers(1, 12))


def test_a_period_reads_and_writes_itself():
    assert Period.parse("2026-10") == Period(2026, 10)
    assert str(Period(2026, 3)) == "2026-03"


@pytest.mark.parametrize("text", ["2026-13", "2026-00", "2026-1", "26-10", "2026/10", "2026-10-01", "", " 2026-10"])
def test_anything_but_a_month_is_refused(text):
    with pytest.raises(SettingWrong, match="Write it as 2026-10"):
        Period.parse(text)


def test_a_range_is_half_open():
    december = Period(2026, 12)
    assert (december.first_on, december.end_on, december.last_on) == (
        date(2026, 12, 1),
        date(2027, 1, 1),
        date(2026, 12, 31),
    )


def test_february_knows_leap_years():
    assert Period(2028, 2).last_on == date(2028, 2, 29)
    assert Period(2027, 2).last_on == date(2027, 2, 28)


def test_a_day_belongs_to_its_month():
    assert Period.of(date(2026, 10, 31)) == Period(2026, 10)


def test_periods_stand_in_time_order():
    assert Period(2025, 12) < Period(2026, 1) < Period(2026, 2)


def test_shifting_crosses_years_both_ways():
    assert Period(2026, 11).shift(3) == Period(2027, 2)
    assert Period(2026, 2).shift(-14) == Period(2024, 12)
    assert Period(2026, 12).next() == Period(2027, 1)
    assert Period(2026, 1).previous() == Period(2025, 12)


@given(PERIODS, st.integers(-600, 600))
def test_shifting_back_undoes_shifting(period, months):
    assert period.shift(months).shift(-months) == period


@given(PERIODS)
def test_months_touch_and_never_overlap(period):
    assert period.end_on == period.next().first_on
    assert Period.of(period.first_on) == Period.of(period.last_on) == period


@pytest.mark.parametrize(
    ("period", "year_end", "start"),
    [
        (Period(2026, 3), 3, Period(2025, 4)),
        (Period(2026, 4), 3, Period(2026, 4)),
        (Period(2026, 12), 12, Period(2026, 1)),
        (Period(2026, 1), 12, Period(2026, 1)),
        (Period(2026, 6), 6, Period(2025, 7)),
    ],
)
def test_a_fiscal_year_starts_after_the_month_the_last_one_ended(period, year_end, start):
    assert period.fiscal_year_start(year_end) == start


@given(PERIODS, st.integers(1, 12))
def test_a_period_lies_within_twelve_months_of_its_fiscal_years_start(period, year_end):
    start = period.fiscal_year_start(year_end)
    assert start <= period < start.shift(12)
    assert start.previous().month == year_end


@pytest.mark.parametrize(
    ("period_format", "label"),
    [("iso_date", "2026-10-01"), ("yyyymmdd", "20261001"), ("mmm_yy", "Oct 26"), ("%m/%Y", "10/2026")],
)
def test_a_label_is_written_as_the_import_expects_it(period_format, label):
    assert Period(2026, 10).label(period_format) == label


def test_periods_between_leave_the_end_out():
    assert [str(period) for period in periods_between(Period(2026, 11), Period(2027, 2))] == [
        "2026-11",
        "2026-12",
        "2027-01",
    ]
    assert list(periods_between(Period(2026, 11), Period(2026, 11))) == []
