"""QuickBooks' elements, shaped by hand: what the tests' company file holds."""

import itertools
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from xml.sax.saxutils import escape, quoteattr

OWNER = "{a3d5f0c2-4b7e-4c19-8e6d-52f9b1c7d084}"
FILE_ID = "6b1e9d52-7c3f-4a8e-b0d4-1f5a2c9e7d38"
STAMP = "2026-11-03T09:30:00-06:00"
RECEIVABLE, PAYABLE, BANK = "Accounts Receivable", "Accounts Payable", "Checking"
SALES, RENT, RETAINED = "Sales", "Rent", "Retained Earnings"
CHART = {
    BANK: ("80000001-1", "Bank", "1000", ""),
    RECEIVABLE: ("80000002-1", "AccountsReceivable", "1200", "AccountsReceivable"),
    PAYABLE: ("80000003-1", "AccountsPayable", "2000", "AccountsPayable"),
    RETAINED: ("80000004-1", "Equity", "3900", "RetainedEarnings"),
    SALES: ("80000005-1", "Income", "4000", ""),
    RENT: ("80000006-1", "Expense", "6000", ""),
}
_numbers = itertools.count(1000)


@dataclass(frozen=True)
class Posting:
    """One line of the books; debit positive."""

    account: str
    amount: Decimal
    class_name: str = ""
    name: str = ""


@dataclass(frozen=True)
class Booked:
    """A transaction: how its own query shows it, and what it posted."""

    txn_id: str
    day: date
    kind: str
    postings: tuple[Posting, ...]
    xml: str = ""


def new_id() -> str:
    return f"{next(_numbers):X}-1700000000"


def element(name: str, *inside: str, **fields: object) -> str:
    """One element: fields in their order, None left out, then what is inside."""
    written = "".join(
        f"<{key}>{escape(str(value))}</{key}>" if not isinstance(value, dict) else element(key, **value)
        for key, value in fields.items()
        if value is not None
    )
    return f"<{name}>{written}{''.join(inside)}</{name}>"


def account(name: str, **changed: object) -> str:
    list_id, kind, number, role = CHART.get(name, (new_id(), "Expense", None, ""))
    fields = {
        "ListID": list_id,
        "TimeCreated": STAMP,
        "TimeModified": STAMP,
        "EditSequence": "1",
        "Name": name.rpartition(":")[2],
        "FullName": name,
        "IsActive": "true",
        "Sublevel": 0,
        "AccountType": kind,
        "SpecialAccountType": role or None,
        "AccountNumber": number,
    }
    return element("AccountRet", **(fields | changed))


def named(word: str, name: str, **changed: object) -> str:
    fields = {"ListID": new_id(), "TimeCreated": STAMP, "TimeModified": STAMP, "EditSequence": "1"}
    fields |= {"Name": name.rpartition(":")[2], "FullName": None if word == "Vendor" else name, "IsActive": "true"}
    fields |= {} if word == "Vendor" else {"Sublevel": 0}
    return element(f"{word}Ret", **(fields | changed))


def deleted(word: str, list_id: str, name: str) -> str:
    return element(
        "ListDeletedRet", ListDelType=word, ListID=list_id, TimeCreated=STAMP, TimeDeleted=STAMP, FullName=name
    )


def document(entity: str, day: date | str, total: str = "50.00", **changed: object) -> Booked:
    """A transaction of the entity, with one line, and what it posts."""
    txn_id = new_id()
    return _DOCUMENTS[entity](txn_id, day, total, changed)


def journal(day: date, *postings: Posting) -> Booked:
    """What a report alone shows."""
    return Booked(new_id(), day, "General Journal", postings)


def greeting(**changed: object) -> str:
    """What the Web Connector brings with the first call of a session."""
    told = {"closing": None, "classes": "true", "first_month": "January"} | changed
    stamped = element(
        "DataExtRet", OwnerID=OWNER, DataExtName="FileID", DataExtType="STR255TYPE", DataExtValue=f"{{{FILE_ID}}}"
    )
    accounting = {
        "IsUsingAccountNumbers": "true",
        "IsRequiringAccounts": "true",
        "IsUsingClassTracking": told["classes"],
        "IsUsingAuditTrail": "true",
        "IsAssigningJournalEntryNumbers": "true",
        "ClosingDate": told["closing"],
    }
    host = element("HostRet", ProductName="QuickBooks Enterprise", Country="US", SupportedQBXMLVersion="16.0")
    company = element(
        "CompanyRet", stamped, CompanyName="Brackenridge Supply Co.", FirstMonthFiscalYear=told["first_month"]
    )
    inside = (
        answer("HostQueryRs", host),
        answer("CompanyQueryRs", company),
        answer("PreferencesQueryRs", element("PreferencesRet", AccountingPreferences=accounting)),
    )
    return document_of(*inside)


