"""What a company wrote and received: invoices, bills, credit notes, payments, bank transactions, journals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple, overload

from ml_connector_dagster.ledger.money import ZERO


class DocumentLine(NamedTuple):
    """One line of a document with its header repeated; a document without lines has one line with an empty line_id.

    Amounts are in the document's currency and carry the document's own direction: positive as the vendor prints them.
    The signs of the ledger (debit +, credit −) belong to LedgerLine alone.
    """

    document_id: str
    kind: str
    """invoice, bill, credit_note, vendor_credit, payment, prepayment, overpayment, allocation, bank_transaction,
    transfer, journal, expense, other_income, purchase_order (which never posts)."""
    subkind: str
    """The vendor's own finer word (ACCPAYPAYMENT, SPEND-PREPAYMENT …)."""
    number: str
    document_date: date
    """The posting date: for Xero the UTC calendar date."""
    due_date: date | None
    status: str
    """The vendor's own status, as written."""
    posts: bool
    """True where the status means that the document stands in the ledger; a voided one keeps its amounts but not this."""
    party_id: str
    currency: str
    rate: Decimal
    """The document's own rate as the vendor writes it; 1 in base currency, 0 in another where the vendor gives none. Which way
    it applies is the source's constant."""
    total: Decimal
    amount_due: Decimal
    line_id: str
    ledger_account_id: str
    description: str
    net_amount: Decimal
    """Net of recoverable tax, inclusive lines unpacked."""
    tax_amount: Decimal
    tracking: str
    """Canonical JSON {category_id: option_id}, keys sorted; {} where there is none."""
    linked_id: str
    """The document a payment or an allocation belongs to; empty otherwise."""
    bank_account_id: str
    """The bank account of a payment or a bank transaction; empty otherwise."""
    modified_at: datetime | None
    version_hash: str
    """``ledger.version_hash`` over the document's content, so that an edit that moves no stamp is still seen."""
    bank_amount: Decimal = ZERO
    """What moved on the bank account, in the account's own currency; 0 where the document moves none."""


FIRST_OF_LINE = DocumentLine._fields.index("line_id")
"""Where the columns begin that a line has to itself; those before and after are its document's."""
END_OF_LINE = DocumentLine._fields.index("tracking") + 1


class Document(NamedTuple):
    """One document: what stands on each of its rows before and after the line's own columns, and the lines."""

    head: tuple[Any, ...]
    lines: Sequence[tuple[Any, ...]]
    """At least one, each with the columns from ``FIRST_OF_LINE`` to ``END_OF_LINE``."""
    foot: tuple[Any, ...]

    def rows(self) -> list[DocumentLine]:
        """Answer the rows of the document."""
        return [DocumentLine._make(self.head + line + self.foot) for line in self.lines]


class DocumentLines(Sequence[DocumentLine]):
    """The rows of many documents, each header kept once: reads like the list of rows, and becomes columns much faster."""

    def __init__(self) -> None:
        """Begin without documents."""
        self.documents: list[Document] = []

    def extend(self, document: Document) -> None:
        """Take the rows of one more document."""
        self.documents.append(document)

    def __iter__(self) -> Iterator[DocumentLine]:
        return (row for document in self.documents for row in document.rows())

    def __len__(self) -> int:
        return sum(len(document.lines) for document in self.documents)

    @overload
    def __getitem__(self, index: int) -> DocumentLine: ...
    @overload
    def __getitem__(self, index: slice) -> list[DocumentLine]: ...
    def __getitem__(self, index: int | slice) -> DocumentLine | list[DocumentLine]:
        return list(self)[index]

    def __eq__(self, other: object) -> bool:
        return list(self) == (list(other) if isinstance(other, DocumentLines) else other)

    __hash__ = None  # type: ignore[assignment]  # it grows
