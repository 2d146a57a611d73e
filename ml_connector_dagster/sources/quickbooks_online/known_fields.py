"""Which fields QuickBooks is known to send: anything else is drift, counted and reported, never an error.

The names are those of Intuit's published schemas of July 2026; QuickBooks adds fields without a new minor version.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from ml_connector_dagster.sources.quickbooks_online.entities import DOCUMENT_OF

_OF_DOCUMENTS = """
    APAccountRef ARAccountRef AccountRef Adjustment AllowIPNPayment AllowOnlineACHPayment
    AllowOnlineAffirmPayment AllowOnlineCreditCardPayment AllowOnlinePayPalPayment AllowOnlinePayment Amount
    ApplyTaxAfterDiscount AttachableRef AutoDocNumber AutoPayEligible Balance BillAddr BillEmail BillEmailBcc
    BillEmailCc BillEx BillPaymentEx CashBack CfdiUse CheckPayment ClassRef ConvenienceFeeDetail Credit
    CreditCardPayment CreditMemoEx CurrencyRef CustomExtensions CustomField CustomerMemo CustomerRef
    DeliveryInfo DepartmentRef Deposit DepositEx DepositToAccountRef DiscountAmt DiscountRate DocNumber
    DropShipToEntity DueDate ECloudStatusTimeStamp EInvoiceStatus EmailStatus EnabledSurchargeInfo
    EnteredInHomeCurrency EntityRef ExchangeRate ExpectedDate Exportation FOB FinanceCharge
    FinancingProductType FreeFormAddress FromAccountRef GlobalInfo GlobalTaxCalculation GovtTxnRefIdentifier
    GratuityEnabled HomeBalance HomeCurrencyAdjustment HomeTotalAmt HomeTotalCostAmount Id IncludeInAnnualTPAR
    InventorySiteRef InvoiceEx InvoiceLink InvoiceLinkExpiryDate InvoiceLinkSecurityCode InvoiceRef
    JournalEntryEx LessCIS Line LinkedTxn ManuallyClosed Memo MetaData POEmail PONumber POStatus PayType
    PayerRef PaymentDetailsMessage PaymentEx PaymentExtendedType PaymentMethodRef PaymentRefNum PaymentType
    PrintStatus PrivateNote ProcessPayment ProjectRef PurchaseEx PurchaseOrderEx RecurDataRef RecurringInfo
    RefundReceiptEx ReimbursableInfoRef RemainingCredit RemitToAddr RemitToRef ReplyEmail SalesReceiptEx
    SalesRepRef SalesTermRef SchedulePayEligible ScheduledPaymentId ShipAddr ShipDate ShipFromAddr
    ShipMethodRef ShipTo ShippingTaxIncludedInTotalTax SubscriptionPaymentsSetting SyncToken Tag TaxCodeRef
    TaxExemptionRef TaxFormNum TaxFormType TemplateRef ToAccountRef TotalAmt TotalCostAmount TrackingNum
    TransactionLocationType TransferEx TxnApprovalInfo TxnDate TxnRetainageDetail TxnSource TxnStatus
    TxnSubType TxnTaxDetail UnappliedAmt VendorAddr VendorCreditEx VendorRef callToAction domain invoiceStatus
    invoiceStatusLog sparse status
"""
_OF_NAME_LISTS = """
    APAccountRef ARAccountRef AbatementRate AccountAlias AccountEx AccountPurposes AccountSubType AccountType
    AcctNum AcctNumExtn Active Address AgencyVerificationStatus AgencyVerificationStatusMsg
    AgencyVerificationTSUTC AltContactName AlternatePhone AssetAccountRef AttachableRef AvgCost Balance
    BalanceWithJobs BankNum BillAddr BillRate BillWithParent BillableTime BirthDate BuildPoint BusinessNumber
    CCDetail CISRate COGSAccountRef ClassEx ClassRef Classification ClientCompanyId ClientEntityId CompanyName
    CompanyRegistrationNumber ContactName CostRate CreditLimit CurrencyRef CurrentBalance
    CurrentBalanceWithSubAccounts CustomExtensions CustomField CustomerEx CustomerTypeRef DefaultTaxCodeRef
    DeferredRevenue DepartmentEx DepositToAccountRef Description DisplayName EmployeeEx EmployeeNumber
    EmployeeType ExpenseAccountRef FIName FamilyName Fax FullyQualifiedName GSTIN GSTRegistrationType Gender
    GivenName HasTPAR HiredDate Id IncomeAccountRef IntuitId InvStartDate IsCISContractor IsProject
    IsSubContractor ItemAssemblyDetail ItemCategoryType ItemEx ItemGroupDetail Job JobInfo JournalCodeRef
    Level ManPartNum MetaData MiddleName Mobile Name Notes OnlineBankingEnabled OpenBalanceDate OpeningBalance
    OpeningBalanceDate Organization OtherAddr OtherContactInfo OverDueBalance ParentRef PaymentMethodRef
    PercentBased PrefVendorRef PreferredDeliveryMethod PrefillAccountRef PriceLevelRef PrimaryAddr
    PrimaryEmailAddr PrimaryPhone PrimaryTaxIdentifier PrintGroupedItems PrintOnCheckName PurchaseCost
    PurchaseDesc PurchaseTaxCodeRef PurchaseTaxIncluded QtyOnHand QtyOnPurchaseOrder QtyOnSalesOrder
    RatePercent ReleasedDate ReorderPoint ResaleNum ReverseChargeRate RootCustomerRef SSN SalesRepRef
    SalesTaxCodeRef SalesTaxIncluded SalesTermRef SecondaryTaxIdentifier ServiceType ShipAddr Sku Source
    SpecialItem SpecialItemType SubAccount SubClass SubDepartment SubItem SubcontractorType Suffix SyncToken
    T4AEligible T5018Eligible TDSEnabled TDSEntityTypeId TDSOverrideThreshold TDSSectionTypeId TaxAccount
    TaxClassificationRef TaxCodeRef TaxCountry TaxExemptionReasonId TaxGroupCodeRef TaxIdEffectiveDate
    TaxIdentifier TaxRateRef TaxRegime TaxReportingBasis Taxable TermRef Title TotalExpense TotalRevenue
    TrackQtyOnHand TxnLocationType Type UOMSetRef UQCDisplayText UQCId UnitPrice UseTimeEntry UserId
    V4IDPseudonym Vendor1099 VendorEx VendorPaymentBankDetail VendorTypeRef WebAddr domain sparse status
"""
OF_DOCUMENTS = frozenset(_OF_DOCUMENTS.split())
OF_NAME_LISTS = frozenset(_OF_NAME_LISTS.split())


def unknown_fields(word: str, records: Iterable[Any]) -> dict[str, int]:
    """Answer ``Invoice.Field`` to how many records carried it, for fields that no schema names."""
    known = OF_DOCUMENTS if word in DOCUMENT_OF else OF_NAME_LISTS
    found: Counter[str] = Counter()
    for record in records:
        if isinstance(record, dict):
            found.update(f"{word}.{name}" for name in record.keys() - known)
    return dict(found)
