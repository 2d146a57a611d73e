"""What a closing balance carries forward: the books' opening balance, the months since, and the year-end roll."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from ml_connector_dagster.flows.books import RETAINED_EARNINGS, Books
from ml_connector_dagster.flows.slice_rows import SliceRows
from ml_connector_dagster.ledger.ledger_account import AccountClass
from ml_connector_dagster.ledger.money import ZERO
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.mapping.cells import opening_lines


def carried_forward(rows: SliceRows) -> Iterator[pa.Table]:
    """Yield what stood before the period, as ledger lines: opening balance and year-end rolls, then each earlier month.

    Income and expense begin at 0 with each fiscal year, so what they had before it is left out; equity takes it as the
    books' own roll (class ``retained_earnings``), since no document shows it.
    """
    year_began = rows.period.fiscal_year_start(rows.company.fiscal_year_end_month)
    restarting = _restarting(rows.account_classes)
    opening = opening_balance(rows, year_began, restarting)
    yield opening_lines({account: amount for account, amount in sorted(opening.items()) if amount})
    for month in rows.months[:-1]:
        for table in rows.lines(month):
            yield table if month >= year_began else _without(table, restarting)


def opening_balance(rows: SliceRows, year_began: Period, restarting: frozenset[str]) -> dict[str, Decimal]:
    """Answer the balance per ledger account at the day before the first month of the chain, plus the rolls since.

    Args:
        rows: The slice.
        year_began: First period of the fiscal year that the slice's period lies in.
        restarting: The accounts of income and expense.
    """
    first = rows.months[0]
    opening: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for account, amount in rows.books(first).opening.items():
        if account not in restarting or first > year_began:
            opening[account] += amount
    for month in rows.months:
        if month == month.fiscal_year_start(rows.company.fiscal_year_end_month):
            for account, amount in rolled(rows.books(month)).items():
                opening[account] += amount
    return dict(opening)


def rolled(books: Books) -> Mapping[str, Decimal]:
    """Answer the year-end roll that the books made in a period, per account."""
    return books.residuals.get(RETAINED_EARNINGS, {})


def _restarting(classes: Mapping[str, str]) -> frozenset[str]:
    return frozenset(
        account for account, name in classes.items() if name in (AccountClass.INCOME, AccountClass.EXPENSE)
    )


def _without(table: pa.Table, accounts: frozenset[str]) -> pa.Table:
    gone = pc.is_in(table["ledger_account_id"], pa.array(sorted(accounts), pa.string()))
    return table.filter(pc.invert(gone))
