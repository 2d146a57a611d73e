"""/_control/xero: change the books behind Xero's back, plant what a tie-out must find, and ask the ledger for the truth.

Bodies and answers are JSON; amounts are texts like "12.34"; days are ISO; tenant is a tenant id or uk / ie.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from ml_connector_dagster.sandbox.books.cents import parse, text
from ml_connector_dagster.sandbox.books.ledger import Entry
from ml_connector_dagster.sandbox.books.records import Document, Payment
from ml_connector_dagster.sandbox.books.scribe import PROFILES_BY_KEY
from ml_connector_dagster.sandbox.xero import late
from ml_connector_dagster.sandbox.xero.bulk import BulkInvoices
from ml_connector_dagster.sandbox.xero.cloud import XeroCloud
from ml_connector_dagster.sandbox.xero.reports import balances
from ml_connector_dagster.sandbox.xero.tenant import Tenant

Json = dict[str, Any]
Act = Callable[[XeroCloud, Mapping[str, Any]], Any]


def control_routes(cloud: XeroCloud) -> list[BaseRoute]:
    """POST one action a path, GET what may be asked."""
    posts = [Route(f"/{name}", _post(cloud, act), methods=["POST"]) for name, act in _ACTS.items()]
    gets = [Route(f"/{name}", _get(cloud, act), methods=["GET"]) for name, act in _QUESTIONS.items()]
    return [*posts, *gets]


def _edit_line(cloud: XeroCloud, body: Mapping[str, Any]) -> Json:
    """{"tenant", "document", "line": 0, "amount"?, "account"?, "description"?}: an edit that moves the stamp."""
    return _change_line(cloud, body, quiet=False)


def _recode(cloud: XeroCloud, body: Mapping[str, Any]) -> Json:
    """{"tenant", "document", "line": 0, "account"}: find-and-recode, which leaves UpdatedDateUTC where it was."""
    return _change_line(cloud, body, quiet=True)


def _change_line(cloud: XeroCloud, body: Mapping[str, Any], *, quiet: bool) -> Json:
    tenant, document = _document(cloud, body)
    line = document.lines[int(body.get("line", 0))]
    if "amount" in body:
        if document.paid or document.credited:
            raise ValueError("Xero changes no amount of a document that has payments or credits.")
        old, line.amount = line.amount, parse(str(body["amount"]))
        line.tax = line.tax * line.amount // old if old else 0
    if "account" in body:
        line.account_id = account_id(tenant, str(body["account"]))
    if "description" in body:
        line.description = str(body["description"])
    tenant.restate(document, quiet=quiet)
    return _told(document)


def _move_date(cloud: XeroCloud, body: Mapping[str, Any]) -> Json:
    """{"tenant", "document", "date"}."""
    tenant, document = _document(cloud, body)
    document.day = date.fromisoformat(str(body["date"]))
    tenant.restate(document)
    return _told(document)


def _void(cloud: XeroCloud, body: Mapping[str, Any]) -> Json:
    """{"tenant", "document"}: VOIDED, or DELETED for a draft; refused while payments stand."""
    tenant, document = _document(cloud, body)
    if document.paid or document.credited:
        raise ValueError("Xero voids no document that has payments or credits.")
    drafts = document.status in {"DRAFT", "SUBMITTED"} or document.kind == "BankTransactions"
    document.status = "DELETED" if drafts else "VOIDED"
    tenant.restate(document)
    return _told(document)


def _delete_payment(cloud: XeroCloud, body: Mapping[str, Any]) -> Json:
    """{"tenant", "payment"}: the payment stays with status DELETED, its invoice is open again."""
    tenant = _tenant(cloud, body)
    payment = tenant.find(str(body["payment"]))
    if not isinstance(payment, Payment):
        raise TypeError("No payment has this id.")
    payment.status = "DELETED"
    tenant.restate(payment)
    tenant.settle_after(payment)
    return {"payment": payment.payment_id, "document": payment.target_id, "status": payment.status}


def _late_document(cloud: XeroCloud, body: Mapping[str, Any]) -> Json:
    """{"tenant", "date", "amount", "account"?, "type"?: "ACCPAY"}: entered now, dated then."""
    tenant = _tenant(cloud, body)
    document = late.enter(
        tenant,
        type_=str(body.get("type", "ACCPAY")),
        day=date.fromisoformat(str(body["date"])),
        cents=parse(str(body["amount"])),
        account_id=account_id(tenant, str(body.get("account", "429"))),
        status=str(body.get("status", "AUTHORISED")),
    )
    return _told(document)


def _plant(cloud: XeroCloud, body: Mapping[str, Any]) -> Json:
    """{"tenant", "account", "date", "amount": "0.01", "against"?: "850"}: a posting that no document shows."""
    tenant = _tenant(cloud, body)
    against = account_id(tenant, str(body.get("against", "840")))
    target = account_id(tenant, str(body["account"]))
    tenant.plant(target, against, date.fromisoformat(str(body["date"])), parse(str(body.get("amount", "0.01"))))
    return {"account": target, "against": against}


def _hide(cloud: XeroCloud, body: Mapping[str, Any]) -> Json:
    """{"tenant", "document", "hidden": true}: lists leave it out; the ledger keeps it."""
    tenant = _tenant(cloud, body)
    record_id = str(body["document"]).lower()
    tenant.find(record_id)
    change = tenant.hidden.add if body.get("hidden", True) else tenant.hidden.discard
    change(record_id)
    tenant.changed(())
    return {"hidden": sorted(tenant.hidden)}


def _empty_period(cloud: XeroCloud, body: Mapping[str, Any]) -> Json:
    """{"tenant", "period": "2026-10", "resources": ["Invoices", …], "empty": true}: lists find nothing there."""
    tenant = _tenant(cloud, body)
    for plural in body.get("resources", ("Invoices", "CreditNotes", "BankTransactions", "ManualJournals")):
        change = tenant.empty_months.add if body.get("empty", True) else tenant.empty_months.discard
        change((str(plural), str(body["period"])))
    tenant.changed(())
    return {"empty": sorted(tenant.empty_months)}


def _damage(cloud: XeroCloud, body: Mapping[str, Any]) -> Json:
    """{"tenant", "document", "fields": {"Date": "soon"}}: spoil fields on the wire; {} repairs it."""
    tenant = _tenant(cloud, body)
    record = tenant.find(str(body["document"]))
    if not isinstance(record, Document | Payment):
        raise TypeError("Only documents and payments can be damaged.")
    record.damaged = dict(body["fields"])
    tenant.changed(tenant.touched_by(record))
    return {"damaged": record.damaged}


def _lock_dates(cloud: XeroCloud, body: Mapping[str, Any]) -> Json:
    """{"tenant", "period"?: day or null, "year"?: day or null}."""
    tenant = _tenant(cloud, body)
    if "period" in body:
        tenant.locks.period = date.fromisoformat(body["period"]) if body["period"] else None
    if "year" in body:
        tenant.locks.year = date.fromisoformat(body["year"]) if body["year"] else None
    return {"period": str(tenant.locks.period or ""), "year": str(tenant.locks.year or "")}


def _bulk(cloud: XeroCloud, body: Mapping[str, Any]) -> Json:
    """{"tenant", "count", "period": "2026-10"}: replaces earlier bulk invoices of the tenant only in a fresh world."""
    tenant = _tenant(cloud, body)
    if tenant.tenant_id in cloud.bulk:
        raise ValueError("This tenant has its bulk invoices already; start a fresh sandbox.")
    month = date.fromisoformat(f"{body['period']}-01")
    shelves = cloud.shelves(tenant)
    made = BulkInvoices(tenant, shelves.wire, int(body["count"]), month)
    cloud.bulk[tenant.tenant_id] = made
    tenant.changed(())
    return {"count": made.count, "updated_ms": made.updated_ms}


def _archive_account(cloud: XeroCloud, body: Mapping[str, Any]) -> Json:
    """{"tenant", "account", "status"?, "code"?, "name"?}: archive, recode or rename an account."""
    tenant = _tenant(cloud, body)
    account = tenant.company.accounts[account_id(tenant, str(body["account"]))]
    account.status = str(body.get("status", account.status))
    account.code = str(body.get("code", account.code))
    account.name = str(body.get("name", account.name))
    account.updated_ms = tenant.stamp()
    tenant.changed()
    return {"account": account.account_id, "code": account.code, "status": account.status}


def _merge_contacts(cloud: XeroCloud, body: Mapping[str, Any]) -> Json:
    """{"tenant", "loser", "survivor"}: the loser is archived, its documents go to the survivor."""
    tenant = _tenant(cloud, body)
    contacts = tenant.company.contacts
    loser, survivor = contacts[str(body["loser"]).lower()], contacts[str(body["survivor"]).lower()]
    loser.status, loser.merged_to, loser.updated_ms = "ARCHIVED", survivor.contact_id, tenant.stamp()
    moved = 0
    for document in tenant.company.documents.values():
        if document.contact_id == loser.contact_id:
            document.contact_id, document.updated_ms = survivor.contact_id, tenant.stamp()
            moved += 1
    tenant.changed()
    return {"moved": moved}


def _settings(cloud: XeroCloud, body: Mapping[str, Any]) -> Json:
    """What belongs to Xero, not to one organisation.

    {"tier"?, "minute"?, "day"?, "concurrent"?, "app_minute"?, "latency_seconds"?, "user_may_report"?, "offline"?,
    "denies_consent"?, "offers"?: ["uk", "ie"], "forget_calls"?: true}
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
    tenant, record_id = _tenant(cloud, query), str(query["document"]).lower()
    bulk = cloud.bulk.get(tenant.tenant_id)
    index = bulk.index(record_id) if bulk else None
    if bulk is not None and index is not None:
        posting = bulk.posting(index)
        entry = Entry(0, posting.posted_on, posting.source_kind, record_id, posting.lines, bulk.updated_ms)
        return {"lines": _lines(tenant, [entry])}
    return {"lines": _lines(tenant, tenant.standing(record_id))}


