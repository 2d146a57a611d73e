"""HostQuery, CompanyQuery, PreferencesQuery: what the Web Connector sends along with the first call of a session."""

from collections.abc import Sequence

from lxml import etree

from ml_connector_dagster.sandbox.quickbooks_desktop.answer import Answer, Child, element, kept_children
from ml_connector_dagster.sandbox.quickbooks_desktop.company import NAME, Company
from ml_connector_dagster.sandbox.quickbooks_desktop.filters import wanted_elements
from ml_connector_dagster.sandbox.quickbooks_desktop.request import texts

_VERSIONS = (
    "1.0",
    "1.1",
    "2.0",
    "2.1",
    "3.0",
    "4.0",
    "5.0",
    "6.0",
    "7.0",
    "8.0",
    "9.0",
    "10.0",
    "11.0",
    "12.0",
    "13.0",
)
LOCK = "LOCKED:OFFICE-PC:639000000000000000"
"""The Web Connector's own lock on the file, which it leaves beside the FileID."""
_NEWER = ("14.0", "15.0", "16.0", "17.0")


def host_query(company: Company, request: etree._Element) -> Answer:
    """The program: its versions, and whether others may have the file open too."""
    newest = float(company.preferences.qbxml_max)
    versions = [version for version in (*_VERSIONS, *_NEWER) if float(version) <= newest]
    return _one(
        request,
        "Host",
        [
            ("ProductName", "QuickBooks Enterprise Solutions 23.0"),
            ("MajorVersion", "33"),
            ("MinorVersion", "0"),
            ("Country", "US"),
            *(("SupportedQBXMLVersion", version) for version in ("CA2.0", "UK2.0", *versions)),
            ("IsAutomaticLogin", False),
            ("QBFileMode", company.preferences.file_mode),
        ],
    )


def company_query(company: Company, request: etree._Element) -> Answer:
    """The company; what applications wrote into the file only for the OwnerIDs that were named."""
    owners = texts(request, "OwnerID")
    stamped = {owner.casefold(): found for owner, found in company.stamps.items()}
    extensions = [
        _private(owner, name, value)
        for owner in owners
        if owner.casefold() in stamped
        for name, value in (("AppLock", LOCK), ("FileID", stamped[owner.casefold()]))
    ]
    return _one(
        request,
        "Company",
        [
            ("IsSampleCompany", False),
            ("CompanyName", NAME),
            ("LegalCompanyName", NAME),
            ("FirstMonthFiscalYear", _MONTHS[company.preferences.fiscal_month - 1]),
            ("FirstMonthIncomeTaxYear", "January"),
            ("CompanyType", "Wholesale Distribution and Sales"),
            *extensions,
        ],
    )


def _private(owner: str, name: str, value: str) -> Child:
    """Private data of an application."""
    named = [("OwnerID", owner), ("DataExtName", name), ("DataExtType", "STR255TYPE"), ("DataExtValue", value)]
    return "DataExtRet", named


def preferences_query(company: Company, request: etree._Element) -> Answer:
    """The company's settings, as far as anybody reads them."""
    chosen = company.preferences
    return _one(
        request,
        "Preferences",
        [
            (
                "AccountingPreferences",
                [
                    ("IsUsingAccountNumbers", chosen.account_numbers),
                    ("IsRequiringAccounts", True),
                    ("IsUsingClassTracking", chosen.class_tracking),
                    ("IsUsingAuditTrail", True),
                    ("IsAssigningJournalEntryNumbers", chosen.journal_numbers),
                    ("ClosingDate", chosen.closing_date),
                ],
            ),
            ("MultiCurrencyPreferences", [("IsMultiCurrencyOn", False)]),
            ("ReportsPreferences", [("AgingReportBasis", "AgeFromDueDate"), ("SummaryReportBasis", "Accrual")]),
        ],
    )


_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def _one(request: etree._Element, name: str, children: Sequence[Child]) -> Answer:
    body = element(f"{name}Ret", list(kept_children(children, wanted_elements(request))))
    return Answer(f"{name}QueryRs", request.get("requestID"), body=body, rows=1)
