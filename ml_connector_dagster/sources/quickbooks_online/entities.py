"""Every kind of record that QuickBooks Online supplies, one row each; assets, dedupe keys and tests follow from here.

Actuals come from the GeneralLedger report alone: it has the postings that no entity shows (payroll, inventory, currency
gains, tax accounts). The documents give dimensions, registers and links, and are never added to them.
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
"""The most that one query answers."""
BY_DATE = "WHERE TxnDate >= 'first day' AND TxnDate <= 'last day'"
CDC = "cdc?entities=…&changedSince=…"
CLASS, DEPARTMENT = "class", "department"
"""Category ids of the two reporting dimensions."""


def _document(name: str, endpoint: str, word: str, description: str) -> Entity:
    return documents(
        name=name,
        vendor_word=word,
        description=description,
        endpoint=endpoint,
        date_filter=BY_DATE,
        changed_since=CDC,
        page_size=PAGE_SIZE,
    )


def _party(name: str, endpoint: str, description: str) -> Entity:
    return parties(
        name=name,
        vendor_word=name,
        description=description,
        endpoint=endpoint,
        changed_since=CDC,
        page_size=PAGE_SIZE,
    )


LEDGER_ACCOUNTS = ledger_accounts(
    vendor_word="chart of accounts",
    description="The accounts that figures are posted to, inactive ones included.",
    endpoint="Account",
    changed_since=CDC,
    page_size=PAGE_SIZE,
)
CUSTOMERS = _party("customers", "Customer", "Who the company sells to, sub-customers and inactive ones included.")
VENDORS = _party("vendors", "Vendor", "Who the company buys from, inactive ones included.")
EMPLOYEES = _party("employees", "Employee", "Who works for the company, inactive ones included.")
TRACKING = options(
    name="tracking",
    vendor_word="classes and departments (locations)",
    description="The options of the two reporting dimensions Class and Department, inactive ones included.",
    endpoint="Class, Department",
    changed_since=CDC,
    page_size=PAGE_SIZE,
)
ITEMS = options(
    name="items",
    vendor_word="products and services",
    description="What is bought and sold, inactive items included.",
    endpoint="Item",
    changed_since=CDC,
    page_size=PAGE_SIZE,
)
DOCUMENTS = (
    _document("invoices", "Invoice", "invoices", "What customers were billed, line by line."),
    _document("bills", "Bill", "bills", "What vendors billed, line by line."),
    _document("payments", "Payment", "customer payments", "Money received, by the invoice it settled."),
    _document("bill_payments", "BillPayment", "bill payments", "Money paid, by the bill it settled."),
    _document("sales_receipts", "SalesReceipt", "sales receipts", "Sales paid on the spot, line by line."),
    _document("refund_receipts", "RefundReceipt", "refund receipts", "Money given back to customers, line by line."),
    _document("deposits", "Deposit", "bank deposits", "Money put on a bank account, by where it came from."),
    _document("transfers", "Transfer", "transfers", "Money moved between the company's own accounts."),
    _document(
        "purchases", "Purchase", "expenses, checks and card charges", "Money spent without a bill, line by line."
    ),
    _document("purchase_orders", "PurchaseOrder", "purchase orders", "What was ordered; it posts nothing."),
    _document("credit_memos", "CreditMemo", "credit memos", "What was credited to customers, line by line."),
    _document("vendor_credits", "VendorCredit", "vendor credits", "What vendors credited, line by line."),
    _document("journal_entries", "JournalEntry", "journal entries", "Journals that an accountant wrote, line by line."),
)
LINES = ledger_lines(
    vendor_word="general ledger",
    description="Every posting of the period in home currency: debits positive, credits negative; the only source of actuals.",
    endpoint="reports/GeneralLedger",
    date_filter="start_date, end_date",
    changed_since=CDC,
)
ENTITIES = (LEDGER_ACCOUNTS, CUSTOMERS, VENDORS, EMPLOYEES, TRACKING, ITEMS, *DOCUMENTS, LINES)
DOCUMENT_OF = {entity.endpoint: entity for entity in DOCUMENTS}
"""QuickBooks' word for a document to our entity."""
REFERENCES_OF = {
    "Account": (LEDGER_ACCOUNTS,),
    "Customer": (CUSTOMERS,),
    "Vendor": (VENDORS,),
    "Employee": (EMPLOYEES,),
    "Class": (TRACKING,),
    "Department": (TRACKING,),
    "Item": (ITEMS,),
}
"""QuickBooks' word for a name list to our entities."""
