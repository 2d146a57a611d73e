"""/_control/xero: change the books, plant what a tie-out must find, set Xero itself, and ask the ledger for the truth.

Bodies and answers are JSON; amounts are texts like "12.34"; days are ISO; tenant is a tenant id or uk / ie.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from starlette.routing import BaseRoute

from ml_connector_dagster.sandbox.books.cents import text
from ml_connector_dagster.sandbox.books.ledger import Entry
from ml_connector_dagster.sandbox.books.scribe import PROFILES_BY_KEY
from ml_connector_dagster.sandbox.control import vendor_routes
from ml_connector_dagster.sandbox.xero.book_acts import BOOK_ACTS, Act, Json
from ml_connector_dagster.sandbox.xero.cloud import XeroCloud
from ml_connector_dagster.sandbox.xero.finding import tenant_named
from ml_connector_dagster.sandbox.xero.reports import balances
from ml_connector_dagster.sandbox.xero.tenant import Tenant


def control_routes(cloud: XeroCloud) -> list[BaseRoute]:
    """POST one action a path, GET what may be asked."""
    return vendor_routes(cloud, _ACTS, _QUESTIONS)


def _settings(cloud: XeroCloud, body: Mapping[str, Any]) -> Json:
    """What belongs to Xero, not to one organisation.

    {"tier"?, "minute"?, "day"?, "concurrent"?, "app_minute"?, "latency_seconds"?, "user_may_report"?, "offline"?,
    "denies_consent"?, "offers"?: ["uk", "ie"], "revoke_all"?: true, "forget_calls"?: true}
    """
    if "tier" in body:
        cloud.choose_tier(str(body["tier"]))
    for name in ("minute", "day", "concurrent", "app_minute"):
        if name in body:
            setattr(cloud.limits, name, int(body[name]))
    cloud.latency_seconds = float(body.get("latency_seconds", cloud.latency_seconds))
    cloud.user_may_report = bool(body.get("user_may_report", cloud.user_may_report))
    cloud.organisation_offline = bool(body.get("offline", cloud.organisation_offline))
    cloud.identity.denies = bool(body.get("denies_consent", cloud.identity.denies))
    if "offers" in body:
        cloud.identity.offers = tuple(PROFILES_BY_KEY[entry].tenant_id for entry in body["offers"])
    if body.get("revoke_all"):
        cloud.identity.revoke_all()
    if body.get("forget_calls"):
        cloud.limits.forget()
        cloud.calls.clear()
    return {"tier": cloud.tier, "minute": cloud.limits.minute, "day": cloud.limits.day}


def _subscribe(cloud: XeroCloud, body: Mapping[str, Any]) -> Json:
    """{"url", "key"}: an intent to receive; the answers to a good, a bad, a good and a bad signature."""
    answers = cloud.webhooks.subscribe(str(body["url"]), str(body["key"]))
    return {"answers": answers, "enabled": cloud.webhooks.enabled}


def _deliver(cloud: XeroCloud, body: Mapping[str, Any]) -> Json:
    """{"times"?: 3}: post the pending events, retrying; 0 posts them twice on purpose."""
    return {"answers": cloud.webhooks.deliver(times=int(body.get("times", 3)))}


def _calls(cloud: XeroCloud, _query: Mapping[str, Any]) -> Json:
    """Calls by method, endpoint and tenant."""
    return {"calls": dict(cloud.calls)}


def _ledger_lines(cloud: XeroCloud, query: Mapping[str, Any]) -> Json:
    """?tenant=&document=: what one source posted, from the ledger alone."""
    tenant, record_id = tenant_named(cloud, query), str(query["document"]).lower()
    bulk = cloud.bulk.get(tenant.tenant_id)
    index = bulk.index(record_id) if bulk else None
    if bulk is not None and index is not None:
        posting = bulk.posting(index)
        entry = Entry(0, posting.posted_on, posting.source_kind, record_id, posting.lines, bulk.updated_ms)
        return {"lines": _lines(tenant, [entry])}
    return {"lines": _lines(tenant, tenant.standing(record_id))}


def _customers(cloud: XeroCloud, query: Mapping[str, Any]) -> Json:
    """?tenant=: the ids of customers that are active."""
    contacts = tenant_named(cloud, query).company.contacts.values()
    return {"customers": [one.contact_id for one in contacts if one.is_customer and one.status == "ACTIVE"]}


def _payments(cloud: XeroCloud, query: Mapping[str, Any]) -> Json:
    """?tenant=&first=&last=: the ids of the payments of a span that stand."""
    tenant = tenant_named(cloud, query)
    first, last = date.fromisoformat(str(query["first"])), date.fromisoformat(str(query["last"]))
    standing = [
        one for one in tenant.company.payments.values() if one.status == "AUTHORISED" and first <= one.day <= last
    ]
    return {"payments": [one.payment_id for one in standing]}


def _unshown(cloud: XeroCloud, query: Mapping[str, Any]) -> Json:
    """?tenant=&first=&last=: the postings of a span that no document shows, with their class."""
    tenant = tenant_named(cloud, query)
    first, last = date.fromisoformat(str(query["first"])), date.fromisoformat(str(query["last"]))
    entries = [entry for entry in tenant.ledger.all_standing() if not entry.shown and first <= entry.posted_on <= last]
    return {"lines": _lines(tenant, entries)}


def _balances(cloud: XeroCloud, query: Mapping[str, Any]) -> Json:
    """?tenant=&first=&last=: movement and balance by account id, debit positive."""
    tenant = tenant_named(cloud, query)
    first, last = date.fromisoformat(str(query["first"])), date.fromisoformat(str(query["last"]))
    moved, held = tenant.ledger.movement(first, last), balances(tenant, last)
    return {
        "movement": {account: text(cents) for account, cents in moved.items() if cents},
        "balance": {account: text(cents) for account, cents in held.items() if cents},
    }


def _lines(tenant: Tenant, entries: list[Entry]) -> list[Json]:
    accounts = tenant.company.accounts
    return [
        {
            "date": entry.posted_on.isoformat(),
            "kind": entry.source_kind,
            "source": entry.source_id,
            "account": line.account_id,
            "code": accounts[line.account_id].code,
            "amount": text(line.amount),
            "document_amount": text(line.document_amount),
            "line": line.line_id,
            "tracking": list(line.tracking),
        }
        for entry in entries
        for line in entry.lines
    ]


_ACTS: dict[str, Act] = BOOK_ACTS | {
    "settings": _settings,
    "webhooks": _subscribe,
    "webhooks-deliver": _deliver,
}
_QUESTIONS: dict[str, Act] = {
    "calls": _calls,
    "ledger-lines": _ledger_lines,
    "customers": _customers,
    "payments": _payments,
    "unshown": _unshown,
    "balances": _balances,
}
