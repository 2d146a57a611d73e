"""Xero records of our own making, in the shapes its API writes."""

import uuid
from datetime import UTC, date, datetime, timedelta
from itertools import count

_NUMBERS = count(1)
CATEGORY = "ca7e6010-0000-4000-8000-000000000001"
NORTH = "0b710000-0000-4000-8000-00000000000a"
SOUTH = "0b710000-0000-4000-8000-00000000000b"
CUSTOMER = "c0000000-0000-4000-8000-000000000001"
VENDOR = "c0000000-0000-4000-8000-000000000002"
STRANGER = "c0000000-0000-4000-8000-000000000003"
ACCOUNTS = {
    "sales": ("200", "REVENUE", "REVENUE", ""),
    "fees": ("404", "OVERHEADS", "EXPENSE", ""),
    "receivable": ("610", "CURRENT", "ASSET", "DEBTORS"),
    "payable": ("800", "CURRLIAB", "LIABILITY", "CREDITORS"),
    "advance": ("810", "CURRLIAB", "LIABILITY", ""),
    "tax": ("820", "CURRLIAB", "LIABILITY", "GST"),
    "rounding": ("860", "CURRLIAB", "LIABILITY", "ROUNDING"),
    "retained": ("960", "EQUITY", "EQUITY", "RETAINEDEARNINGS"),
    "bank": ("090", "BANK", "ASSET", ""),
    "dollars": ("", "BANK", "ASSET", ""),
    "unrealised": ("498", "EXPENSE", "EXPENSE", "UNREALISEDCURRENCYGAIN"),
    "realised": ("499", "EXPENSE", "EXPENSE", "REALISEDCURRENCYGAIN"),
    "revaluation": ("497", "EXPENSE", "EXPENSE", "BANKCURRENCYGAIN"),
}


def new_id() -> str:
    return f"d0c00000-0000-4000-8000-{next(_NUMBERS):012d}"


def account_id(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, name))


