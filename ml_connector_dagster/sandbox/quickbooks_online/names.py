"""The lists of Fennimore Partners: customers, vendors, employees, items, classes, departments, terms, taxes, accounts."""

from collections.abc import Iterator

from ml_connector_dagster.sandbox.quickbooks_online.chart import ACCOUNTS, INACTIVE, full_name
from ml_connector_dagster.sandbox.quickbooks_online.records import Named

CUSTOMERS = (
    ("Adler & Quist Manufacturing", "USD"),
    ("Borealis Health Network", "USD"),
    ("Cascadia Transit Authority", "USD"),
    ("Delmar Foods", "USD"),
    ("Emberline Energy", "USD"),
    ("Ferrante Logistique", "EUR"),
    ("Grady Hospital Group", "USD"),
    ("Halvorsen Insurance", "USD"),
    ("Iberville Robotics", "CAD"),
    ("Juniper Schools Trust", "USD"),
    ("Kestrel Aerospace", "USD"),
    ("Lindqvist Papier", "EUR"),
    ("Montcalm Réseaux", "CAD"),
    ("Norwood Bank", "USD"),
    ("Oakhurst Retail", "USD"),
    ("Pemberton Media (old)", "USD"),
)
VENDORS = (
    ("Ashby Office Supply", "USD"),
    ("Brightwater Properties", "USD"),
    ("Colfax Telecom", "USD"),
    ("Dunmore Analytics", "USD"),
    ("Eastgate Travel", "USD"),
    ("Fairbanks Legal LLP", "USD"),
    ("Gatineau Research", "CAD"),
    ("Hollis Contract Staffing", "USD"),
    ("Inkwell Print", "USD"),
    ("Junction Power & Light", "USD"),
    ("Keene Insurance Brokers", "USD"),
    ("Larkspur Software", "USD"),
    ("Old Mill Caterers", "USD"),
)
EMPLOYEES = ("Amara Osei", "Bastien Roy", "Carla Nunez", "Dev Patel")
_OLD = {"Pemberton Media (old)", "Old Mill Caterers"}
_ITEMS = (
    ("2", "Advice", "Category", "", "", ""),
    ("3", "Strategy Advice", "Service", "46", "", "2"),
    ("4", "Operations Review", "Service", "47", "", "2"),
    ("5", "Benchmark Kit", "Inventory", "50", "80", ""),
    ("6", "Change Coaching", "Service", "48", "", "2"),
    ("7", "Workshop Day", "Service", "49", "", ""),
    ("8", "Recharged Expenses", "Service", "51", "", ""),
    ("9", "Contract Researcher", "Service", "48", "53", ""),
    ("10", "Survey Licence", "NonInventory", "50", "61", ""),
    ("11", "Discovery Package", "Group", "", "", ""),
    ("12", "Training Seat (old)", "Service", "49", "", ""),
)
_CLASSES = (("1", "Strategy", ""), ("2", "Operations", ""), ("3", "People", ""), ("4", "Coaching", "3"))
_DEPARTMENTS = (("1", "New York", ""), ("2", "Chicago", ""), ("3", "Remote", ""))
_TERMS = (("1", "Due on receipt", 0), ("2", "Net 15", 15), ("3", "Net 30", 30))


def lists(set_up_at: int) -> dict[str, dict[str, Named]]:
    """Every list by entity and id; customers, vendors and employees share one sequence of ids."""
    found: dict[str, dict[str, Named]] = {}
    for named in _everything():
        named.created_at = named.updated_at = set_up_at
        found.setdefault(named.entity, {})[named.name_id] = named
    found["TimeActivity"] = {}
    return found


def _everything() -> Iterator[Named]:
    number = 0
    for entity, rows in (("Customer", CUSTOMERS), ("Vendor", VENDORS)):
        for name, currency in rows:
            number += 1
            yield Named(entity, str(number), name, currency=currency, active=name not in _OLD)
    for name in EMPLOYEES:
        number += 1
        given, family = name.split()
        yield Named("Employee", str(number), name, {"GivenName": given, "FamilyName": family})
    yield from (_item(*row) for row in _ITEMS)
    for class_id, name, parent in _CLASSES:
        yield Named("Class", class_id, name, parent_id=parent)
    for department_id, name, parent in _DEPARTMENTS:
        yield Named("Department", department_id, name, parent_id=parent)
    for term_id, name, days in _TERMS:
        yield Named("Term", term_id, name, {"Type": "STANDARD", "DueDays": days})
    yield Named("TaxCode", "2", "Tax", {"Description": "Sales tax", "Taxable": True, "TaxGroup": True})
    yield Named("TaxRate", "3", "New York", {"RateValue": 8, "AgencyRef": {"value": "1"}, "SpecialTaxType": "NONE"})
    yield Named("TaxAgency", "1", "New York State", {"TaxTrackedOnSales": True, "TaxTrackedOnPurchases": False})
    for row in ACCOUNTS.values():
        yield Named(
            "Account",
            row.account_id,
            row.name,
            {
                "FullyQualifiedName": full_name(row.account_id),
                "AcctNum": row.number,
                "Classification": row.classification,
                "AccountType": row.kind,
                "AccountSubType": row.sub_kind,
            },
            parent_id=row.parent_id,
            currency=row.currency,
            active=row.account_id not in INACTIVE,
        )


def _item(item_id: str, name: str, kind: str, income: str, expense: str, parent: str) -> Named:
    more: dict[str, object] = {"Type": kind, "TrackQtyOnHand": kind == "Inventory"}
    if income:
        more |= {"UnitPrice": 0, "PurchaseCost": 0, "IncomeAccountRef": _account(income), "Taxable": False}
    if expense:
        more["ExpenseAccountRef"] = _account(expense)
    if kind == "Inventory":
        more |= {"AssetAccountRef": _account("81"), "QtyOnHand": 4_000, "InvStartDate": "2020-01-01"}
    if kind == "Group":
        parts = [("3", "Strategy Advice"), ("7", "Workshop Day")]
        more["ItemGroupDetail"] = {
            "ItemGroupLine": [{"ItemRef": {"value": part, "name": label}, "Qty": 1} for part, label in parts]
        }
    return Named("Item", item_id, name, more, parent_id=parent, active="(old)" not in name)


def _account(account_id: str) -> dict[str, str]:
    return {"value": account_id, "name": full_name(account_id)}
