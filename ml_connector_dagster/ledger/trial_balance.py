"""What two cumulative trial balances say of a period.

A trial balance shows closing balances: to date for the balance sheet, since the fiscal year began for income and expense. A
period's movement is the difference of two closings; in a fiscal year's first month income and expense start at 0, and the
year before stands in retained earnings from its first day, a roll that no transaction posts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from ml_connector_dagster.ledger.money import ZERO
from ml_connector_dagster.ledger.posting import ControlBalance


@dataclass(frozen=True, slots=True)
class TrialBalances:
    """The trial balance at a period's end and at the end of the period before; debit + and credit −, base currency."""

    closing: Mapping[str, Decimal]
    opening: Mapping[str, Decimal]
    """As the books report it: in a fiscal year's first month the results of the year before still stand in it."""
    results: frozenset[str]
    """Income and expense accounts; needed, and by some sources known, in a fiscal year's first month only."""
    retained_earnings: str
    """The account that the year's result is rolled into; empty where it is not known, as ``results`` may be."""
    starts_year: bool
    """Whether the period is the first of a fiscal year."""

    @property
    def balances(self) -> list[ControlBalance]:
        """Each account's movement and balance, sorted by account."""
        return [
            ControlBalance(account, self.movement(account), self.closing.get(account, ZERO))
            for account in sorted({*self.closing, *self.opening})
        ]

    def movement(self, account: str) -> Decimal:
        """Answer what an account moved in the period; 0 for one that the reports do not list."""
        starts_at_zero = self.starts_year and account in self.results
        return self.closing.get(account, ZERO) - (ZERO if starts_at_zero else self.opening.get(account, ZERO))

    def is_used(self, account: str) -> bool:
        """Answer whether either report shows a figure for an account."""
        return bool(self.closing.get(account) or self.opening.get(account))

    @property
    def rolled(self) -> Mapping[str, Decimal]:
        """The result of the fiscal year that just ended, on retained earnings; nothing in any other month."""
        whole = sum((self.opening.get(account, ZERO) for account in self.results), ZERO)
        return {self.retained_earnings: whole} if self.starts_year and self.retained_earnings and whole else {}

    def unexplained(self, moved: Mapping[str, Decimal]) -> dict[str, Decimal]:
        """Answer what transactions and the year-end roll leave of the movements, by account; nothing where they agree.

        Args:
            moved: What all transactions of the period moved, those included that we posted ourselves.
        """
        accounts = {*self.closing, *self.opening, *moved, *self.rolled}
        left = {one: self.movement(one) - moved.get(one, ZERO) - self.rolled.get(one, ZERO) for one in accounts}
        return {account: figure for account, figure in left.items() if figure}
