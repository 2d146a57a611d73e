"""What may be listed, and by which rules: keys, filters, sorting and what last_modified_time does there."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from ml_connector_dagster.sandbox.zoho_books import document_wire, entry_wire
from ml_connector_dagster.sandbox.zoho_books.answers import Json
from ml_connector_dagster.sandbox.zoho_books.company import Company

Render = Callable[[Company, Any, date], Json]


@dataclass(frozen=True)
class Shelf:
    """One list. stamp tells whether last_modified_time means at or after, equals, or nothing at all."""

    path: str
    list_key: str
    id_field: str
    module: str
    """Of the scope."""
    kind: str = ""
    detail_key: str = ""
    word: str = "Record"
    date_field: str = "date"
    dates: tuple[str, ...] = ("date",)
    """Fields that take _start, _end, _before and _after."""
    exact_dates: tuple[str, ...] = ()
    stamp: Literal["at_or_after", "equals", "ignored"] = "ignored"
    sort: str = "created_time"
    order: str = "D"
    sorts: frozenset[str] = frozenset()
    texts: tuple[str, ...] = ()
    """Fields that take an exact value, _startswith and _contains."""
    amounts: tuple[str, ...] = ()
    exact: tuple[str, ...] = ()
    filters: str = "Status.All"
    row: Render = document_wire.row
    full: Render = document_wire.full
    per_page: int = 200


def _named(names: str) -> frozenset[str]:
    return frozenset(names.split(" "))


INVOICES = Shelf(
    "/invoices",
    "invoices",
    "invoice_id",
    "invoices",
    "invoice",
    "invoice",
    "Invoice",
    dates=("date", "due_date", "created_date"),
    stamp="at_or_after",
    sorts=_named("customer_name invoice_number date due_date total balance created_time last_modified_time"),
    texts=("invoice_number", "reference_number", "customer_name"),
    amounts=("total", "balance"),
    exact=("customer_id", "status"),
)
BILLS = Shelf(
    "/bills",
    "bills",
    "bill_id",
    "bills",
    "bill",
    "bill",
    "Bill",
    stamp="at_or_after",
    sorts=_named("vendor_name bill_number date due_date total balance created_time"),
    texts=("bill_number", "reference_number", "vendor_name"),
    amounts=("total",),
    exact=("vendor_id", "status"),
)
PURCHASE_ORDERS = Shelf(
    "/purchaseorders",
    "purchaseorders",
    "purchaseorder_id",
    "purchaseorders",
    "purchaseorder",
    "purchaseorder",
    "Purchase Order",
    dates=(),
    exact_dates=("date",),
    stamp="at_or_after",
    sorts=_named("vendor_name purchaseorder_number date delivery_date total created_time"),
    texts=("purchaseorder_number", "reference_number", "vendor_name"),
    amounts=("total",),
    exact=("vendor_id", "status"),
)
CREDIT_NOTES = Shelf(
    "/creditnotes",
    "creditnotes",
    "creditnote_id",
    "creditnotes",
    "creditnote",
    "creditnote",
    "Credit Note",
    sorts=_named("customer_name creditnote_number balance total date created_time"),
    texts=("creditnote_number", "reference_number", "customer_name"),
    amounts=("total",),
    exact=("customer_id", "status"),
)
VENDOR_CREDITS = Shelf(
    "/vendorcredits",
    "vendorcredits",
    "vendor_credit_id",
    "debitnotes",
    "vendorcredit",
    "vendor_credit",
    "Vendor Credit",
    stamp="at_or_after",
    sorts=_named(
        "vendor_name vendor_credit_number balance total date created_time last_modified_time reference_number"
    ),
    texts=("vendor_credit_number", "reference_number"),
    amounts=("total",),
    exact=("customer_id", "vendor_id", "status"),
)
JOURNALS = Shelf(
    "/journals",
    "journals",
    "journal_id",
    "accountants",
    "journal",
    "journal",
    "Journal",
    date_field="journal_date",
    stamp="equals",
    sort="journal_date",
    sorts=_named("journal_date entry_number reference_number total last_modified_time"),
    texts=("entry_number", "reference_number", "notes"),
    amounts=("total",),
    filters="JournalDate.All",
    row=entry_wire.row,
    full=entry_wire.full,
)
EXPENSES = Shelf(
    "/expenses",
    "expenses",
    "expense_id",
    "expenses",
    "expense",
    "expense",
    "Expense",
    sorts=_named("date account_name total bcy_total reference_number customer_name created_time"),
    texts=("description", "reference_number", "account_name", "customer_name", "vendor_name"),
    amounts=("amount",),
    exact=("customer_id", "vendor_id", "status"),
    row=entry_wire.row,
    full=entry_wire.full,
)
CUSTOMER_PAYMENTS = Shelf(
    "/customerpayments",
    "customerpayments",
    "payment_id",
    "customerpayments",
    "customerpayment",
    "payment",
    "Payment",
    sort="date",
    sorts=_named("customer_name date reference_number amount created_time last_modified_time"),
    texts=("customer_name", "reference_number"),
    amounts=("amount",),
    exact=("customer_id", "payment_mode"),
    filters="PaymentMode.All",
    row=entry_wire.row,
    full=entry_wire.full,
)
VENDOR_PAYMENTS = Shelf(
    "/vendorpayments",
    "vendorpayments",
    "payment_id",
    "vendorpayments",
    "vendorpayment",
    "vendorpayment",
    "Payment",
    stamp="at_or_after",
    sort="date",
    sorts=_named("vendor_name date reference_number amount balance"),
    texts=("vendor_name", "reference_number", "payment_number"),
    amounts=("amount",),
    exact=("vendor_id", "payment_mode"),
    filters="PaymentMode.All",
    row=entry_wire.row,
    full=entry_wire.full,
)
ADJUSTMENTS = Shelf(
    "/basecurrencyadjustment",
    "base_currency_adjustments",
    "base_currency_adjustment_id",
    "accountants",
    "base_currency_adjustment",
    "data",
    "Adjustment",
    date_field="adjustment_date",
    dates=(),
    stamp="at_or_after",
    sort="adjustment_date",
    sorts=_named("adjustment_date exchange_rate"),
    filters="Date.All",
    row=entry_wire.row,
    full=entry_wire.full,
)
SHELVES = (
    INVOICES,
    BILLS,
    PURCHASE_ORDERS,
    CREDIT_NOTES,
    VENDOR_CREDITS,
    JOURNALS,
    EXPENSES,
    CUSTOMER_PAYMENTS,
    VENDOR_PAYMENTS,
    ADJUSTMENTS,
)
CONTACTS = Shelf(
    "/contacts",
    "contacts",
    "contact_id",
    "contacts",
    detail_key="contact",
    word="Contact",
    dates=(),
    sort="contact_name",
    order="A",
    sorts=_named(
        "contact_name first_name last_name email outstanding_receivable_amount created_time last_modified_time"
    ),
    texts=("contact_name", "company_name", "first_name", "last_name", "email", "phone"),
    exact=("contact_type",),
)
ITEMS = Shelf(
    "/items",
    "items",
    "item_id",
    "settings",
    detail_key="item",
    word="Item",
    dates=(),
    sort="name",
    order="A",
    sorts=_named("name rate tax_name"),
    texts=("name", "description"),
    amounts=("rate",),
    exact=("account_id", "tax_id"),
)
ACCOUNTS = Shelf(
    "/chartofaccounts",
    "chartofaccounts",
    "account_id",
    "accountants",
    detail_key="chart_of_account",
    word="Account",
    dates=(),
    sort="account_type",
    order="A",
    sorts=_named("account_name account_type"),
    filters="AccountType.Active",
    per_page=5_000,
)
PROJECTS = Shelf(
    "/projects",
    "projects",
    "project_id",
    "projects",
    detail_key="project",
    word="Project",
    dates=(),
    sort="project_name",
    order="A",
    sorts=_named("project_name customer_name created_time"),
    exact=("customer_id",),
)
TAXES = Shelf(
    "/settings/taxes", "taxes", "tax_id", "settings", detail_key="tax", word="Tax", dates=(), sort="tax_name", order="A",
    filters="Taxes.Active",
)  # fmt: skip
CURRENCIES = Shelf(
    "/settings/currencies", "currencies", "currency_id", "settings", detail_key="currency", word="Currency", dates=(),
    sort="currency_name", order="A", filters="Currencies.All",
)  # fmt: skip
TRANSACTIONS = Shelf(
    "/chartofaccounts/transactions",
    "transactions",
    "transaction_id",
    "accountants",
    date_field="transaction_date",
    dates=(),
    sort="transaction_date",
    sorts=_named("account_name account_type"),
    exact=("transaction_type",),
    filters="",
)
