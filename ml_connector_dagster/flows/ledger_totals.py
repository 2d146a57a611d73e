"""Books against staged for a module of ledger lines: per ledger account, before mapping."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal

import pyarrow as pa

from ml_connector_dagster.connections.opening import OpenConnection
from ml_connector_dagster.flows.books import RETAINED_EARNINGS, Amounts, Books, ask_books, met_books, sums_by_account
from ml_connector_dagster.flows.openings import carried_forward
from ml_connector_dagster.flows.slice_rows import SliceRows
from ml_connector_dagster.flows.totals import SourceTotals, compared
from ml_connector_dagster.ledger.ledger_account import AccountClass, natural_amount
from ml_connector_dagster.ledger.money import ZERO
from ml_connector_dagster.mapping.targets import ModuleTarget
from ml_connector_dagster.sources.contract.entity import Entity, EntityKind
from ml_connector_dagster.staging.frames import table_of
from ml_connector_dagster.staging.snapshots import StagedCompany, Staging

MOVED = "The books moved since the period was read; it is marked to be read again."


def ledger_totals(connection: OpenConnection, target: ModuleTarget, rows: SliceRows) -> SourceTotals:
    """Ask the books now and compare them with what was staged, account by account, in the module's sign.

    Where they differ and the trial balance is no longer the one that was met at the read, the books have moved: the
    period is marked dirty, so that the next read finds what moved.
    """
    staging = Staging(connection.store, connection.blobs)
    staged = StagedCompany(staging, connection.name)
    met = met_books(staged, rows.period)
    books = ask_books(connection, rows.period, staged, met=met)
    module = _Module(target, rows)
    totals = compared(
        module.signed(books.closing if module.is_balance else books.movement),
        module.signed(module.staged()),
        {name: module.signed(amounts) for name, amounts in module.residuals(books).items()},
        subject=lambda account: f"account {rows.account_names.get(account, account)}",
    )
    if totals.differences and books.control != met.control:
        for entity in _behind(connection, target.from_):
            staging.mark_dirty(connection.name, entity, [rows.period], "the books moved since the read")
        return replace(totals, note=MOVED)
    return replace(totals, note=rows.as_read) if connection.source.later else totals


def commitment_totals(connection: OpenConnection, target: ModuleTarget, rows: SliceRows) -> SourceTotals:
    """Read the period's commitments once more and compare with what was staged, account by account, in the module's sign.

    No report tells of orders, so what they say as they are served now is the books' side; no residual class applies. Where
    they differ, the period is marked dirty, so that the next read finds what moved. A source that is answered later serves
    none now: its orders are as they were read.
    """
    entity, module = connection.source.entity(target.from_), _Module(target, rows)
    served = _served(connection, entity, rows) if connection.source.later is None else rows.main()
    totals = compared(
        module.signed(sums_by_account(served)),
        module.signed(module.staged()),
        {},
        subject=lambda account: f"account {rows.account_names.get(account, account)}",
    )
    if totals.differences:
        staging = Staging(connection.store, connection.blobs)
        staging.mark_dirty(connection.name, entity.name, [rows.period], "the orders moved since the read")
    return totals


def _served(connection: OpenConnection, entity: Entity, rows: SliceRows) -> Iterator[pa.Table]:
    for page in connection.reader().read(entity, rows.period):
        yield page.rows if isinstance(page.rows, pa.Table) else table_of(entity.record, page.rows)


class _Module:
    """Which accounts a module takes, in which sign, over which months."""

    def __init__(self, target: ModuleTarget, rows: SliceRows) -> None:
        self._target = target
        self._rows = rows
        self.is_balance = target.measure == "closing_balance"

    def staged(self) -> dict[str, Decimal]:
        """Answer what was staged per account: of the period, or carried forward to its end."""
        before: Iterable[pa.Table] = carried_forward(self._rows) if self.is_balance else ()
        sums: dict[str, Decimal] = defaultdict(lambda: ZERO)
        for tables in (before, self._rows.lines(self._rows.period)):
            for account, amount in sums_by_account(tables).items():
                sums[account] += amount
        return dict(sums)

    def residuals(self, books: Books) -> Mapping[str, Amounts]:
        """Answer the named classes per account; over a balance's months, without the roll that the balance carries itself."""
        if not self.is_balance:
            return books.residuals
        year_began = self._rows.period.fiscal_year_start(books.company.fiscal_year_end_month)
        sums: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(lambda: ZERO))
        for month in self._rows.months:
            known = books if month == self._rows.period else self._rows.books(month)
            for name, amounts in known.residuals.items():
                for account, amount in amounts.items():
                    if name != RETAINED_EARNINGS and (month >= year_began or not self._restarts(account)):
                        sums[name][account] += amount
        return sums

    def signed(self, amounts: Amounts) -> dict[str, Decimal]:
        """Keep the module's accounts, in the module's sign; accounts without figures are left out.

        Raises:
            RecordRefused: An account's class is unknown, so its figure can be given no sign.
        """
        return {account: self._sign(account, amount) for account, amount in amounts.items() if self._takes(account)}

    def _sign(self, account: str, amount: Decimal) -> Decimal:
        if self._target.sign == "debit_positive" or not self._is_known(account):
            return amount
        return natural_amount(amount, self._class(account)) if amount else amount

    def _takes(self, account: str) -> bool:
        """An account that the chart does not have is always looked at: nobody can say that it is not the module's."""
        wanted = {"profit_and_loss": (True,), "balance_sheet": (False,), "all": (True, False)}[self._target.accounts]
        return not self._is_known(account) or self._restarts(account) in wanted

    def _is_known(self, account: str) -> bool:
        return account in self._rows.account_classes

    def _restarts(self, account: str) -> bool:
        return self._class(account) in (AccountClass.INCOME, AccountClass.EXPENSE)

    def _class(self, account: str) -> str:
        return self._rows.account_classes.get(account, "")


def _behind(connection: OpenConnection, entity: str) -> list[str]:
    """Answer what must be read again for an entity to be new: the documents it is derived from, else itself."""
    source = connection.source
    behind = [name for name in source.entity(entity).derived_from if source.entity(name).kind is EntityKind.DOCUMENT]
    return behind or [entity]
