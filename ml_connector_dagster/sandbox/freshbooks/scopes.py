"""Which scopes exist, and which one each list needs."""

_OBJECTS = (
    *("bill_payments", "bill_vendors", "billable_items", "bills", "business", "clients", "credit_notes", "estimates"),
    *("expenses", "invoices", "journal_entries", "online_payments", "other_income", "payments", "projects"),
    *("retainers", "taxes", "teams", "time_entries"),
)
_READ_ONLY = ("profile", "notifications", "reports")
GRANTABLE = frozenset(
    [f"user:{one}:{verb}" for one in _OBJECTS for verb in ("read", "write")]
    + [f"user:{one}:read" for one in _READ_ONLY]
)
"""Asking for the :write of a read-only object makes the whole consent fail."""
NEEDED = {
    "invoices": "invoices",
    "payments": "payments",
    "expenses": "expenses",
    "categories": "expenses",
    "bills": "bills",
    "bill_payments": "bill_payments",
    "bill_vendors": "bill_vendors",
    "clients": "clients",
    "credit_notes": "credit_notes",
    "other_income": "other_income",
    "taxes": "taxes",
    "items": "billable_items",
    "journal_entry_accounts": "journal_entries",
    "journal_entry_details": "journal_entries",
    "ledger_accounts": "journal_entries",
    "reports": "reports",
    "projects": "projects",
    "profile": "profile",
}
"""The object whose scope opens each resource; for ledger accounts it is inferred, nobody has verified it."""


def scope_for(resource: str, *, writing: bool) -> str:
    return f"user:{NEEDED[resource]}:{'write' if writing else 'read'}"
