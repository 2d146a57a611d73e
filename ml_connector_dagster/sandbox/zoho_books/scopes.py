"""Zoho's scopes: ZohoBooks.<module>.<action>, separated by commas when asked for."""

from collections.abc import Collection

MODULES = frozenset(
    {
        "contacts",
        "settings",
        "estimates",
        "invoices",
        "customerpayments",
        "creditnotes",
        "projects",
        "expenses",
        "salesorders",
        "purchaseorders",
        "bills",
        "debitnotes",
        "vendorpayments",
        "banking",
        "accountants",
        "reports",
    }
)
ACTIONS = frozenset({"CREATE", "READ", "UPDATE", "DELETE", "ALL"})
EVERYTHING = "ZohoBooks.fullaccess.all"
_ACTION = {"GET": "READ", "POST": "CREATE", "PUT": "UPDATE", "DELETE": "DELETE"}


def is_known(scope: str) -> bool:
    """Whether a scope exists."""
    service, _, rest = scope.partition(".")
    module, _, action = rest.partition(".")
    return scope == EVERYTHING or (service == "ZohoBooks" and module in MODULES and action in ACTIONS)


def allows(granted: Collection[str], module: str, method: str) -> bool:
    """Whether one of the granted scopes lets a request of this method reach the module."""
    action = _ACTION.get(method, method)
    return bool({EVERYTHING, f"ZohoBooks.{module}.ALL", f"ZohoBooks.{module}.{action}"} & set(granted))
