"""What a company file says of itself: Host, Company and Preferences, which the Web Connector brings with every session."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ml_connector_dagster.errors import RecordRefused, RequestRejected
from ml_connector_dagster.ledger.posting import Company
from ml_connector_dagster.sources.quickbooks_desktop.fields import Record, calendar_date, flag, text
from ml_connector_dagster.sources.quickbooks_desktop.qbxml import parse_untrusted

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_HOME = {"US": "USD", "CA": "CAD", "UK": "GBP", "GB": "GBP", "AU": "AUD"}
"""What a file of a country's edition is kept in where it has one currency alone; it names none then."""
_CODES = {
    "US Dollar": "USD",
    "Canadian Dollar": "CAD",
    "British Pound Sterling": "GBP",
    "Australian Dollar": "AUD",
    "Euro": "EUR",
}


@dataclass(frozen=True, slots=True)
class Facts:
    """A company file, as of its last session."""

    name: str
    base_currency: str
    several_currencies: bool
    first_month: int
    """Of the fiscal year, 1 to 12."""
    closing_on: date | None
    """Nothing on or before this day may be posted without a password; None where no date is set."""
    uses_classes: bool
    uses_account_numbers: bool

    def company(self, company_id: str, time_zone: str) -> Company:
        """Answer the file in the contract's words."""
        return Company(
            company_id=company_id,
            name=self.name,
            base_currency=self.base_currency,
            fiscal_year_end_month=self.first_month - 1 or len(MONTHS),
            time_zone=time_zone,
            lock_on=self.closing_on,
            opened_on=None,
        )


def facts_of(document: bytes) -> Facts:
    """Read what a session began with; whether it is the right file was judged before (``greeting``).

    Args:
        document: The first call's strHCPResponse.

    Raises:
        RequestRejected: Something that figures depend on is missing.
    """
    root = parse_untrusted(document)
    host, company, preferences = (root.find(f".//{name}Ret") for name in ("Host", "Company", "Preferences"))
    if company is None or preferences is None:
        raise _missing("no company or no preferences")
    try:
        return _facts(host, company, preferences)
    except RecordRefused as error:
        raise _missing(error.happened) from error


def currency_code(named: str) -> str:
    """Answer the ISO code of a currency that QuickBooks names in English, or by its code; its own name where it is neither."""
    return _CODES.get(named, named)


def _facts(host: Record | None, company: Record, preferences: Record) -> Facts:
    accounting, currencies = "AccountingPreferences", "MultiCurrencyPreferences"
    month = text(company, "FirstMonthFiscalYear")
    if month not in MONTHS:
        raise _missing(f"the fiscal year's first month {month!r}")
    several = flag(preferences, f"{currencies}/IsMultiCurrencyOn")
    country = text(host, "Country") if host is not None else ""
    named = text(preferences, f"{currencies}/HomeCurrencyRef/FullName")
    home = currency_code(named) if named else _HOME.get(country or "US", "")
    if not home:
        raise _missing(f"the home currency {named!r}, which is not known")
    closing = text(preferences, f"{accounting}/ClosingDate")
    return Facts(
        name=text(company, "CompanyName") or text(company, "LegalCompanyName"),
        base_currency=home,
        several_currencies=several,
        first_month=MONTHS.index(month) + 1,
        closing_on=calendar_date(closing) if closing else None,
        uses_classes=flag(preferences, f"{accounting}/IsUsingClassTracking"),
        uses_account_numbers=flag(preferences, f"{accounting}/IsUsingAccountNumbers"),
    )


def _missing(what: str) -> RequestRejected:
    return RequestRejected(
        f"QuickBooks described the company file with {what}.",
        "Without that no period can be read or tied out.",
        "Look at the company's information and preferences in QuickBooks; if they are right there, report it.",
        endpoint="CompanyQuery",
    )
