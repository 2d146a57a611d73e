"""What the company's books are made of. Amounts are whole cents of the record's own currency, positive as printed.

Rates are millionths of base currency for one unit of foreign: Zoho multiplies. Stamps are epoch milliseconds, UTC.
"""

from dataclasses import dataclass, field
from datetime import date

from ml_connector_dagster.sandbox.books.cents import RATE_ONE, half_up

NOT_POSTED = frozenset({"draft", "pending_approval", "void"})


@dataclass(slots=True)
class Contact:
    """A customer or a vendor; one list serves both."""

    contact_id: str
    name: str
    kind: str
    currency: str = "GBP"
    is_active: bool = True
    merged_to: str = ""
    manager: str = ""
    created_ms: int = 0
    modified_ms: int = 0
    damaged: dict[str, object] = field(default_factory=dict)


@dataclass(slots=True)
class Item:
    """Goods or a service; goods carry a purchase rate and a stock account."""

    item_id: str
    name: str
    sku: str
    rate: int
    purchase_rate: int
    account_id: str
    purchase_account_id: str
    is_goods: bool = True
    is_active: bool = True
    modified_ms: int = 0


@dataclass(slots=True)
class Line:
    """One line. amount is its item_total: after its own discount, with tax inside where the document is inclusive."""

    line_id: str
    account_id: str
    description: str
    amount: int
    quantity: int = 1
    rate: int = 0
    discount: int = 0
    tax_id: str = ""
    tax: int = 0
    tags: tuple[str, ...] = ()
    item_id: str = ""
    project_id: str = ""
    contact_id: str = ""
    is_debit: bool = True
    """Of a journal's line."""
    source_line_id: str = ""
    """Of a bill's line: the purchase order's line that it bills."""
    billed: int = 0
    cancelled: int = 0
    cost: int = 0
    """Of a line that sells goods: what they cost, in base currency; no document shows it, the ledger does."""


@dataclass(slots=True)
class Applied:
    """Part of a payment set against an invoice or a bill."""

    doc_id: str
    amount: int


@dataclass(slots=True)
class Leg:
    """A posting that needs no document's lines: base cents, debit +."""

    account_id: str
    amount: int
    document_amount: int


@dataclass(slots=True)
class Doc:
    """Anything that posts, or may: documents with lines, payments, and what only the ledger knows (legs)."""

    kind: str
    doc_id: str
    day: date
    status: str
    number: str = ""
    contact_id: str = ""
    currency: str = "GBP"
    rate: int = RATE_ONE
    lines: list[Line] = field(default_factory=list)
    due_on: date | None = None
    reference: str = ""
    notes: str = ""
    is_inclusive: bool = False
    discount: int = 0
    """Entity-level discount, taken off before tax."""
    shipping: int = 0
    adjustment: int = 0
    account_id: str = ""
    """Bank or card account of payments and expenses."""
    amount: int = 0
    """Of a payment."""
    charges: int = 0
    applied: list[Applied] = field(default_factory=list)
    settled: int = 0
    """What payments and credits took off an invoice, bill or credit."""
    credits: int = 0
    """The part of settled that came from credits."""
    legs: list[Leg] = field(default_factory=list)
    reversed_on: date | None = None
    transaction_type: str = ""
    """Of a record that has no document: how the account transactions name it."""
    order_id: str = ""
    journal_type: str = "both"
    location_id: str = ""
    custom: dict[str, str] = field(default_factory=dict)
    is_billable: bool = False
    created_ms: int = 0
    modified_ms: int = 0
    hidden: bool = False
    damaged: dict[str, object] = field(default_factory=dict)
    """Fields that a test spoiled on the wire; the ledger does not know of them."""
    damaged_feed: dict[str, object] = field(default_factory=dict)
    damaged_account: str = ""
    """Like damaged, of its rows in the account transactions; of one account alone where that is named."""

    @property
    def posts(self) -> bool:
        """Whether the ledger knows it: never drafts, voids, purchase orders, cash-only journals."""
        cash_only = self.kind == "journal" and self.journal_type == "cash"
        return self.status not in NOT_POSTED and self.kind != "purchaseorder" and not cash_only

    @property
    def sub_total(self) -> int:
        return sum(line.amount for line in self.lines)

    @property
    def tax_total(self) -> int:
        return sum(line.tax for line in self.lines)

    @property
    def total(self) -> int:
        if self.kind == "journal":
            return sum(line.amount for line in self.lines if line.is_debit)
        if not self.lines:
            return self.amount
        tax = 0 if self.is_inclusive else self.tax_total
        return self.sub_total - self.discount + tax + self.shipping + self.adjustment

    @property
    def balance(self) -> int:
        """What is still open; nothing once void."""
        return 0 if self.status == "void" else self.total - self.settled

    @property
    def unused(self) -> int:
        """What of a payment is set against nothing."""
        return self.amount - sum(one.amount for one in self.applied)

    def base(self, cents: int) -> int:
        """Base-currency cents of an amount of this record."""
        return cents if self.rate == RATE_ONE else half_up(cents * self.rate, RATE_ONE)

    def nets(self) -> list[int]:
        """Each line without tax, after its share of the entity-level discount (largest remainder)."""
        nets = [line.amount - line.tax if self.is_inclusive else line.amount for line in self.lines]
        if not self.discount:
            return nets
        whole = sum(nets) or 1
        shares = [self.discount * net // whole for net in nets]
        by_rest = sorted(range(len(nets)), key=lambda place: -(self.discount * nets[place] % whole))
        for place in by_rest[: self.discount - sum(shares)]:
            shares[place] += 1
        return [net - share for net, share in zip(nets, shares, strict=True)]
