"""Which requests QuickBooks can parse: the order of their elements, and what a text may be. All else is 0x80040400.

The real one parses by Intuit's schema and says no more than that. Shapes here are written as the reference page writes
them (4.5, 4.7, 4.8): "?" may be missing, "+" once or more, "*" any number, "|" one of them.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date

from lxml import etree

from ml_connector_dagster.sandbox.quickbooks_desktop.words import WORDS

_TAIL = "IncludeRetElement* OwnerID*"
_TXN_FILTER = (
    "MaxReturned? (ModifiedDateRangeFilter|TxnDateRangeFilter)? EntityFilter? AccountFilter? "
    "(RefNumberFilter|RefNumberRangeFilter)? CurrencyFilter?"
)
_BY_NUMBER = "TxnID+|RefNumber+|RefNumberCaseSensitive+"
_TXN_QUERY = f"({_BY_NUMBER}|{_TXN_FILTER}) IncludeLineItems? {_TAIL}"
_LINKED_QUERY = f"({_BY_NUMBER}|{_TXN_FILTER}) IncludeLineItems? IncludeLinkedTxns? {_TAIL}"
_PAID_QUERY = f"({_BY_NUMBER}|{_TXN_FILTER} PaidStatus?) IncludeLineItems? IncludeLinkedTxns? {_TAIL}"
_LIST_FILTER = "MaxReturned? ActiveStatus? FromModifiedDate? ToModifiedDate? (NameFilter|NameRangeFilter)?"
_PARTY_QUERY = (
    f"(ListID+|FullName+|{_LIST_FILTER} TotalBalanceFilter? CurrencyFilter? ClassFilter?) IncludeRetElement* OwnerID*"
)
_CHOSEN = "ListID+|FullName+|ListIDWithChildren|FullNameWithChildren"
_REPORT_FILTER = (
    "DisplayReport? (ReportPeriod|ReportDateMacro)? ReportAccountFilter? ReportEntityFilter? ReportItemFilter? "
    "ReportClassFilter? ReportTxnTypeFilter? (ReportModifiedDateRangeFilter|ReportModifiedDateRangeMacro)? "
    "ReportDetailLevelFilter? ReportPostingStatusFilter?"
)
_SUMMARY = "ReportCalendar? ReturnRows? ReturnColumns? ReportBasis?"
_JOURNAL_LINE = "TxnLineID? AccountRef? Amount? TaxAmount? Memo? EntityRef? ClassRef? ItemSalesTaxRef? BillableStatus?"
_JOURNAL_TEXT = "TxnDate? RefNumber? Memo? IsAdjustment?"

SHAPES: Mapping[str, str] = {
    "HostQueryRq": "IncludeListMetaData? IncludeRetElement*",
    "CompanyQueryRq": _TAIL,
    "PreferencesQueryRq": "IncludeRetElement*",
    "AccountQueryRq": f"(ListID+|FullName+|{_LIST_FILTER} AccountType* CurrencyFilter?) {_TAIL}",
    "ClassQueryRq": f"(ListID+|FullName+|{_LIST_FILTER}) IncludeRetElement*",
    "CustomerQueryRq": _PARTY_QUERY,
    "VendorQueryRq": _PARTY_QUERY,
    "InvoiceQueryRq": _PAID_QUERY,
    "BillQueryRq": _PAID_QUERY,
    "ReceivePaymentQueryRq": _TXN_QUERY,
    "BillPaymentCheckQueryRq": _TXN_QUERY,
    "JournalEntryQueryRq": _TXN_QUERY,
    "CheckQueryRq": _LINKED_QUERY,
    "DepositQueryRq": (
        "(TxnID+|MaxReturned? (ModifiedDateRangeFilter|TxnDateRangeFilter)? EntityFilter? AccountFilter? CurrencyFilter?)"
        f" IncludeLineItems? {_TAIL}"
    ),
    "TransactionQueryRq": (
        "(TxnID+|MaxReturned? (RefNumber|RefNumberCaseSensitive|RefNumberFilter|RefNumberRangeFilter)? "
        "TransactionModifiedDateRangeFilter? TransactionDateRangeFilter? TransactionEntityFilter? "
        "TransactionAccountFilter? TransactionItemFilter? TransactionClassFilter? TransactionTypeFilter? "
        "TransactionDetailLevelFilter? TransactionPostingStatusFilter? TransactionPaidStatusFilter? CurrencyFilter?) "
        "IncludeRetElement*"
    ),
    "TxnDeletedQueryRq": "TxnDelType+ DeletedDateRangeFilter? IncludeRetElement*",
    "ListDeletedQueryRq": "ListDelType+ DeletedDateRangeFilter? IncludeRetElement*",
    "GeneralSummaryReportQueryRq": (
        f"GeneralSummaryReportType {_REPORT_FILTER} SummarizeColumnsBy? IncludeSubcolumns? {_SUMMARY}"
    ),
    "CustomSummaryReportQueryRq": (
        f"CustomSummaryReportType {_REPORT_FILTER} SummarizeColumnsBy SummarizeRowsBy IncludeSubcolumns? {_SUMMARY}"
    ),
    "CustomDetailReportQueryRq": (
        f"CustomDetailReportType {_REPORT_FILTER} SummarizeRowsBy IncludeColumn+ IncludeAccounts? "
        "ReportOpenBalanceAsOf? ReportBasis?"
    ),
    "JournalEntryAddRq": "JournalEntryAdd IncludeRetElement*",
    "JournalEntryModRq": "JournalEntryMod IncludeRetElement*",
    "TxnVoidRq": "TxnVoidType TxnID",
    "TxnDelRq": "TxnDelType TxnID",
    "JournalEntryAdd": (
        f"{_JOURNAL_TEXT} (IsHomeCurrencyAdjustment|IsAmountsEnteredInHomeCurrency? CurrencyRef? ExchangeRate?) "
        "ExternalGUID? (JournalDebitLine|JournalCreditLine)+"
    ),
    "JournalEntryMod": (
        "TxnID EditSequence TxnDate? RefNumber? IsAdjustment? IsAmountsEnteredInHomeCurrency? CurrencyRef? ExchangeRate? "
        "JournalLineMod*"
    ),
    "JournalDebitLine": _JOURNAL_LINE,
    "JournalCreditLine": _JOURNAL_LINE,
    "JournalLineMod": (
        "TxnLineID JournalLineType? AccountRef? Amount? TaxAmount? Memo? EntityRef? ClassRef? ItemSalesTaxRef? "
        "BillableStatus?"
    ),
    "ModifiedDateRangeFilter": "FromModifiedDate? ToModifiedDate?",
    "TransactionModifiedDateRangeFilter": "(FromModifiedDate? ToModifiedDate?|DateMacro)",
    "TxnDateRangeFilter": "(FromTxnDate? ToTxnDate?|DateMacro)",
    "TransactionDateRangeFilter": "(FromTxnDate? ToTxnDate?|DateMacro)",
    "DeletedDateRangeFilter": "FromDeletedDate? ToDeletedDate?",
    "ReportPeriod": "FromReportDate? ToReportDate?",
    "ReportModifiedDateRangeFilter": "FromReportModifiedDate? ToReportModifiedDate?",
    "RefNumberFilter": "MatchCriterion RefNumber",
    "RefNumberRangeFilter": "FromRefNumber? ToRefNumber?",
    "NameFilter": "MatchCriterion Name",
    "NameRangeFilter": "FromName? ToName?",
    "TotalBalanceFilter": "Operator Amount",
    "EntityFilter": f"({_CHOSEN})",
    "AccountFilter": f"({_CHOSEN})",
    "ClassFilter": f"({_CHOSEN})",
    "CurrencyFilter": "(ListID+|FullName+)",
    "TransactionEntityFilter": f"(EntityTypeFilter|{_CHOSEN})",
    "TransactionAccountFilter": f"(AccountTypeFilter|{_CHOSEN})",
    "TransactionClassFilter": f"({_CHOSEN})",
    "TransactionTypeFilter": "TxnTypeFilter+",
    "ReportAccountFilter": f"(AccountTypeFilter|{_CHOSEN})",
    "ReportEntityFilter": f"(EntityTypeFilter|{_CHOSEN})",
    "ReportClassFilter": f"({_CHOSEN})",
    "ReportTxnTypeFilter": "TxnTypeFilter+",
    **dict.fromkeys(("AccountRef", "EntityRef", "ClassRef", "CurrencyRef", "ItemSalesTaxRef"), "ListID? FullName?"),
}
_PATTERNS = {
    name: re.compile(re.sub(r"\w+", lambda found: f"(?:<{found[0]}>)", shape).replace(" ", ""))
    for name, shape in SHAPES.items()
}
_ITERATED = re.compile(
    r"(Customer|Vendor|Invoice|Bill|ReceivePayment|BillPaymentCheck|Check|Deposit|JournalEntry|Transaction)QueryRq"
)


def _matching(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern)
    return lambda text: compiled.fullmatch(text) is not None


def _at_most(length: int) -> Callable[[str], bool]:
    return lambda text: len(text) <= length


def _day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return text == ""
    return len(text) == len("2026-11-30")


_AMOUNT = _matching(r"([+-]?[0-9]{1,13}(\.[0-9]{2})?)?")
_STAMP = _matching(r"(\d{4}-\d{1,2}-\d{1,2}(T\d{1,2}(:\d{1,2}(:\d{1,2}([+-]\d{1,2}:\d{1,2})?)?)?)?)?")
_FLAG = _matching("true|false|1|0|")
TEXTS: Mapping[str, Callable[[str], bool]] = {
    **{name: _matching(words) for name, words in WORDS.items()},
    **dict.fromkeys(("Amount", "TaxAmount"), _AMOUNT),
    **dict.fromkeys(("TxnDate", "FromTxnDate", "ToTxnDate", "FromReportDate", "ToReportDate"), _day),
    **dict.fromkeys(
        (f"{end}{of}Date" for end in ("From", "To") for of in ("Modified", "Deleted", "ReportModified")),
        _STAMP,
    ),
    **dict.fromkeys(
        ("IncludeLineItems", "IncludeLinkedTxns", "IsAdjustment", "DisplayReport", "IncludeSubcolumns"), _FLAG
    ),
    **dict.fromkeys(("TxnID", "TxnLineID", "ListID"), _at_most(36)),
    "MaxReturned": _matching(r"\s*[+-]?\d+\s*"),
    **dict.fromkeys(
        ("ExternalGUID", "OwnerID"), _matching(r"0|\{[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\}")
    ),
    "EditSequence": _at_most(16),
    "Memo": _at_most(4095),
    "FullName": _at_most(209),
}
_NUMBER_LENGTH = {"JournalEntryAdd": 11, "JournalEntryMod": 11}


def faults(request: etree._Element) -> Iterator[str]:
    """Why one request cannot be parsed; nothing where it can."""
    if not str(request.tag).endswith("Rq"):
        yield f"{request.tag} is no request"
        return
    allowed = {"requestID", "metaData"} | ({"iterator", "iteratorID"} if _ITERATED.fullmatch(request.tag) else set())
    yield from (f"{request.tag} has no attribute {name!s}" for name in request.attrib if name not in allowed)
    if request.get("iterator") not in {None, "Start", "Continue", "Stop"}:
        yield "there are only Start, Continue and Stop to iterate with"
    yield from _inside(request)


def _inside(element: etree._Element) -> Iterator[str]:
    tag = str(element.tag)
    pattern = _PATTERNS.get(tag)
    if pattern is None:
        yield from _text(element)
        return
    children = [child for child in element if isinstance(child.tag, str)]
    if pattern.fullmatch("".join(f"<{child.tag}>" for child in children)) is None:
        yield f"{tag} cannot hold {' '.join(str(child.tag) for child in children) or 'nothing'}"
        return
    for child in children:
        yield from _inside(child)


def _text(element: etree._Element) -> Iterator[str]:
    tag, text = str(element.tag), element.text or ""
    parent = element.getparent()
    holder = str(parent.tag) if parent is not None else ""
    if len(element):
        yield f"{tag} holds elements"
    elif tag == "RefNumber" and len(text) > _NUMBER_LENGTH.get(holder, 4095):
        yield f"RefNumber is longer than {_NUMBER_LENGTH[holder]}"
    elif tag == "FullName" and holder in {"AccountRef", "ClassRef"} and len(text) > 159:
        yield f"FullName of {holder} is longer than 159"
    elif tag in TEXTS and not TEXTS[tag](text):
        yield f"{tag} cannot be {text[:60]!r}"
    elif tag not in TEXTS and tag.endswith("Rq"):
        yield f"{tag} is no request that this QuickBooks knows"
