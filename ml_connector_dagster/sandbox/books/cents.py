"""Money as whole cents: exact, fast, and never a float on its way into a ledger."""

RATE_ONE = 1_000_000
"""A currency rate of 1; rates are whole millionths, as precise as the six decimals that Xero shows."""


def half_up(numerator: int, denominator: int) -> int:
    """Divide and round to the nearest whole number; a half goes away from zero."""
    quotient = (2 * abs(numerator) + denominator) // (2 * denominator)
    return quotient if numerator >= 0 else -quotient


def to_base(cents: int, rate: int) -> int:
    """Base-currency cents of a foreign amount; the rate is foreign units for one unit of base, in millionths."""
    return cents if rate == RATE_ONE else half_up(cents * RATE_ONE, rate)


def text(cents: int) -> str:
    """Print 123456 as 1234.56."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def parse(amount: str) -> int:
    """Read "1234.56", "-3" or "0.5" as cents; more than two decimals, or no number, is a ValueError."""
    sign = -1 if amount.startswith("-") else 1
    whole, _, fraction = amount.lstrip("+-").partition(".")
    kept, rest = fraction[:2], fraction[2:]
    if rest.strip("0"):
        raise ValueError(f"{amount} has more than two decimals.")
    return sign * (int(whole or "0") * 100 + int(kept.ljust(2, "0")))
