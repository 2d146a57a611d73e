"""Every kind of record that FreshBooks supplies, one row each; assets, dedupe keys and conformance tests follow from here.

The ledger feed is ``journal_entries``: what the entries post. FreshBooks has no account on invoice lines and payments, so the
documents beside it give parties, links and registers, and stand in for the feed only where the plan has no double-entry reports.
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

PAGE_SIZE = 100
"""The cap; a larger size is cut in silence, and without one 15 or 30 records come."""
BY_DATE = "search[date_min], search[date_max]; re-checked on each record"
WHOLE = ""
"""The endpoint ignores every date filter: the whole list is read and the record's own date decides."""
SINCE = "search[updated_min], whole days in US/Eastern"


def _document(
    name: str, endpoint: str, word: str, description: str, *, date_filter: str = WHOLE, changed_since: str = ""
) -> Entity:
    return documents(
        name=name,
        vendor_word=word,
        description=description,
        endpoint=endpoint,
        date_filter=date_filter,
        changed_since=changed_since,
        page_size=PAGE_SIZE,
    )


LEDGER_ACCOUNTS = ledger_accounts(
    vendor_word="chart of accounts",
    description="The accounts that figures are posted to, keyed by uuid: numbers and names may change.",
    endpoint="ledger_accounts/accounts",
)
CUSTOMERS = parties(
    name="customers",
    vendor_word="clients",
    description="Who the company sells to, archived and deleted ones included.",
    endpoint="users/clients, users/clients",
    changed_since=SINCE,
    page_size=PAGE_SIZE,
)
VENDORS = parties(
    name="vendors",
    vendor_word="bill vendors",
    description="Who the company gets bills from, archived ones included.",
    endpoint="bill_vendors/bill_vendors",
    page_size=PAGE_SIZE,
)
TRACKING = options(
    name="tracking",
    vendor_word="projects",
    description="The projects that invoice lines, expenses and time are booked to.",
    endpoint="projects",
    page_size=PAGE_SIZE,
)
INVOICES = _document(
    "invoices",
    "invoices/invoices",
    "invoices",
    "What clients were billed, line by line.",
    date_filter=BY_DATE,
    changed_since=SINCE,
)
PAYMENTS = _document(
    "payments",
    "payments/payments",
    "payments",
    "Money and credit that settled invoices.",
    date_filter=BY_DATE,
    changed_since=SINCE,
)
EXPENSES = _document(
    "expenses",
    "expenses/expenses",
    "expenses",
    "Money spent without a bill, by category.",
    date_filter=BY_DATE,
    changed_since=SINCE,
)
BILLS = _document("bills", "bills/bills", "bills", "What vendors billed, line by line.")
BILL_PAYMENTS = _document("bill_payments", "bill_payments/bill_payments", "bill payments", "Money that settled bills.")
CREDIT_NOTES = _document(
    "credit_notes", "credit_notes/credit_notes", "credit notes", "What was credited to clients.", date_filter=BY_DATE
)
OTHER_INCOME = _document(
    "other_income", "other_incomes/other_incomes", "other income", "Income that no invoice stands for."
)
JOURNAL_ENTRIES = documents(
    name="journal_entries",
    vendor_word="journal entry details",
    description="The ledger feed: every entry of the period with its debits and credits, whatever posted it.",
    endpoint="journal_entries/journal_entry_details",
    date_filter="search[start_date], search[end_date]; re-checked on each record",
    page_size=PAGE_SIZE,
)
DOCUMENTS = (INVOICES, PAYMENTS, EXPENSES, BILLS, BILL_PAYMENTS, CREDIT_NOTES, OTHER_INCOME)
LINES = ledger_lines(
    vendor_word="general ledger, from journal entry details",
    description="Every posting of the period in base currency: debits positive, credits negative; the only source of actuals.",
    derived_from=(
        LEDGER_ACCOUNTS.name,
        CUSTOMERS.name,
        VENDORS.name,
        *(entity.name for entity in DOCUMENTS),
        JOURNAL_ENTRIES.name,
    ),
)
ENTITIES = (LEDGER_ACCOUNTS, CUSTOMERS, VENDORS, TRACKING, *DOCUMENTS, JOURNAL_ENTRIES, LINES)
