"""How Xero writes reference data: accounts, contacts, tracking categories, tax rates."""

from ml_connector_dagster.sandbox.books.records import Account, Contact, TaxRate, TrackingCategory
from ml_connector_dagster.sandbox.xero.notation import Json, stamp


def write_account(account: Account) -> Json:
    shown: Json = {
        "AccountID": account.account_id,
        "Name": account.name,
        "Status": account.status,
        "Type": account.kind,
        "TaxType": account.tax_type,
        "Class": account.account_class,
        "EnablePaymentsToAccount": False,
        "ShowInExpenseClaims": account.code in {"429", "493"},
        "BankAccountType": "BANK" if account.kind == "BANK" else "",
        "ReportingCode": "",
        "HasAttachments": False,
        "UpdatedDateUTC": stamp(account.updated_ms),
        "AddToWatchlist": False,
    }
    if account.code:
        shown["Code"] = account.code
    if account.system:
        shown["SystemAccount"] = account.system
    if account.kind == "BANK":
        shown |= {"BankAccountNumber": account.bank_number, "CurrencyCode": account.currency}
    return shown


def write_contact(contact: Contact, *, full: bool) -> Json:
    shown: Json = {
        "ContactID": contact.contact_id,
        "ContactStatus": contact.status,
        "Name": contact.name,
        "EmailAddress": contact.email,
        "BankAccountDetails": "",
        "Addresses": [{"AddressType": "STREET", "City": "", "Region": "", "PostalCode": "", "Country": ""}],
        "Phones": [{"PhoneType": "DEFAULT", "PhoneNumber": "", "PhoneAreaCode": "", "PhoneCountryCode": ""}],
        "UpdatedDateUTC": stamp(contact.updated_ms),
        "ContactGroups": [],
        "IsSupplier": contact.is_supplier,
        "IsCustomer": contact.is_customer,
        "DefaultCurrency": contact.currency,
        "ContactPersons": [],
        "HasAttachments": False,
        "HasValidationErrors": False,
    }
    if contact.merged_to:
        shown["MergedToContactID"] = contact.merged_to
    if full:
        shown |= {"SalesTrackingCategories": [], "PurchasesTrackingCategories": [], "Attachments": []}
    return shown


def write_category(category: TrackingCategory, *, include_archived: bool) -> Json:
    options = [
        {
            "TrackingOptionID": option.option_id,
            "Name": option.name,
            "Status": option.status,
            "HasValidationErrors": False,
            "IsDeleted": option.status == "DELETED",
            "IsArchived": option.status == "ARCHIVED",
            "IsActive": option.status == "ACTIVE",
        }
        for option in category.options
        if include_archived or option.status == "ACTIVE"
    ]
    return {
        "Name": category.name,
        "Status": category.status,
        "TrackingCategoryID": category.category_id,
        "Options": options,
    }


def write_tax_rate(rate: TaxRate) -> Json:
    percent = rate.basis_points / 100
    sales = rate.report_type == "OUTPUT"
    return {
        "Name": rate.name,
        "TaxType": rate.tax_type,
        "ReportTaxType": rate.report_type,
        "CanApplyToAssets": True,
        "CanApplyToEquity": True,
        "CanApplyToExpenses": not sales,
        "CanApplyToLiabilities": True,
        "CanApplyToRevenue": sales or rate.report_type == "NONE",
        "DisplayTaxRate": percent,
        "EffectiveRate": percent,
        "Status": "ACTIVE",
        "TaxComponents": [{"Name": "VAT", "Rate": percent, "IsCompound": False, "IsNonRecoverable": False}],
    }
