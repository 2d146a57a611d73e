"""Amounts of money: Decimal from the wire to the file; a float never becomes one."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from ml_connector_dagster.errors import RecordRefused

CENT = Decimal("0.01")
ZERO = Decimal("0.00")


def amount(value: Decimal | int | str) -> Decimal:
    """Answer the exact amount a vendor wrote, as Decimal.

    Vendors write amounts as JSON numbers and as strings ("50.00"); both are taken. A float is refused, since the
    cents may be gone already.

    Raises:
        RecordRefused: The value is a float, empty, or no finite number.
    """
    if isinstance(value, bool | float) or not isinstance(value, Decimal | int | str):
        raise _refused(value)
    try:
        parsed = Decimal(value)
    except InvalidOperation:
        raise _refused(value) from None
    if not parsed.is_finite():
        raise _refused(value)
    return parsed


def cents(value: Decimal) -> Decimal:
    """Round half-up (away from zero at the half) to 0.01, as the books do per line."""
    return value.quantize(CENT, rounding=ROUND_HALF_UP)


def plain(value: Decimal) -> str:
    """Write the amount for a file: no exponent, no thousands separator, minus in front, zero never negative."""
    return f"{value:f}" if value else "0"


def _refused(value: object) -> RecordRefused:
    return RecordRefused(
        f"{value!r} is not an amount of money.",
        "The record that carries it cannot be added up to the cent.",
        "Correct the amount in the accounting system, then read the period again.",
    )
