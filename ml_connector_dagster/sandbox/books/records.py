"""What a firm's books are made of, before any vendor shows them: accounts, parties, tracking, documents, payments.

Amounts are whole cents of the record's own currency and positive as the paper prints them; rates are millionths of
foreign currency for one unit of base. Stamps are epoch milliseconds, UTC.
"""

from dataclasses import dataclass, field
from datetime import date

from ml_connector_dagster.sandbox.books.cents import RATE_ONE


@dataclass(slots=True)
class Account:
    """A line of the chart. code may be empty (bank accounts); system names the accounts that the vendor keeps itself."""

    account_id: str
    code: str
    name: str
    kind: str
    """The vendor's fine type: BANK, REVENUE, OVERHEADS …"""
    account_class: str
    """ASSET, LIABILITY, EQUITY, REVENUE or EXPENSE."""
    tax_type: str = "NONE"
    system: str = ""
    currency: str = ""
    bank_number: str = ""
    status: str = "ACTIVE"
    updated_ms: int = 0


@dataclass(slots=True)
class Contact:
    """A customer, a supplier, or both."""

    contact_id: str
    name: str
    is_customer: bool
    is_supplier: bool
    currency: str
    region: str
    """Option id of the region most of its documents carry."""
    status: str = "ACTIVE"
    merged_to: str = ""
    email: str = ""
    updated_ms: int = 0


@dataclass(slots=True)
class TrackingOption:
    option_id: str
    name: str
    status: str = "ACTIVE"


@dataclass(slots=True)
class TrackingCategory:
    category_id: str
    name: str
    options: list[TrackingOption]
    status: str = "ACTIVE"


@dataclass(slots=True)
class TaxRate:
    """A rate of the firm's country, in basis points."""

    tax_type: str
    name: str
    basis_points: int
    report_type: str


@dataclass(slots=True)
class Line:
    """One line. amount is what the paper prints: with tax inside where the document is Inclusive, without otherwise."""

    line_id: str
    account_id: str
    description: str
    amount: int
    tax_type: str
    tax: int
    tracking: tuple[str, ...] = ()
    """Option ids, at most one a category."""


@dataclass(slots=True)
class Allocation:
    """A credit (credit note, prepayment, overpayment) set against an invoice or a bill."""

    allocation_id: str
    amount: int
    allocated_on: date
    credit_id: str
    invoice_id: str


@dataclass(slots=True)
class Document:
    """Anything with lines: invoice, bill, credit note, prepayment, overpayment, bank transaction, manual journal.

    Prepayments and overpayments are bank transactions too: twin_id is the id they have as such.
    """

    kind: str
    doc_id: str
    type: str
    day: date
    status: str
    lines: list[Line]
    currency: str
    rate: int = RATE_ONE
    number: str = ""
    reference: str = ""
    narration: str = ""
    contact_id: str = ""
    due_on: date | None = None
    amount_types: str = "Exclusive"
    bank_id: str = ""
    twin_id: str = ""
    rounding: int = 0
    created_ms: int = 0
    updated_ms: int = 0
    payments: list["Payment"] = field(default_factory=list)
    allocations: list[Allocation] = field(default_factory=list)
    cash_basis: bool = True
    url: str = ""
    damaged: dict[str, object] = field(default_factory=dict)
    """Fields that a test spoiled on the wire; the ledger does not know of them."""

    def net(self, line: Line) -> int:
        """A line without tax."""
        return line.amount - line.tax if self.amount_types == "Inclusive" else line.amount

    @property
    def subtotal(self) -> int:
        return sum(self.net(line) for line in self.lines)

    @property
    def total_tax(self) -> int:
        return sum(line.tax for line in self.lines)

    @property
    def total(self) -> int:
        return self.subtotal + self.total_tax + self.rounding

    @property
    def paid(self) -> int:
        return sum(payment.amount for payment in self.payments if payment.status == "AUTHORISED")

    @property
    def credited(self) -> int:
        return sum(allocation.amount for allocation in self.allocations)

    @property
    def open_amount(self) -> int:
        """What is still due, or for a credit still unused; nothing once voided or deleted."""
        if self.status in {"VOIDED", "DELETED"}:
            return 0
        return self.total - self.paid - self.credited


@dataclass(slots=True)
class Payment:
    """Money for an invoice or bill, or the refund of a credit. Immutable but for its status."""

    payment_id: str
    type: str
    target_id: str
    bank_id: str
    day: date
    amount: int
    """In the currency of the document."""
    bank_amount: int
    """In the currency of the bank account."""
    rate: int
    reference: str = ""
    status: str = "AUTHORISED"
    updated_ms: int = 0
    created_ms: int = 0
    damaged: dict[str, object] = field(default_factory=dict)


@dataclass(slots=True)
class Transfer:
    """Money between two bank accounts in base currency; shown as two bank transactions besides."""

    transfer_id: str
    from_id: str
    to_id: str
    amount: int
    day: date
    out_id: str
    in_id: str
    reference: str = ""
    status: str = "AUTHORISED"
    created_ms: int = 0
    updated_ms: int = 0


@dataclass
class Company:
    """Everything a firm wrote down, keyed by id; the ledger is made from it and kept apart."""

    accounts: dict[str, Account] = field(default_factory=dict)
    contacts: dict[str, Contact] = field(default_factory=dict)
    categories: list[TrackingCategory] = field(default_factory=list)
    tax_rates: dict[str, TaxRate] = field(default_factory=dict)
    documents: dict[str, Document] = field(default_factory=dict)
    payments: dict[str, Payment] = field(default_factory=dict)
    transfers: dict[str, Transfer] = field(default_factory=dict)

    def system(self, name: str) -> Account:
        """The account that the vendor keeps under this system name."""
        return next(account for account in self.accounts.values() if account.system == name)
