"""Who writes the books: chance with a seed, ids in one sequence, stamps of working hours, and what every entry needs."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from ml_connector_dagster.sandbox.books.cents import RATE_ONE
from ml_connector_dagster.sandbox.quickbooks_online.chart import HOME
from ml_connector_dagster.sandbox.quickbooks_online.ledger import Leg, Posting
from ml_connector_dagster.sandbox.quickbooks_online.records import Line, Link, Named, Txn

YEARS = 3
CLASSES = ("1", "2", "3", "4")
DEPARTMENTS = ("1", "2", "3")
_LEVEL = {"EUR": 1_085_000, "CAD": 731_000}
"""Dollars for one unit, in millionths, when the books begin."""


def first_month(today: date) -> date:
    """The first day of the books: three years before the running month."""
    return today.replace(year=today.year - YEARS, day=1)


def month_end(month: date) -> date:
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


@dataclass
class Written:
    """The whole company: lists, transactions that exist, ids of those deleted, and postings that no entity shows."""

    lists: dict[str, dict[str, Named]]
    txns: dict[str, Txn] = field(default_factory=dict)
    deleted: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Entity and epoch second of deletion by id."""
    unshown: list[Posting] = field(default_factory=list)


class Rates:
    """Dollars for one foreign unit by day: a slow random walk."""

    def __init__(self, seed: int, first: date, last: date) -> None:
        walk = random.Random(f"qbo-rates:{seed}")
        self._last = last
        self._days: dict[str, dict[date, int]] = {}
        for currency, start in _LEVEL.items():
            level, days = float(start), {}
            for offset in range((last - first).days + 1):
                level *= 1 + walk.gauss(0, 0.003)
                days[first + timedelta(days=offset)] = round(level)
            self._days[currency] = days

    def rate(self, currency: str, day: date) -> int:
        """Millionths; a day outside the walk takes the nearest one."""
        if currency == HOME:
            return RATE_ONE
        days = self._days[currency]
        return days[max(min(day, self._last), min(days))]


class Scribe:
    """Hands out ids, stamps and choices, and enters what it is given."""

    def __init__(self, seed: int, written: Written, rates: Rates, today: date) -> None:
        self.rng = random.Random(f"qbo:{seed}")
        self.written, self.rates, self.today = written, rates, today
        self.next_id = 100
        self._latest = int(datetime(today.year, today.month, today.day, tzinfo=UTC).timestamp())

    def stamp(self, day: date, days_later: int = 0) -> int:
        """An epoch second of the working day, never after today began."""
        noon = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) + days_later * 86_400
        return min(noon + self.rng.randrange(14 * 3_600, 23 * 3_600), self._latest - self.rng.randrange(1, 3_600))

    def day(self, month: date, first: int = 1, last: int = 28) -> date:
        return month.replace(day=self.rng.randint(first, last))

    def pick(self, names: Sequence[Named]) -> Named:
        """The front of the list far more often, as big customers are."""
        return names[int(len(names) * self.rng.random() ** 1.5)]

    def active(self, entity: str) -> list[Named]:
        return [named for named in self.written.lists[entity].values() if named.active]

    def enter(self, entity: str, day: date, lines: list[Line], *, days_later: int = 0, **fields: object) -> Txn:
        """A new transaction; currency and rate are the name's."""
        txn = Txn(entity, str(self.new_id()), day, lines, **fields)  # type: ignore[arg-type]
        txn.rate = self.rates.rate(txn.currency, day)
        txn.created_at = txn.updated_at = self.stamp(day, days_later)
        txn.open_cents = txn.total
        self.written.txns[txn.txn_id] = txn
        return txn

    def new_id(self) -> int:
        self.next_id += 1
        return self.next_id

    def unshown(self, kind: str, day: date, legs: list[Leg]) -> None:
        """Post what has no entity: the general ledger alone tells of it."""
        stamp = self.stamp(day)
        self.written.unshown.append(Posting(str(self.new_id()), day, kind, legs, created_at=stamp, updated_at=stamp))

    def settle(self, payment: Txn, target: Txn, amount: int) -> None:
        """Link a payment to what it settles; both show it, and the settled one's stamp moves too."""
        payment.lines.append(Line("", amount, links=(Link(target.txn_id, target.entity),)))
        target.links.append(Link(payment.txn_id, payment.entity))
        target.open_cents -= amount
        target.sync += 1
        target.updated_at = max(target.updated_at, payment.created_at)
