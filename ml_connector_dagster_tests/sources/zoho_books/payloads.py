"""Records as Zoho Books writes them: shaped here, never copied; numbers drift between int and decimal, empties are ``""``."""

from datetime import date
from itertools import count

OCTOBER_5 = date(2026, 10, 5)
SALES, FREIGHT, STOCK, TRAVEL = "460000000000000201", "460000000000000202", "460000000000000203", "460000000000000204"
RECEIVABLE, PAYABLE, BANK = "460000000000000301", "460000000000000302", "460000000000000303"
CUSTOMER, VENDOR = "460000000000000401", "460000000000000402"
TAG, HOME, GARDEN = "460000000000000501", "460000000000000511", "460000000000000512"
STAMP = "2026-10-06T09:14:55+0100"
TYPES = {
    SALES: ("Sales", "income"),
    FREIGHT: ("Freight income", "other_income"),
    STOCK: ("Cost of Goods Sold", "cost_of_goods_sold"),
    TRAVEL: ("Travel", "expense"),
    RECEIVABLE: ("Accounts Receivable", "accounts_receivable"),
    PAYABLE: ("Accounts Payable", "accounts_payable"),
    BANK: ("Current Account", "bank"),
}
_NUMBERS = count(460000000000100001)


def new_id():
    return str(next(_NUMBERS))


def account(account_id=SALES, **fields):
    name, kind = TYPES.get(account_id, (f"Account {account_id}", "expense"))
    return {
        "account_id": account_id,
        "account_name": name,
        "account_code": "",
        "account_type": kind,
        "is_active": True,
        "is_system_account": kind.startswith("accounts_"),
        "last_modified_time": STAMP,
        "current_balance": 0,
    } | fields


def contact(contact_id=CUSTOMER, kind="customer", **fields):
    return {
        "contact_id": contact_id,
        "contact_name": f"Contact {contact_id[-3:]}",
        "contact_type": kind,
        "status": "active",
        "last_modified_time": STAMP,
    } | fields


def tag(option=HOME, **fields):
    options = [{"tag_option_id": option, "tag_option_name": f"Option {option[-3:]}", "is_active": True}]
    return {"tag_id": TAG, "tag_name": "Tag", "tag_options": options} | fields


def tagged(option):
    return {"tags": [{"tag_id": TAG, "tag_name": "Tag", "tag_option_id": option, "tag_option_name": "Option"}]}


def line(total=100, account_id=SALES, **fields):
    return {
        "line_item_id": new_id(),
        "account_id": account_id,
        "name": "Cushion",
        "description": "",
        "quantity": 1,
        "rate": total,
        "item_total": total,
        "tax_percentage": "",
        "tags": [],
        "project_id": "",
        "location_id": "",
    } | fields


def document(id_field, number_field, party_field, party, on=OCTOBER_5, lines=None, **fields):
    items = [line()] if lines is None else lines
    return {
        id_field: new_id(),
        number_field: "DOC-1",
        party_field: party,
        "status": "open",
        "date": str(on),
        "due_date": "",
        "currency_code": "GBP",
        "exchange_rate": 1,
        "total": sum(item["item_total"] for item in items),
        "balance": 0,
        "last_modified_time": STAMP,
        "line_items": items,
        "is_inclusive_tax": False,
        "tax_total": 0,
    } | fields


def invoice(on=OCTOBER_5, **fields):
    return document("invoice_id", "invoice_number", "customer_id", CUSTOMER, on, **({"status": "sent"} | fields))


def bill(on=OCTOBER_5, **fields):
    fields.setdefault("lines", [line(80, STOCK)])
    return document("bill_id", "bill_number", "vendor_id", VENDOR, on, **fields)


def credit_note(on=OCTOBER_5, **fields):
    return document("creditnote_id", "creditnote_number", "customer_id", CUSTOMER, on, **fields)


def vendor_credit(on=OCTOBER_5, **fields):
    fields.setdefault("lines", [line(20, STOCK)])
    return document("vendor_credit_id", "vendor_credit_number", "vendor_id", VENDOR, on, **fields)


def purchase_order(on=OCTOBER_5, **fields):
    fields.setdefault("lines", [line(50, STOCK, quantity=10, quantity_billed=0, quantity_cancelled=0, item_total=500)])
    return document("purchaseorder_id", "purchaseorder_number", "vendor_id", VENDOR, on, **fields)


def expense(on=OCTOBER_5, **fields):
    return {
        "expense_id": new_id(),
        "date": str(on),
        "status": "nonbillable",
        "vendor_id": VENDOR,
        "currency_code": "GBP",
        "exchange_rate": 1,
        "total": 60,
        "last_modified_time": STAMP,
        "account_id": TRAVEL,
        "paid_through_account_id": BANK,
        "is_inclusive_tax": False,
        "sub_total": 60,
        "tax_amount": 0,
        "line_items": [],
        "tags": [],
    } | fields


def journal(on=OCTOBER_5, **fields):
    sides = [("debit", TRAVEL), ("credit", BANK)]
    return {
        "journal_id": new_id(),
        "journal_date": str(on),
        "entry_number": "7",
        "status": "published",
        "journal_type": "both",
        "currency_code": "GBP",
        "exchange_rate": 1,
        "total": 40,
        "last_modified_time": STAMP,
        "line_items": [
            {"line_id": new_id(), "account_id": account_id, "debit_or_credit": side, "amount": 40, "tags": []}
            for side, account_id in sides
        ],
    } | fields


def payment(party_field="customer_id", party=CUSTOMER, on=OCTOBER_5, **fields):
    account_field = "account_id" if party_field == "customer_id" else "paid_through_account_id"
    return {
        "payment_id": new_id(),
        "payment_number": "12",
        "date": str(on),
        party_field: party,
        "amount": 100,
        "bcy_amount": 100,
        "currency_code": "GBP",
        "payment_status" if party_field == "customer_id" else "status": "paid",
        account_field: BANK,
        "last_modified_time": STAMP,
    } | fields


def transaction(on=OCTOBER_5, amounts=None, kind="invoice", transaction_id=None, **fields):
    """The rows of one transaction, one an account: debit positive."""
    record_id = new_id() if transaction_id is None else transaction_id
    amounts = {RECEIVABLE: 100, SALES: -100} if amounts is None else amounts
    return [
        {
            "account_id": account_id,
            "transaction_id": record_id,
            "transaction_type": kind,
            "transaction_date": str(on),
            "customer_id": CUSTOMER,
            "currency_code": "GBP",
            "debit_or_credit": "debit" if amount > 0 else "credit",
            "debit_amount": amount if amount > 0 else "",
            "credit_amount": -amount if amount < 0 else "",
        }
        | fields
        for account_id, amount in amounts.items()
    ]


def organization(**fields):
    return {
        "organization_id": "20078154321",
        "name": "Boatyard Homewares",
        "currency_code": "GBP",
        "time_zone": "Europe/London",
        "fiscal_year_start_month": 3,
        "is_org_active": True,
    } | fields
