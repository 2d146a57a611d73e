"""Every kind of record that Xero supplies, one row each; assets, dedupe keys and conformance tests follow from here.

Customers and vendors are both Xero contacts. Xero flags a contact as customer or supplier once it stands on an invoice or a
bill, but a contact that only appears on spent or received money carries neither flag. So a contact is a customer unless it is
flagged as supplier alone, and a vendor unless it is flagged as customer alone: a member too many is harmless, a missing
one stops a load.
"""

from __future__ import annotations

from ml_connector_dagster.sources.contract.entity import (
    Entity,
    documents,
    ledger_accounts,
    ledger_lines,
    options,
    parties,
)

PAGE_SIZE = 1000
BY_DATE = "where=Date>=DateTime(y,m,d) AND Date<DateTime(y,m,d)"
SINCE = "If-Modified-Since"


def _document(name: str, endpoint: str, word: str, description: str, *, page_size: int = PAGE_SIZE) -> Entity:
    return documents(
        name=name,
        vendor_word=word,
        description=description,
        endpoint=endpoint,
        date_filter=BY_DATE,
        changed_since=SINCE,
        page_size=page_size,
    )


def _contact(name: str, description: str) -> Entity:
    return parties(
        name=name,
        vendor_word="contacts",
        description=description,
        endpoint="Contacts",
        changed_since=SINCE,
        page_size=PAGE_SIZE,
    )


LEDGER_ACCOUNTS = ledger_accounts(
    vendor_word="chart of accounts",
    description="The accounts that figures are posted to, archived ones included.",
    endpoint="Accounts",
    changed_since=SINCE,
)
CUSTOMERS = _contact("customers", "Who the company sells to, archived and merged ones included.")
VENDORS = _contact("vendors", "Who the company buys from, archived and merged ones included.")
TRACKING = options(
    name="tracking",
    vendor_word="tracking categories",
    description="The options of each tracking category, such as regions or practices, archived ones included.",
    endpoint="TrackingCategories",
)
INVOICES = _document("invoices", "Invoices", "sales invoices (ACCREC)", "What customers were billed, line by line.")
BILLS = _document("bills", "Invoices", "bills (ACCPAY)", "What vendors billed, line by line.")
CREDIT_NOTES = _document(
    "credit_notes", "CreditNotes", "credit notes", "What was credited to customers and by vendors."
)
PAYMENTS = _document(
    "payments", "Payments", "payments", "Money that settled an invoice, a bill, a credit note or an overpayment."
)
PREPAYMENTS = _document(
    "prepayments",
    "Prepayments",
    "prepayments",
    "Money paid ahead of an invoice or a bill, with the accounts it stands on.",
)
OVERPAYMENTS = _document("overpayments", "Overpayments", "overpayments", "Money paid beyond what was owed.")
ALLOCATIONS = documents(
    name="allocations",
    vendor_word="allocations of credit notes, prepayments and overpayments",
    description="Credits and money paid ahead, set against an invoice or a bill on a day of their own.",
    endpoint="CreditNotes, Prepayments, Overpayments",
    date_filter="where=Date<DateTime(y,m,d), If-Modified-Since the period's first day; the allocation's own date decides",
    changed_since=SINCE,
    page_size=PAGE_SIZE,
)
BANK_TRANSACTIONS = _document(
    "bank_transactions",
    "BankTransactions",
    "spend and receive money",
    "Money spent and received without an invoice or a bill, line by line.",
)
BANK_TRANSFERS = _document(
    "bank_transfers", "BankTransfers", "bank transfers", "Money moved between the company's own accounts.", page_size=0
)
MANUAL_JOURNALS = _document(
    "manual_journals", "ManualJournals", "manual journals", "Journals that an accountant wrote, line by line."
)
POSTING_ENTITIES = (
    INVOICES,
    BILLS,
    CREDIT_NOTES,
    PAYMENTS,
    PREPAYMENTS,
    OVERPAYMENTS,
    ALLOCATIONS,
    BANK_TRANSACTIONS,
    BANK_TRANSFERS,
    MANUAL_JOURNALS,
)
LINES = ledger_lines(
    vendor_word="general ledger, from documents by posting rules",
    description="Every posting of the period in base currency: debits positive, credits negative; the only source of actuals.",
    derived_from=(LEDGER_ACCOUNTS.name, CUSTOMERS.name, VENDORS.name, *(entity.name for entity in POSTING_ENTITIES)),
)
ENTITIES = (LEDGER_ACCOUNTS, CUSTOMERS, VENDORS, TRACKING, *POSTING_ENTITIES, LINES)
