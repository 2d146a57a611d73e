"""What the control API does to the company file, behind every application's back. Amounts are texts, days ISO."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

from ml_connector_dagster.sandbox.books.cents import parse
from ml_connector_dagster.sandbox.quickbooks_desktop.company import Company
from ml_connector_dagster.sandbox.quickbooks_desktop.desktop import Desktop
from ml_connector_dagster.sandbox.quickbooks_desktop.records import Line, Txn

Json = dict[str, Any]
Act = Callable[[Desktop, Mapping[str, Any]], Json]


def _late_document(desktop: Desktop, body: Mapping[str, Any]) -> Json:
    """{"date", "amount", "type"?: "bill" | "invoice", "account"?, "class"?}: entered now, dated then."""
    company, day, amount = desktop.company, date.fromisoformat(str(body["date"])), parse(str(body["amount"]))
    if body.get("currency", "USD") != "USD":
        raise ValueError("This company file has one currency, USD.")
    kind = {"bill": "Bill", "invoice": "Invoice"}[str(body.get("type", "bill"))]
    party, control = {"Bill": ("Vendor", "AccountsPayable"), "Invoice": ("Customer", "AccountsReceivable")}[kind]
    name_id = next(key for key, one in company.lists[party].items() if one.active)
    line = company.new_line(amount, company.now(), class_id=_class(company, str(body.get("class", "Warehouse"))))
    line.account_id, line.memo = company.account(str(body.get("account", "6400" if kind == "Bill" else "4030"))), "Late"
    if kind == "Invoice":
        service = next(key for key, item in company.items.items() if not item.stocked)
        line.item_id, line.quantity, line.rate = service, 1, amount
    txn = company.enter(
        kind,
        day,
        [line],
        name_id=name_id,
        account_id=company.special(control),
        due_on=day + timedelta(days=30),
        ref=f"LATE-{len(company.txns)}",
    )
    return _told(txn)


def _journal(desktop: Desktop, body: Mapping[str, Any]) -> Json:
    """{"date", "lines": [[account, "12.34", class?], …], "ref"?, "guid"?}: entered by a person; debit +, credit -."""
    company = desktop.company
    lines = [_row(company, *row) for row in body["lines"]]
    if sum(line.amount if line.side == "Debit" else -line.amount for line in lines):
        raise ValueError("The lines are not in balance.")
    day, guid = date.fromisoformat(str(body["date"])), str(body.get("guid", ""))
    return _told(company.enter("JournalEntry", day, lines, ref=str(body.get("ref", "")), external_guid=guid))


def _row(company: Company, account: str, amount: str, tag: str = "") -> Line:
    cents = parse(amount)
    line = company.new_line(abs(cents), company.now(), account_id=company.account(account))
    line.side, line.class_id = "Debit" if cents >= 0 else "Credit", _class(company, tag) if tag else ""
    return line


def _void(desktop: Desktop, body: Mapping[str, Any]) -> Json:
    """{"document"}."""
    txn = _txn(desktop, body)
    desktop.company.void(txn)
    return _told(txn)


def _delete(desktop: Desktop, body: Mapping[str, Any]) -> Json:
    """{"document"}."""
    txn = _txn(desktop, body)
    desktop.company.delete(txn)
    return _told(txn)


def _move_date(desktop: Desktop, body: Mapping[str, Any]) -> Json:
    """{"document", "date"}."""
    txn = _txn(desktop, body)
    txn.day = date.fromisoformat(str(body["date"]))
    desktop.company.restate(txn)
    return _told(txn)


def _recode(desktop: Desktop, body: Mapping[str, Any]) -> Json:
    """{"document", "account", "quiet"?: true}: the first line on another account; quiet leaves stamp and EditSequence."""
    txn, account_id = _txn(desktop, body), desktop.company.account(str(body["account"]))
    line = next(line for line in txn.lines if line.account_id)
    line.account_id = account_id
    desktop.company.restate(txn, quiet=bool(body.get("quiet", True)))
    return _told(txn)


def _edit(desktop: Desktop, body: Mapping[str, Any]) -> Json:
    """{"document", "ref"?, "amount"?}: a person changes the number, or the amount of the first line of an unpaid document."""
    txn = _txn(desktop, body)
    txn.ref = str(body.get("ref", txn.ref))
    if "amount" in body:
        if txn.kind not in {"Bill", "Invoice", "Check"} or desktop.company.paid(txn.txn_id):
            raise ValueError(f"{txn.kind} {txn.txn_id} is paid or has no amount of its own.")
        txn.lines[0].amount = parse(str(body["amount"]))
    desktop.company.restate(txn)
    return _told(txn)


def _merge(desktop: Desktop, body: Mapping[str, Any]) -> Json:
    """{"loser", "survivor"}: ids of one list. The loser's id is gone, ListDeleted tells of it."""
    kind = desktop.company.named(str(body["loser"])).kind
    return {"moved": desktop.company.merge(str(body["loser"]), str(body["survivor"])), "kind": kind}


