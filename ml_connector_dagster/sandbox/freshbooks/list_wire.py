"""Clients, bill vendors, categories, projects, taxes, items and both charts of accounts, as FreshBooks writes them."""

from typing import Any
from uuid import NAMESPACE_OID, uuid5

from ml_connector_dagster.sandbox.freshbooks.chart import DEFAULT_SUB
from ml_connector_dagster.sandbox.freshbooks.company import Company
from ml_connector_dagster.sandbox.freshbooks.records import Account, Category, Client, Project, Vendor
from ml_connector_dagster.sandbox.freshbooks.stamps import eastern, money, naive_utc, project_utc, rfc3339

Json = dict[str, Any]


def client(company: Company, one: Client) -> Json:
    return {
        "id": one.client_id,
        "userid": one.client_id,
        "accounting_systemid": company.account_id,
        "organization": one.organization,
        "fname": one.first_name,
        "lname": one.last_name,
        "email": one.email,
        "currency_code": one.currency,
        "language": "en",
        "p_street": "1 Foundry Row",
        "p_city": "Providence",
        "p_province": "Rhode Island",
        "p_country": "United States",
        "p_code": "02903",
        "s_street": "",
        "s_city": "",
        "vat_name": None,
        "vat_number": None,
        "signup_date": naive_utc(one.created_ms),
        "updated": eastern(one.updated_ms),
        "last_activity": None,
        "role": "client",
        "level": 0,
        "username": f"client{one.client_id}",
        "uuid": str(uuid5(NAMESPACE_OID, f"client:{one.client_id}")),
        "vis_state": one.vis_state,
    } | one.damaged


def vendor(_company: Company, one: Vendor) -> Json:
    """No id field: vendorid is the only one."""
    return {
        "vendorid": one.vendor_id,
        "vendor_name": one.name,
        "account_number": None,
        "currency_code": one.currency,
        "is_1099": False,
        "language": "en",
        "primary_contact_first_name": None,
        "primary_contact_last_name": None,
        "primary_contact_email": None,
        "street": "",
        "city": "",
        "country": "United States",
        "outstanding_balance": [],
        "overdue_balance": [],
        "tax_defaults": [],
        "created_at": naive_utc(one.updated_ms),
        "updated_at": naive_utc(one.updated_ms),
        "vis_state": one.vis_state,
    } | one.damaged


def category(_company: Company, one: Category) -> Json:
    return {
        "id": one.category_id,
        "categoryid": one.category_id,
        "category": one.name,
        "parentid": one.parent_id or None,
        "is_cogs": one.is_cogs,
        "is_editable": True,
        "transaction_posted": True,
        "created_at": eastern(one.updated_ms),
        "updated_at": eastern(one.updated_ms),
        "vis_state": one.vis_state,
    }


def project(company: Company, one: Project) -> Json:
    return {
        "id": one.project_id,
        "title": one.title,
        "client_id": one.client_id,
        "active": not one.complete,
        "complete": one.complete,
        "internal": False,
        "billing_method": "project_rate",
        "project_type": "hourly_rate",
        "fixed_price": None,
        "rate": "150.00",
        "budget": None,
        "created_at": project_utc(one.updated_ms),
        "updated_at": project_utc(one.updated_ms),
        "group_id": one.project_id + 1 if company else None,
    }


def tax(company: Company) -> Json:
    opened = next(iter(company.chart.values())).updated_ms
    return {
        "id": 9_901,
        "taxid": 9_901,
        "accounting_systemid": company.account_id,
        "name": "Sales Tax",
        "number": None,
        "amount": "8.875",
        "compound": False,
        "updated": eastern(opened),
    }


def item(company: Company, place: int, name: str) -> Json:
    opened = next(iter(company.chart.values())).updated_ms
    return {
        "id": 8_801 + place,
        "itemid": 8_801 + place,
        "accounting_systemid": company.account_id,
        "name": name,
        "description": f"{name} work",
        "qty": "1",
        "unit_cost": money(150_00, "USD"),
        "sku": None,
        "tax1": 0,
        "tax2": 0,
        "inventory": None,
        "updated": eastern(opened),
        "vis_state": 0,
    }


def ledger_account(company: Company, one: Account) -> Json:
    """The new chart: uuid, and at most one of jea_id and jesa_id as the bridge to the legacy one."""
    top = not one.parent
    return {
        "uuid": one.uuid,
        "name": one.name,
        "number": one.number,
        "description": None,
        "type": one.type,
        "sub_type": one.sub_type,
        "system_account_name": one.system_name or None,
        "parent_account": one.parent or None,
        "sub_accounts": [below.uuid for below in children(company, one)],
        "auto_created": bool(one.system_name),
        "state": one.state,
        "updated_at": rfc3339(one.updated_ms),
        "category_id": None,
        "jea_id": one.legacy_id if top and one.bridged else None,
        "jesa_id": one.legacy_id if not top and one.bridged else None,
    }


def legacy_account(company: Company, one: Account, currency: str, balances: dict[str, int]) -> Json:
    """The legacy chart: an account with its sub accounts; where it has any, one more takes what is posted to itself."""
    below = children(company, one)
    subs = [_legacy_sub(company, sub, sub.legacy_id, one, balances.get(sub.uuid, 0)) for sub in below]
    if below:
        subs.insert(0, _legacy_sub(company, one, one.legacy_id + DEFAULT_SUB, one, balances.get(one.uuid, 0)))
    whole = balances.get(one.uuid, 0) + sum(balances.get(sub.uuid, 0) for sub in below)
    return {
        "id": one.legacy_id,
        "accountid": one.legacy_id,
        "accounting_systemid": company.account_id,
        "account_name": one.name,
        "account_number": one.number,
        "account_type": one.type,
        "balance": money(whole, currency)["amount"],
        "currency_code": currency,
        "created_at": eastern(one.updated_ms),
        "sub_accounts": subs,
    }


def _legacy_sub(company: Company, one: Account, sub_id: int, parent: Account, cents: int) -> Json:
    return {
        "id": sub_id,
        "sub_accountid": sub_id,
        "accounting_systemid": company.account_id,
        "account_sub_name": one.name,
        "account_sub_number": one.number,
        "parentid": parent.legacy_id,
        "account_type": one.type,
        "balance": money(cents, "USD")["amount"],
        "custom": False,
        "transaction_posted": True,
    }


def children(company: Company, one: Account) -> list[Account]:
    return [below for below in company.chart.values() if below.parent == one.uuid]


def place_of(company: Company, account_uuid: str) -> tuple[Account, Account, int]:
    """The account at the top, the one posted to, and its legacy sub_accountid (0 for none)."""
    one = company.chart[account_uuid]
    if one.parent:
        return company.chart[one.parent], one, one.legacy_id
    return one, one, one.legacy_id + DEFAULT_SUB if children(company, one) else 0
