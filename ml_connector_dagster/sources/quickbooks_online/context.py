"""What a document does not say itself: the company's currency, and which account an item's line goes to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ml_connector_dagster.errors import RequestRejected
from ml_connector_dagster.sources.quickbooks_online.fields import Record, ref, text, untrusted

INVENTORY = "Inventory"
MOST_PARENTS = 5


@dataclass(frozen=True, slots=True)
class Context:
    """The company's preferences and its items, as they stand now."""

    base_currency: str = ""
    multicurrency: bool = False
    items: Mapping[str, Record] = field(default_factory=dict)
    """By id."""

    def sold_to(self, item_id: str) -> str:
        """Answer the income account of an item, as it stands now: only for lines that carry no account of their own.

        Raises:
            RecordRefused: Neither the item nor one above it names an account; none is guessed.
        """
        return self._account(item_id, "IncomeAccountRef")

    def bought_to(self, item_id: str) -> str:
        """Answer the account of a purchased item: its stock where stock is kept, else its expense account.

        A line does not say which account it was posted to, so an item that was pointed elsewhere since is not noticed here;
        the general ledger has the account that was.

        Raises:
            RecordRefused: Neither the item nor one above it names an account; none is guessed.
        """
        kind = text(self.items.get(item_id, {}), "Type")
        return self._account(item_id, "AssetAccountRef" if kind == INVENTORY else "ExpenseAccountRef")

    def _account(self, item_id: str, role: str) -> str:
        one = item_id
        for _ in range(MOST_PARENTS):
            item = self.items.get(one, {})
            if item.get(role):
                return ref(item, role)
            one = ref(item, "ParentRef")
        raise untrusted(f"The item {item_id!r} names no {role.removesuffix('Ref')}, and no item above it does.")


def context_of(preferences: Mapping[str, Any], items: Iterable[Any] = ()) -> Context:
    """Read what documents are read with.

    Args:
        preferences: The ``Preferences`` of the company.
        items: Its items; left out where no document is read.

    Raises:
        RequestRejected: The preferences name no home currency.
    """
    prefs = preferences.get("CurrencyPrefs") or {}
    home = ref(prefs, "HomeCurrency")
    if not home:
        raise RequestRejected(
            "The company's preferences name no home currency.",
            "No figure can be said to be in it, so none was used.",
            "Run ml-connector check; if it holds, report the answer.",
            endpoint="preferences",
        )
    known = {one["Id"]: one for one in items if isinstance(one, dict) and isinstance(one.get("Id"), str)}
    return Context(home, prefs.get("MultiCurrencyEnabled") is True, known)
