from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector_dagster.errors import RecordRefused
from ml_connector_dagster.ledger.money import amount, cents, plain

MONEY = st.decimals(min_value=-(10**12), max_value=10**12, allow_nan=False, allow_infinity=False, places=6)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("50.00", Decimal("50.00")),
        (40, Decimal(40)),
        (Decimal("11.74"), Decimal("11.74")),
        ("-0.005", Decimal("-0.005")),
    ],
)
def test_an_amount_is_taken_exactly_as_written(written, read):
    assert amount(written) == read


@pytest.mark.parametrize("written", [0.1, True, None, "", "ten", "NaN", "Infinity", Decimal("NaN"), [], b"1"])
def test_what_is_no_exact_amount_is_refused(written):
    with pytest.raises(RecordRefused, match="is not an amount of money"):
        amount(written)


@pytest.mark.parametrize(
    ("exact", "rounded"),
    [
        ("0.005", "0.01"),
        ("-0.005", "-0.01"),
        ("0.0049", "0.00"),
        ("1.015", "1.02"),
        ("58.8235", "58.82"),
        ("7", "7.00"),
    ],
)
def test_a_half_cent_goes_away_from_nought(exact, rounded):
    assert cents(Decimal(exact)) == Decimal(rounded)


@given(MONEY)
def test_rounding_never_moves_an_amount_by_more_than_half_a_cent(value):
    assert abs(cents(value) - value) <= Decimal("0.005")
    assert cents(-value) == -cents(value)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("1234567.10", "1234567.10"),
        ("-0.01", "-0.01"),
        ("0.00", "0"),
        ("-0", "0"),
        ("1E+3", "1000"),
        ("1E-7", "0.0000001"),
    ],
)
def test_a_file_shows_no_exponent_and_no_negative_nought(value, written):
    assert plain(Decimal(value)) == written


@given(MONEY)
def test_what_a_file_shows_reads_back_as_the_same_amount(value):
    assert amount(plain(value)) == value
