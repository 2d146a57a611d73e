"""Prove that books, staged and Anaplan agree for a slice, to the cent, or say where they do not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from ml_connector_dagster.connections.opening import OpenConnection


@dataclass(frozen=True, slots=True)
class Difference:
    """One ledger account or member where the three figures differ; debit + and credit −, base currency."""

    subject: str
    """``account <code> <name>`` or ``member <member>``."""
    books: Decimal | None
    staged: Decimal
    anaplan: Decimal | None
    unexplained: Decimal
    """What no named residual class explains."""


@dataclass(frozen=True, slots=True)
class TieOut:
    """The three totals of a slice. They are sums of absolute... see each field; holds only where nothing is unexplained."""

    connection: str
    target: str
    period: str
    measured_at: datetime
    books: Decimal
    """Debits of the books (sum of the positive figures), so that a total that is 0 by construction still says something."""
    staged: Decimal
    anaplan: Decimal | None
    """None where nothing was read back."""
    residuals: dict[str, Decimal]
    unexplained: Decimal
    """Sum of the absolute unexplained differences: 0.00 or the figures differ."""
    differences: tuple[Difference, ...]
    holds: bool

    @property
    def says(self) -> str:
        """One sentence naming period and accounts, for a check's description."""
        raise NotImplementedError


def tie_out(connection: OpenConnection, target_name: str, period: str, *, read_back: bool = True) -> TieOut:
    """Compare books, staged and Anaplan for a module and period; the result is stored in the table ``tie_out``.

    Args:
        connection: The opened connection.
        target_name: A module of the connection.
        period: 2026-10.
        read_back: False asks Anaplan nothing: books against staged alone.
    """
    raise NotImplementedError
