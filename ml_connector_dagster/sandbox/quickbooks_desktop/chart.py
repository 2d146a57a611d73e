"""The lists that Brackenridge starts with: accounts, classes, items, customers with jobs, vendors. Ids never change."""

from datetime import datetime

from ml_connector_dagster.sandbox.quickbooks_desktop.records import Named

OPENED_AT = datetime(2020, 1, 2, 8, 30)  # noqa: DTZ001 - the wall clock of the PC, on purpose
LIST_EPOCH = 1577975400
_PLACES = {"Account": 0x80000000, "Class": 0x80000100, "Item": 0x80000200, "Customer": 0x80000300, "Vendor": 0x80000500}


def list_id(kind: str, place: int) -> str:
    """The id of the element that came place-th into its list."""
    return f"{_PLACES[kind] + place:X}-{LIST_EPOCH}"


_ACCOUNTS = """
1010 Operating Checking|Bank
1020 Payroll Checking|Bank
1100 Accounts Receivable|AccountsReceivable|AccountsReceivable
1200 Inventory Asset|OtherCurrentAsset|InventoryAssets
1250 Prepaid Insurance|OtherCurrentAsset
1290 Undeposited Funds|OtherCurrentAsset|UndepositedFunds
1500 Warehouse Equipment|FixedAsset
1510 Warehouse Equipment:Cost|FixedAsset
1520 Warehouse Equipment:Accumulated Depreciation|FixedAsset
1800 Security Deposits|OtherAsset
2000 Accounts Payable|AccountsPayable|AccountsPayable
2050 Company Credit Card|CreditCard
2100 Payroll Liabilities|OtherCurrentLiability|PayrollLiabilities
2200 Sales Tax Payable|OtherCurrentLiability|SalesTaxPayable
2300 Accrued Liabilities|OtherCurrentLiability
2700 Warehouse Loan|LongTermLiability
3000 Opening Balance Equity|Equity|OpeningBalanceEquity
3100 Common Stock|Equity
3900 Retained Earnings|Equity|RetainedEarnings
4000 Sales|Income
4010 Sales:Hardware|Income
4020 Sales:Fasteners|Income
4030 Sales:Delivery|Income
5000 Cost of Goods Sold|CostOfGoodsSold|CostOfGoodsSold
5100 Freight In|CostOfGoodsSold
6000 Payroll Expenses|Expense|PayrollExpenses
6010 Payroll Expenses:Wages|Expense
6020 Payroll Expenses:Payroll Taxes|Expense
6030 Payroll Expenses:Benefits|Expense
6100 Rent|Expense
6200 Utilities|Expense
6300 Vehicles|Expense
6310 Vehicles:Fuel|Expense
6320 Vehicles:Repairs|Expense
6400 Office Supplies|Expense
6500 Insurance Expense|Expense
6600 Professional Fees|Expense
6700 Depreciation Expense|Expense
6800 Old Advertising|Expense||inactive
7000 Interest Income|OtherIncome
8000 Interest Expense|OtherExpense
9000 Purchase Orders|NonPosting|PurchaseOrders
"""
_CLASSES = "Warehouse Sales Sales:East Sales:West Admin Old\xa0Depot"
_ITEMS = (
    ("HW-100 Door Hardware", "4010", 8_450, 5_120, True),
    ("HW-220 Shelving Kit", "4010", 23_900, 14_875, True),
    ("FS-010 Fasteners, box", "4020", 1_895, 1_067, True),
    ("FS-050 Anchors, pallet", "4020", 41_250, 26_433, True),
    ("Delivery", "4030", 7_500, 0, False),
)
_CUSTOMERS = """Aldergate Builders;Barlow & Finch Contractors;Café Martineau;Dunmore Housing;Eastlake School District
Fairmont Hotels;Grady Brothers;Hollis Joinery;Ironbridge Fabrication;Juniper Park Homes;Kestrel Facilities;Larkin Builders
Mercer County;Núñez Hardware;Oakfield Clinics;Pemberton Estates;Quarry Lane Kitchens;Redwood Fencing;Stanwick Millwork
Tollgate Storage;Union Yard Supply;Vance Properties;Westbrook Roofing;Yardley Outfitters"""
_JOBS = {"Larkin Builders": ("Depot Fit-out", "Phase Two"), "Eastlake School District": ("Gymnasium",)}
_VENDORS = """Apex Steel Products;Bellweather Freight;Calumet Power & Light;Drummond Insurance;Elmhurst Realty;Forge Fastener Co.
Great Lakes Fuel;Harker Accounting;Illinois Department of Revenue;Kowalski Truck Repair;Midway Office Depot;National Door Parts
Overland Carriers;Prairie Benefits;Rockford Shelving;Savoy Packaging;Tri-County Waste;Wexler Tools"""


def _named(kind: str, place: int, name: str, **more: object) -> Named:
    return Named(kind, list_id(kind, place), name, OPENED_AT, OPENED_AT, LIST_EPOCH, **more)  # type: ignore[arg-type]


def _below(full_name: str, ids: dict[str, str]) -> tuple[str, str]:
    """Own name and parent's id of a full name; the parent comes first in its list."""
    parent, _, name = full_name.rpartition(":")
    return name, ids[parent] if parent else ""


def accounts() -> list[Named]:
    """The chart of accounts, numbers on."""
    found, ids = list[Named](), dict[str, str]()
    for place, row in enumerate(_ACCOUNTS.strip().splitlines(), 1):
        label, kind, special, status = (*row.split("|"), "", "")[:4]
        number, full_name = label.split(" ", 1)
        name, parent = _below(full_name, ids)
        found.append(
            _named(
                "Account",
                place,
                name,
                parent_id=parent,
                account_type=kind,
                number=number,
                special=special,
                active=status != "inactive",
            )
        )
        ids[full_name] = found[-1].list_id
    return found


def classes() -> list[Named]:
    """Classes are cost centers; one is out of use."""
    found, ids = list[Named](), dict[str, str]()
    for place, full_name in enumerate(_CLASSES.split(" "), 1):
        name, parent = _below(full_name.replace("\xa0", " "), ids)
        found.append(_named("Class", place, name, parent_id=parent, active="Old" not in name))
        ids[full_name] = found[-1].list_id
    return found


def items() -> list[Named]:
    """What is sold: four stocked goods and a service."""
    by_number = {account.number: account.list_id for account in accounts()}
    return [
        _named("Item", place, name, account_id=by_number[number], price=price, cost=cost, stocked=stocked)
        for place, (name, number, price, cost, stocked) in enumerate(_ITEMS, 1)
    ]


def customers() -> list[Named]:
    """Customers and their jobs; every third is taxable, the last is inactive."""
    regions = [one.list_id for one in classes() if one.name in {"East", "West"}]
    found = list[Named]()
    for name in _CUSTOMERS.replace("\n", ";").split(";"):
        place = len(found) + 1
        parent = _named("Customer", place, name, taxable=place % 3 == 0, class_id=regions[place % 2])
        found.append(parent)
        for job in _JOBS.get(name, ()):
            place = len(found) + 1
            found.append(_named("Customer", place, job, parent_id=parent.list_id, class_id=parent.class_id))
    found[-1].active = False
    return found


def vendors() -> list[Named]:
    """Vendors, the tax agency among them."""
    names = _VENDORS.replace("\n", ";").split(";")
    return [_named("Vendor", place, name) for place, name in enumerate(names, 1)]
