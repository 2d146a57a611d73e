"""qbXML, written in the order that QuickBooks insists on and read as what it is: a document from outside.

Every sequence of qbXML is ordered, and a wrong order is refused with 0x80040400 and no hint; so a request is given as a mapping
and written by the table ``ORDER``. QuickBooks stores Windows-1252: what has no place there is spelt out or replaced, and what is
sent is ASCII with character references, so that no encoding on the way can spoil it. We emit version 13.0.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeAlias
from xml.sax.saxutils import escape, quoteattr

from lxml import etree

from ml_connector_dagster.errors import RequestRejected, SettingWrong
from ml_connector_dagster.ledger.money import CENT

VERSION = "13.0"
"""Emitted in every message; a host that takes less is refused before anything is asked."""
MOST_BYTES = 64 * 1024 * 1024
MOST_DEPTH = 64
"""Levels of a document; qbXML and SOAP need fewer than twenty."""
Scalar: TypeAlias = str | bool | int | Decimal | date | datetime
Value: TypeAlias = "Scalar | Fields | Sequence[str] | Sequence[Fields]"
Fields: TypeAlias = "Mapping[str, Value]"

_REF = "ListID FullName"
_TRANSACTIONS = (
    "TxnID RefNumber RefNumberCaseSensitive MaxReturned ModifiedDateRangeFilter TxnDateRangeFilter EntityFilter AccountFilter "
    "RefNumberFilter RefNumberRangeFilter CurrencyFilter PaidStatus IncludeLineItems IncludeLinkedTxns IncludeRetElement OwnerID"
)
_LIST = (
    "ListID FullName MaxReturned ActiveStatus FromModifiedDate ToModifiedDate NameFilter NameRangeFilter AccountType "
    "TotalBalanceFilter CurrencyFilter ClassFilter IncludeRetElement OwnerID"
)
_REPORT = (
    "DisplayReport ReportPeriod ReportDateMacro ReportAccountFilter ReportEntityFilter ReportItemFilter ReportClassFilter "
    "ReportTxnTypeFilter ReportModifiedDateRangeFilter ReportDetailLevelFilter ReportPostingStatusFilter SummarizeColumnsBy "
    "SummarizeRowsBy IncludeSubcolumns ReportCalendar ReturnRows ReturnColumns IncludeColumn IncludeAccounts "
    "ReportOpenBalanceAsOf ReportBasis"
)
_JOURNAL_LINE = "TxnLineID JournalLineType AccountRef Amount Memo EntityRef ClassRef BillableStatus"
ORDER: Mapping[str, tuple[str, ...]] = {
    name: tuple(children.split())
    for name, children in {
        "HostQueryRq": "IncludeListMetaData IncludeRetElement",
        "CompanyQueryRq": "IncludeRetElement OwnerID",
        "PreferencesQueryRq": "IncludeRetElement",
        "AccountQueryRq": _LIST,
        "ClassQueryRq": _LIST,
        "CustomerQueryRq": _LIST,
        "VendorQueryRq": _LIST,
        "InvoiceQueryRq": _TRANSACTIONS,
        "BillQueryRq": _TRANSACTIONS,
        "ReceivePaymentQueryRq": _TRANSACTIONS,
        "BillPaymentCheckQueryRq": _TRANSACTIONS,
        "JournalEntryQueryRq": _TRANSACTIONS,
        "CheckQueryRq": _TRANSACTIONS,
        "DepositQueryRq": _TRANSACTIONS,
        "TransactionQueryRq": (
            "TxnID MaxReturned RefNumber RefNumberCaseSensitive TransactionModifiedDateRangeFilter "
            "TransactionDateRangeFilter TransactionTypeFilter TransactionDetailLevelFilter "
            "TransactionPostingStatusFilter TransactionPaidStatusFilter IncludeRetElement"
        ),
        "TxnDeletedQueryRq": "TxnDelType DeletedDateRangeFilter IncludeRetElement",
        "ListDeletedQueryRq": "ListDelType DeletedDateRangeFilter IncludeRetElement",
        "GeneralSummaryReportQueryRq": f"GeneralSummaryReportType {_REPORT}",
        "CustomSummaryReportQueryRq": f"CustomSummaryReportType {_REPORT}",
        "CustomDetailReportQueryRq": f"CustomDetailReportType {_REPORT}",
        "ModifiedDateRangeFilter": "FromModifiedDate ToModifiedDate",
        "TransactionModifiedDateRangeFilter": "FromModifiedDate ToModifiedDate",
        "TxnDateRangeFilter": "FromTxnDate ToTxnDate",
        "DeletedDateRangeFilter": "FromDeletedDate ToDeletedDate",
        "ReportPeriod": "FromReportDate ToReportDate",
        "AccountRef": _REF,
        "ClassRef": _REF,
        "EntityRef": _REF,
        "JournalEntryAddRq": "JournalEntryAdd IncludeRetElement",
        "JournalEntryAdd": "TxnDate RefNumber IsAdjustment ExternalGUID JournalDebitLine JournalCreditLine",
        "JournalDebitLine": _JOURNAL_LINE,
        "JournalCreditLine": _JOURNAL_LINE,
        "JournalEntryModRq": "JournalEntryMod IncludeRetElement",
        "JournalEntryMod": "TxnID EditSequence TxnDate RefNumber IsAdjustment JournalLineMod",
        "JournalLineMod": _JOURNAL_LINE,
        "TxnVoidRq": "TxnVoidType TxnID",
    }.items()
}
"""Children of every element that we emit, in the order of Intuit's schema."""
LONGEST: Mapping[str, int] = {
    "RefNumber": 11,
    "RefNumberCaseSensitive": 11,
    "Memo": 4095,
    "FullName": 159,
    "ListID": 36,
    "TxnID": 36,
    "TxnLineID": 36,
    "EditSequence": 16,
    "OwnerID": 38,
    "ExternalGUID": 38,
}
"""The most characters of an element; the shortest of its places, since names and numbers of all types pass here."""
MOST_REQUEST_ID = 50
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")
_DECLARATION = re.compile(r"^\ufeff?\s*<\?xml[^>]*\?>")
_DOCTYPE = b"<!DOCTYPE"
_TOO_DEEP = etree.XPath("boolean(" + "/*" * (MOST_DEPTH + 1) + ")")
_SPELT = {"Ł": "L", "ł": "l", "Đ": "D", "đ": "d", "ħ": "h", "ı": "i", "−": "-", "‐": "-", "‑": "-", "\u202f": " "}  # noqa: RUF001


