"""What is read from QuickBooks, one request each: its name, its arguments, and the qbXML that asks for it.

Arguments are plain JSON, since the queue keeps them: days as ``2026-10-31``; local times without a zone as
``2026-10-31T07:50:00`` (the workstation's own clock; QuickBooks writes a wrong offset in summer, so none is ever sent).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.sources.quickbooks_desktop.entities import DOCUMENTS_A_PAGE, NAMES_A_PAGE
from ml_connector_dagster.sources.quickbooks_desktop.qbxml import Fields, Value, message

DETAIL_COLUMNS = ["TxnID", "TxnType", "Date", "Account", "Class", "Name", "Debit", "Credit"]
Arguments = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PageAsk:
    """One page of an iterator: QuickBooks keeps the place under ``iterator_id`` until the session ends."""

    size: int
    iterator_id: str = ""
    """Empty for the first page."""


@dataclass(frozen=True, slots=True)
class Read:
    """One kind of question."""

    request: str
    """Element: ``InvoiceQueryRq``."""
    fields: Callable[[Arguments], dict[str, Value]]
    page_size: int = 0
    """Records a page, at most; 0 where QuickBooks knows no iterator for it and answers everything at once."""
    by_days: bool = False
    """True where ``from`` and ``to`` may be cut into shorter spans whose answers together say the same."""


def read_request(name: str, arguments: Arguments, *, request_id: str, page: PageAsk | None) -> bytes:
    """Answer the qbXML that asks for something, version 13.0.

    Args:
        name: A key of ``READS``.
        arguments: As said there.
        request_id: The operation's; it comes back with the answer.
        page: Which page of it; None for everything at once.

    Raises:
        SettingWrong: The name is unknown, or an argument cannot be written.
    """
    read = read_named(name)
    fields, attributes = read.fields(arguments), {}
    if page is not None and is_paged(name, arguments):
        fields["MaxReturned"] = page.size
        attributes["iterator"] = "Continue" if page.iterator_id else "Start"
        attributes["iteratorID"] = page.iterator_id
    return message(read.request, fields, request_id=request_id, attributes=attributes)


def read_named(name: str) -> Read:
    """Answer a kind of question by its name.

    Raises:
        SettingWrong: There is none.
    """
    if name in READS:
        return READS[name]
    raise SettingWrong(
        f"QuickBooks Desktop is not asked for {name!r}.",
        "Nothing can be sent for it.",
        f"Use one of: {', '.join(READS)}.",
    )


def is_paged(name: str, arguments: Arguments) -> bool:
    """Answer whether the answer comes in pages: records that are asked for by id come at once."""
    return bool(read_named(name).page_size) and not arguments.get("ids")


def _documents(arguments: Arguments) -> dict[str, Value]:
    """Of days (from, to), or by id (ids), with their lines; those changed since ``modified_from`` by id and day alone."""
    if arguments.get("ids"):
        return {"TxnID": list(arguments["ids"]), "IncludeLineItems": True}
    if arguments.get("modified_from"):
        since = {"FromModifiedDate": arguments["modified_from"]}
        return {"ModifiedDateRangeFilter": since, "IncludeRetElement": ["TxnID", "TimeModified", "TxnDate"]}
    days: Fields = {"FromTxnDate": arguments["from"], "ToTxnDate": arguments["to"]}
    return {"TxnDateRangeFilter": days, "IncludeLineItems": True}


def _names(elements: Sequence[str]) -> Callable[[Arguments], dict[str, Value]]:
    """Of a list, inactive ones included; ``modified_from`` for those alone that changed since."""

    def fields(arguments: Arguments) -> dict[str, Value]:
        asked: dict[str, Value] = {"ActiveStatus": "All", "IncludeRetElement": list(elements)}
        return {**asked, **_given("FromModifiedDate", arguments, "modified_from")}

    return fields


def _deleted(element: str) -> Callable[[Arguments], dict[str, Value]]:
    """Of these types; ``deleted_from`` for those alone that went since. QuickBooks looks 90 days back."""

    def fields(arguments: Arguments) -> dict[str, Value]:
        since = _given("FromDeletedDate", arguments, "deleted_from")
        return {element: list(arguments["types"]), **({"DeletedDateRangeFilter": since} if since else {})}

    return fields


def _changed(arguments: Arguments) -> dict[str, Value]:
    """Every transaction, of whatever type, that was changed since ``modified_from``: one row each."""
    return {
        "TransactionModifiedDateRangeFilter": {"FromModifiedDate": arguments["modified_from"]},
        "TransactionDetailLevelFilter": "SummaryOnly",
        "TransactionPostingStatusFilter": "Either",
    }


def _detail(arguments: Arguments) -> dict[str, Value]:
    """Every posting of the days; the class column is left out ``without_classes``: a file that tracks none has none."""
    without = {"Class"} if arguments.get("without_classes") else set()
    return {
        "CustomDetailReportType": "CustomTxnDetail",
        "DisplayReport": False,
        "ReportPeriod": _report_period(arguments),
        "ReportDetailLevelFilter": "All",
        "ReportPostingStatusFilter": "Posting",
        "SummarizeRowsBy": "TotalOnly",
        "IncludeColumn": [name for name in DETAIL_COLUMNS if name not in without],
        "ReportBasis": "Accrual",
    }


def _class_summary(arguments: Arguments) -> dict[str, Value]:
    """What each account moved by class in the days: one figure for all their postings.

    All columns and rows are asked for: a class whose postings cancel out would be left out of those that are not zero.
    """
    return {
        "CustomSummaryReportType": "CustomSummary",
        "DisplayReport": False,
        "ReportPeriod": _report_period(arguments),
        "ReportPostingStatusFilter": "Posting",
        "SummarizeColumnsBy": "Class",
        "SummarizeRowsBy": "Account",
        "ReturnRows": "All",
        "ReturnColumns": "All",
        "ReportBasis": "Accrual",
    }


def _trial_balance(arguments: Arguments) -> dict[str, Value]:
    """Balances as of ``to``; ``from`` is the fiscal year's first day, so that both readings of it agree."""
    return {
        "GeneralSummaryReportType": "TrialBalance",
        "DisplayReport": False,
        "ReportPeriod": _report_period(arguments),
        "ReturnRows": "All",
        "ReportBasis": "Accrual",
    }


