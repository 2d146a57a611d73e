"""Organisations, accounts, contacts, items and all other reference data on the wire."""

from collections.abc import Mapping

from ml_connector_dagster.sandbox.books.cents import RATE_ONE
from ml_connector_dagster.sandbox.zoho_books import reference, wire
from ml_connector_dagster.sandbox.zoho_books.answers import Json, number, shown_rate
from ml_connector_dagster.sandbox.zoho_books.chart import Account
from ml_connector_dagster.sandbox.zoho_books.company import (
    BASE,
    NAME,
    ORGANIZATION_ID,
    OTHER_ORGANIZATION_ID,
    ZONE,
    Company,
)
from ml_connector_dagster.sandbox.zoho_books.records import Contact, Item


def organizations(plan: str, fiscal_year_start: object) -> list[Json]:
    """Both organisations of the login; the second one was given up."""
    return [
        _organization(ORGANIZATION_ID, NAME, plan, fiscal_year_start, is_default=True, is_active=True),
        _organization(OTHER_ORGANIZATION_ID, "Marlow Lighting Ltd", "Free", "0", is_default=False, is_active=False),
    ]


def _organization(
    organization_id: str, name: str, plan: str, fiscal_year_start: object, *, is_default: bool, is_active: bool
) -> Json:
    return {
        "organization_id": organization_id,
        "name": name,
        "is_default_org": is_default,
        "is_org_active": is_active,
        "currency_id": reference.CURRENCIES[BASE],
        "currency_code": BASE,
        "currency_symbol": "£",
        "price_precision": 2,
        "time_zone": ZONE.key,
        "fiscal_year_start_month": fiscal_year_start,
        "language_code": "en",
        "date_format": "dd/MM/yyyy",
        "plan_name": plan,
        "plan_type": 3,
        "plan_period": "Month",
        "country_code": "GB",
        "account_created_date": "2019-03-04",
    }


def account(company: Company, found: Account) -> Json:
    """An account of the chart; code and parent are often empty texts."""
    children = [one for one in company.accounts.values() if one.parent_id == found.account_id]
    parent = company.accounts.get(found.parent_id)
    return {
        "account_id": found.account_id,
        "account_name": found.name,
        "account_code": found.code,
        "account_type": found.kind,
        "description": "",
        "is_active": found.is_active,
        "is_system_account": found.is_system,
        "is_user_created": not found.is_system,
        "is_standalone_account": False,
        "can_show_in_ze": True,
        "is_involved_in_transaction": bool(company.postings_of(found.account_id)),
        "parent_account_id": found.parent_id,
        "parent_account_name": parent.name if parent else "",
        "depth": 1 if parent else 0,
        "has_attachment": False,
        "is_child_present": bool(children),
        "child_count": str(len(children)) if children else "",
        "documents": [],
        "created_time": wire.stamp(found.modified_ms),
        "last_modified_time": wire.stamp(found.modified_ms),
    }


def account_detail(company: Company, found: Account) -> Json:
    return account(company, found) | {
        "currency_id": reference.CURRENCIES[found.currency],
        "currency_code": found.currency,
        "custom_fields": [],
    }


def contact(company: Company, found: Contact) -> Json:
    """A customer or vendor with what is open."""
    kinds = ("invoice",) if found.kind == "customer" else ("bill",)
    documents = [doc for kind in kinds for doc in company.of_kind(kind) if doc.contact_id == found.contact_id]
    open_ones = [doc for doc in documents if doc.posts]
    cents, base = sum(doc.balance for doc in open_ones), sum(doc.base(doc.balance) for doc in open_ones)
    owed, owing = ((cents, base), (0, 0)) if found.kind == "customer" else ((0, 0), (cents, base))
    first, _, last = found.name.partition(" ")
    shown = {
        "contact_id": found.contact_id,
        "contact_name": found.name,
        "company_name": found.name,
        "customer_name": found.name if found.kind == "customer" else "",
        "vendor_name": found.name if found.kind == "vendor" else "",
        "contact_type": found.kind,
        "customer_sub_type": "business" if found.kind == "customer" else "",
        "status": "active" if found.is_active else "inactive",
        "currency_id": reference.CURRENCIES[found.currency],
        "currency_code": found.currency,
        "outstanding_receivable_amount": number(owed[0]),
        "outstanding_receivable_amount_bcy": number(owed[1]),
        "outstanding_payable_amount": number(owing[0]),
        "outstanding_payable_amount_bcy": number(owing[1]),
        "payment_terms": 30,
        "first_name": first,
        "last_name": last,
        "email": f"accounts@{found.name.lower().replace(' ', '-').replace('&', 'and').strip('.')}.example",
        "phone": "",
        "track_1099": False,
        "created_time": wire.stamp(found.created_ms),
        "last_modified_time": wire.stamp(found.modified_ms),
        **wire.custom_row({"cf_account_manager": found.manager}),
        "tags": [],
    }
    return wire.spoiled(found, shown)