def _unshown(cloud: XeroCloud, query: Mapping[str, Any]) -> Json:
    """?tenant=&first=&last=: the postings of a span that no document shows, with their class."""
    tenant = _tenant(cloud, query)
    first, last = date.fromisoformat(str(query["first"])), date.fromisoformat(str(query["last"]))
    entries = [entry for entry in tenant.ledger.all_standing() if not entry.shown and first <= entry.posted_on <= last]
    return {"lines": _lines(tenant, entries)}


def _balances(cloud: XeroCloud, query: Mapping[str, Any]) -> Json:
    """?tenant=&first=&last=: movement and balance by account id, debit positive."""
    tenant = _tenant(cloud, query)
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


def account_id(tenant: Tenant, code_or_id: str) -> str:
    """The account with this code, system name or id; KeyError otherwise."""
    for account in tenant.company.accounts.values():
        if code_or_id in {account.account_id, account.system} or (account.code and account.code == code_or_id):
            return account.account_id
    raise KeyError(code_or_id)


def _tenant(cloud: XeroCloud, body: Mapping[str, Any]) -> Tenant:
    named = str(body.get("tenant", "uk"))
    profile = PROFILES_BY_KEY.get(named.lower())
    tenant = cloud.tenant(profile.tenant_id if profile else named)
    tenant.open_ledger()
    return tenant