def _report_period(arguments: Arguments) -> Fields:
    return {"FromReportDate": arguments["from"], "ToReportDate": arguments["to"]}


def _given(element: str, arguments: Arguments, name: str) -> dict[str, Value]:
    return {element: arguments[name]} if arguments.get(name) else {}


def _nothing(arguments: Arguments) -> dict[str, Value]:
    del arguments
    return {}


def _company(arguments: Arguments) -> dict[str, Value]:
    """The company file; ``owner`` adds what the Web Connector stamped into it for an application: {GUID}."""
    return _given("OwnerID", arguments, "owner")


_KNOWN_BY = ("ListID", "TimeModified", "FullName", "Name", "IsActive", "ParentRef")
READS: Mapping[str, Read] = {
    "company": Read("CompanyQueryRq", _company),
    "preferences": Read("PreferencesQueryRq", _nothing),
    "ledger_accounts": Read(
        "AccountQueryRq",
        _names((*_KNOWN_BY, "AccountType", "SpecialAccountType", "AccountNumber", "CurrencyRef")),
    ),
    "classes": Read("ClassQueryRq", _names(_KNOWN_BY)),
    "customers": Read("CustomerQueryRq", _names((*_KNOWN_BY, "AccountNumber")), NAMES_A_PAGE),
    "vendors": Read("VendorQueryRq", _names((*_KNOWN_BY, "AccountNumber")), NAMES_A_PAGE),
    "invoices": Read("InvoiceQueryRq", _documents, DOCUMENTS_A_PAGE, by_days=True),
    "bills": Read("BillQueryRq", _documents, DOCUMENTS_A_PAGE, by_days=True),
    "payments": Read("ReceivePaymentQueryRq", _documents, DOCUMENTS_A_PAGE, by_days=True),
    "bill_payments": Read("BillPaymentCheckQueryRq", _documents, DOCUMENTS_A_PAGE, by_days=True),
    "journal_entries": Read("JournalEntryQueryRq", _documents, DOCUMENTS_A_PAGE, by_days=True),
    "checks": Read("CheckQueryRq", _documents, DOCUMENTS_A_PAGE, by_days=True),
    "deposits": Read("DepositQueryRq", _documents, DOCUMENTS_A_PAGE, by_days=True),
    "changed_transactions": Read("TransactionQueryRq", _changed, NAMES_A_PAGE),
    "deleted_transactions": Read("TxnDeletedQueryRq", _deleted("TxnDelType")),
    "deleted_lists": Read("ListDeletedQueryRq", _deleted("ListDelType")),
    "ledger_lines": Read("CustomDetailReportQueryRq", _detail, by_days=True),
    "class_summary": Read("CustomSummaryReportQueryRq", _class_summary),
    "trial_balance": Read("GeneralSummaryReportQueryRq", _trial_balance),
}
"""Every question, by its name; those of an entity bear the entity's."""
