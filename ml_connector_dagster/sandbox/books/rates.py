"""Exchange rates of an imagined market: a slow random walk by day, the same for both companies of a seed."""

import random
from datetime import date, timedelta

from ml_connector_dagster.sandbox.books.cents import RATE_ONE, half_up

_START = {"USD": 1_262_000, "EUR": 1_158_000, "GBP": RATE_ONE}
"""Units for one pound, in millionths."""


class Market:
    """Answers the rate of a day: foreign units for one unit of base, in millionths."""

    def __init__(self, seed: int, first: date, last: date) -> None:
        walk = random.Random(f"market:{seed}")
        self._per_pound: dict[str, dict[date, int]] = {"USD": {}, "EUR": {}}
        self._last = last
        for currency, days in self._per_pound.items():
            level = float(_START[currency])
            for offset in range((last - first).days + 1):
                level *= 1 + walk.gauss(0.00002, 0.0035)
                days[first + timedelta(days=offset)] = round(level)

    def rate(self, currency: str, base: str, day: date) -> int:
        """The rate on a day; days after the last known one repeat it."""
        if currency == base:
            return RATE_ONE
        return half_up(self._pound(currency, day) * RATE_ONE, self._pound(base, day))

    def _pound(self, currency: str, day: date) -> int:
        return RATE_ONE if currency == "GBP" else self._per_pound[currency][min(day, self._last)]