def _document(cloud: XeroCloud, body: Mapping[str, Any]) -> tuple[Tenant, Document]:
    tenant = _tenant(cloud, body)
    document = tenant.find(str(body["document"]))
    if not isinstance(document, Document):
        raise TypeError("No document with lines has this id.")
    return tenant, document


def _told(document: Document) -> Json:
    return {
        "document": document.doc_id,
        "kind": document.kind,
        "status": document.status,
        "date": document.day.isoformat(),
        "updated_ms": document.updated_ms,
    }


def _post(cloud: XeroCloud, act: Act) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> JSONResponse:
        # in a thread: a webhook may be answered by another server of this very process
        return await run_in_threadpool(_answered, cloud, act, await request.json())

    return endpoint


def _get(cloud: XeroCloud, act: Act) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> JSONResponse:
        return _answered(cloud, act, dict(request.query_params))

    return endpoint


def _answered(cloud: XeroCloud, act: Act, body: Mapping[str, Any]) -> JSONResponse:
    try:
        with cloud.world.lock:
            return JSONResponse(act(cloud, body))
    except (KeyError, ValueError, TypeError, IndexError) as wrong:
        return JSONResponse({"error": f"{type(wrong).__name__}: {wrong}"}, 400)


_ACTS: dict[str, Act] = {
    "edit-line": _edit_line,
    "recode": _recode,
    "move-date": _move_date,
    "void": _void,
    "delete-payment": _delete_payment,
    "late-document": _late_document,
    "plant": _plant,
    "hide": _hide,
    "empty-period": _empty_period,
    "damage": _damage,
    "lock-dates": _lock_dates,
    "bulk-invoices": _bulk,
    "account": _archive_account,
    "merge-contacts": _merge_contacts,
    "settings": _settings,
    "webhooks": _subscribe,
    "webhooks-deliver": _deliver,
}
_QUESTIONS: dict[str, Act] = {
    "calls": _calls,
    "ledger-lines": _ledger_lines,
    "unshown": _unshown,
    "balances": _balances,
}
