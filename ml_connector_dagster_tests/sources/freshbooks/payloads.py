"""FreshBooks records as the reference page describes them; shaped here, copied from nowhere."""

from itertools import count

ACCOUNT, BUSINESS, UUID = "Ab12Cd", 700100, "0f0f0f0f-aaaa-4bbb-8ccc-123456789abc"
CLIENT, VENDOR = 501, 601
PARENT_OF_SALES = 31
ACCOUNTS = {
    # name: (uuid, number, type, system name, jea_id, jesa_id, category_id)
    "cash": ("u-cash", "1000", "asset", "Cash", None, 10, None),
    "receivable": ("u-receivable", "1200", "asset", "Accounts Receivable", None, 12, None),
    "payable": ("u-payable", "2000", "liability", "Accounts Payable", 20, None, None),
    "tax": ("u-tax", "2300", "liability", "Sales Tax", 23, None, None),
    "credit": ("u-credit", "2400", "liability", "Client Credit", 24, None, None),
    "sales": ("u-sales", "4000", "income", "Sales", None, 40, None),
    "rent": ("u-rent", "5100", "expense", None, None, 51, 9051),
    "ads": ("u-ads", "5200", "expense", None, None, 52, 9052),
}
_numbers = count(1000)


def number():
    return next(_numbers)


def usd(amount, code="USD"):
    return {"amount": str(amount), "code": code}


def account(name, **changed):
    uuid, code, kind, system, jea, jesa, category = ACCOUNTS[name]
    return {
        "uuid": uuid,
        "name": system or name.title(),
        "number": code,
        "description": "",
        "type": kind,
        "sub_type": f"{kind}_kind",
        "system_account_name": system,
        "parent_account": None,
        "sub_accounts": [],
        "auto_created": True,
        "state": "active",
        "updated_at": "2026-01-02T03:04:05.000006Z",
        "category_id": category,
        "jea_id": jea,
        "jesa_id": jesa,
    } | changed


def client(**changed):
    identifier = number()
    return {
        "id": identifier,
        "userid": identifier,
        "organization": f"Client {identifier}",
        "fname": "Ada",
        "lname": "Low",
        "email": "ada@example.test",
        "currency_code": "USD",
        "updated": "2026-07-01 10:00:00",
        "signup_date": "2024-01-01 00:00:00",
        "vis_state": 0,
    } | changed


def vendor(**changed):
    identifier = number()
    return {
        "vendorid": identifier,
        "vendor_name": f"Vendor {identifier}",
        "account_number": "",
        "currency_code": "USD",
        "updated_at": "2026-07-01 10:00:00",
        "vis_state": 0,
    } | changed


def project(**changed):
    identifier = number()
    return {"id": identifier, "title": f"Project {identifier}", "active": True, "complete": False} | changed


def line(amount=100, **changed):
    return {
        "lineid": 1,
        "type": 0,
        "name": "Design",
        "description": "Logo",
        "qty": "1",
        "unit_cost": usd(amount),
        "amount": usd(amount),
        "taxName1": None,
        "taxAmount1": None,
        "taxName2": None,
        "taxAmount2": None,
        "modern_project_id": None,
    } | changed


def invoice(day, **changed):
    identifier = number()
    return {
        "id": identifier,
        "invoiceid": identifier,
        "customerid": CLIENT,
        "create_date": str(day),
        "due_date": str(day),
        "invoice_number": f"00{identifier}",
        "currency_code": "USD",
        "amount": usd("100.00"),
        "paid": usd("0.00"),
        "outstanding": usd("100.00"),
        "net_paid_amount": usd("0.00000000000000000000000000"),
        "discount_total": usd("0.00"),
        "status": 2,
        "v3_status": "sent",
        "payment_status": "unpaid",
        "lines": [line("100.00")],
        "updated": f"{day} 12:00:00",
        "vis_state": 0,
    } | changed


def payment(day, **changed):
    identifier = number()
    return {
        "id": str(identifier),
        "logid": identifier,
        "clientid": CLIENT,
        "invoiceid": 77,
        "amount": usd("40.00"),
        "date": str(day),
        "type": "Check",
        "note": "",
        "creditid": None,
        "from_credit": False,
        "updated": f"{day} 12:00:00",
        "vis_state": 0,
    } | changed