def _plant(desktop: Desktop, body: Mapping[str, Any]) -> Json:
    """{"account"?, "date", "amount"?: "0.01", "against"?}: balances and summaries show it, details and queries do not."""
    company = desktop.company
    account_id = company.account(str(body.get("account", "4010")))
    against_id = company.account(str(body.get("against", "6400")))
    company.plant(account_id, against_id, date.fromisoformat(str(body["date"])), parse(str(body.get("amount", "0.01"))))
    return {"account": account_id, "against": against_id}


def _damage(desktop: Desktop, body: Mapping[str, Any]) -> Json:
    """{"document", "fields"}: elements of the query (TxnDate) or columns of the detail report (Date); {} repairs."""
    key, fields = str(body["document"]), {str(name): str(value) for name, value in dict(body["fields"]).items()}
    if fields:
        desktop.company.damaged[key] = fields
    else:
        desktop.company.damaged.pop(key, None)
    return {"document": key}


def _hide(desktop: Desktop, body: Mapping[str, Any]) -> Json:
    """{"document", "hidden"?: true, "feed"?: false}: from queries; with feed from the detail report."""
    shelf = desktop.company.unfed if body.get("feed") else desktop.company.hidden
    key = str(body["document"])
    if body.get("hidden", True):
        shelf.add(key)
    else:
        shelf.discard(key)
    return {"document": key}


def _deactivate(desktop: Desktop, body: Mapping[str, Any]) -> Json:
    """{"id", "active"?: false, "name"?}: take an element out of use, or rename it."""
    one = desktop.company.named(str(body["id"]))
    one.active = bool(body.get("active", False))
    desktop.company.rename(one.list_id, str(body.get("name", one.name)))
    return {"name": one.name}


def _bulk(desktop: Desktop, body: Mapping[str, Any]) -> Json:
    """{"first", "last", "count"}: so many invoices of three lines more, evenly over the days: a backfill's size."""
    company, count = desktop.company, int(body["count"])
    first, last = date.fromisoformat(str(body["first"])), date.fromisoformat(str(body["last"]))
    customers = [key for key, one in company.lists["Customer"].items() if one.active]
    service = next(key for key, item in company.items.items() if not item.stocked)
    control, at = company.special("AccountsReceivable"), company.now()
    for number in range(count):
        amount = 10_000 + number % 977
        lines = [
            company.new_line(amount, at, item_id=service, class_id=tag, quantity=1, rate=amount)
            for tag in (*list(company.lists["Class"])[:2], "")
        ]
        day = first + (last - first) * number // count
        name_id = customers[number % len(customers)]
        company.enter("Invoice", day, lines, at=at, name_id=name_id, account_id=control, ref=f"B{number}", due_on=day)
    return {"entered": count}


def _txn(desktop: Desktop, body: Mapping[str, Any]) -> Txn:
    """The document of a body; KeyError for none."""
    return desktop.company.txns[str(body["document"])]


def _class(company: Company, full_name: str) -> str:
    return next(key for key in company.lists["Class"] if full_name in {key, company.full_name(key)})


def _told(txn: Txn) -> Json:
    return {"document": txn.txn_id, "kind": txn.kind, "edit_sequence": str(txn.edit)}


BOOK_ACTS: dict[str, Act] = {
    "late-document": _late_document,
    "journal": _journal,
    "void": _void,
    "delete": _delete,
    "move-date": _move_date,
    "recode": _recode,
    "edit": _edit,
    "merge": _merge,
    "plant": _plant,
    "damage": _damage,
    "hide": _hide,
    "deactivate": _deactivate,
    "bulk": _bulk,
}
