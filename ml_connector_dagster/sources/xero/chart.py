"""The chart of accounts as posting rules need it: accounts with a fixed part, and which bank accounts are foreign."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ml_connector_dagster.errors import RecordRefused
from ml_connector_dagster.ledger.ledger_account import AccountClass

if TYPE_CHECKING:
    import pyarrow as pa

RECEIVABLE = "DEBTORS"
PAYABLE = "CREDITORS"
TAX = "GST"
ROUNDING = "ROUNDING"
REALISED = "REALISEDCURRENCYGAIN"
UNREALISED = "UNREALISEDCURRENCYGAIN"
BANK_REVALUATION = "BANKCURRENCYGAIN"
RETAINED_EARNINGS = "RETAINEDEARNINGS"
BANK = "BANK"


@dataclass(frozen=True, slots=True)
class Chart:
    """Accounts by their fixed part; codes are never looked at, since people move them."""

    base_currency: str
    by_role: dict[str, str]
    currencies: dict[str, str]
    """Bank account id to its currency."""
    profit_and_loss: frozenset[str]

    @classmethod
    def of(cls, accounts: pa.Table, base_currency: str) -> Chart:
        """Read the newest staged ledger accounts."""
        rows = accounts.select(["ledger_account_id", "system_role", "account_type", "account_class", "currency"])
        by_role, currencies, results = {}, {}, set()
        for row in rows.to_pylist():
            account_id = row["ledger_account_id"]
            if row["system_role"]:
                by_role[row["system_role"]] = account_id
            if row["account_type"] == BANK:
                currencies[account_id] = row["currency"] or base_currency
            if row["account_class"] in (AccountClass.INCOME, AccountClass.EXPENSE):
                results.add(account_id)
        return cls(base_currency, by_role, currencies, frozenset(results))

    def account(self, role: str) -> str:
        """Answer the account with this fixed part.

        Raises:
            RecordRefused: The chart has none, so what must be posted there has no place.
        """
        try:
            return self.by_role[role]
        except KeyError:
            raise RecordRefused(
                f"The chart of accounts has no account with the system part {role}.",
                "What Xero posts there cannot be placed, so the period's ledger lines are not made.",
                "Read ledger_accounts again; if it stays, ask Xero's support why the organisation lacks the account.",
            ) from None

    def is_base(self, bank_account_id: str) -> bool:
        """Answer whether a bank account is kept in base currency; an account that is no bank is."""
        return self.currencies.get(bank_account_id, self.base_currency) == self.base_currency

    @property
    def foreign_banks(self) -> tuple[str, ...]:
        """Bank accounts in another currency than the company's."""
        return tuple(sorted(account for account in self.currencies if not self.is_base(account)))
