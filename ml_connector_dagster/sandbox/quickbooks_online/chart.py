"""The chart of accounts of Fennimore Partners: ids never depend on the seed, so a mapping kept in a file stays valid."""

from dataclasses import dataclass

HOME = "USD"

_CHART = """
35|1000|Checking||Bank|Checking|
36|1010|Savings||Bank|Savings|
37|1020|Euro Account||Bank|Checking|EUR
84|1200|Accounts Receivable (A/R)||Accounts Receivable|AccountsReceivable|
85|1210|Accounts Receivable (A/R) - EUR||Accounts Receivable|AccountsReceivable|EUR
88|1220|Accounts Receivable (A/R) - CAD||Accounts Receivable|AccountsReceivable|CAD
4|1300|Undeposited Funds||Other Current Asset|UndepositedFunds|
81|1400|Inventory Asset||Other Current Asset|Inventory|
3|1450|Prepaid Expenses||Other Current Asset|PrepaidExpenses|
38|1500|Office Equipment||Fixed Asset|FurnitureAndFixtures|
39|1510|Original Cost|38|Fixed Asset|FurnitureAndFixtures|
40|1520|Depreciation|38|Fixed Asset|AccumulatedDepreciation|
33|2000|Accounts Payable (A/P)||Accounts Payable|AccountsPayable|
34|2010|Accounts Payable (A/P) - CAD||Accounts Payable|AccountsPayable|CAD
41|2100|Mastercard||Credit Card|CreditCard|
42|2110|Visa||Credit Card|CreditCard|
90|2200|Sales Tax Agency Payable||Other Current Liability|SalesTaxPayable|
91|2300|Payroll Liabilities||Other Current Liability|PayrollTaxPayable|
92|2400|Accrued Expenses||Other Current Liability|OtherCurrentLiabilities|
44|2700|Notes Payable||Long Term Liability|OtherLongTermLiabilities|
31|3000|Opening Balance Equity||Equity|OpeningBalanceEquity|
2|3200|Retained Earnings||Equity|RetainedEarnings|
45|3300|Common Stock||Equity|CommonStock|
1|4000|Consulting Income||Income|ServiceFeeIncome|
46|4010|Strategy|1|Income|ServiceFeeIncome|
47|4020|Operations|1|Income|ServiceFeeIncome|
48|4030|People and Change|1|Income|ServiceFeeIncome|
49|4100|Workshops||Income|ServiceFeeIncome|
50|4200|Sales of Product Income||Income|SalesOfProductIncome|
51|4300|Billable Expense Income||Income|OtherPrimaryIncome|
86|4900|Discounts Given||Income|DiscountsRefundsGiven|
80|5000|Cost of Goods Sold||Cost of Goods Sold|SuppliesMaterialsCogs|
53|5100|Subcontractors||Cost of Goods Sold|CostOfLaborCos|
54|5200|Project Travel||Cost of Goods Sold|OtherCostsOfServiceCos|
7|6000|Advertising||Expense|AdvertisingPromotional|
8|6050|Bank Charges||Expense|BankCharges|
55|6100|Automobile||Expense|Auto|
56|6110|Fuel|55|Expense|Auto|
10|6200|Dues and Subscriptions||Expense|DuesSubscriptions|
11|6250|Insurance||Expense|Insurance|
12|6300|Legal and Professional Fees||Expense|LegalProfessionalFees|
57|6310|Accounting|12|Expense|LegalProfessionalFees|
58|6320|Lawyer|12|Expense|LegalProfessionalFees|
13|6400|Meals and Entertainment||Expense|EntertainmentMeals|
15|6450|Office Expenses||Expense|OfficeGeneralAdministrativeExpenses|
59|6500|Payroll Wages||Expense|PayrollExpenses|
60|6510|Payroll Taxes||Expense|PayrollExpenses|
17|6600|Rent||Expense|RentOrLeaseOfBuildings|
61|6650|Software||Expense|OfficeGeneralAdministrativeExpenses|
22|6700|Travel||Expense|Travel|
24|6750|Utilities||Expense|Utilities|
62|6760|Telephone|24|Expense|Utilities|
63|6800|Training (old)||Expense|OtherBusinessExpenses|
25|7000|Interest Earned||Other Income|InterestEarned|
26|8000|Depreciation Expense||Other Expense|Depreciation|
27|8100|Exchange Gain or Loss||Other Expense|ExchangeGainOrLoss|
28|8110|Unrealized Gain or Loss||Other Expense|ExchangeGainOrLoss|
29|8200|Interest Paid||Expense|FinanceCosts|
95|9000|Purchase Orders||Non-Posting|OtherCurrentLiabilities|
"""
INACTIVE = frozenset({"63"})
CLASSIFICATION = {
    "Bank": "Asset",
    "Accounts Receivable": "Asset",
    "Other Current Asset": "Asset",
    "Fixed Asset": "Asset",
    "Other Asset": "Asset",
    "Accounts Payable": "Liability",
    "Credit Card": "Liability",
    "Other Current Liability": "Liability",
    "Long Term Liability": "Liability",
    "Equity": "Equity",
    "Income": "Revenue",
    "Other Income": "Revenue",
    "Cost of Goods Sold": "Expense",
    "Expense": "Expense",
    "Other Expense": "Expense",
    "Non-Posting": "Liability",
}
CHECKING, SAVINGS, EURO_BANK, UNDEPOSITED = "35", "36", "37", "4"
INVENTORY, COGS, TAX_PAYABLE = "81", "80", "90"
RECEIVABLE = {HOME: "84", "EUR": "85", "CAD": "88"}
PAYABLE = {HOME: "33", "CAD": "34"}
RETAINED_EARNINGS, OPENING_EQUITY = "2", "31"
EXCHANGE, UNREALIZED, DISCOUNTS = "27", "28", "86"


@dataclass(frozen=True)
class AccountRow:
    """One account as the firm set it up."""

    account_id: str
    number: str
    name: str
    parent_id: str
    kind: str
    sub_kind: str
    currency: str

    @property
    def classification(self) -> str:
        return CLASSIFICATION[self.kind]

    @property
    def in_profit_and_loss(self) -> bool:
        return self.classification in {"Revenue", "Expense"}

    @property
    def credit_is_natural(self) -> bool:
        return self.classification in {"Revenue", "Liability", "Equity"}


def _row(text: str) -> AccountRow:
    account_id, number, name, parent_id, kind, sub_kind, currency = text.split("|")
    return AccountRow(account_id, number, name, parent_id, kind, sub_kind, currency or HOME)


ACCOUNTS: dict[str, AccountRow] = {row.account_id: row for row in map(_row, _CHART.strip().splitlines())}


def full_name(account_id: str) -> str:
    """Names from the top of the tree down, joined with a colon."""
    row = ACCOUNTS[account_id]
    return f"{full_name(row.parent_id)}:{row.name}" if row.parent_id else row.name


def children(account_id: str) -> list[AccountRow]:
    return [row for row in ACCOUNTS.values() if row.parent_id == account_id]


def roots() -> list[AccountRow]:
    return [row for row in ACCOUNTS.values() if not row.parent_id and row.kind != "Non-Posting"]
