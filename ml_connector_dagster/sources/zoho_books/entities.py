"""Every kind of record that Zoho Books supplies, one row each; assets, dedupe keys and conformance tests follow from here.

``account_transactions`` is Zoho's own ledger, account by account; ``ledger_lines`` are the same postings with party and tags
from the documents behind them. Lists carry no lines, so most documents cost a call of their own, once for each new stamp.
"""

from __future__ import annotations

from ml_connector_dagster.sources.contract.entity import (
    Entity,
    EntityKind,
    documents,
    ledger_accounts,
    ledger_lines,
    options,
    parties,
    postings,
)

PAGE_SIZE = 200
"""Zoho's default and most."""
BY_DATE = "date_start, date_end"
SINCE = "last_modified_time"
NO_FEED = ""


def _document(
    name: str, endpoint: str, word: str, description: str, *, date_filter: str = BY_DATE, since: str = SINCE
) -> Entity:
    return documents(
        name=name,
        vendor_word=word,
        description=description,
        endpoint=endpoint,
        date_filter=date_filter,
        changed_since=since,
        page_size=PAGE_SIZE,
    )


def _contact(name: str, description: str) -> Entity:
    return parties(
        name=name,
        vendor_word="contacts",
        description=description,
        endpoint="contacts",
        page_size=PAGE_SIZE,
    )


LEDGER_ACCOUNTS = ledger_accounts(
    vendor_word="chart of accounts",
    description="The accounts that figures are posted to, inactive ones included.",
    endpoint="chartofaccounts",
)
CUSTOMERS = _contact("customers", "Who the company sells to, inactive ones included.")
VENDORS = _contact("vendors", "Who the company buys from, inactive ones included.")
TRACKING = options(
    name="tracking",
    business_key=("category_id", "option_id"),
    vendor_word="reporting tags, locations, projects and custom fields",
    description="The options of each reporting tag, the locations and projects, and the values of custom fields in use.",
    endpoint="reportingtags, locations, projects, invoices, bills, purchaseorders, expenses",
)
ITEMS = options(
    name="items",
    vendor_word="items",
    description="What the company sells and buys, inactive items included.",
    endpoint="items",
    page_size=PAGE_SIZE,
)
INVOICES = _document("invoices", "invoices", "invoices", "What customers were billed, line by line.")
BILLS = _document("bills", "bills", "bills", "What vendors billed, line by line.")
CREDIT_NOTES = _document(
    "credit_notes", "creditnotes", "credit notes", "What was credited to customers, line by line.", since=NO_FEED
)
VENDOR_CREDITS = _document("vendor_credits", "vendorcredits", "vendor credits", "What vendors credited, line by line.")
CUSTOMER_PAYMENTS = _document(
    "customer_payments", "customerpayments", "payments received", "Money that customers paid.", since=NO_FEED
)
VENDOR_PAYMENTS = _document("vendor_payments", "vendorpayments", "payments made", "Money that was paid to vendors.")
EXPENSES = _document("expenses", "expenses", "expenses", "What was paid without a bill, line by line.", since=NO_FEED)
JOURNALS = _document(
    "journals", "journals", "manual journals", "Journals that an accountant wrote, line by line.", since=NO_FEED
)
PURCHASE_ORDERS = _document(
    "purchase_orders",
    "purchaseorders",
    "purchase orders",
    "What was ordered from vendors, line by line; never part of actuals.",
    date_filter="",
)
ACCOUNT_TRANSACTIONS = postings(
    name="account_transactions",
    kind=EntityKind.DOCUMENT,
    vendor_word="account transactions",
    description="Zoho's own ledger of the period: every posting of every account, also those that no document shows.",
    endpoint="chartofaccounts, chartofaccounts/transactions",
    date_filter="date.start, date.end",
    page_size=PAGE_SIZE,
)
POSTING_ENTITIES = (
    INVOICES,
    BILLS,
    CREDIT_NOTES,
    VENDOR_CREDITS,
    CUSTOMER_PAYMENTS,
    VENDOR_PAYMENTS,
    EXPENSES,
    JOURNALS,
)
COMMITMENTS = postings(
    name="commitment_lines",
    kind=EntityKind.COMMITMENT,
    vendor_word="open purchase orders",
    description="What is ordered and not yet billed at the period's end, by account in base currency; never part of actuals.",
    endpoint="purchaseorders, bills",
    page_size=PAGE_SIZE,
)
LINES = ledger_lines(
    vendor_word="general ledger, from account transactions",
    description="Every posting of the period in base currency: debits positive, credits negative; the only source of actuals.",
    derived_from=(VENDORS.name, *(entity.name for entity in POSTING_ENTITIES), ACCOUNT_TRANSACTIONS.name),
)
ENTITIES = (
    LEDGER_ACCOUNTS,
    CUSTOMERS,
    VENDORS,
    TRACKING,
    ITEMS,
    *POSTING_ENTITIES,
    PURCHASE_ORDERS,
    ACCOUNT_TRANSACTIONS,
    COMMITMENTS,
    LINES,
)
