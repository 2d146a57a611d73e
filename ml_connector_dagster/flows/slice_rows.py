"""The rows of the snapshots that a slice was pinned to; a pull that publishes meanwhile does not change what is shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

import pyarrow as pa

from ml_connector_dagster.connections.opening import OpenConnection
from ml_connector_dagster.flows.books import Books, books_from
from ml_connector_dagster.flows.slices import (
    COMPANY,
    RESIDUALS,
    TRIAL_BALANCE,
    CurrentSnapshots,
    SliceInputs,
    SnapshotFact,
    accounts_entity,
    tracking_entity,
)
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.ledger.posting import Company
from ml_connector_dagster.staging.frames import arrow_schema
from ml_connector_dagster.staging.spool import row_groups


class SliceRows:
    """One slice's staged rows."""

    def __init__(
        self, connection: OpenConnection, period: Period, inputs: SliceInputs, snapshots: CurrentSnapshots
    ) -> None:
        """Pin the rows; nothing is read yet."""
        self._connection = connection
        self._snapshots = snapshots
        self.period = period
        self.inputs = inputs

    def main(self, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """Yield the rows that fill the slice, in row groups; all columns, or these alone."""
        return self._tables(self.inputs.main, columns)

    @property
    def as_read(self) -> str:
        """Say of which moment the books are, where the accounting system cannot be asked at the tie-out itself."""
        began_at = self.inputs.main.read_began_at
        return f"The books are those of {began_at:%Y-%m-%d %H:%M} UTC, when the machine answered last."

    @cached_property
    def months(self) -> tuple[Period, ...]:
        """The months from the opening balance on, the slice's own last; itself alone for a movement."""
        return tuple(Period.parse(fact.period) for fact in self.inputs.chain) or (self.period,)

    def lines(self, month: Period, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """Yield the ledger lines of one month of the chain."""
        facts = {fact.period: fact for fact in (*self.inputs.chain, self.inputs.main)}
        return self._tables(facts[str(month)], columns)

    def books(self, month: Period) -> Books:
        """Answer the books' own figures as they stood when the month was read.

        A month inside the chain needs its residual classes alone; its trial balance is then left empty.
        """
        at = {(fact.entity, fact.period): fact for fact in self.inputs.others}
        balances, residuals = at.get((TRIAL_BALANCE, str(month))), at[RESIDUALS, str(month)]
        return books_from(self.company, self._tables(balances) if balances else (), self._tables(residuals))

    @cached_property
    def company(self) -> Company:
        """The company as the accounting system describes it."""
        fact = self.inputs.find(COMPANY)
        assert fact is not None, "a closing balance pins the company's facts"  # inputs_of answers none without
        (row,) = pa.concat_tables(self._tables(fact)).to_pylist()
        return Company(**row)

    @cached_property
    def accounts(self) -> pa.Table:
        """The chart of accounts that the period was validated with."""
        return self.reference(accounts_entity(self._connection.source))

    @cached_property
    def account_classes(self) -> Mapping[str, str]:
        """Ledger account id to its class; the empty string where the vendor's class is unknown."""
        table = self.accounts
        return dict(zip(table["ledger_account_id"].to_pylist(), table["account_class"].to_pylist(), strict=True))

    @cached_property
    def account_names(self) -> Mapping[str, str]:
        """Ledger account id to ``code name``, for people."""
        columns = (self.accounts[name].to_pylist() for name in ("ledger_account_id", "code", "name"))
        return {account: f"{code} {name}".strip() for account, code, name in zip(*columns, strict=True)}

    @cached_property
    def tracking(self) -> pa.Table | None:
        """The options of every reporting dimension; None where the slice asks for none."""
        name = tracking_entity(self._connection.source)
        return self.reference(name) if name and self.inputs.find(name) else None

    def reference(self, entity: str) -> pa.Table:
        """Answer a reference entity: the pinned snapshot where the slice has one, else the newest; empty where unread."""
        fact = self.inputs.find(entity) or self._snapshots.newest(entity)
        empty = arrow_schema(self._connection.source.entity(entity).record).empty_table()
        return pa.concat_tables([empty, *(self._tables(fact) if fact else ())])

    def _tables(self, fact: SnapshotFact, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        path = self._connection.blobs.local_path(fact.blob)
        return row_groups(path, list(columns) if columns is not None else None)
