"""How control requests name things: a tenant by uk or ie or its id, a document by its id, an account by code or id."""

from collections.abc import Mapping
from typing import Any

from ml_connector_dagster.sandbox.books.records import Document
from ml_connector_dagster.sandbox.books.scribe import PROFILES_BY_KEY
from ml_connector_dagster.sandbox.xero.cloud import XeroCloud
from ml_connector_dagster.sandbox.xero.tenant import Tenant


def account_id(tenant: Tenant, code_or_id: str) -> str:
    """The account with this code, system name or id; KeyError otherwise."""
    for account in tenant.company.accounts.values():
        if code_or_id in {account.account_id, account.system} or (account.code and account.code == code_or_id):
            return account.account_id
    raise KeyError(code_or_id)


def tenant_named(cloud: XeroCloud, body: Mapping[str, Any]) -> Tenant:
    named = str(body.get("tenant", "uk"))
    profile = PROFILES_BY_KEY.get(named.lower())
    tenant = cloud.tenant(profile.tenant_id if profile else named)
    tenant.open_ledger()
    return tenant


def document_named(cloud: XeroCloud, body: Mapping[str, Any]) -> tuple[Tenant, Document]:
    tenant = tenant_named(cloud, body)
    document = tenant.find(str(body["document"]))
    if not isinstance(document, Document):
        raise TypeError("No document with lines has this id.")
    return tenant, document
