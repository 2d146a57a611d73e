"""The books' own figures of a period, as the accounting system's report says them, and how they are kept beside the lines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

import pyarrow as pa

from ml_connector_dagster.connections.opening import OpenConnection
from ml_connector_dagster.flows.slices import COMPANY, RESIDUALS, TRIAL_BALANCE
from ml_connector_dagster.ledger.money import ZERO
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.ledger.posting import Company, ControlBalance
from ml_connector_dagster.sources.contract.answers import Page
from ml_connector_dagster.staging.frames import rows_of
from ml_connector_dagster.staging.snapshots import StagedCompany, Staging

Amounts = Mapping[str, Decimal]
"""Ledger account id to amount, base currency, debit + and credit −."""
RETAINED_EARNINGS = "retained_earnings"
"""The residual class of the year-end roll from income and expense into equity."""


class ResidualLine(NamedTuple):
    """One account of one named class: what the books hold and no document shows."""

    residual_id: str
    """``<class>:<ledger account id>``."""
    residual_class: str
    ledger_account_id: str
    amount: Decimal
    """Base currency, debit + and credit −."""


@dataclass(frozen=True, slots=True)
class Books:
    """The vendor's trial balance of a period and what its own postings explain beyond the documents."""

    company: Company
    control: Mapping[str, ControlBalance]
    """By ledger account id."""
    residuals: Mapping[str, Amounts] = field(default_factory=dict)

    @property
    def movement(self) -> dict[str, Decimal]:
        """Of the period, per account."""
        return {account: balance.movement for account, balance in self.control.items()}

    @property
    def closing(self) -> dict[str, Decimal]:
        """At the period's end: to date for the balance sheet, since the fiscal year began for income and expense."""
        return {account: balance.year_to_date for account, balance in self.control.items()}

    @property
    def opening(self) -> dict[str, Decimal]:
        """The trial balance of the day before the period."""
        return {account: balance.year_to_date - balance.movement for account, balance in self.control.items()}


def ask_books(connection: OpenConnection, period: Period, staged: StagedCompany, *, met: Books | None = None) -> Books:
    """Ask the accounting system for the period's trial balance and its residual classes.

    One that is answered later cannot be asked now: its books are those that were met, in the same answer as the lines.

    Args:
        connection: The opened connection.
        period: The month.
        staged: What was staged of the company.
        met: The books as they were met when the period was read. Where every balance still is what it was, nothing was
            posted, so the classes of that day hold too and are not asked for again (they may cost several reports).
    """
    if met is not None and connection.source.later is not None:
        return met
    reader = connection.reader()
    control = {balance.ledger_account_id: balance for balance in reader.control(period)}
    if met is not None and control == met.control:
        return met
    return Books(reader.company(), control, reader.residuals(period, staged))


def met_books(staged: StagedCompany, period: Period) -> Books:
    """Answer the books as they were met when the period was read.

    Raises:
        HeldForPerson: It was not read yet.
    """
    (company,) = _rows(Company, staged.batches(COMPANY, period))
    return books_from(company, staged.batches(TRIAL_BALANCE, period), staged.batches(RESIDUALS, period))


def stage_books(
    connection: OpenConnection, staging: Staging, period: Period, books: Books, *, began_at: datetime, run_id: str
) -> None:
    """Keep the books' figures beside the lines, so that openings, previews and later tie-outs need no call."""
    lines = [
        ResidualLine(f"{name}:{account}", name, account, amount)
        for name, amounts in sorted(books.residuals.items())
        for account, amount in sorted(amounts.items())
    ]
    kept: Sequence[tuple[str, type[tuple[Any, ...]], Sequence[tuple[Any, ...]]]] = (
        (TRIAL_BALANCE, ControlBalance, sorted(books.control.values())),
        (RESIDUALS, ResidualLine, lines),
        (COMPANY, Company, [books.company]),
    )
    for entity, record, rows in kept:
        with staging.writer(
            connection.name,
            entity,
            period,
            record,
            read_began_at=began_at,
            parser_version=connection.source.parser_version,
        ) as writer:
            writer.add(Page(rows=rows, read=len(rows)))
            writer.finish(0, run_id)


def books_from(company: Company, balances: Iterable[pa.Table], residuals: Iterable[pa.Table]) -> Books:
    """Answer the books' figures that were staged beside the lines.

    Args:
        company: As it was staged with them.
        balances: Tables of ControlBalance; none where only the residuals are asked for.
        residuals: Tables of ResidualLine.
    """
    control = {one.ledger_account_id: one for one in _rows(ControlBalance, balances)}
    classes: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for line in _rows(ResidualLine, residuals):
        classes[line.residual_class][line.ledger_account_id] = line.amount
    return Books(company, control, dict(classes))


def staged_movement(staged: StagedCompany, entity: str, period: Period) -> dict[str, Decimal]:
    """Answer what was staged of a period, per ledger account; debit + and credit −."""
    return sums_by_account(staged.batches(entity, period, ["ledger_account_id", "amount"]))


def sums_by_account(lines: Iterable[pa.Table]) -> dict[str, Decimal]:
    """Add up ledger lines per account; exact, debit + and credit −."""
    sums: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for table in lines:
        grouped = table.group_by("ledger_account_id").aggregate([("amount", "sum")])
        columns = (grouped[name].to_pylist() for name in ("ledger_account_id", "amount_sum"))
        for account, amount in zip(*columns, strict=True):
            sums[account] += amount
    return dict(sums)


def unexplained(books: Amounts, staged: Amounts, residuals: Iterable[Amounts]) -> dict[str, Decimal]:
    """Answer what no named class explains, per account, only where it is not 0.00.

    A residual is summed from named postings of the source; nothing here makes one up from the difference.
    """
    left: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for account, amount in books.items():
        left[account] += amount
    for amounts in (staged, *residuals):
        for account, amount in amounts.items():
            left[account] -= amount
    return {account: amount for account, amount in left.items() if amount}


def _rows(record: type[Any], tables: Iterable[pa.Table]) -> list[Any]:
    return [row for table in tables for row in rows_of(record, table)]
