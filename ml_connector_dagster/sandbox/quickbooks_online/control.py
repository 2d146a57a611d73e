"""/_control/quickbooks_online: change the books, plant what a tie-out must find, set QuickBooks, ask its ledger."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from starlette.routing import BaseRoute

from ml_connector_dagster.sandbox.books.cents import text
from ml_connector_dagster.sandbox.control import vendor_routes
from ml_connector_dagster.sandbox.quickbooks_online.access import realm_fault
from ml_connector_dagster.sandbox.quickbooks_online.acts import BOOK_ACTS, Act, Json
from ml_connector_dagster.sandbox.quickbooks_online.cash import cash_ledger
from ml_connector_dagster.sandbox.quickbooks_online.cloud import QuickBooksCloud
from ml_connector_dagster.sandbox.quickbooks_online.records import BUYING, SALES
from ml_connector_dagster.sandbox.quickbooks_online.reports import trial_balances

_DOCUMENTS = SALES | BUYING | {"Payment", "BillPayment", "Deposit", "Transfer", "JournalEntry"}
_LIMITS = {
    "per_second": "per_second",
    "second": "per_second",
    "per_minute": "per_minute",
    "minute": "per_minute",
    "monthly_reads": "monthly_reads",
}
_COUNTS = ("report_cells", "cdc_objects", "gateway_timeouts", "empty_reports", "faults_inside")
_FLAGS = ("may_report", "writes", "cdc_cuts")


def control_routes(cloud: QuickBooksCloud) -> list[BaseRoute]:
    """POST one action a path, GET what may be asked."""
    return vendor_routes(cloud, _ACTS, _QUESTIONS)


def _settings(cloud: QuickBooksCloud, body: Mapping[str, Any]) -> Json:
    """What belongs to QuickBooks and Intuit, not to the books.

    {"per_second"?, "per_minute"?, "monthly_reads"?, "report_cells"?, "cdc_objects"?, "cdc_cuts"?, "may_report"?,
    "refuses"?: "" | "120" | "130" | "140" | "150" | "3100" | "5020" | "6190", "gateway_timeouts"?: n,
    "empty_reports"?: n, "faults_inside"?: n, "writes"?, "denies_consent"?, "rotate_seconds"?, "incidents"?: n,
    "disconnect"?: true, "book_close_date"?, "forget_calls"?: true}
    """
    known = {*_LIMITS, *_COUNTS, *_FLAGS, "refuses", "denies_consent", "rotate_seconds", "incidents", "disconnect"}
    unknown = set(body) - known - {"book_close_date", "forget_calls"}
    if unknown:
        raise ValueError(f"There is no setting {sorted(unknown)}.")
    for name, attribute in _LIMITS.items():
        if name in body:
            setattr(cloud.limits, attribute, int(body[name]))
    for name in _COUNTS:
        setattr(cloud, name, int(body.get(name, getattr(cloud, name))))
    for name in _FLAGS:
        setattr(cloud, name, bool(body.get(name, getattr(cloud, name))))
    cloud.refuses = _refusable(cloud, str(body.get("refuses", cloud.refuses)))
    cloud.book_close_date = str(body.get("book_close_date", cloud.book_close_date))
    cloud.identity.denies = bool(body.get("denies_consent", cloud.identity.denies))
    cloud.identity.rotate_seconds = float(body.get("rotate_seconds", cloud.identity.rotate_seconds))
    cloud.identity.incidents = int(body.get("incidents", cloud.identity.incidents))
    if body.get("disconnect"):
        cloud.identity.disconnect()
    if body.get("forget_calls"):
        cloud.limits.forget()
        cloud.calls.clear()
    return {"per_second": cloud.limits.per_second, "per_minute": cloud.limits.per_minute}


def _refusable(cloud: QuickBooksCloud, code: str) -> str:
    if code:
        realm_fault(cloud.world.clock.now(), code)
    return code


def _subscribe(cloud: QuickBooksCloud, body: Mapping[str, Any]) -> Json:
    """{"url", "token", "format"?: "cloudevents" | "legacy"}: post changes there from now on."""
    cloud.webhooks.subscribe(str(body["url"]), str(body["token"]), str(body.get("format", "cloudevents")))
    return {"url": cloud.webhooks.url}


def _deliver(cloud: QuickBooksCloud, body: Mapping[str, Any]) -> Json:
    """{"times"?: 3}: post the pending events, retrying; 0 posts them twice on purpose."""
    return {"answers": cloud.webhooks.deliver(times=int(body.get("times", 3)))}


def _ledger(cloud: QuickBooksCloud, query: Mapping[str, Any]) -> Json:
    """?first=&last=&basis=: cents by account of what the general ledger shows, debit positive; basis may be cash."""
    ledger = cash_ledger(cloud.company) if query.get("basis") == "cash" else cloud.company.ledger
    moved = ledger.movement(*_span(query), shown_only=True)
    return {"movement": _amounts(moved)}


def _balances(cloud: QuickBooksCloud, query: Mapping[str, Any]) -> Json:
    """?first=&last=: movement with what nothing shows, and the closing balances of the trial balance."""
    first, last = _span(query)
    moved = cloud.company.ledger.movement(first, last)
    return {"movement": _amounts(moved), "balance": _amounts(trial_balances(cloud.company.ledger, last))}


def _ledger_lines(cloud: QuickBooksCloud, query: Mapping[str, Any]) -> Json:
    """?document=: what one transaction posted."""
    posting = cloud.company.ledger.find(str(query["document"]))
    legs = posting.legs if posting else ()
    day = posting.day.isoformat() if posting else ""
    return {"lines": [{"date": day, "account": leg.account_id, "amount": text(leg.amount)} for leg in legs]}


def _unshown(cloud: QuickBooksCloud, query: Mapping[str, Any]) -> Json:
    """?first=&last=: postings that no entity shows, with their kind; planted ones too."""
    postings = cloud.company.ledger.between(*_span(query))
    found = [posting for posting in postings if posting.txn_id not in cloud.company.written.txns]
    return {
        "lines": [
            {
                "date": posting.day.isoformat(),
                "kind": posting.kind,
                "account": leg.account_id,
                "amount": text(leg.amount),
            }
            for posting in found
            for leg in posting.legs
        ]
    }


def _parties(cloud: QuickBooksCloud, _query: Mapping[str, Any]) -> Json:
    """The ids of active customers and vendors."""
    lists = cloud.company.written.lists
    return {
        f"{entity.lower()}s": [one.name_id for one in lists[entity].values() if one.active]
        for entity in ("Customer", "Vendor")
    }


def _documents(cloud: QuickBooksCloud, query: Mapping[str, Any]) -> Json:
    """?first=&last=: ids by entity, and of the unpaid, domestic bills and invoices under unpaid_bills, unpaid_invoices."""
    first, last = _span(query)
    found: dict[str, list[str]] = {entity: [] for entity in sorted(_DOCUMENTS)}
    unpaid: dict[str, list[str]] = {"unpaid_bills": [], "unpaid_invoices": []}
    for txn in cloud.company.written.txns.values():
        if first <= txn.day <= last:
            found[txn.entity].append(txn.txn_id)
            if txn.entity in {"Bill", "Invoice"} and not txn.links and not txn.voided and txn.currency == "USD":
                unpaid[f"unpaid_{txn.entity.lower()}s"].append(txn.txn_id)
    return found | unpaid


def _calls(cloud: QuickBooksCloud, _query: Mapping[str, Any]) -> Json:
    """Calls by kind, metered reads by month, refused ones."""
    return {"calls": dict(cloud.calls), "reads": dict(cloud.limits.reads), "refused": cloud.limits.refused}


def _span(query: Mapping[str, Any]) -> tuple[date, date]:
    return date.fromisoformat(str(query["first"])), date.fromisoformat(str(query["last"]))


def _amounts(cents: Mapping[str, int]) -> dict[str, str]:
    return {account: text(amount) for account, amount in cents.items() if amount}


_ACTS: dict[str, Act] = BOOK_ACTS | {
    "settings": _settings,
    "webhooks": _subscribe,
    "webhooks-deliver": _deliver,
}
_QUESTIONS: dict[str, Act] = {
    "ledger": _ledger,
    "balances": _balances,
    "ledger-lines": _ledger_lines,
    "unshown": _unshown,
    "parties": _parties,
    "documents": _documents,
    "calls": _calls,
}
