"""/_control/quickbooks_desktop: change the company file, plant what a tie-out must find, set QuickBooks, ask its ledger."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from starlette.routing import BaseRoute

from ml_connector_dagster.sandbox.books.cents import text
from ml_connector_dagster.sandbox.control import vendor_routes
from ml_connector_dagster.sandbox.quickbooks_desktop.acts import BOOK_ACTS, Act, Json
from ml_connector_dagster.sandbox.quickbooks_desktop.company import OWNER_ID
from ml_connector_dagster.sandbox.quickbooks_desktop.desktop import Desktop
from ml_connector_dagster.sandbox.quickbooks_desktop.injections import Injection
from ml_connector_dagster.sandbox.quickbooks_desktop.records import TXN_KINDS
from ml_connector_dagster.sandbox.quickbooks_desktop.report_books import trial_balance

_PREFERENCES = (
    "account_numbers",
    "class_tracking",
    "journal_numbers",
    "fiscal_month",
    "qbxml_max",
    "file_mode",
    "short_class_titles",
    "bare_detail_rows",
)
_SLOWNESS = ("seconds_each", "seconds_a_row", "gives_up_after_seconds")
_OTHERS = {
    "closing_date",
    "file_id",
    "may_report",
    "forbidden",
    "session_hresult",
    "remembers_message_sets",
    "cannot_store",
}


def control_routes(desktop: Desktop) -> list[BaseRoute]:
    """POST one action a path, GET what may be asked."""
    return vendor_routes(desktop, _ACTS, _QUESTIONS)


def _settings(desktop: Desktop, body: Mapping[str, Any]) -> Json:
    """What belongs to QuickBooks and the PC, not to the books.

    {"account_numbers"?, "class_tracking"?, "journal_numbers"?, "fiscal_month"?: 1..12, "qbxml_max"?: "12.0",
    "file_mode"?: "SingleUser", "short_class_titles"?, "bare_detail_rows"?,
    "closing_date"?: "2026-06-30" | "", "file_id"?: "{…}" | "", "may_report"?, "forbidden"?: ["InvoiceQueryRq"],
    "session_hresult"?: "0x80040408" | "", "remembers_message_sets"?, "cannot_store"?: n, "seconds_each"?,
    "seconds_a_row"?, "gives_up_after_seconds"?}
    """
    unknown = set(body) - {*_PREFERENCES, *_SLOWNESS, *_OTHERS}
    if unknown:
        raise ValueError(f"There is no setting {sorted(unknown)}.")
    program, preferences = desktop.program, desktop.company.preferences
    for name in (name for name in _PREFERENCES if name in body):
        setattr(preferences, name, type(getattr(preferences, name))(body[name]))
    for name in (name for name in _SLOWNESS if name in body):
        setattr(program.injections, name, float(body[name]))
    if "closing_date" in body:
        preferences.closing_date = date.fromisoformat(str(body["closing_date"])) if body["closing_date"] else None
    if "file_id" in body:
        desktop.company.stamps[OWNER_ID] = str(body["file_id"])
        if not body["file_id"]:
            del desktop.company.stamps[OWNER_ID]
    _permissions(desktop, body)
    program.message_sets.remembers = bool(body.get("remembers_message_sets", program.message_sets.remembers))
    program.message_sets.cannot_store = int(body.get("cannot_store", program.message_sets.cannot_store))
    return {"qbxml_max": preferences.qbxml_max, "forbidden": sorted(program.injections.forbidden)}


def _permissions(desktop: Desktop, body: Mapping[str, Any]) -> None:
    injections = desktop.program.injections
    if "forbidden" in body:
        injections.forbidden = frozenset(str(name) for name in body["forbidden"])
    if "may_report" in body:
        injections.forbidden = injections.forbidden - {"Report"} | (set() if body["may_report"] else {"Report"})
    injections.session_hresult = str(body.get("session_hresult", injections.session_hresult))


def _inject(desktop: Desktop, body: Mapping[str, Any]) -> Json:
    """{"request"?: "JournalEntryAddRq", "times"?, "skip"?, "status"? | "crash"? | "hresult"? | "seconds"?, "message"?}.

    {} clears.
    """
    planted = desktop.program.injections.planted
    if body:
        planted.append(Injection.from_json(dict(body)))
    else:
        planted.clear()
    return {"planted": len(planted)}


def _forget(desktop: Desktop, _body: Mapping[str, Any]) -> Json:
    """Every stored message set is gone."""
    desktop.program.message_sets.forget()
    return {}


def _ledger(desktop: Desktop, query: Mapping[str, Any]) -> Json:
    """?first=&last=: cents by account of what the detail report shows, debit positive."""
    return {"movement": _amounts(desktop.company.ledger.movement(*_span(query), shown_only=True))}


def _balances(desktop: Desktop, query: Mapping[str, Any]) -> Json:
    """?first=&last=: movement with what nothing shows, and the closing balances of the trial balance."""
    first, last = _span(query)
    moved = desktop.company.ledger.movement(first, last)
    return {"movement": _amounts(moved), "balance": _amounts(trial_balance(desktop.company, last))}


def _ledger_lines(desktop: Desktop, query: Mapping[str, Any]) -> Json:
    """?document=: what one transaction posted."""
    posting = desktop.company.ledger.find(str(query["document"]))
    legs = posting.legs if posting else ()
    day = posting.day.isoformat() if posting else ""
    return {"lines": [{"date": day, "account": leg.account_id, "amount": text(leg.amount)} for leg in legs]}


def _parties(desktop: Desktop, _query: Mapping[str, Any]) -> Json:
    """The ids of active customers without jobs and of active vendors."""
    lists = desktop.company.lists
    parents = {one.parent_id for one in lists["Customer"].values()}
    return {
        f"{kind.lower()}s": [key for key, one in lists[kind].items() if one.active and key not in parents]
        for kind in ("Customer", "Vendor")
    }


def _documents(desktop: Desktop, query: Mapping[str, Any]) -> Json:
    """?first=&last=: ids by kind, and of the unpaid bills and invoices under unpaid_bills, unpaid_invoices."""
    first, last = _span(query)
    found: dict[str, list[str]] = {kind: [] for kind in (*TXN_KINDS, "unpaid_bills", "unpaid_invoices")}
    for txn in desktop.company.txns.values():
        if first <= txn.day <= last:
            found[txn.kind].append(txn.txn_id)
            if txn.kind in {"Bill", "Invoice"} and not txn.is_voided and not desktop.company.paid(txn.txn_id):
                found[f"unpaid_{txn.kind.lower()}s"].append(txn.txn_id)
    return found


def _journals(desktop: Desktop, query: Mapping[str, Any]) -> Json:
    """?ref=&guid=: journal entries that stand, by either; all of them for neither."""
    entries = (txn for txn in desktop.company.txns.values() if txn.kind == "JournalEntry")
    return {
        "journals": [
            {
                "document": txn.txn_id,
                "ref": txn.ref,
                "guid": txn.external_guid,
                "date": str(txn.day),
                "void": txn.is_voided,
            }
            for txn in entries
            if txn.ref == query.get("ref", txn.ref) and txn.external_guid == query.get("guid", txn.external_guid)
        ]
    }


def _span(query: Mapping[str, Any]) -> tuple[date, date]:
    return date.fromisoformat(str(query["first"])), date.fromisoformat(str(query["last"]))


def _amounts(cents: Mapping[str, int]) -> dict[str, str]:
    return {account: text(amount) for account, amount in cents.items() if amount}


_ACTS: dict[str, Act] = BOOK_ACTS | {"settings": _settings, "inject": _inject, "forget-message-sets": _forget}
_QUESTIONS: dict[str, Act] = {
    "ledger": _ledger,
    "balances": _balances,
    "ledger-lines": _ledger_lines,
    "parties": _parties,
    "documents": _documents,
    "journals": _journals,
}
