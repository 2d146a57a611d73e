"""What the agency's books are made of, before FreshBooks shows them. Amounts are whole cents of the record's own currency.

Every id is unique among all kinds of a company, so that one number names one thing. Stamps are epoch milliseconds.
"""

from dataclasses import dataclass, field
from datetime import date

ACTIVE, DELETED, ARCHIVED = 0, 1, 2
"""vis_state."""


@dataclass(slots=True)
class Account:
    """A line of the chart, seen twice: by uuid in the new chart, by integers in the legacy one."""

    uuid: str
    number: str
    name: str
    type: str
    """asset, liability, equity, income or expense."""
    sub_type: str
    parent: str = ""
    """uuid of the account above it."""
    legacy_id: int = 0
    """accountid where it stands at the top, sub_accountid below."""
    bridged: bool = True
    """False where the new chart does not tell the legacy id: only number and name join the two."""
    state: str = "active"
    system_name: str = ""
    updated_ms: int = 0


@dataclass(slots=True)
class Category:
    """An expense category; bills use the same ids."""

    category_id: int
    name: str
    account: str
    parent_id: int = 0
    is_cogs: bool = False
    vis_state: int = ACTIVE
    updated_ms: int = 0


@dataclass(slots=True)
class Client:
    client_id: int
    organization: str
    first_name: str
    last_name: str
    email: str
    currency: str
    vis_state: int = ACTIVE
    created_ms: int = 0
    updated_ms: int = 0
    damaged: dict[str, object] = field(default_factory=dict)


@dataclass(slots=True)
class Vendor:
    vendor_id: int
    name: str
    currency: str
    category_id: int
    vis_state: int = ACTIVE
    updated_ms: int = 0
    damaged: dict[str, object] = field(default_factory=dict)


@dataclass(slots=True)
class Project:
    project_id: int
    title: str
    client_id: int
    complete: bool = False
    updated_ms: int = 0


@dataclass(slots=True)
class Line:
    """One line. account is where it posts; an invoice shows its lines without it."""

    account: str
    amount: int
    """Net of tax."""
    name: str = ""
    description: str = ""
    tax: int = 0
    tax_name: str = ""
    tax_percent: str = ""
    quantity: int = 1
    category_id: int = 0


@dataclass(slots=True)
class Document:
    """Anything with a date that posts: kind is the plural of its list ("other_income" has none), or "journals"."""

    kind: str
    doc_id: int
    day: date
    currency: str
    lines: list[Line] = field(default_factory=list)
    number: str | None = None
    party_id: int = 0
    """Client or bill vendor; 0 for none."""
    target_id: int = 0
    """The invoice or bill that a payment pays."""
    credit_id: int = 0
    """The credit note that a payment came from."""
    project_id: int = 0
    type: str = ""
    """Payment type, credit type, category name of other income."""
    status: str = ""
    """Of an invoice: draft, created or sent; what is paid is computed."""
    due_on: date | None = None
    discount_percent: int = 0
    bank: str = ""
    """uuid of the account that money went through."""
    note: str = ""
    vendor: str | None = None
    """Free text on an expense."""
    vis_state: int = ACTIVE
    created_ms: int = 0
    updated_ms: int = 0
    settled_by: list["Document"] = field(default_factory=list)
    damaged: dict[str, object] = field(default_factory=dict)
    hidden: bool = False

    @property
    def net(self) -> int:
        return sum(line.amount for line in self.lines)

    @property
    def tax(self) -> int:
        return sum(line.tax for line in self.lines)

    @property
    def discount(self) -> int:
        """What is taken off the net amount; positive."""
        return self.net * self.discount_percent // 100

    @property
    def total(self) -> int:
        return self.net + self.tax - self.discount

    @property
    def paid(self) -> int:
        return sum(payment.total for payment in self.settled_by if payment.vis_state != DELETED)

    @property
    def outstanding(self) -> int:
        return self.total - self.paid

    @property
    def settlement(self) -> str:
        """Answer unpaid, partial or paid."""
        if self.outstanding <= 0:
            return "paid"
        return "partial" if self.paid else "unpaid"
