"""/_control/zoho_books: change the books, plant what a tie-out must find, set Zoho itself, ask the ledger for the truth.

Bodies and answers are JSON; amounts are texts like "12.34"; days are ISO; ids are Zoho's own. Accounts may be named by
id or by code.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import date, timedelta
from typing import Any

from starlette.routing import BaseRoute

from ml_connector_dagster.sandbox.books.cents import parse, text
from ml_connector_dagster.sandbox.control import vendor_routes
from ml_connector_dagster.sandbox.zoho_books.answers import Json
from ml_connector_dagster.sandbox.zoho_books.cloud import Settings, ZohoCloud
from ml_connector_dagster.sandbox.zoho_books.company import FEED_ONLY, Company
from ml_connector_dagster.sandbox.zoho_books.records import Contact, Doc
from ml_connector_dagster.sandbox.zoho_books.shelves import SHELVES

Act = Callable[[ZohoCloud, Mapping[str, Any]], Json]
_LIMITS = ("minute", "day", "concurrent")
_TOKENS = ("minted_in_window", "live_tokens", "refresh_tokens", "codes_in_window", "refuses_minting_with", "denies")


def control_routes(cloud: ZohoCloud) -> list[BaseRoute]:
    """POST one action a path, GET what may be asked."""
    return vendor_routes(cloud, _ACTS, _QUESTIONS)


def _late_document(cloud: ZohoCloud, body: Mapping[str, Any]) -> Json:
    """{"date", "amount", "currency"?, "type"?: "bill"|"invoice"|…, "account"?, "contact"?}: entered now, dated then."""
    company = cloud.company
    doc = company.late_document(
        str(body.get("type", "bill")),
        date.fromisoformat(str(body["date"])),
        parse(str(body["amount"])),
        str(body.get("currency", "GBP")),
        _account(company, str(body["account"])) if "account" in body else "",
        str(body.get("contact", "")),
    )
    return {"document": doc.doc_id, "number": doc.number}


def _bulk(cloud: ZohoCloud, body: Mapping[str, Any]) -> Json:
    """{"first", "last", "count", "type"?: "invoice"}: a backfill's worth of documents, evenly over the days."""
    first, last = _span(body)
    count, days = int(body["count"]), (last - first).days + 1
    for place in range(count):
        day = first + timedelta(days=place * days // count)
        cloud.company.late_document(str(body.get("type", "invoice")), day, 10_000 + place)
    return {"entered": count}


def _void(cloud: ZohoCloud, body: Mapping[str, Any]) -> Json:
    """{"document"}: status void, the stamp moves; payments keep the money as credit."""
    doc = _doc(cloud, body)
    cloud.company.void(doc)
    return {"document": doc.doc_id, "status": doc.status}


def _delete(cloud: ZohoCloud, body: Mapping[str, Any]) -> Json:
    """{"document"}: gone for good."""
    doc = _doc(cloud, body)
    cloud.company.delete(doc)
    return {"document": doc.doc_id}


def _move_date(cloud: ZohoCloud, body: Mapping[str, Any]) -> Json:
    """{"document", "date"}; the exchange rate stays."""
    doc = _doc(cloud, body)
    doc.day = date.fromisoformat(str(body["date"]))
    cloud.company.restate(doc)
    return {"document": doc.doc_id, "date": doc.day.isoformat()}


def _edit_line(cloud: ZohoCloud, body: Mapping[str, Any]) -> Json:
    """{"document", "line"?: 0, "amount"?, "account"?, "description"?}: an edit that moves the stamp."""
    return _change_line(cloud, body, quiet=False)


def _recode(cloud: ZohoCloud, body: Mapping[str, Any]) -> Json:
    """{"document", "line"?: 0, "account"}: a bulk update of accounts, which leaves the stamp where it was."""
    return _change_line(cloud, body, quiet=True)


def _change_line(cloud: ZohoCloud, body: Mapping[str, Any], *, quiet: bool) -> Json:
    doc, company = _doc(cloud, body), cloud.company
    line = doc.lines[int(body.get("line", 0))]
    if "amount" in body:
        if doc.settled:
            raise ValueError("Zoho changes no amount of a document that has payments or credits.")
        old, line.amount = line.amount, parse(str(body["amount"]))
        line.tax = line.tax * line.amount // old if old else 0
        line.rate = line.amount // (line.quantity or 1)
    if "account" in body:
        line.account_id = _account(company, str(body["account"]))
    line.description = str(body.get("description", line.description))
    company.restate(doc, quiet=quiet)
    return {"document": doc.doc_id}


def _merge(cloud: ZohoCloud, body: Mapping[str, Any]) -> Json:
    """{"loser", "survivor"}: two contacts of one kind; the loser stays, inactive."""
    contacts = cloud.company.contacts
    loser, survivor = contacts[str(body["loser"])], contacts[str(body["survivor"])]
    if loser.kind != survivor.kind or loser is survivor:
        raise ValueError("Zoho merges two contacts of one kind.")
    cloud.company.merge(loser, survivor)
    return {"loser": loser.contact_id, "survivor": survivor.contact_id}


def _plant(cloud: ZohoCloud, body: Mapping[str, Any]) -> Json:
    """{"account", "date", "amount"?: "0.01"}: posted against suspense; reports show it, no document and no feed does."""
    company = cloud.company
    day, cents = date.fromisoformat(str(body["date"])), parse(str(body.get("amount", "0.01")))
    return {"account": company.plant(_account(company, str(body["account"])), day, cents)}


def _damage(cloud: ZohoCloud, body: Mapping[str, Any]) -> Json:
    """{"document" or "contact", "fields", "feed"?: true, "account"?}: fields that are wrong on the wire; {} repairs.

    With feed it is the document's account transactions that are wrong, those of one account alone where it is named.
    """
    if body.get("feed"):
        doc = _doc(cloud, body)
        doc.damaged_feed = dict(body["fields"])
        doc.damaged_account = _account(cloud.company, str(body["account"])) if body.get("account") else ""
        return {"damaged": sorted(doc.damaged_feed)}
    damaged: Doc | Contact
    damaged = cloud.company.contacts[str(body["contact"])] if "contact" in body else _doc(cloud, body)
    damaged.damaged = dict(body["fields"])
    cloud.company.version += 1
    return {"damaged": sorted(damaged.damaged)}


def _hide(cloud: ZohoCloud, body: Mapping[str, Any]) -> Json:
    """{"document", "hidden"?: true}: out of the lists, not out of the ledger, the feed or the details."""
    doc = _doc(cloud, body)
    doc.hidden = bool(body.get("hidden", True))
    cloud.company.version += 1
    return {"document": doc.doc_id, "hidden": doc.hidden}


def _settings(cloud: ZohoCloud, body: Mapping[str, Any]) -> Json:
    """What belongs to Zoho, not to a record.

    {"plan"?, "minute"?, "day"?, "concurrent"?, "spend"?: 40, "forget_calls"?: true, "location"?: "in", "forbidden"?:
    ["accountants"], "drifting"?: ["invoice"], "failing_with_200"?: {"/invoices": 1000}, "minted_in_window"?,
    "live_tokens"?, "refresh_tokens"?, "codes_in_window"?, "refuses_minting_with"?: 200, "denies"?: true, "known_at"?: ["us"],
    "payment_moves_stamp"?, and any field of cloud.Settings}
    """
    if "plan" in body:
        cloud.limits.choose_plan(str(body["plan"]))
    for names, owner in ((_LIMITS, cloud.limits), (_TOKENS, cloud.accounts)):
        for name in names:
            if name in body:
                setattr(owner, name, type(getattr(owner, name))(body[name]))
    for entry in fields(Settings):
        if entry.name in body:
            kept = body[entry.name]
            setattr(cloud.settings, entry.name, set(kept) if entry.name in {"forbidden", "drifting"} else kept)
    cloud.accounts.location = str(body.get("location", cloud.accounts.location))
    cloud.accounts.known_at = frozenset(body.get("known_at", cloud.accounts.known_at))
    if "payment_moves_stamp" in body:
        cloud.company.payment_moves_stamp = bool(body["payment_moves_stamp"])
    if body.get("forget_calls"):
        cloud.limits.forget()
        cloud.accounts.forget_windows()
        cloud.calls.clear()
    cloud.limits.spend(int(body.get("spend", 0)))
    return {"plan": cloud.settings.plan, "minute": cloud.limits.minute, "day": cloud.limits.day}


def _deliver(cloud: ZohoCloud, body: Mapping[str, Any]) -> Json:
    """{"drop"?: true, "twice"?: true}: send what the workflow rules have pending; 0 is a delivery that was lost."""
    today = cloud.world.clock.today()
    records = {
        doc.doc_id: shelf.full(cloud.company, doc, today)
        for shelf in SHELVES
        for doc in cloud.company.of_kind(shelf.kind)
    }
    answers = cloud.webhooks.deliver(records, drop=bool(body.get("drop")), twice=bool(body.get("twice")))
    return {"answers": answers}


def _ledger(cloud: ZohoCloud, query: Mapping[str, Any]) -> Json:
    """?first=&last=: movement by account id of what documents or the feed show; debit positive, no zeroes."""
    moved = cloud.company.shown_movement(*_span(query))
    return {"movement": {account: text(cents) for account, cents in moved.items()}}


def _parties(cloud: ZohoCloud, _query: Mapping[str, Any]) -> Json:
    """The ids of contacts that are active, by kind."""
    active = [one for one in cloud.company.contacts.values() if one.is_active]
    return {f"{kind}s": [one.contact_id for one in active if one.kind == kind] for kind in ("customer", "vendor")}


def _documents(cloud: ZohoCloud, query: Mapping[str, Any]) -> Json:
    """?first=&last=: ids by kind, of every kind, those that only the feed knows too."""
    first, last = _span(query)
    found: dict[str, list[str]] = {}
    for doc in cloud.company.docs.values():
        if first <= doc.day <= last:
            found.setdefault(doc.kind, []).append(doc.doc_id)
    return {"documents": found, "feed_only": sorted(FEED_ONLY)}


def _accounts(cloud: ZohoCloud, _query: Mapping[str, Any]) -> Json:
    """Every account: id to code, name and type."""
    return {
        "accounts": {
            one.account_id: {"code": one.code, "name": one.name, "type": one.kind}
            for one in cloud.company.accounts.values()
        }
    }


def _calls(cloud: ZohoCloud, _query: Mapping[str, Any]) -> Json:
    """Admitted calls by method and path."""
    return {"calls": dict(cloud.calls)}


def _doc(cloud: ZohoCloud, body: Mapping[str, Any]) -> Doc:
    return cloud.company.docs[str(body["document"])]


def _account(company: Company, named: str) -> str:
    """An account by id or by code."""
    if named in company.accounts:
        return named
    return next(one.account_id for one in company.accounts.values() if one.code == named)


def _span(query: Mapping[str, Any]) -> tuple[date, date]:
    return date.fromisoformat(str(query["first"])), date.fromisoformat(str(query["last"]))


_ACTS: dict[str, Act] = {
    "late-document": _late_document,
    "bulk": _bulk,
    "void": _void,
    "delete": _delete,
    "move-date": _move_date,
    "edit-line": _edit_line,
    "recode": _recode,
    "merge": _merge,
    "plant": _plant,
    "damage": _damage,
    "hide": _hide,
    "settings": _settings,
    "webhooks-deliver": _deliver,
}
_QUESTIONS: dict[str, Act] = {
    "ledger": _ledger,
    "parties": _parties,
    "documents": _documents,
    "accounts": _accounts,
    "calls": _calls,
}
