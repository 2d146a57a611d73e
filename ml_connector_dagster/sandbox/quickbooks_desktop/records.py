"""What a company file holds: list elements, transactions with their lines, and what was deleted. Amounts are whole cents."""

from dataclasses import dataclass, field
from datetime import date, datetime

TXN_KINDS = (
    "Invoice",
    "CreditMemo",
    "Bill",
    "VendorCredit",
    "ReceivePayment",
    "BillPaymentCheck",
    "Check",
    "Deposit",
    "JournalEntry",
    "Transfer",
)


@dataclass(slots=True)
class Named:
    """One element of a list. Fields beside the name belong to some kinds only."""

    kind: str
    list_id: str
    name: str
    created_at: datetime
    modified_at: datetime
    edit: int
    parent_id: str = ""
    active: bool = True
    account_type: str = ""
    number: str = ""
    """An account's number."""
    special: str = ""
    desc: str = ""
    account_id: str = ""
    """An item's income account; a service has no cost and no stock."""
    price: int = 0
    cost: int = 0
    stocked: bool = False
    taxable: bool = False
    terms_days: int = 30
    class_id: str = ""
    """The class that a customer's invoices are usually given."""


@dataclass(slots=True)
class Line:
    """One line as it was entered. amount is what the document shows; on a journal entry side says which side it is on."""

    line_id: str
    amount: int
    account_id: str = ""
    class_id: str = ""
    name_id: str = ""
    memo: str = ""
    item_id: str = ""
    quantity: int = 0
    rate: int = 0
    cost: int = 0
    """Cost of the goods that an invoice line takes off the shelf: no query shows it."""
    side: str = ""
    linked_id: str = ""
    """The payment that a deposit line banks."""
    amount_given: bool = True


@dataclass(slots=True)
class Txn:
    """One transaction. account_id is the receivable, payable or bank account; deposit_to where a payment is put."""

    kind: str
    txn_id: str
    number: int
    day: date
    created_at: datetime
    modified_at: datetime
    edit: int
    lines: list[Line] = field(default_factory=list)
    ref: str = ""
    name_id: str = ""
    account_id: str = ""
    deposit_to: str = ""
    class_id: str = ""
    memo: str = ""
    due_on: date | None = None
    tax: int = 0
    applied: list[tuple[str, int]] = field(default_factory=list)
    """The invoices or bills that a payment pays, with the cents."""
    external_guid: str = ""
    is_adjustment: bool = False
    is_voided: bool = False

    @property
    def total(self) -> int:
        """What the document comes to, tax included."""
        return sum(line.amount for line in self.lines) + self.tax


@dataclass(frozen=True, slots=True)
class Deleted:
    """What remains of a transaction or list element that was deleted or merged away; kept for 90 days."""

    kind: str
    gone_id: str
    created_at: datetime
    deleted_at: datetime
    label: str
    """RefNumber of a transaction, full name of a list element."""
