"""List elements as their queries answer them."""

from collections.abc import Iterator

from ml_connector_dagster.sandbox.quickbooks_desktop.answer import Child, cents
from ml_connector_dagster.sandbox.quickbooks_desktop.company import Company
from ml_connector_dagster.sandbox.quickbooks_desktop.records import Named

BALANCE_TYPES = {
    "Bank",
    "AccountsReceivable",
    "OtherCurrentAsset",
    "FixedAsset",
    "OtherAsset",
    "AccountsPayable",
    "CreditCard",
    "OtherCurrentLiability",
    "LongTermLiability",
    "Equity",
}
CREDIT_TYPES = {
    "AccountsPayable",
    "CreditCard",
    "OtherCurrentLiability",
    "LongTermLiability",
    "Equity",
    "Income",
    "OtherIncome",
}


def ref(name: str, company: Company, list_id: str) -> Child:
    """A reference by id and full name; left out for no id."""
    if not list_id:
        return name, None
    return name, [("ListID", list_id), ("FullName", company.full_name(list_id))]


_OWED = {"Invoice": 1, "CreditMemo": -1, "Bill": 1, "VendorCredit": -1}
"""What a customer owes or a vendor is owed; a credit stays open and takes from it."""


class ListWire:
    """Writes list elements. Balances are as of now, each account's own way up: a payable is positive."""

    def __init__(self, company: Company) -> None:
        self._company = company
        self._balances: dict[str, int] = {}
        self._open: dict[str, int] = {}

    def refresh(self) -> "ListWire":
        """Take the balances of this moment; once a query."""
        self._balances = self._company.ledger.balance(self._company.now().date())
        self._open = {}
        for txn in self._company.txns.values():
            if txn.kind in _OWED:
                rest = txn.total - sum(self._company.paid(txn.txn_id).values())
                self._open[txn.name_id] = self._open.get(txn.name_id, 0) + _OWED[txn.kind] * rest
        return self

    def children(self, one: Named) -> Iterator[Child]:
        """The element's children, in the schema's order."""
        yield "ListID", one.list_id
        yield "TimeCreated", one.created_at
        yield "TimeModified", one.modified_at
        yield "EditSequence", str(one.edit)
        yield "Name", one.name
        if one.kind != "Vendor":
            yield "FullName", self._company.full_name(one.list_id)
        yield "IsActive", one.active
        yield from {"Account": self._account, "Class": self._class, "Customer": self._customer}.get(
            one.kind, self._vendor
        )(one)

    def _below(self, one: Named) -> Iterator[Child]:
        yield ref("ParentRef", self._company, one.parent_id)
        yield "Sublevel", self._company.full_name(one.list_id).count(":")

    def _account(self, one: Named) -> Iterator[Child]:
        yield from self._below(one)
        yield "AccountType", one.account_type
        yield "SpecialAccountType", one.special or None
        yield "AccountNumber", one.number if self._company.preferences.account_numbers else None
        yield "Desc", one.desc or None
        if one.account_type in BALANCE_TYPES:
            below = self._company.with_children(one.list_id)
            yield "Balance", cents(self._natural(one, self._balances.get(one.list_id, 0)))
            yield "TotalBalance", cents(self._natural(one, sum(self._balances.get(each, 0) for each in below)))

    def _class(self, one: Named) -> Iterator[Child]:
        yield from self._below(one)

    def _customer(self, one: Named) -> Iterator[Child]:
        yield ref("ClassRef", self._company, one.class_id)
        yield from self._below(one)
        yield "CompanyName", one.name
        yield "Balance", cents(self._open.get(one.list_id, 0))
        below = self._company.with_children(one.list_id)
        yield "TotalBalance", cents(sum(self._open.get(each, 0) for each in below))
        yield "JobStatus", "InProgress" if one.parent_id else "None"

    def _vendor(self, one: Named) -> Iterator[Child]:
        yield "CompanyName", one.name
        yield "IsVendorEligibleFor1099", False
        yield "Balance", cents(self._open.get(one.list_id, 0))

    def _natural(self, one: Named, debit: int) -> int:
        return -debit if one.account_type in CREDIT_TYPES else debit
