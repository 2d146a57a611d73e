"""What may happen in the agency's books while nobody looks: control actions that change documents or the ledger."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

from ml_connector_dagster.sandbox.books.cents import parse
from ml_connector_dagster.sandbox.freshbooks.cloud import FreshBooksCloud
from ml_connector_dagster.sandbox.freshbooks.company import Company
from ml_connector_dagster.sandbox.freshbooks.records import ACTIVE, ARCHIVED, DELETED, Category, Document, Line

Json = dict[str, Any]
Act = Callable[[FreshBooksCloud, Mapping[str, Any]], Json]


def _late_document(cloud: FreshBooksCloud, body: Mapping[str, Any]) -> Json:
    """{"date", "amount", "currency"?, "type"?: "bill" | "invoice" | "expense", "account"?: uuid}: entered now, dated then."""
    company, now_ms = cloud.agency, cloud.world.clock.now_ms()
    kind, day = f"{body.get('type', 'bill')}s", date.fromisoformat(str(body["date"]))
    cents, currency = parse(str(body["amount"])), str(body.get("currency", company.currency))
    made = Document(kind, company.new_id(), day, currency, due_on=day + timedelta(days=30), created_ms=now_ms)
    made.number, made.bank = f"LATE-{made.doc_id}", company.account("Operating Checking")
    if kind == "invoices":
        account = str(body.get("account") or company.account("Web Design"))
        made.lines, made.status = [Line(account, cents, "Web Design", "Arrived late")], "sent"
        made.party_id = next(one.client_id for one in company.clients.values() if one.vis_state == ACTIVE)
    elif kind in {"bills", "expenses"}:
        category = _category(company, str(body.get("account") or company.account("Print Production")))
        account = str(body.get("account") or category.account)
        made.lines = [Line(account, cents, description="Arrived late", category_id=category.category_id)]
        made.party_id = next(iter(company.vendors)) if kind == "bills" else 0
    else:
        raise ValueError(f"A late document is a bill, an invoice or an expense, no {body['type']}.")
    company.keep(made)
    cloud.callbacks.note(company.account_id, kind, made.doc_id, "create")
    return {"document": str(made.doc_id), "kind": kind}


def _void(_cloud: FreshBooksCloud, _body: Mapping[str, Any]) -> Json:
    raise ValueError("FreshBooks has no void: documents are deleted (vis_state 1) or archived (vis_state 2).")


def _merge(_cloud: FreshBooksCloud, _body: Mapping[str, Any]) -> Json:
    raise ValueError("FreshBooks merges no clients and no vendors.")


def _vis_state(vis_state: int, verb: str) -> Act:
    def act(cloud: FreshBooksCloud, body: Mapping[str, Any]) -> Json:
        """{"document"}: also the id of a client or a vendor."""
        company, record_id, now_ms = cloud.agency, int(body["document"]), cloud.world.clock.now_ms()
        if record_id in company.clients:
            client = company.clients[record_id]
            client.vis_state, client.updated_ms = vis_state, now_ms
        elif record_id in company.vendors:
            company.vendors[record_id].vis_state = vis_state
        else:
            document = company.documents[record_id]
            company.show(document, vis_state, now_ms)
            cloud.callbacks.note(company.account_id, document.kind, record_id, verb)
        return {"document": str(record_id), "vis_state": vis_state}

    return act


def _move_date(cloud: FreshBooksCloud, body: Mapping[str, Any]) -> Json:
    """{"document", "date"}: the stamp moves too."""
    company, document, now_ms = cloud.agency, _document(cloud, body), cloud.world.clock.now_ms()
    document.day, document.updated_ms = date.fromisoformat(str(body["date"])), now_ms
    company.restate(document, now_ms)
    cloud.callbacks.note(company.account_id, document.kind, document.doc_id, "update")
    return {"document": str(document.doc_id)}


def _recode(cloud: FreshBooksCloud, body: Mapping[str, Any]) -> Json:
    """{"document", "account": uuid, "line"?: 0}: posted elsewhere.

    An invoice shows no account, so neither it nor its stamp tells; a bill's or an expense's category and stamp do.
    """
    company, document, now_ms = cloud.agency, _document(cloud, body), cloud.world.clock.now_ms()
    line, account = document.lines[int(body.get("line", 0))], company.chart[str(body["account"])]
    line.account = account.uuid
    if line.category_id:
        line.category_id, document.updated_ms = _category(company, account.uuid).category_id, now_ms
    company.restate(document, now_ms)
    return {"document": str(document.doc_id)}


def _plant(cloud: FreshBooksCloud, body: Mapping[str, Any]) -> Json:
    """{"account"?: uuid, "date", "amount"}: reports show it, feed and documents do not."""
    company = cloud.agency
    account = str(body.get("account") or company.account("Advertising"))
    company.plant(date.fromisoformat(str(body["date"])), company.chart[account].uuid, parse(str(body["amount"])), 0)
    return {"account": account}


def _damage(cloud: FreshBooksCloud, body: Mapping[str, Any]) -> Json:
    """{"document", "fields"}: spoils a document, party or, by its detailid, a row of the feed; {} repairs."""
    company, record_id, fields = cloud.agency, int(body["document"]), dict(body["fields"])
    for records in (company.documents, company.clients, company.vendors):
        if record_id in records:
            records[record_id].damaged = fields
            return {"document": str(record_id)}
    company.damaged_details[record_id] = fields
    return {"document": str(record_id)}


def _hide(cloud: FreshBooksCloud, body: Mapping[str, Any]) -> Json:
    """{"document", "hidden"?: true}: reports go on counting it, lists and feed do not show it."""
    _document(cloud, body).hidden = bool(body.get("hidden", True))
    cloud.agency.version += 1
    return {"document": str(body["document"])}


def _bulk(cloud: FreshBooksCloud, body: Mapping[str, Any]) -> Json:
    """{"count", "first", "last"}: so many sent invoices of three lines, spread evenly over the days of a span."""
    company, now_ms = cloud.agency, cloud.world.clock.now_ms()
    first, last, count = (
        date.fromisoformat(str(body["first"])),
        date.fromisoformat(str(body["last"])),
        int(body["count"]),
    )
    days, client = (last - first).days + 1, next(iter(company.clients))
    accounts = [company.account(name) for name in ("Brand Strategy", "Web Design", "Retainers")]
    for place in range(count):
        made = Document("invoices", company.new_id(), first + timedelta(days=place * days // count), company.currency)
        made.number, made.party_id, made.status, made.created_ms = f"BULK-{place}", client, "sent", now_ms
        made.lines = [Line(account, 1_000 + place % 997, "Bulk") for account in accounts]
        company.keep(made)
    return {"invoices": count}


def _rename_account(cloud: FreshBooksCloud, body: Mapping[str, Any]) -> Json:
    """{"account": uuid, "name"?, "number"?, "state"?}: the uuid stays."""
    account = cloud.agency.chart[str(body["account"])]
    account.name, account.number = str(body.get("name", account.name)), str(body.get("number", account.number))
    account.state, account.updated_ms = str(body.get("state", account.state)), cloud.world.clock.now_ms()
    return {"account": account.uuid}


def _document(cloud: FreshBooksCloud, body: Mapping[str, Any]) -> Document:
    return cloud.agency.documents[int(body["document"])]


def _category(company: Company, account: str) -> Category:
    """A category that posts to the account; the catch-all where there is none."""
    found = [one for one in company.categories.values() if one.account == account]
    return found[-1] if found else next(one for one in company.categories.values() if one.name == "Other Expenses")


BOOK_ACTS: dict[str, Act] = {
    "late-document": _late_document,
    "void": _void,
    "merge": _merge,
    "delete": _vis_state(DELETED, "delete"),
    "undelete": _vis_state(ACTIVE, "update"),
    "archive": _vis_state(ARCHIVED, "update"),
    "move-date": _move_date,
    "recode": _recode,
    "plant": _plant,
    "damage": _damage,
    "hide": _hide,
    "bulk": _bulk,
    "rename-account": _rename_account,
}
