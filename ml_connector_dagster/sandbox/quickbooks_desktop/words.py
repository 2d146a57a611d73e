"""Words that a request may use where only certain words will do; any other is 0x80040400, as the wrong order is.

Kinds of transactions and lists are those of qbXML 16.0, whether or not this company file has any of them.
"""

from collections.abc import Mapping

_BOTH = (
    "ARRefundCreditCard|Bill|BillPaymentCheck|BillPaymentCreditCard|Charge|Check|CreditCardCharge|CreditCardCredit|CreditMemo"
    "|Deposit|InventoryAdjustment|Invoice|ItemReceipt|JournalEntry|SalesReceipt|VendorCredit"
)
_DELETED_ONLY = (
    "BuildAssembly|Estimate|PayrollLiabilityAdjustment|PayrollPriorPayment|PayrollYearToDateAdjustment|PurchaseOrder"
    "|ReceivePayment|SalesOrder|SalesTaxPaymentCheck|TimeTracking|TransferInventory|VehicleMileage"
)
_ITEMS = (
    "ItemDiscount|ItemFixedAsset|ItemGroup|ItemInventory|ItemInventoryAssembly|ItemNonInventory|ItemOtherCharge|ItemPayment"
    "|ItemSalesTax|ItemSalesTaxGroup|ItemService|ItemSubtotal"
)
_LISTS = (
    "Account|BillingRate|Class|Currency|Customer|CustomerMsg|CustomerType|DateDrivenTerms|Employee|InventorySite|JobType"
    "|OtherName|PaymentMethod|PayrollItemNonWage|PayrollItemWage|PriceLevel|SalesRep|SalesTaxCode|ShipMethod|StandardTerms"
    "|ToDo|UnitOfMeasureSet|Vehicle|Vendor|VendorType|WorkersCompCode"
)
_TYPES = (
    "AccountsPayable|AccountsReceivable|Bank|CostOfGoodsSold|CreditCard|Equity|Expense|FixedAsset|Income|LongTermLiability"
    "|NonPosting|OtherAsset|OtherCurrentAsset|OtherCurrentLiability|OtherExpense|OtherIncome"
)
_POSTING = "Either|NonPosting|Posting"
_DETAIL = "All|AllExceptSummary|SummaryOnly"
_ROWS = "ActiveOnly|NonZero|All"

WORDS: Mapping[str, str] = {
    "TxnVoidType": _BOTH,
    "TxnDelType": f"{_BOTH}|{_DELETED_ONLY}",
    "ListDelType": f"{_LISTS}|{_ITEMS}",
    "AccountType": _TYPES,
    "ActiveStatus": "ActiveOnly|InactiveOnly|All",
    "PaidStatus": "All|PaidOnly|NotPaidOnly",
    "MatchCriterion": "StartsWith|Contains|EndsWith",
    "JournalLineType": "Debit|Credit",
    "ReportBasis": "Accrual|Cash|None",
    "ReturnRows": _ROWS,
    "ReturnColumns": _ROWS,
    "ReportPostingStatusFilter": _POSTING,
    "TransactionPostingStatusFilter": _POSTING,
    "ReportDetailLevelFilter": _DETAIL,
    "TransactionDetailLevelFilter": _DETAIL,
    "CustomSummaryReportType": "CustomSummary",
    "CustomDetailReportType": "CustomTxnDetail",
}
"""By element: the words, with bars between them."""
