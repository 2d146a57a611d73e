"""Which fields QuickBooks is known to send: anything else is drift, counted and reported, never an error.

The names are those of Intuit's published qbXML 16.0 schema; of lists only what is asked for comes, and what always comes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from ml_connector_dagster.sources.quickbooks_desktop.fields import Record
from ml_connector_dagster.sources.quickbooks_desktop.parse import SHAPES

_OF_DOCUMENTS = """
    APAccountRef ARAccountRef Address AddressBlock Amount AmountDue AmountDueInHomeCurrency AmountInHomeCurrency
    AppliedAmount AppliedToTxnRet BalanceRemaining BalanceRemainingInHomeCurrency BankAccountRef BillAddress
    BillAddressBlock ClassRef CreditCardTxnInfo CurrencyRef CustomerMsgRef CustomerRef CustomerSalesTaxCodeRef
    DataExtRet DepositToAccountRef DiscountLineRet DueDate EditSequence ExchangeRate ExpenseLineRet ExternalGUID
    FOB InvoiceLineGroupRet InvoiceLineRet IsAdjustment IsAmountsEnteredInHomeCurrency IsFinanceCharge
    IsHomeCurrencyAdjustment IsPaid IsPending IsTaxIncluded IsToBeEmailed IsToBePrinted ItemGroupLineRet
    ItemLineRet ItemSalesTaxRef JournalCreditLine JournalDebitLine LinkedTxn Memo OpenAmount Other PONumber
    PayeeEntityRef PaymentMethodRef RefNumber SalesRepRef SalesTaxCodeRef SalesTaxLineRet SalesTaxPercentage
    SalesTaxTotal ShipAddress ShipAddressBlock ShipDate ShipMethodRef ShippingLineRet Subtotal
    SuggestedDiscountAmount SuggestedDiscountDate TemplateRef TermsRef TimeCreated TimeModified TotalAmount
    TotalAmountInHomeCurrency TxnDate TxnID TxnNumber UnusedCredits UnusedPayment VendorAddress VendorRef
"""
_OF_LISTS = """
    AccountNumber AccountType CurrencyRef EditSequence FullName IsActive ListDelType ListID Name ParentRef
    SpecialAccountType Sublevel TimeCreated TimeDeleted TimeModified
"""
OF_DOCUMENTS = frozenset(_OF_DOCUMENTS.split())
OF_LISTS = frozenset(_OF_LISTS.split())


def unknown_fields(records: Iterable[Record]) -> dict[str, int]:
    """Answer ``InvoiceRet.Field`` to how many records carried it, for fields that the schema does not name."""
    found: Counter[str] = Counter()
    for record in records:
        known = OF_DOCUMENTS if record.tag in SHAPES else OF_LISTS
        found.update({f"{record.tag}.{child.tag}" for child in record if child.tag not in known})
    return dict(found)
