"""What every reading of a FreshBooks record needs: what the record does not say itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from ml_connector_dagster.ledger.ledger_account import AccountClass
from ml_connector_dagster.sources.freshbooks.fields import Record, link, text

ONE, NO_RATE = Decimal(1), Decimal(0)


@dataclass(frozen=True, slots=True)
class Chart:
    """The two generations of the chart of accounts, bridged: legacy ids, expense categories and names to uuid."""

    uuids: frozenset[str] = frozenset()
    of_account: Mapping[str, str] = field(default_factory=dict)
    """``jea_id`` to uuid."""
    of_sub_account: Mapping[str, str] = field(default_factory=dict)
    """``jesa_id`` to uuid."""
    of_category: Mapping[str, str] = field(default_factory=dict)
    """``category_id`` to uuid: of expenses and bill lines."""
    named: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """(number, name) to uuid, where it is the only one."""
    classes: Mapping[str, str] = field(default_factory=dict)
    """Uuid to FreshBooks' word for its class, in lower case."""

    @classmethod
    def of(cls, accounts: Iterable[Any]) -> Chart:
        """Read the ledger accounts as FreshBooks writes them; what is unreadable is left to the pull that stages them."""
        known = [one for one in accounts if isinstance(one, dict) and one.get("uuid")]

        def by(name: str) -> dict[str, str]:
            return {link(one[name]): str(one["uuid"]) for one in known if link(one.get(name))}

        named: dict[tuple[str, str], str] = {}
        for one in known:
            key = (text(one, "number"), text(one, "name"))
            named[key] = "" if key in named else str(one["uuid"])
        return cls(
            uuids=frozenset(str(one["uuid"]) for one in known),
            of_account=by("jea_id"),
            of_sub_account=by("jesa_id"),
            of_category=by("category_id"),
            named={key: uuid for key, uuid in named.items() if uuid},
            classes={str(one["uuid"]): text(one, "type").lower() for one in known},
        )

    def uuid(self, account: Record, sub_account: Record) -> str:
        """Answer the account that an entry or a report names; empty where the chart has none.

        The sub account decides; the account itself only where there is no sub account, or as the account's own.
        """
        sub_id, account_id = link(sub_account.get("sub_accountid")), link(account.get("accountid"))
        for found in (sub_id, account_id if not sub_id else ""):
            if found in self.uuids:
                return found
        if sub_id:
            names = text(sub_account, "account_sub_number"), text(sub_account, "account_sub_name")
            return self.of_sub_account.get(sub_id) or self.named.get(names, "")
        names = text(account, "account_number"), text(account, "account_name")
        return self.of_account.get(account_id) or self.named.get(names, "")

    def is_result(self, uuid: str) -> bool:
        """Answer whether an account is income or expense: one that starts at 0 in each fiscal year."""
        return self.classes.get(uuid) in (AccountClass.INCOME, AccountClass.EXPENSE)


@dataclass(frozen=True, slots=True)
class Context:
    """What a record does not say itself: the company's currency and its chart."""

    base_currency: str = ""
    chart: Chart = field(default_factory=Chart)

    def rate(self, currency: str) -> Decimal:
        """Answer 1 in base currency and 0 elsewhere: FreshBooks writes no exchange rate on any document."""
        return ONE if currency == self.base_currency else NO_RATE