def expense(day, **changed):
    identifier = number()
    return {
        "id": identifier,
        "expenseid": identifier,
        "categoryid": 9051,
        "amount": usd("55.00"),
        "date": str(day),
        "vendor": "Landlord",
        "notes": "October",
        "clientid": 0,
        "projectid": 0,
        "modern_projectid": None,
        "invoiceid": None,
        "status": 0,
        "taxAmount1": None,
        "taxAmount2": None,
        "isduplicate": True,
        "bill_matches": [],
        "updated": f"{day} 12:00:00",
        "vis_state": 0,
    } | changed


def bill(day, **changed):
    return {
        "id": number(),
        "bill_number": None,
        "vendorid": VENDOR,
        "issue_date": str(day),
        "due_date": str(day),
        "currency_code": "USD",
        "status": "unpaid",
        "amount": usd("80.00"),
        "tax_amount": usd("0.00"),
        "total_amount": usd("80.00"),
        "paid": usd("0.00"),
        "outstanding": usd("80.00"),
        "created_at": f"{day} 16:00:00",
        "updated_at": f"{day} 16:00:00",
        "vis_state": 0,
        "lines": [
            {
                "list_index": 1,
                "categoryid": 9052,
                "category": "Ads",
                "description": "",
                "quantity": "1",
                "amount": usd("80.00"),
            }
        ],
    } | changed


def bill_payment(day, **changed):
    return {
        "id": number(),
        "billid": 88,
        "amount": usd("80.00"),
        "paid_date": str(day),
        "payment_type": "Check",
        "note": "",
        "vis_state": 0,
    } | changed


def credit_note(day, **changed):
    return {
        "creditid": number(),
        "credit_number": "CN-1",
        "credit_type": "goodwill",
        "clientid": CLIENT,
        "create_date": str(day),
        "amount": usd("30.00"),
        "paid": usd("0.00"),
        "currency_code": "USD",
        "display_status": "created",
        "lines": [line("30.00")],
        "vis_state": 0,
    } | changed


def other_income(day, **changed):
    return {
        "incomeid": number(),
        "amount": usd("12.00"),
        "category_name": "rentals",
        "date": str(day),
        "note": "",
        "payment_type": "Cash",
        "source": "Desk",
        "taxes": [],
        "created_at": f"{day} 12:00:00",
        "updated_at": f"{day} 12:00:00",
        "vis_state": 0,
    } | changed


def detail(day, name, amount, entry, *, code="USD", **changed):
    """One line of an entry: debit positive."""
    _, code_of, kind, system, jea, jesa, _ = ACCOUNTS[name]
    identifier = number()
    title = system or name.title()
    side = usd(str(amount).removeprefix("-"), code)
    return {
        "id": identifier,
        "detailid": identifier,
        "account": {
            "accountid": jea or PARENT_OF_SALES,
            "account_name": title if jea else "Parent",
            "account_number": code_of,
            "account_type": kind,
        },
        "sub_account": {
            "sub_accountid": jesa,
            "account_sub_name": title,
            "account_sub_number": code_of,
            "parentid": PARENT_OF_SALES,
        }
        if jesa
        else None,
        "debit": None if str(amount).startswith("-") else side,
        "credit": side if str(amount).startswith("-") else None,
        "balance": {},
        "description": "",
        "detail_type": "sales",
        "name": "Invoice 22-107",
        "user_entered_date": str(day),
        "entry": entry,
    } | changed


def entry(day, amount="100.00", *, debit="receivable", credit="sales", code="USD", **ids):
    """One entry of two lines."""
    links = dict.fromkeys(("clientid", "creditid", "expenseid", "incomeid", "invoiceid", "paymentid", "categoryid"))
    about = {"entryid": number(), **links, **ids}
    return [detail(day, debit, amount, about, code=code), detail(day, credit, f"-{amount}", about, code=code)]


def me(**business):
    """The identity: a membership, another one, and an account where the person is somebody's client."""
    member = {
        "id": BUSINESS,
        "business_uuid": UUID,
        "name": "Pier Studio",
        "account_id": ACCOUNT,
        "timezone": "America/New_York",
        "active": True,
        "advanced_accounting_enabled": True,
    } | business
    other = {"id": 2, "business_uuid": "u-2", "name": "Attic", "account_id": "Zz99Zz", "timezone": "America/Toronto"}
    return {
        "response": {
            "id": 1,
            "permissions": {ACCOUNT: {"accounts_payable.access": True, "advanced_accounting.access": True}},
            "business_memberships": [
                {"id": 9, "role": "owner", "fasttrack_token": "not-for-logs", "business": one}
                for one in (member, other)
            ],
            "roles": [{"id": 1, "role": "client", "accountid": "Qq77Qq"}],
        }
    }