def message(
    request: str,
    fields: Fields,
    *,
    request_id: str,
    attributes: Mapping[str, str] | None = None,
    set_attributes: Mapping[str, str] | None = None,
) -> bytes:
    """Answer one request as a whole qbXML document, ASCII.

    Args:
        request: Its element: ``InvoiceQueryRq``.
        fields: Its children in any order; a sequence repeats the element, an empty one leaves it out.
        request_id: Comes back with the answer; at most 50 characters.
        attributes: Of the request besides: iterator, iteratorID.
        set_attributes: Of the message set besides ``onError``: newMessageSetID, oldMessageSetID.

    Raises:
        SettingWrong: An element is unknown in its place, a text too long, or an amount no amount of cents.
    """
    whole = _attributes({**(set_attributes or {}), "onError": "stopOnError"})
    return _document(whole, _request(request, fields, request_id, attributes or {}))


def questions(asked: Mapping[str, tuple[str, Fields]]) -> bytes:
    """Answer several queries as one document, each answered whatever becomes of the others; never a write among them.

    Args:
        asked: Request id to request and fields, as in ``message``.

    Raises:
        SettingWrong: As ``message`` does.
    """
    inside = "".join(_request(request, fields, request_id, {}) for request_id, (request, fields) in asked.items())
    return _document(_attributes({"onError": "continueOnError"}), inside)


def windows_text(text: str, *, strict: bool = False) -> str:
    """Answer the text as QuickBooks can store it: composed, without control characters, in Windows-1252.

    A letter that has no place there loses its accents or is spelt out; what is left of it becomes ``?``.

    Args:
        text: Any.
        strict: True for names that are looked up: nothing may be replaced in them.

    Raises:
        SettingWrong: ``strict``, and a character has no place in Windows-1252.
    """
    composed = _CONTROL.sub("", unicodedata.normalize("NFC", text))
    written = "".join(_windows_character(character) for character in composed)
    if strict and written != text:
        raise _unwritable(f"The name {text!r} has characters that QuickBooks cannot store.")
    return written


