"""Whole cents: half-up division, parsing and printing."""

import pytest

from ml_connector_dagster.sandbox.books.cents import half_up, parse, text, to_base


@pytest.mark.parametrize(
    ("numerator", "denominator", "nearest"), [(5, 2, 3), (-5, 2, -3), (4, 3, 1), (7, 4, 2), (0, 9, 0), (249, 100, 2)]
)
def test_a_half_goes_away_from_zero(numerator, denominator, nearest):
    assert half_up(numerator, denominator) == nearest


def test_base_currency_is_the_amount_divided_by_the_rate():
    assert to_base(12_500, 1_250_000) == 10_000
    assert to_base(-100, 3_000_000) == -33


def test_a_rate_of_one_changes_nothing():
    assert to_base(101, 1_000_000) == 101


@pytest.mark.parametrize(("written", "cents"), [("1234.56", 123_456), ("-3", -300), ("0.5", 50), ("-0.01", -1)])
def test_amounts_are_read_and_printed_exactly(written, cents):
    assert parse(written) == cents
    assert parse(text(cents)) == cents


def test_a_third_decimal_is_refused():
    with pytest.raises(ValueError, match="more than two decimals"):
        parse("0.005")
