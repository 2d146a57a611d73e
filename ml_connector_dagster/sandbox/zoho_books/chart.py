"""The chart of accounts of a consumer goods company. Ids depend on nothing but this table, so mappings stay valid."""

from dataclasses import dataclass

_PREFIX = "46000000"
_CHART = """
200|4000|Sales|income||
201|4010|Online Sales|income|200|
202|4020|Wholesale Sales|income|200|
203|4030|Outlet Sales|income|200|
204|4040|Export Sales|income|200|
205|4090|Gift Cards (legacy)|income||inactive
206||Shipping Charge|income||shipping
207||Other Charges|income||adjustment
208|4900|Interest Income|other_income||
209|4910|Sundry Income|other_income||
301|5000|Cost of Goods Sold|cost_of_goods_sold||cogs
302|5100|Inbound Freight and Duty|cost_of_goods_sold||
303|5200|Packaging|cost_of_goods_sold||
401|6000|Advertising and Marketing|expense||
402|6050|Trade Shows|expense|401|
403|6100|Warehouse Rent|expense||
404|6150|Outlet Rent|expense||
405|6200|Courier and Fulfilment|expense||
406|6250|Marketplace Fees|expense||
407|6300|Salaries|employee_benefit_expense||
408|6310|Employer National Insurance|employee_benefit_expense||
409|6320|Pension Contributions|employee_benefit_expense||
410|6400|Software Subscriptions|expense||
411|6450|Professional Fees|expense||
412|6500|Travel and Subsistence|expense||
414|6600|Light and Heat|expense||
415|6650|Insurance|expense||
416|6700|Office Supplies|expense||
417||Bank Fees and Charges|expense||charges
418|6800|Depreciation Expense|depreciation_expense||
420||Exchange Gain or Loss|other_expense||exchange
421|8000|Corporation Tax|tax_expense||
500||Accounts Receivable|accounts_receivable||receivable
501||Current Account|bank||
502||Reserve Account|bank||
503||US Dollar Account|bank||USD
504||Euro Account|bank||EUR
505||Company Card|credit_card||
506||Petty Cash|cash||
507||Card Terminal Clearing|payment_clearing||
508|1200|Inventory Asset|stock||inventory
509|1300|Prepaid Expenses|other_current_asset||
510|1500|Warehouse Equipment|fixed_asset||
511|1510|Accumulated Depreciation|fixed_asset||
512||Input VAT|other_current_asset||input_tax
550||Accounts Payable|accounts_payable||payable
551||Output VAT|other_current_liability||output_tax
552|2100|Accrued Expenses|other_current_liability||
553|2200|Payroll Liabilities|other_current_liability||
554||Unearned Revenue|other_current_liability||unearned
555|2300|Corporation Tax Payable|other_current_liability||
556|2500|Bank Loan|loans_and_borrowing||
601|3000|Share Capital|equity||
602||Retained Earnings|equity||retained
603||Opening Balance Adjustments|equity||opening
604|3100|Owner Drawings|equity||
"""
PROFIT_AND_LOSS = frozenset(
    {
        "income",
        "other_income",
        "finance_income",
        "cost_of_goods_sold",
        "expense",
        "other_expense",
        "manufacturing_expense",
        "impairment_expense",
        "depreciation_expense",
        "employee_benefit_expense",
        "lease_expense",
        "finance_expense",
        "tax_expense",
    }
)
INCOME = frozenset({"income", "other_income", "finance_income"})
FAMILIES = {
    "Asset": frozenset(
        {
            "accounts_receivable",
            "bank",
            "cash",
            "payment_clearing",
            "stock",
            "other_asset",
            "other_current_asset",
            "fixed_asset",
        }
    ),
    "Liability": frozenset(
        {
            "accounts_payable",
            "credit_card",
            "other_current_liability",
            "loans_and_borrowing",
            "long_term_liability",
        }
    ),
    "Equity": frozenset({"equity"}),
    "Income": INCOME,
    "Expense": PROFIT_AND_LOSS - INCOME,
}


@dataclass(slots=True)
class Account:
    """A line of the chart. code is often empty; role names the accounts that Zoho books to by itself."""

    account_id: str
    code: str
    name: str
    kind: str
    parent_id: str = ""
    role: str = ""
    currency: str = "GBP"
    is_active: bool = True
    modified_ms: int = 0

    @property
    def is_system(self) -> bool:
        return bool(self.role)


def account_id(number: int | str) -> str:
    """The id of an account by its number in this table: 19 digits, as text."""
    return f"{_PREFIX}{int(number):011d}"


def accounts(began_ms: int) -> list[Account]:
    """The whole chart."""
    return [_account(row, began_ms) for row in _CHART.strip().splitlines()]


def _account(row: str, began_ms: int) -> Account:
    number, code, name, kind, parent, role = row.split("|")
    foreign = role in {"USD", "EUR"}
    return Account(
        account_id=account_id(number),
        code=code,
        name=name,
        kind=kind,
        parent_id=account_id(parent) if parent else "",
        role="" if foreign or role == "inactive" else role,
        currency=role if foreign else "GBP",
        is_active=role != "inactive",
        modified_ms=began_ms,
    )
