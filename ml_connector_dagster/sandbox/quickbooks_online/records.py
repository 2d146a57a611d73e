"""What the company wrote down: transactions with their lines, and the names on its lists. Amounts are cents."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from ml_connector_dagster.sandbox.books.cents import RATE_ONE


class Link(NamedTuple):
    """Another transaction that a transaction or a line belongs to."""

    txn_id: str
    entity: str


@dataclass(slots=True)
class Line:
    """One line; detail is QuickBooks' DetailType without its ending, amount in the transaction's currency."""

    detail: str
    amount: int
    account_id: str = ""
    description: str = ""
    item_id: str = ""
    quantity: int = 1
    class_id: str = ""
    department_id: str = ""
    customer_id: str = ""
    name_id: str = ""
    debit: bool = True
    """Of a journal entry's line."""
    percent: int = 0
    """Of a discount line in per cent; 0 where it is an amount."""
    links: tuple[Link, ...] = ()
    inner: tuple["Line", ...] = ()
    """Lines of a bundle; the outer line is not summed."""

    def leaves(self) -> Iterator["Line"]:
        """The line itself, or those inside it."""
        if self.detail == "Group":
            for line in self.inner:
                yield from line.leaves()
        else:
            yield self


@dataclass(slots=True)
class Txn:
    """One transaction. Stamps are epoch seconds, as precise as MetaData shows them; rate is home per foreign unit."""

    entity: str
    txn_id: str
    day: date
    lines: list[Line]
    name_id: str = ""
    account_id: str = ""
    """The header's account: receivable, payable, bank, card, or where a transfer comes from."""
    other_id: str = ""
    """Where a transfer goes; the account of a deposit's cash back."""
    currency: str = "USD"
    rate: int = RATE_ONE
    tax: int = 0
    number: str = ""
    note: str = ""
    due_on: date | None = None
    class_id: str = ""
    department_id: str = ""
    pay_type: str = ""
    credit: bool = False
    amount: int = 0
    """Of a transfer, and the cash back of a deposit."""
    open_cents: int = 0
    unapplied: int = 0
    links: list[Link] = field(default_factory=list)
    sync: int = 0
    created_at: int = 0
    updated_at: int = 0
    voided: bool = False

    def leaves(self) -> Iterator[Line]:
        for line in self.lines:
            yield from line.leaves()

    @property
    def total(self) -> int:
        """In the transaction's currency; a journal entry's is always 0."""
        if self.entity == "JournalEntry":
            return 0
        if self.entity == "Transfer":
            return self.amount
        lines = sum(-line.amount if line.detail == "Discount" else line.amount for line in self.leaves())
        return lines + self.tax + self.unapplied - (self.amount if self.entity == "Deposit" else 0)


@dataclass(slots=True)
class Named:
    """An entry of a list: customer, vendor, employee, item, class, department, term, tax code, tax rate, account."""

    entity: str
    name_id: str
    name: str
    more: dict[str, Any] = field(default_factory=dict)
    """What the wire shows besides, by QuickBooks' property names."""
    parent_id: str = ""
    currency: str = "USD"
    active: bool = True
    sync: int = 0
    created_at: int = 0
    updated_at: int = 0
    merged_into: str = ""

    @property
    def shown_name(self) -> str:
        return self.name if self.active else f"{self.name} (deleted)"


TXN_ENTITIES = (
    "Invoice",
    "Bill",
    "Payment",
    "BillPayment",
    "CreditMemo",
    "VendorCredit",
    "Purchase",
    "Deposit",
    "JournalEntry",
    "SalesReceipt",
    "RefundReceipt",
    "Transfer",
    "PurchaseOrder",
    "Estimate",
)
NAME_ENTITIES = ("Account", "Vendor", "Customer", "Employee", "Item", "Class", "Department", "Term")
UNTRACKED_ENTITIES = ("TaxCode", "TaxRate", "TaxAgency", "TimeActivity")
"""Change data capture does not know these."""
SALES = frozenset({"Invoice", "CreditMemo", "SalesReceipt", "RefundReceipt", "Estimate"})
BUYING = frozenset({"Bill", "VendorCredit", "Purchase", "PurchaseOrder"})
