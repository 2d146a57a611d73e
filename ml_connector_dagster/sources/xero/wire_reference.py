"""The shapes of what documents refer to: accounts, contacts, tracking categories, tax rates, the organisation itself."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Raw, Struct, field

from ml_connector_dagster.sources.xero.wire import LEFT, NOUGHT, Known, xero_name


class Account(Known, kw_only=True):
    """A line of the chart of accounts."""

    record_id: str = field(name="AccountID")
    number: str = field(default="", name="Code")
    name: str = ""
    status: str = ""
    type: str = ""
    account_class: str = field(default="", name="Class")
    system_account: str | None = None
    currency_code: str = ""
    updated_date_utc: str = ""
    add_to_watchlist: Raw = LEFT
    bank_account_type: Raw = LEFT
    description: Raw = LEFT
    enable_payments_to_account: Raw = LEFT
    reporting_code: Raw = LEFT
    reporting_code_name: Raw = LEFT
    show_in_expense_claims: Raw = LEFT
    tax_type: Raw = LEFT


class Contact(Known, kw_only=True):
    """A customer, a vendor, both, or neither so far."""

    record_id: str = field(name="ContactID")
    name: str = ""
    contact_number: str | None = None
    account_number: str | None = None
    contact_status: str = ""
    is_supplier: bool = False
    is_customer: bool = False
    merged_to_contact_id: str | None = None
    updated_date_utc: str = ""
    accounts_payable_tax_type: Raw = LEFT
    accounts_receivable_tax_type: Raw = LEFT
    addresses: Raw = LEFT
    balances: Raw = LEFT
    bank_account_details: Raw = LEFT
    batch_payments: Raw = LEFT
    branding_theme: Raw = LEFT
    company_number: Raw = LEFT
    contact_groups: Raw = LEFT
    contact_persons: Raw = LEFT
    default_currency: Raw = LEFT
    discount: Raw = LEFT
    email_address: Raw = LEFT
    first_name: Raw = LEFT
    last_name: Raw = LEFT
    payment_terms: Raw = LEFT
    phones: Raw = LEFT
    purchases_default_account_code: Raw = LEFT
    purchases_default_line_amount_type: Raw = LEFT
    purchases_tracking_categories: Raw = LEFT
    sales_default_account_code: Raw = LEFT
    sales_default_line_amount_type: Raw = LEFT
    sales_tracking_categories: Raw = LEFT
    tax_number: Raw = LEFT
    tax_number_type: Raw = LEFT
    tracking_category_name: Raw = LEFT
    tracking_category_option: Raw = LEFT
    website: Raw = LEFT
    xero_network_key: Raw = LEFT


class Option(Struct, rename=xero_name, gc=False):
    """One option of a tracking category."""

    record_id: str = field(name="TrackingOptionID")
    name: str = ""
    status: str = ""


class TrackingCategory(Known, kw_only=True):
    """A tracking category with its options."""

    record_id: str = field(name="TrackingCategoryID")
    name: str = ""
    status: str = ""
    options: list[Option] = field(default_factory=list)
    option: Raw = LEFT
    tracking_option_id: Raw = LEFT


class TaxComponent(Struct, rename=xero_name, gc=False):
    """One part of a tax rate."""

    rate: Decimal = NOUGHT
    is_compound: bool = False
    is_non_recoverable: bool = False


class TaxRate(Struct, rename=xero_name, gc=False):
    """A tax rate; only its components decide what is recoverable."""

    record_id: str = field(name="TaxType")
    tax_components: list[TaxComponent] = []


class Organisation(Struct, rename=xero_name, gc=False):
    """The company itself."""

    record_id: str = field(name="OrganisationID")
    name: str = ""
    base_currency: str = ""
    financial_year_end_month: int = 12
    financial_year_end_day: int = 31
    period_lock_date: str = ""
    end_of_year_lock_date: str = ""
    created_date_utc: str = ""
