"""What a company wrote and received: invoices, bills, credit notes, payments, bank transactions, journals."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from ml_connector_dagster.ledger.money import ZERO


class DocumentLine(NamedTuple):
    """One line of a document with its header repeated; a document without lines has one line with an empty line_id.

    Amounts are in the document's currency and carry the document's own direction: positive as the vendor prints them.
    The signs of the ledger (debit +, credit −) belong to LedgerLine alone.
    """

    document_id: str
    kind: str
    """invoice, bill, credit_note, vendor_credit, payment, prepayment, overpayment, allocation, bank_transaction,
    transfer, journal."""
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
    """The document's own rate as the vendor writes it; 1 in base currency. Which way it applies is the source's constant."""
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
    """SHA-256 over the document's content, so that an edit that moves no stamp is still seen."""
    bank_amount: Decimal = ZERO
    """What moved on the bank account, in the account's own currency; 0 where the document moves none."""