def answer(kind: str, *inside: str, code: int = 0, said: str = "Status OK", **attributes: object) -> str:
    told = {"statusCode": code, "statusSeverity": "Info", "statusMessage": said} | attributes
    written = "".join(f" {name}={quoteattr(str(value))}" for name, value in told.items())
    return f"<{kind}{written}>{''.join(inside)}</{kind}>"


def document_of(*answers: str) -> str:
    return f'<?xml version="1.0" ?><QBXML><QBXMLMsgsRs>{"".join(answers)}</QBXMLMsgsRs></QBXML>'


def _ref(name: str) -> dict[str, object]:
    return {"ListID": CHART[name][0], "FullName": name}


def _head(txn_id: str) -> dict[str, object]:
    return {"TxnID": txn_id, "TimeCreated": STAMP, "TimeModified": STAMP, "EditSequence": "1", "TxnNumber": 7}


def _invoice(txn_id, day, total, changed):
    line = element("InvoiceLineRet", TxnLineID=f"{txn_id}1", Desc="Bolts", Amount=total)
    fields = {"CustomerRef": {"ListID": "C-1", "FullName": "Abbott"}, "TxnDate": day, "RefNumber": "7", "DueDate": day}
    fields |= {"Subtotal": total, "SalesTaxTotal": "0.00", "BalanceRemaining": total, "IsPaid": "false"}
    return _booked("Invoice", txn_id, day, total, fields | changed, (line,), (RECEIVABLE, SALES))


def _bill(txn_id, day, total, changed):
    line = element("ExpenseLineRet", TxnLineID=f"{txn_id}1", AccountRef=_ref(RENT), Amount=total)
    fields = {"VendorRef": {"ListID": "V-1", "FullName": "Acme"}, "TxnDate": day, "DueDate": day, "AmountDue": total}
    return _booked("Bill", txn_id, day, total, fields | {"IsPaid": "false"} | changed, (line,), (RENT, PAYABLE))


def _payment(txn_id, day, total, changed):
    line = element("AppliedToTxnRet", TxnID=new_id(), TxnType="Invoice", Amount=total)
    fields = {"CustomerRef": {"ListID": "C-1", "FullName": "Abbott"}, "ARAccountRef": _ref(RECEIVABLE), "TxnDate": day}
    fields |= {"TotalAmount": total, "DepositToAccountRef": _ref(BANK), "UnusedPayment": "0.00"}
    return _booked("ReceivePayment", txn_id, day, total, fields | changed, (line,), (BANK, RECEIVABLE))


def _bill_payment(txn_id, day, total, changed):
    line = element("AppliedToTxnRet", TxnID=new_id(), TxnType="Bill", Amount=total)
    fields = {"PayeeEntityRef": {"ListID": "V-1", "FullName": "Acme"}, "APAccountRef": _ref(PAYABLE), "TxnDate": day}
    fields |= {"BankAccountRef": _ref(BANK), "Amount": total}
    return _booked("BillPaymentCheck", txn_id, day, total, fields | changed, (line,), (PAYABLE, BANK))


def _journal_entry(txn_id, day, total, changed):
    debit = element("JournalDebitLine", TxnLineID=f"{txn_id}1", AccountRef=_ref(RENT), Amount=total, Memo="Accrual")
    credit = element("JournalCreditLine", TxnLineID=f"{txn_id}2", AccountRef=_ref(PAYABLE), Amount=total)
    fields = {"TxnDate": day, "RefNumber": "7", "IsAdjustment": "false"}
    return _booked("JournalEntry", txn_id, day, total, fields | changed, (debit, credit), (RENT, PAYABLE))


def _booked(word, txn_id, day, total, fields, lines, moved):
    debit, credit = moved
    postings = (Posting(debit, Decimal(total)), Posting(credit, -Decimal(total)))
    xml = element(f"{word}Ret", *lines, **(_head(txn_id) | fields))
    return Booked(txn_id, day if isinstance(day, date) else date(2026, 10, 1), word, postings, xml)


_DOCUMENTS = {
    "invoices": _invoice,
    "bills": _bill,
    "payments": _payment,
    "bill_payments": _bill_payment,
    "journal_entries": _journal_entry,
}
