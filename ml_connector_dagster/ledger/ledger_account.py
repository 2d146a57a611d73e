"""A line of the chart of accounts, and the sign its class gives to a figure."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from ml_connector_dagster.errors import RecordRefused


class AccountClass(StrEnum):
    """The five classes of double-entry bookkeeping; it decides the natural sign and the statement."""

    ASSET = "asset"
    LIABILITY = "liability"
    EQUITY = "equity"
    INCOME = "income"
    EXPENSE = "expense"

    @property
    def is_profit_and_loss(self) -> bool:
        """True for income and expense: the figures that start at zero in each fiscal year."""
        return self in (AccountClass.INCOME, AccountClass.EXPENSE)


class LedgerAccount(NamedTuple):
    """One line of the chart of accounts, keyed by the vendor's stable id; the code may move, the id never does."""

    ledger_account_id: str
    code: str
    name: str
    account_class: str
    """An AccountClass value; the empty string where the vendor's class is unknown, which loads refuse."""
    account_type: str
    """The vendor's own finer type, as written."""
    system_role: str
    """The vendor's own word for an account with a fixed part (DEBTORS, RETAINEDEARNINGS …); empty for all others."""
    currency: str
    """Currency of a bank account; empty where the account follows the base currency."""
    active: bool
    modified_at: datetime | None
    version_hash: str


def natural_amount(debit_positive: Decimal, account_class: str) -> Decimal:
    """Turn a debit-positive amount into the sign a reader expects: income, liability and equity are positive.

    A contra account is not flipped again: its class decides.

    Raises:
        RecordRefused: The class is not one of the five, so no sign is safe.
    """
    if account_class in (AccountClass.ASSET, AccountClass.EXPENSE):
        return debit_positive
    if account_class in (AccountClass.LIABILITY, AccountClass.EQUITY, AccountClass.INCOME):
        return -debit_positive
    raise RecordRefused(
        f"The account class {account_class!r} is not known.",
        "Its figures cannot be given a sign.",
        "Update the connector, or ask for the account's class in the accounting system.",
    )
