"""Changes behind Xero's back: what a person, a bank feed or a bug would do to an organisation's books.

Each takes the cloud and a JSON body; amounts are texts like "12.34", days are ISO, tenant is a tenant id or uk / ie.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from ml_connector_dagster.sandbox.books.cents import parse
from ml_connector_dagster.sandbox.books.records import Document, Payment
from ml_connector_dagster.sandbox.xero import late
from ml_connector_dagster.sandbox.xero.bulk import BulkInvoices
from ml_connector_dagster.sandbox.xero.cloud import XeroCloud
from ml_connector_dagster.sandbox.xero.finding import account_id, document_named, tenant_named

Json = dict[str, Any]
Act = Callable[[XeroCloud, Mapping[str, Any]], Any]


def _edit_line(cloud: XeroCloud, body: Mapping[str, Any]) -> Json:
    """{"tenant", "document", "line": 0, "amount"?, "account"?, "description"?}: an edit that moves the stamp."""
    return _change_line(cloud, body, quiet=False)


def _recode(cloud: XeroCloud, body: Mapping[str, Any]) -> Json:
    """{"tenant", "document", "line": 0, "account"}: find-and-recode, which leaves UpdatedDateUTC where it was."""
    return _change_line(cloud, body, quiet=True)


def _change_line(cloud: XeroCloud, body: Mapping[str, Any], *, quiet: bool) -> Json:
    tenant, document = document_named(cloud, body)
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
    tenant, document = document_named(cloud, body)
    document.day = date.fromisoformat(str(body["date"]))
    tenant.restate(document)
    return _told(document)


def _void(cloud: XeroCloud, body: Mapping[str, Any]) -> Json:
    """{"tenant", "document"}: VOIDED, or DELETED for a draft; refused while payments stand."""
    tenant, document = document_named(cloud, body)
    if document.paid or document.credited:
        raise ValueError("Xero voids no document that has payments or credits.")
    drafts = document.status in {"DRAFT", "SUBMITTED"} or document.kind == "BankTransactions"
    document.status = "DELETED" if drafts else "VOIDED"
    tenant.restate(document)
    return _told(document)


def _delete_payment(cloud: XeroCloud, body: Mapping[str, Any]) -> Json:
    """{"tenant", "payment"}: the payment stays with status DELETED, its invoice is open again."""
    tenant = tenant_named(cloud, body)
    payment = tenant.find(str(body["payment"]))
    if not isinstance(payment, Payment):
        raise TypeError("No payment has this id.")
    payment.status = "DELETED"
    tenant.restate(payment)
    tenant.settle_after(payment)
    return {"payment": payment.payment_id, "document": payment.target_id, "status": payment.status}


def _late_document(cloud: XeroCloud, body: Mapping[str, Any]) -> Json:
    """{"tenant", "date", "amount", "account"?, "type"?: "ACCPAY", "currency"?}: entered now, dated then."""
    tenant = tenant_named(cloud, body)
    document = late.enter(
        tenant,
        type_=str(body.get("type", "ACCPAY")),
        day=date.fromisoformat(str(body["date"])),
        cents=parse(str(body["amount"])),
        account_id=account_id(tenant, str(body.get("account", "429"))),
        status=str(body.get("status", "AUTHORISED")),
        currency=str(body.get("currency", "")),
    )
    return _told(document)


def _plant(cloud: XeroCloud, body: Mapping[str, Any]) -> Json:
    """{"tenant", "account", "date", "amount": "0.01", "against"?: "850"}: a posting that no document shows."""
    tenant = tenant_named(cloud, body)
    against = account_id(tenant, str(body.get("against", "840")))
    target = account_id(tenant, str(body["account"]))
    tenant.plant(target, against, date.fromisoformat(str(body["date"])), parse(str(body.get("amount", "0.01"))))
    return {"account": target, "against": against}


def _hide(cloud: XeroCloud, body: Mapping[str, Any]) -> Json:
    """{"tenant", "document", "hidden": true}: lists leave it out; the ledger keeps it."""
    tenant = tenant_named(cloud, body)
    record_id = str(body["document"]).lower()
    tenant.find(record_id)
    change = tenant.hidden.add if body.get("hidden", True) else tenant.hidden.discard
    change(record_id)
    tenant.changed(())
    return {"hidden": sorted(tenant.hidden)}


def _empty_period(cloud: XeroCloud, body: Mapping[str, Any]) -> Json:
    """{"tenant", "period": "2026-10", "resources": ["Invoices", …], "empty": true}: lists find nothing there."""
    tenant = tenant_named(cloud, body)
    for plural in body.get("resources", ("Invoices", "CreditNotes", "BankTransactions", "ManualJournals")):
        change = tenant.empty_months.add if body.get("empty", True) else tenant.empty_months.discard
        change((str(plural), str(body["period"])))
    tenant.changed(())
    return {"empty": sorted(tenant.empty_months)}


def _damage(cloud: XeroCloud, body: Mapping[str, Any]) -> Json:
    """{"tenant", "document", "fields": {"Date": "soon"}}: spoil fields on the wire; {} repairs it."""
    tenant = tenant_named(cloud, body)
    record = tenant.find(str(body["document"]))
    if not isinstance(record, Document | Payment):
        raise TypeError("Only documents and payments can be damaged.")
    record.damaged = dict(body["fields"])
    tenant.changed(tenant.touched_by(record))
    return {"damaged": record.damaged}


def _lock_dates(cloud: XeroCloud, body: Mapping[str, Any]) -> Json:
    """{"tenant", "period"?: day or null, "year"?: day or null}."""
    tenant = tenant_named(cloud, body)
    if "period" in body:
        tenant.locks.period = date.fromisoformat(body["period"]) if body["period"] else None
    if "year" in body:
        tenant.locks.year = date.fromisoformat(body["year"]) if body["year"] else None
    return {"period": str(tenant.locks.period or ""), "year": str(tenant.locks.year or "")}


def _bulk(cloud: XeroCloud, body: Mapping[str, Any]) -> Json:
    """{"tenant", "count", "period": "2026-10"}: replaces earlier bulk invoices of the tenant only in a fresh world."""
    tenant = tenant_named(cloud, body)
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
    tenant = tenant_named(cloud, body)
    account = tenant.company.accounts[account_id(tenant, str(body["account"]))]
    account.status = str(body.get("status", account.status))
    account.code = str(body.get("code", account.code))
    account.name = str(body.get("name", account.name))
    account.updated_ms = tenant.stamp()
    tenant.changed()
    return {"account": account.account_id, "code": account.code, "status": account.status}


def _merge_contacts(cloud: XeroCloud, body: Mapping[str, Any]) -> Json:
    """{"tenant", "loser", "survivor"}: the loser is archived, its documents go to the survivor."""
    tenant = tenant_named(cloud, body)
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


def _told(document: Document) -> Json:
    return {
        "document": document.doc_id,
        "kind": document.kind,
        "status": document.status,
        "date": document.day.isoformat(),
        "updated_ms": document.updated_ms,
    }


BOOK_ACTS: dict[str, Act] = {
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
}
