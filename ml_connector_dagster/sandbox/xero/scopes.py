"""Granular scopes: which exist, which resource asks for which."""

_READ_WRITE = (
    "accounting.invoices",
    "accounting.payments",
    "accounting.banktransactions",
    "accounting.manualjournals",
    "accounting.settings",
    "accounting.contacts",
    "accounting.attachments",
)
_REPORTS = ("trialbalance", "profitandloss", "balancesheet", "banksummary", "budgetsummary", "executivesummary", "aged")

GRANTABLE = frozenset(
    {
        "offline_access",
        "openid",
        "profile",
        "email",
        "accounting.budgets.read",
        "accounting.journals.read",
        "accounting.reports.taxreports.read",
        *_READ_WRITE,
        *(f"{scope}.read" for scope in _READ_WRITE),
        *(f"accounting.reports.{report}.read" for report in _REPORTS),
    }
)
"""What an app registered after March 2026 may ask for; the broad scopes are not among them."""

SCOPE_OF = {
    "Invoices": "accounting.invoices",
    "CreditNotes": "accounting.invoices",
    "Payments": "accounting.payments",
    "Prepayments": "accounting.payments",
    "Overpayments": "accounting.payments",
    "BankTransactions": "accounting.banktransactions",
    "BankTransfers": "accounting.banktransactions",
    "ManualJournals": "accounting.manualjournals",
    "Accounts": "accounting.settings",
    "Organisation": "accounting.settings",
    "TaxRates": "accounting.settings",
    "Currencies": "accounting.settings",
    "TrackingCategories": "accounting.settings",
    "Contacts": "accounting.contacts",
    "Budgets": "accounting.budgets",
    "Journals": "accounting.journals",
    "Reports/TrialBalance": "accounting.reports.trialbalance",
    "Reports/ProfitAndLoss": "accounting.reports.profitandloss",
    "Reports/BalanceSheet": "accounting.reports.balancesheet",
    "Reports/BankSummary": "accounting.reports.banksummary",
    "Reports/AgedReceivablesByContact": "accounting.reports.aged",
    "Reports/AgedPayablesByContact": "accounting.reports.aged",
}


def allows(granted: frozenset[str], resource: str, *, writing: bool) -> bool:
    """Whether a token with these scopes may touch the resource; the writing scope reads too."""
    scope = SCOPE_OF[resource]
    return scope in granted or (not writing and f"{scope}.read" in granted)
