"""The chart of accounts of a creative agency, and the categories that post to it.

Account ids depend on the business alone, never on the seed: a mapping kept in a file stays valid for every world.
"""

import uuid

from ml_connector_dagster.sandbox.freshbooks.records import Account, Category

_CHART = """
1000|Cash|asset|cash_and_bank||
1010|Operating Checking|asset|cash_and_bank|1000|
1020|Savings|asset|cash_and_bank|1000|
1200|Accounts Receivable|asset|accounts_receivable||accounts_receivable
1300|Prepaid Expenses|asset|current_asset||
1500|Fixed Assets|asset|fixed_asset||
1510|Computers and Cameras|asset|fixed_asset|1500|
1520|Accumulated Depreciation|asset|fixed_asset|1500|
2000|Accounts Payable|liability|accounts_payable||accounts_payable
2100|Sales Tax Payable|liability|current_liability||sales_tax
2200|Payroll Liabilities|liability|current_liability||
2300|Client Credit|liability|current_liability||client_credit
2400|Bank Loan|liability|long_term_liability||
3000|Owner's Equity|equity|owners_equity||
3010|Owner Contributions|equity|owners_equity|3000|
3020|Owner Draws|equity|owners_equity|3000|
3900|Retained Earnings|equity|retained_earnings||retained_earnings
4000|Sales|income|income||
4010|Brand Strategy|income|income|4000|
4020|Web Design|income|income|4000|
4030|Content and Media|income|income|4000|
4040|Retainers|income|income|4000|
4090|Discounts and Credits|income|income|4000|
4500|Other Income|income|other_income||
4510|Studio Rental|income|other_income|4500|
4520|Print Shop|income|other_income|4500|
4900|Interest Income|income|other_income||
5000|Cost of Goods Sold|expense|cost_of_goods_sold||
5010|Freelancers|expense|cost_of_goods_sold|5000|
5020|Stock and Licensing|expense|cost_of_goods_sold|5000|
5030|Print Production|expense|cost_of_goods_sold|5000|
6000|Advertising|expense|operating_expense||
6200|Payroll|expense|operating_expense||
6210|Salaries|expense|operating_expense|6200|
6220|Employer Taxes|expense|operating_expense|6200|
6300|Rent|expense|operating_expense||
6400|Office Supplies|expense|operating_expense||
6500|Software|expense|operating_expense||
6600|Travel|expense|operating_expense||
6610|Airfare|expense|operating_expense|6600|
6620|Hotels|expense|operating_expense|6600|
6630|Local Transport|expense|operating_expense|6600|
6700|Meals and Entertainment|expense|operating_expense||
6800|Professional Services|expense|operating_expense||
6810|Accounting|expense|operating_expense|6800|
6820|Legal|expense|operating_expense|6800|
6900|Insurance|expense|operating_expense||
6950|Bank Fees|expense|operating_expense||
6960|Depreciation|expense|operating_expense||
6970|Utilities|expense|operating_expense||
6990|Uncategorized Expenses|expense|operating_expense||
6300|Equipment Rental (old)|expense|operating_expense||
"""
_UNBRIDGED = "Interest Income"
_ARCHIVED = "Equipment Rental (old)"
_FIRST_LEGACY = 310_010
DEFAULT_SUB = 5
"""What is added to an accountid for the sub account that takes what is posted to the account itself."""

_CATEGORIES = """
Advertising|Advertising
Cost of Goods Sold|
-Freelancers|Freelancers
-Stock and Licensing|Stock and Licensing
-Print Production|Print Production
Office|Office Supplies
-Postage|Office Supplies
-Software Subscriptions|Software
-Utilities|Utilities
Travel|Travel
-Airfare|Airfare
-Hotel and Accommodation|Hotels
-Taxi and Parking|Local Transport
Meals and Entertainment|Meals and Entertainment
Professional Services|Professional Services
-Accounting|Accounting
-Legal Fees|Legal
Rent|Rent
Insurance|Insurance
Bank Fees|Bank Fees
Other Expenses|Uncategorized Expenses
Old Rentals|Equipment Rental (old)
"""


def accounts(business_uuid: str, updated_ms: int) -> list[Account]:
    """The whole chart. Two accounts share a number, one is archived, one does not tell its legacy id."""
    found: list[Account] = []
    by_number: dict[str, str] = {}
    for place, row in enumerate(_CHART.strip().splitlines()):
        number, name, kind, sub_type, parent, system = row.split("|")
        account = Account(
            uuid=str(uuid.uuid5(uuid.UUID(business_uuid), f"account:{name}")),
            number=number,
            name=name,
            type=kind,
            sub_type=sub_type,
            parent=by_number.get(parent, ""),
            legacy_id=_FIRST_LEGACY + 10 * place,
            bridged=name != _UNBRIDGED,
            state="archived" if name == _ARCHIVED else "active",
            system_name=system,
            updated_ms=updated_ms,
        )
        by_number.setdefault(number, account.uuid)
        found.append(account)
    return found


def categories(found: list[Account], first_id: int, updated_ms: int) -> list[Category]:
    """The expense categories, children behind their parent; more than one default page of 15."""
    by_name = {account.name: account for account in found}
    made: list[Category] = []
    parent = 0
    for place, row in enumerate(_CATEGORIES.strip().splitlines()):
        shown, _, name = row.partition("|")
        account = by_name[name or shown]
        category = Category(
            category_id=first_id + place,
            name=shown.lstrip("-"),
            account=account.uuid,
            parent_id=parent if shown.startswith("-") else 0,
            is_cogs=account.sub_type == "cost_of_goods_sold",
            updated_ms=updated_ms,
        )
        if not category.parent_id:
            parent = category.category_id
        made.append(category)
    made[-1].vis_state = 2
    return made
