"""Which accounts a module takes, and the sign each class gives (accounting_rules §2)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ml_connector_dagster.errors import RecordRefused
from ml_connector_dagster.ledger.ledger_account import AccountClass, natural_amount
from ml_connector_dagster.mapping.targets import ModuleTarget

Signs = np.ndarray[Any, np.dtype[np.int8]]
LEFT_OUT = 0
"""The sign of a line whose account is on the other statement."""


class AccountSigns:
    """Answers +1, −1 or LEFT_OUT for each account of the chart."""

    def __init__(self, target: ModuleTarget, accounts: pa.Table) -> None:
        """Take the target's ``accounts`` and ``sign`` and the newest LedgerAccount table."""
        self._target = target
        self._classes = dict(
            zip(
                accounts.column("ledger_account_id").to_pylist(),
                accounts.column("account_class").to_pylist(),
                strict=True,
            )
        )
        self._signs: dict[str, int] = {}

    def of(self, table: pa.Table) -> Signs:
        """Answer the sign of each row by its ``ledger_account_id``.

        Raises:
            RecordRefused: An account is not in the chart or its class is unknown, and sign or statement depend on it.
        """
        encoded = table.column("ledger_account_id").combine_chunks().dictionary_encode()
        signs = np.array([self._sign(account) for account in encoded.dictionary.to_pylist()], dtype=np.int8)
        found: Signs = signs[encoded.indices.to_numpy()] if len(signs) else signs
        return found

    def _sign(self, account_id: str) -> int:
        if account_id not in self._signs:
            self._signs[account_id] = self._decide(account_id)
        return self._signs[account_id]

    def _decide(self, account_id: str) -> int:
        target = self._target
        if target.accounts == "all" and target.sign == "debit_positive":
            return 1
        account_class = self._class_of(account_id)
        is_profit_and_loss = account_class.is_profit_and_loss
        if target.accounts != "all" and is_profit_and_loss != (target.accounts == "profit_and_loss"):
            return LEFT_OUT
        return int(natural_amount(Decimal(1), account_class)) if target.sign == "natural" else 1

    def _class_of(self, account_id: str) -> AccountClass:
        written = self._classes.get(account_id)
        try:
            return AccountClass(written or "")
        except ValueError:
            said = "is not in the chart of accounts" if written is None else f"has the unknown class {written!r}"
            raise RecordRefused(
                f"Ledger account {account_id} {said}.",
                f"Neither its statement nor its sign is known, so {self._target.name} cannot be written right.",
                "Read the ledger accounts again; if that does not help, look at the account in the accounting system.",
                ledger_account_id=account_id,
            ) from None


def signed(amounts: pa.Array, signs: Signs) -> pa.Array:
    """Answer the amounts with the sign of each row; decimals stay exact."""
    return pc.if_else(pa.array(signs > 0), amounts, pc.negate(amounts))
