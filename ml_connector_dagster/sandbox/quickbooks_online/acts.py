"""What the control API does to the books, behind every client's back. Amounts are texts like "12.34", days ISO."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from ml_connector_dagster.sandbox.books.cents import parse
from ml_connector_dagster.sandbox.quickbooks_online.chart import (
    ACCOUNTS,
    HOME,
    PAYABLE,
    RECEIVABLE,
)
from ml_connector_dagster.sandbox.quickbooks_online.cloud import QuickBooksCloud
from ml_connector_dagster.sandbox.quickbooks_online.company import Company
from ml_connector_dagster.sandbox.quickbooks_online.records import BUYING, NAME_ENTITIES, SALES, Line, Named, Txn

Json = dict[str, Any]
Act = Callable[[QuickBooksCloud, Mapping[str, Any]], Json]


def _late_document(cloud: QuickBooksCloud, body: Mapping[str, Any]) -> Json:
    """{"date", "amount", "currency"?, "type"?: "bill" | "invoice", "account"?}: entered now, dated then."""
    company, day = cloud.company, date.fromisoformat(str(body["date"]))
    amount, currency = parse(str(body["amount"])), str(body.get("currency", HOME))
    kind = str(body.get("type", "bill"))
    entity, party, control = {
        "bill": ("Bill", "Vendor", PAYABLE),
        "invoice": ("Invoice", "Customer", RECEIVABLE),
    }[kind]
    named = next(one for one in company.written.lists[party].values() if one.active and one.currency == currency)
    if kind == "bill":
        line = Line("AccountBasedExpense", amount, _account(str(body.get("account", "15"))), "Late", class_id="1")
    else:
        line = Line("SalesItem", amount, _account(str(body.get("account", "46"))), "Late", "3", class_id="1")
    txn = company.enter(
        entity,
        day,
        [line],
        name_id=named.name_id,
        account_id=control[currency],
        currency=currency,
        number=f"L{company.today:%y}",
        due_on=day,
    )
    return {"document": txn.txn_id, "entity": entity}


def _void(cloud: QuickBooksCloud, body: Mapping[str, Any]) -> Json:
    """{"document"}."""
    txn = cloud.company.txn(str(body["document"]))
    cloud.company.void(txn)
    return _told(txn)


def _delete(cloud: QuickBooksCloud, body: Mapping[str, Any]) -> Json:
    """{"document"}."""
    txn = cloud.company.txn(str(body["document"]))
    cloud.company.delete(txn)
    return _told(txn)


def _move_date(cloud: QuickBooksCloud, body: Mapping[str, Any]) -> Json:
    """{"document", "date"}; a foreign document keeps its rate."""
    txn = cloud.company.txn(str(body["document"]))
    txn.day = date.fromisoformat(str(body["date"]))
    cloud.company.restate(txn)
    return _told(txn)


def _recode(cloud: QuickBooksCloud, body: Mapping[str, Any]) -> Json:
    """{"document", "account", "quiet"?: true}: the first line on another account.

    Quiet, which is the default, leaves SyncToken and LastUpdatedTime: what re-pointing an item does to old bills.
    """
    txn, account_id = cloud.company.txn(str(body["document"])), _account(str(body["account"]))
    line = next(line for line in txn.leaves() if line.account_id and line.detail != "Discount")
    line.account_id = account_id
    cloud.company.restate(txn, quiet=bool(body.get("quiet", True)))
    return _told(txn)


def _edit(cloud: QuickBooksCloud, body: Mapping[str, Any]) -> Json:
    """{"document", "amount"}: the first line costs something else from now on; paid documents are refused."""
    txn = cloud.company.txn(str(body["document"]))
    if txn.entity not in SALES | BUYING or any(link.entity.endswith("Payment") for link in txn.links):
        raise ValueError(f"{txn.entity} {txn.txn_id} is paid or has no amount of its own.")
    next(txn.leaves()).amount = parse(str(body["amount"]))
    txn.open_cents = txn.total
    cloud.company.restate(txn)
    return _told(txn)


def _repoint_item(cloud: QuickBooksCloud, body: Mapping[str, Any]) -> Json:
    """{"item", "account", "historical"?: false}: the item's income account; historical moves old sales too, quietly."""
    item, account_id = cloud.company.named("Item", str(body["item"])), _account(str(body["account"]))
    item.more["IncomeAccountRef"] = {"value": account_id}
    cloud.company.touch(item)
    moved = 0
    for txn in list(cloud.company.written.txns.values()) if body.get("historical") else ():
        lines = [line for line in txn.leaves() if line.detail == "SalesItem" and line.item_id == item.name_id]
        for line in lines:
            line.account_id = account_id
        if lines:
            moved += 1
            cloud.company.restate(txn, quiet=True)
    return {"moved": moved}