def item(company: Company, found: Item) -> Json:
    return {
        "item_id": found.item_id,
        "name": found.name,
        "item_name": found.name,
        "sku": found.sku,
        "status": "active" if found.is_active else "inactive",
        "description": "",
        "rate": number(found.rate),
        "purchase_rate": number(found.purchase_rate),
        **wire.account(company, found.account_id),
        **wire.account(company, found.purchase_account_id, "purchase_account"),
        "item_type": "inventory" if found.is_goods else "sales",
        "product_type": "goods" if found.is_goods else "service",
        "unit": "pcs" if found.is_goods else "",
        "tax_id": reference.STANDARD.tax_id,
        "tax_name": reference.STANDARD.name,
        "tax_percentage": reference.STANDARD.percentage,
        "created_time": wire.stamp(found.modified_ms),
        "last_modified_time": wire.stamp(found.modified_ms),
        "tags": wire.tags((reference.range_of(found),)),
    }


def taxes() -> list[Json]:
    return [
        {
            "tax_id": tax.tax_id,
            "tax_name": tax.name,
            "tax_percentage": tax.percentage,
            "tax_type": "tax",
            "tax_specific_type": "",
            "is_value_added": True,
            "is_default_tax": tax is reference.STANDARD,
            "is_editable": True,
            "status": "Active",
        }
        for tax in reference.TAXES.values()
    ]


def currencies(company: Company) -> list[Json]:
    """The base currency has no rate: an empty text."""
    return [
        {
            "currency_id": currency_id,
            "currency_code": code,
            "currency_name": f"{code}- {reference.CURRENCY_NAMES[code][0]}",
            "currency_symbol": reference.CURRENCY_NAMES[code][1],
            "price_precision": 2,
            "currency_format": "1,234,567.89",
            "is_base_currency": code == BASE,
            "exchange_rate": "" if code == BASE else shown_rate(company.rate(code, company.today)),
            "effective_date": "" if code == BASE else company.today.isoformat(),
            "auto_exchange_rate_enabled": code != BASE,
        }
        for code, currency_id in reference.CURRENCIES.items()
    ]


def locations() -> list[Json]:
    primary = next(iter(reference.LOCATIONS))
    return [
        {
            "location_id": location_id,
            "location_name": name,
            "type": "general",
            "is_primary": location_id == primary,
            "status": "active",
            "parent_location_id": "",
        }
        for location_id, name in reference.LOCATIONS.items()
    ]


def projects(company: Company) -> list[Json]:
    customers = [one for one in company.contacts.values() if one.kind == "customer"][3:]
    return [
        {
            "project_id": project_id,
            "project_name": name,
            **wire.contact(company, customers[place].contact_id, "customer"),
            "description": "",
            "status": "active",
            "billing_type": "fixed_cost_for_project",
            "rate": "",
            "created_time": wire.stamp(customers[place].created_ms),
            "has_attachment": False,
        }
        for project_id, (name, place) in reference.PROJECTS.items()
    ]


def reporting_tags() -> list[Json]:
    return [
        {
            "tag_id": tag.tag_id,
            "tag_name": tag.name,
            "is_mandatory": False,
            "status": "active",
            "is_active": True,
            "tag_options": [
                {"tag_option_id": option, "tag_option_name": name, "is_active": True, "status": "active"}
                for option, name in tag.options.items()
            ],
        }
        for tag in reference.TAGS
    ]


def opening_balance(company: Company) -> Json:
    """The opening balances: amounts by account, each on its side."""
    doc = next(company.of_kind("opening_balance"))
    return {
        "opening_balance_id": doc.doc_id,
        "date": wire.day_text(doc.day),
        "price_precision": 2,
        "total": number(sum(leg.amount for leg in doc.legs if leg.amount > 0)),
        "accounts": [
            {
                **wire.account(company, leg.account_id),
                "debit_or_credit": "debit" if leg.amount > 0 else "credit",
                "exchange_rate": RATE_ONE // RATE_ONE,
                "currency_id": reference.CURRENCIES[BASE],
                "currency_code": BASE,
                "bcy_amount": number(abs(leg.amount)),
                "amount": number(abs(leg.amount)),
            }
            for leg in doc.legs
        ],
    }


def user(plan: Mapping[str, object]) -> Json:
    return {
        "user_id": "4600000400000000001",
        "name": "Rosa Marlow",
        "email_ids": [{"is_selected": True, "email": "rosa@marlowhome.example"}],
        "status": "active",
        "user_role": "admin",
        **plan,
    }