def slashed(day: date) -> str:
    """``/Date(ms+0000)/`` of a calendar date."""
    since = datetime(day.year, day.month, day.day, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return f"/Date({since // timedelta(milliseconds=1)}+0000)/"


def line(amount=100, tax=20, account="sales", **more):
    written = {
        "LineItemID": new_id(),
        "Description": "Work",
        "UnitAmount": amount,
        "Quantity": 1,
        "LineAmount": amount,
        "TaxAmount": tax,
        "TaxType": "OUTPUT2",
        "AccountID": account_id(account),
        "AccountCode": ACCOUNTS[account][0],
        "Tracking": [],
    }
    return written | more


def region(option="North", **more):
    return {"Name": "Region", "Option": option, "TrackingCategoryID": CATEGORY, "Options": []} | more


def _document(kind, day, lines, more):
    types = more.get("LineAmountTypes", "Exclusive")
    tax = sum(one["TaxAmount"] or 0 for one in lines)
    amounts = sum(one["LineAmount"] for one in lines)
    net = amounts - tax if types == "Inclusive" else amounts
    return {
        "Type": kind,
        "Contact": {"ContactID": CUSTOMER, "Name": "Boatyard", "Addresses": []},
        "DateString": f"{day}T00:00:00",
        "Date": slashed(day),
        "Status": "AUTHORISED",
        "LineAmountTypes": types,
        "LineItems": lines,
        "SubTotal": net,
        "TotalTax": tax,
        "Total": net + tax,
        "UpdatedDateUTC": "/Date(1771977600000+0000)/",
        "CurrencyCode": "GBP",
        "HasAttachments": False,
    } | more


def invoice(day=date(2026, 10, 5), lines=None, **more):
    lines = [line()] if lines is None else lines
    extra = {
        "InvoiceID": new_id(),
        "InvoiceNumber": "INV-7",
        "DueDate": slashed(day + timedelta(days=30)),
        "Payments": [],
        "CreditNotes": [],
        "Prepayments": [],
        "Overpayments": [],
        "AmountDue": 0,
    }
    return _document("ACCREC", day, lines, extra | more)


def bill(day=date(2026, 10, 5), lines=None, **more):
    lines = [line(account="fees")] if lines is None else lines
    return invoice(day, lines, **({"Type": "ACCPAY", "Contact": {"ContactID": VENDOR}} | more))


def credit_note(day=date(2026, 10, 5), lines=None, **more):
    extra = {
        "CreditNoteID": new_id(),
        "CreditNoteNumber": "CN-7",
        "RemainingCredit": 0,
        "Allocations": [],
        "Payments": [],
    }
    return _document("ACCRECCREDIT", day, [line()] if lines is None else lines, extra | more)


def prepayment(day=date(2026, 10, 5), lines=None, **more):
    lines = [line(account="advance")] if lines is None else lines
    extra = {"PrepaymentID": new_id(), "RemainingCredit": 0, "Allocations": [], "Payments": []}
    return _document("RECEIVE-PREPAYMENT", day, lines, extra | more)


def overpayment(day=date(2026, 10, 5), lines=None, **more):
    lines = [line(50, 0, "receivable")] if lines is None else lines
    extra = {"OverpaymentID": new_id(), "RemainingCredit": 0, "Allocations": [], "Payments": []}
    return _document("RECEIVE-OVERPAYMENT", day, lines, extra | more)


def bank_transaction(day=date(2026, 10, 5), lines=None, **more):
    lines = [line(account="fees")] if lines is None else lines
    extra = {
        "BankTransactionID": new_id(),
        "BankAccount": {"AccountID": account_id("bank"), "Name": "Current"},
        "IsReconciled": True,
        "Contact": {"ContactID": VENDOR},
    }
    return _document("SPEND", day, lines, extra | more)


def transfer(day=date(2026, 10, 5), **more):
    return {
        "BankTransferID": new_id(),
        "CreatedDateUTC": "/Date(1771977600000+0000)/",
        "DateString": f"{day}T00:00:00",
        "Date": slashed(day),
        "FromBankAccount": {"AccountID": account_id("bank")},
        "ToBankAccount": {"AccountID": account_id("dollars")},
        "Amount": 500,
        "CurrencyRate": 1,
        "FromBankTransactionID": new_id(),
        "ToBankTransactionID": new_id(),
    } | more


def journal(day=date(2026, 10, 5), lines=None, **more):
    lines = lines or [line(30, 0, "fees"), line(-30, 0, "payable")]
    for one in lines:
        one.pop("LineItemID", None)
    return {
        "ManualJournalID": new_id(),
        "Narration": "Accrual",
        "Date": slashed(day),
        "Status": "POSTED",
        "LineAmountTypes": "NoTax",
        "JournalLines": lines,
        "UpdatedDateUTC": "/Date(1771977600000+0000)/",
    } | more


def payment(day=date(2026, 10, 5), document=None, **more):
    settled = document or invoice()
    identifier = settled.get("InvoiceID") or settled.get("CreditNoteID") or settled.get("OverpaymentID")
    identifier = identifier or settled.get("PrepaymentID")
    return {
        "PaymentID": new_id(),
        "Date": slashed(day),
        "BankAmount": 120,
        "Amount": 120,
        "Reference": "",
        "CurrencyRate": 0,
        "PaymentType": "ACCRECPAYMENT",
        "Status": "AUTHORISED",
        "HasAccount": True,
        "UpdatedDateUTC": "/Date(1771977600000+0000)/",
        "Account": {"AccountID": account_id("bank"), "Code": "090"},
        "Invoice": {
            "Type": settled["Type"],
            "InvoiceID": identifier,
            "CurrencyCode": settled["CurrencyCode"],
            "Contact": settled["Contact"],
            "LineItems": [],
        },
    } | more


def allocation(day, amount, document):
    return {
        "AllocationID": new_id(),
        "Amount": amount,
        "Date": slashed(day),
        "Invoice": {"InvoiceID": document["InvoiceID"], "InvoiceNumber": "INV-7"},
    }


def account(name, **more):
    code, kind, account_class, system = ACCOUNTS[name]
    currency = {"bank": "GBP", "dollars": "USD"}.get(name)
    written = {
        "AccountID": account_id(name),
        "Name": name,
        "Status": "ACTIVE",
        "Type": kind,
        "Class": account_class,
        "UpdatedDateUTC": "/Date(1771977600000+0000)/",
    }
    optional = {"Code": code, "SystemAccount": system, "CurrencyCode": currency}
    return written | {key: value for key, value in optional.items() if value} | more


def contact(contact_id=CUSTOMER, name="Boatyard", **more):
    return {
        "ContactID": contact_id,
        "Name": name,
        "ContactStatus": "ACTIVE",
        "IsCustomer": contact_id == CUSTOMER,
        "IsSupplier": contact_id == VENDOR,
        "UpdatedDateUTC": "/Date(1771977600000+0000)/",
    } | more


def category(**more):
    options = [
        {"TrackingOptionID": NORTH, "Name": "North", "Status": "ACTIVE"},
        {"TrackingOptionID": SOUTH, "Name": "South", "Status": "ARCHIVED"},
    ]
    return {"TrackingCategoryID": CATEGORY, "Name": "Region", "Status": "ACTIVE", "Options": options} | more


def organisation(**more):
    return {
        "OrganisationID": "7e4a4700-0000-4000-8000-000000000001",
        "Name": "Boatyard Books",
        "BaseCurrency": "GBP",
        "FinancialYearEndMonth": 3,
        "FinancialYearEndDay": 31,
        "CreatedDateUTC": "/Date(1700000000000)/",
    } | more