def _merge(cloud: QuickBooksCloud, body: Mapping[str, Any]) -> Json:
    """{"loser", "survivor", "entity"?}: customers or vendors, by their ids; entity for Account or Class."""
    loser = str(body["loser"])
    entity = str(body.get("entity") or cloud.company.party(loser).entity)
    return {"moved": cloud.company.merge(entity, loser, str(body["survivor"])), "entity": entity}


def _plant(cloud: QuickBooksCloud, body: Mapping[str, Any]) -> Json:
    """{"account"?, "date", "amount"?: "0.01", "against"?}: balances and profit show it, entities and general ledger do not."""
    account_id = _account(str(body.get("account", "46")))
    against_id = _account(str(body.get("against", "8" if account_id != "8" else "15")))
    cloud.company.plant(
        account_id, against_id, date.fromisoformat(str(body["date"])), parse(str(body.get("amount", "0.01")))
    )
    return {"account": account_id, "against": against_id}


def _damage(cloud: QuickBooksCloud, body: Mapping[str, Any]) -> Json:
    """{"document", "fields"}: properties of the entity (TxnDate) or columns of the general ledger (tx_date); {} repairs."""
    txn_id = str(body["document"])
    fields = dict(body["fields"])
    if fields:
        cloud.company.damaged[txn_id] = fields
    else:
        cloud.company.damaged.pop(txn_id, None)
    return {"document": txn_id}


def _hide(cloud: QuickBooksCloud, body: Mapping[str, Any]) -> Json:
    """{"document", "hidden"?: true, "feed"?: false}: from queries, reads and capture; with feed from the general ledger."""
    shelf = cloud.company.unfed if body.get("feed") else cloud.company.hidden
    txn_id = cloud.company.txn(str(body["document"])).txn_id
    if body.get("hidden", True):
        shelf.add(txn_id)
    else:
        shelf.discard(txn_id)
    return {"document": txn_id}


def _deactivate(cloud: QuickBooksCloud, body: Mapping[str, Any]) -> Json:
    """{"entity", "id", "active"?: false}."""
    named = cloud.company.named(str(body["entity"]), str(body["id"]))
    named.active = bool(body.get("active", False))
    cloud.company.touch(named)
    return {"name": named.shown_name}


def _touch(cloud: QuickBooksCloud, body: Mapping[str, Any]) -> Json:
    """{"entity", "count"}: so many are saved again unchanged; what overflows change data capture."""
    company, entity = cloud.company, str(body["entity"])
    assert company.ledger
    named = entity in NAME_ENTITIES
    shelf = company.written.lists[entity] if named else company.written.txns
    records = [one for one in shelf.values() if one.entity == entity][: int(body["count"])]
    for record in records:
        _save_again(company, record)
    return {"touched": len(records)}


def _bulk(cloud: QuickBooksCloud, body: Mapping[str, Any]) -> Json:
    """{"first", "last", "count"}: so many invoices of three lines more, evenly over the days: a backfill's size."""
    company, count = cloud.company, int(body["count"])
    assert company.ledger
    first, last = date.fromisoformat(str(body["first"])), date.fromisoformat(str(body["last"]))
    customers = [
        one.name_id for one in company.written.lists["Customer"].values() if one.active and one.currency == HOME
    ]
    for number in range(count):
        lines = [Line("SalesItem", 10_000 + number % 977, "46", "Day", "3", class_id=tag) for tag in ("1", "2", "")]
        company.enter(
            "Invoice",
            first + (last - first) * number // count,
            lines,
            told=False,
            name_id=customers[number % len(customers)],
            account_id=RECEIVABLE[HOME],
            number=f"B{number}",
        )
    return {"entered": count}


def _save_again(company: Company, record: Named | Txn) -> None:
    if isinstance(record, Txn):
        company.restate(record)
    else:
        company.touch(record)


def _account(account: str) -> str:
    """An account's id, told to exist; KeyError for none."""
    return ACCOUNTS[account].account_id


def _told(txn: Txn) -> Json:
    return {"document": txn.txn_id, "entity": txn.entity, "sync_token": str(txn.sync)}


BOOK_ACTS: dict[str, Act] = {
    "late-document": _late_document,
    "void": _void,
    "delete": _delete,
    "move-date": _move_date,
    "recode": _recode,
    "edit": _edit,
    "repoint-item": _repoint_item,
    "merge": _merge,
    "plant": _plant,
    "damage": _damage,
    "hide": _hide,
    "deactivate": _deactivate,
    "touch": _touch,
    "bulk": _bulk,
}