def parse_untrusted(content: bytes) -> etree._Element:
    """Answer the root of a document that came from outside: no DTD, no entities, no network, bounded size and depth.

    One text of it may be tens of megabytes (a qbXML answer inside SOAP). For a qbXML answer that arrived as text, see
    ``as_document``: its declaration may name an encoding that it is no longer in.

    Raises:
        RequestRejected: It is too large or too deep, has a DTD, or is no XML; ``status`` is 413 or 400.
    """
    if len(content) > MOST_BYTES:
        raise _untrusted(f"A document of {len(content)} bytes came; {MOST_BYTES} are taken at most.", status=413)
    if _DOCTYPE in content[:4096]:
        raise _untrusted("A document came that declares a document type.")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise _untrusted(f"What came is no XML: {str(error)[:200]}") from None
    document: Any = root.getroottree().docinfo
    if document.doctype:
        raise _untrusted("A document came that declares a document type.")
    if _TOO_DEEP(root):
        raise _untrusted(f"A document came that is nested more than {MOST_DEPTH} levels deep.")
    return root


def as_document(text: str) -> bytes:
    """Answer a qbXML document that arrived as text in UTF-8, its declaration taken off: bytes for ``parse_untrusted``."""
    return _DECLARATION.sub("", text, count=1).strip().encode("utf-8", "xmlcharrefreplace")


def _request(request: str, fields: Fields, request_id: str, attributes: Mapping[str, str]) -> str:
    if not 0 < len(request_id) <= MOST_REQUEST_ID:
        raise _unwritable(f"The request id {request_id!r} is not of 1 to {MOST_REQUEST_ID} characters.")
    own = _attributes({"requestID": request_id, **attributes})
    return f"<{request}{own}>{''.join(_children(request, fields))}</{request}>"


def _document(set_attributes: str, inside: str) -> bytes:
    written = (
        f'<?xml version="1.0" encoding="utf-8"?><?qbxml version="{VERSION}"?>'
        f"<QBXML><QBXMLMsgsRq{set_attributes}>{inside}</QBXMLMsgsRq></QBXML>"
    )
    return written.encode("ascii", "xmlcharrefreplace")


def _children(parent: str, fields: Fields) -> Iterator[str]:
    order = ORDER.get(parent, ())
    unknown = set(fields) - set(order)
    if unknown:
        raise _unwritable(f"{parent} has no place for {', '.join(sorted(unknown))}.")
    for name in order:
        if name in fields:
            yield from _elements(name, fields[name])


def _elements(name: str, value: Value) -> Iterator[str]:
    if isinstance(value, Mapping):
        yield f"<{name}>{''.join(_children(name, value))}</{name}>"
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for one in value:
            yield from _elements(name, one)
    else:
        yield f"<{name}>{escape(_scalar(name, value))}</{name}>"


def _scalar(name: str, value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return _amount(name, value)
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    written = windows_text(str(value), strict=name in {"FullName", "ListID", "TxnID"})
    if len(written) > LONGEST.get(name, len(written)):
        raise _unwritable(f"{name} {written!r} is longer than the {LONGEST[name]} characters that QuickBooks takes.")
    return written


def _amount(name: str, value: Decimal) -> str:
    if not value.is_finite() or value != value.quantize(CENT) or abs(value) >= Decimal(10) ** 13:
        raise _unwritable(f"{name} {value} is no amount of whole cents below ten trillion.")
    return f"{value:.2f}"


def _attributes(named: Mapping[str, str]) -> str:
    return "".join(f" {name}={quoteattr(value)}" for name, value in named.items() if value)


def _windows_character(character: str) -> str:
    if _in_windows(character):
        return character
    spelt = _SPELT.get(character) or "".join(
        one for one in unicodedata.normalize("NFKD", character) if not unicodedata.combining(one)
    )
    return spelt if spelt and all(map(_in_windows, spelt)) else "?"


def _in_windows(character: str) -> bool:
    try:
        character.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True


def _unwritable(happened: str) -> SettingWrong:
    return SettingWrong(
        happened,
        "QuickBooks would refuse the whole message without saying why, so nothing was sent.",
        "Correct the value; where the connector itself chose it, report it.",
    )


def _untrusted(happened: str, *, status: int = 400) -> RequestRejected:
    return RequestRejected(
        happened,
        "It is not what QuickBooks or its Web Connector writes, so nothing of it was used.",
        "Look at the machine that sent it; if it is yours and the message is right, report it.",
        status=status,
    )
