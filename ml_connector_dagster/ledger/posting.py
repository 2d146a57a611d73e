"""The postings of a period: the only source of actuals."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import NamedTuple


class LedgerLine(NamedTuple):
    """One posting. A document's lines sum to 0.00 in base currency."""

    period: str
    """2026-10, by posting date only."""
    posting_date: date
    ledger_account_id: str
    amount: Decimal
    """Base currency, two decimals, debit + and credit −."""
    document_amount: Decimal
    currency: str
    rate: Decimal
    customer_id: str
    vendor_id: str
    tracking: str
    """Canonical JSON {category_id: option_id}; {} where there is none."""
    kind: str
    """The DocumentLine kind that posted it."""
    record_id: str
    line_id: str
    version_hash: str


class ControlBalance(NamedTuple):
    """One account of the vendor's own trial balance: the books' side of a tie-out. Debit + and credit −, base currency."""

    ledger_account_id: str
    movement: Decimal
    """Of the period."""
    year_to_date: Decimal
    """Since the fiscal year began for income and expense; the balance to date for all others."""


class Company(NamedTuple):
    """What the accounting system says of the company itself."""

    company_id: str
    name: str
    base_currency: str
    fiscal_year_end_month: int
    time_zone: str
    lock_on: date | None
    """Periods that end on or before this day are locked in the source; None where nothing is locked."""
    opened_on: date | None
