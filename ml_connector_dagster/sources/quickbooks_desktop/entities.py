"""Every kind of record that QuickBooks Desktop supplies, one row each; assets, dedupe keys and tests follow from here.

Actuals come from the CustomTxnDetail report alone: it has the postings of every transaction, whatever its type, with account
and class. The documents give registers and links, and are never added to them.
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

DOCUMENTS_A_PAGE = 25
"""Documents with their lines in one answer, at most: what QuickBooks gives well within a minute."""
NAMES_A_PAGE = 500
BY_DATE = "TxnDateRangeFilter"
CHANGED = "TransactionQuery with TransactionModifiedDateRangeFilter, TxnDeletedQuery"
CHANGED_LIST = "FromModifiedDate, ListDeletedQuery"
CLASS = "class"
"""Category id of the one reporting dimension."""


def _document(name: str, endpoint: str, word: str, description: str) -> Entity:
    return documents(
        name=name,
        vendor_word=word,
        description=description,
        endpoint=endpoint,
        date_filter=BY_DATE,
        changed_since=CHANGED,
        page_size=DOCUMENTS_A_PAGE,
    )


def _party(name: str, endpoint: str, word: str, description: str) -> Entity:
    return parties(
        name=name,
        vendor_word=word,
        description=description,
        endpoint=endpoint,
        changed_since=CHANGED_LIST,
        page_size=NAMES_A_PAGE,
    )


LEDGER_ACCOUNTS = ledger_accounts(
    vendor_word="chart of accounts",
    description="The accounts that figures are posted to, inactive ones included.",
    endpoint="AccountQuery",
    changed_since=CHANGED_LIST,
)
CLASSES = options(
    name="classes",
    vendor_word="class list (cost centers)",
    description="The classes that lines are put to, inactive ones included, and those deleted or merged in the last 90 days.",
    endpoint="ClassQuery",
    changed_since=CHANGED_LIST,
)
CUSTOMERS = _party(
    "customers",
    "CustomerQuery",
    "customers and jobs",
    "Who the company sells to, jobs and inactive ones included, and those deleted or merged in the last 90 days.",
)
VENDORS = _party(
    "vendors",
    "VendorQuery",
    "vendors",
    "Who the company buys from, inactive ones included, and those deleted or merged in the last 90 days.",
)
DOCUMENTS = (
    _document("invoices", "InvoiceQuery", "invoices", "What customers were billed, line by line."),
    _document("bills", "BillQuery", "bills", "What vendors billed, line by line."),
    _document(
        "payments", "ReceivePaymentQuery", "customer payments", "Money received, by the invoice it was applied to."
    ),
    _document(
        "bill_payments",
        "BillPaymentCheckQuery",
        "bill payments by check",
        "Money paid to vendors by check, by the bill it was applied to.",
    ),
    _document(
        "journal_entries",
        "JournalEntryQuery",
        "general journal entries",
        "Journals that an accountant wrote, line by line.",
    ),
)
LINES = ledger_lines(
    vendor_word="custom transaction detail",
    description="Every posting of the period: debits positive, credits negative; the only source of actuals.",
    endpoint="CustomDetailReportQuery",
    date_filter="ReportPeriod",
    changed_since=CHANGED,
)
ENTITIES = (LEDGER_ACCOUNTS, CLASSES, CUSTOMERS, VENDORS, *DOCUMENTS, LINES)
DOCUMENT_OF = {
    "Invoice": "invoices",
    "Bill": "bills",
    "ReceivePayment": "payments",
    "BillPaymentCheck": "bill_payments",
    "JournalEntry": "journal_entries",
}
"""QuickBooks' word for a transaction type to our entity; other types stand in the ledger lines alone."""
LIST_OF = {"Account": "ledger_accounts", "Class": "classes", "Customer": "customers", "Vendor": "vendors"}
"""QuickBooks' word for a list to our entity."""
