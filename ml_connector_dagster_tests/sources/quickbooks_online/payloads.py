"""Records as QuickBooks writes them, shaped here from the reference page; none is copied from Intuit."""

import itertools

CHECKING, RECEIVABLE, PAYABLE, SALES, COST, DISCOUNTS, CARD, RETAINED = "35", "84", "33", "79", "7", "86", "41", "2"
CUSTOMER, VENDOR, CLASS, DEPARTMENT, ITEM, STOCK = "8", "46", "501", "3", "5", "11"
PREFERENCES = {
    "CurrencyPrefs": {"MultiCurrencyEnabled": True, "HomeCurrency": {"value": "USD"}},
    "AccountingInfoPrefs": {"FirstMonthOfFiscalYear": "January", "BookCloseDate": "2026-06-30"},
}
COMPANY = {
    "Id": "1",
    "CompanyName": "Fennimore Partners Inc.",
    "FiscalYearStartMonth": "January",
    "CompanyStartDate": "2023-11-01",
}
_IDS = itertools.count(1000)


def new_id():
    """An id that no other record of the run has."""
    return str(next(_IDS))


def ref(value, **more):
    return {"value": value, **more}


def _record(**fields):
    stamps = {"CreateTime": "2026-10-01T02:08:55-07:00", "LastUpdatedTime": "2026-10-02T02:08:55-07:00"}
    return {"Id": new_id(), "SyncToken": "0", "domain": "QBO", "sparse": False, "MetaData": stamps, **fields}


def _document(day, **fields):
    return _record(**{"TxnDate": str(day), "CurrencyRef": ref("USD"), "ExchangeRate": 1, **fields})


def sales_line(amount=100, line_id="1", **detail):
    told = {"ItemRef": ref(ITEM), "ItemAccountRef": ref(SALES), "ClassRef": ref(CLASS), **detail}
    return {"Id": line_id, "Amount": amount, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": told}


def spent_line(amount=50, line_id="1", **detail):
    told = {"AccountRef": ref(COST), "ClassRef": ref(CLASS), **detail}
    kind = "AccountBasedExpenseLineDetail"
    return {"Id": line_id, "Amount": amount, "DetailType": kind, kind: told}


def item_line(item, amount=50, line_id="1"):
    kind = "ItemBasedExpenseLineDetail"
    return {"Id": line_id, "Amount": amount, "DetailType": kind, kind: {"ItemRef": ref(item)}}


def settled(amount, txn_id, kind):
    return {"Amount": amount, "LinkedTxn": [{"TxnId": txn_id, "TxnType": kind}]}


def journal_line(amount, side, account, line_id="0"):
    told = {"PostingType": side, "AccountRef": ref(account)}
    return {"Id": line_id, "Amount": amount, "DetailType": "JournalEntryLineDetail", "JournalEntryLineDetail": told}


def sale(day, **fields):
    told = {"CustomerRef": ref(CUSTOMER), "Line": [sales_line()], "TotalAmt": 100, "Balance": 100, **fields}
    return _document(day, **told)


def purchase(day, **fields):
    return _document(day, **{"VendorRef": ref(VENDOR), "Line": [spent_line()], "TotalAmt": 50, **fields})


def journal(day, **fields):
    lines = [journal_line(100, "Debit", COST), journal_line(100, "Credit", CHECKING, "1")]
    return _document(day, **{"TotalAmt": 0, "Adjustment": False, "Line": lines, **fields})


def document(word, day):
    """One plain document of a kind, 100 or 50 dollars."""
    match word:
        case "Invoice" | "CreditMemo":
            return sale(day)
        case "SalesReceipt" | "RefundReceipt":
            return sale(day, DepositToAccountRef=ref(CHECKING))
        case "Bill" | "VendorCredit" | "PurchaseOrder":
            return purchase(day, APAccountRef=ref(PAYABLE), Balance=50)
        case "Purchase":
            return purchase(day, PaymentType="Cash", AccountRef=ref(CHECKING), EntityRef=ref(VENDOR, type="Vendor"))
        case "Payment":
            line = settled(100, "77", "Invoice")
            return _document(day, CustomerRef=ref(CUSTOMER), TotalAmt=100, UnappliedAmt=0, Line=[line])
        case "BillPayment":
            line, paid = settled(50, "78", "Bill"), {"BankAccountRef": ref(CHECKING)}
            told = {"PayType": "Check", "CheckPayment": paid, "Line": [line], "TotalAmt": 50}
            return _document(day, VendorRef=ref(VENDOR), **told)
        case "Deposit":
            detail = {"AccountRef": ref(SALES)}
            line = {"Id": "1", "Amount": 50, "DetailType": "DepositLineDetail", "DepositLineDetail": detail}
            return _document(day, DepositToAccountRef=ref(CHECKING), TotalAmt=50, Line=[line])
        case "Transfer":
            return _document(day, FromAccountRef=ref(CHECKING), ToAccountRef=ref(CARD), Amount=50)
        case _:
            return journal(day)


def account(account_id, classification="Expense", kind="Expense", subtype="OtherExpense", **fields):
    told = {"Name": f"Account {account_id}", "FullyQualifiedName": f"Account {account_id}", "Active": True}
    kinds = {"Classification": classification, "AccountType": kind, "AccountSubType": subtype}
    return _record(**told | kinds | {"Id": account_id, "CurrencyRef": ref("USD")} | fields)


def named(name, **fields):
    return _record(**{"DisplayName": name, "Name": name, "FullyQualifiedName": name, "Active": True, **fields})


ITEMS = [
    named("Advice", Id=ITEM, Type="Service", IncomeAccountRef=ref(SALES), ExpenseAccountRef=ref(COST)),
    named("Pump", Id=STOCK, Type="Inventory", IncomeAccountRef=ref(SALES), AssetAccountRef=ref("81")),
]
