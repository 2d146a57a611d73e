"""Documents as FreshBooks writes them: amounts are texts with a currency, ids integers, no link is 0 or null."""

from collections.abc import Callable
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from ml_connector_dagster.sandbox.books.cents import text
from ml_connector_dagster.sandbox.freshbooks.company import Company
from ml_connector_dagster.sandbox.freshbooks.records import DELETED, Document, Line
from ml_connector_dagster.sandbox.freshbooks.stamps import eastern, eastern_version, money, naive_utc, rfc3339

Json = dict[str, Any]


def shown(company: Company, document: Document, *, lines: bool) -> Json:
    """One document; spoiled fields last. Lines only where asked for, but a bill always has them."""
    record = _WRITERS[document.kind](company, document)
    if lines and document.kind in {"invoices", "credit_notes"}:
        record["lines"] = [_invoice_line(document, place, line) for place, line in enumerate(document.lines, 1)]
    return record | document.damaged


def _invoice(company: Company, one: Document) -> Json:
    code, client = one.currency, company.clients[one.party_id]
    payment_status = one.settlement
    v3_status = one.status if payment_status == "unpaid" or one.status == "draft" else payment_status
    return {
        "id": one.doc_id,
        "invoiceid": one.doc_id,
        "accounting_systemid": company.account_id,
        "customerid": one.party_id,
        "create_date": one.day.isoformat(),
        "due_date": one.due_on.isoformat() if one.due_on else None,
        "due_offset_days": (one.due_on - one.day).days if one.due_on else 0,
        "fulfillment_date": None,
        "generation_date": None,
        "invoice_number": one.number,
        "po_number": None,
        "currency_code": code,
        "amount": money(one.total, code),
        "paid": money(one.paid, code),
        "net_paid_amount": {"amount": f"{text(one.paid)}{'0' * 24}", "code": code},
        "outstanding": money(one.outstanding, code),
        "discount": {"amount": money(0, code), "rate": None, "type": "percent"},
        "discount_total": money(-one.discount, code),
        "discount_value": str(one.discount_percent),
        "status": _status_number(one, payment_status),
        "v3_status": v3_status,
        "display_status": v3_status,
        "payment_status": payment_status,
        "autobill_status": None,
        "dispute_status": None,
        "deposit_amount": None,
        "deposit_percentage": None,
        "deposit_status": "none",
        "date_paid": max((paid.day.isoformat() for paid in one.settled_by), default=None),
        "estimateid": 0,
        "organization": client.organization,
        "current_organization": client.organization,
        "fname": client.first_name,
        "lname": client.last_name,
        "sentid": 1,
        "lock_status": None,
        "language": "en",
        "notes": one.note,
        "terms": None,
        "uuid": str(uuid5(NAMESPACE_OID, f"{company.account_id}:{one.doc_id}")),
        "created_at": eastern(one.created_ms),
        "updated": eastern(one.updated_ms),
        "version": eastern_version(one.updated_ms),
        "vis_state": one.vis_state,
    }


def _status_number(one: Document, payment_status: str) -> int:
    """The integer lags: an invoice that is half paid still says 2, sent."""
    if one.status == "draft":
        return 1
    return 4 if payment_status == "paid" else 2


def _invoice_line(one: Document, place: int, line: Line) -> Json:
    return {
        "lineid": place,
        "type": 0,
        "name": line.name,
        "description": line.description,
        "qty": str(line.quantity),
        "unit_cost": money(line.amount // line.quantity, one.currency),
        "amount": money(line.amount, one.currency),
        "taxName1": line.tax_name or None,
        "taxAmount1": line.tax_percent or "0",
        "taxNumber1": None,
        "taxName2": None,
        "taxAmount2": "0",
        "taxNumber2": None,
        "compounded_tax": False,
        "taskno": place,
        "expenseid": 0,
        "modern_project_id": one.project_id or None,
        "modern_time_entries": [],
        "date": None,
        "updated": eastern(one.updated_ms),
    }


def _payment(company: Company, one: Document) -> Json:
    return {
        "id": one.doc_id,
        "logid": one.doc_id,
        "accounting_systemid": company.account_id,
        "clientid": one.party_id,
        "invoiceid": one.target_id,
        "amount": money(one.total, one.currency),
        "date": one.day.isoformat(),
        "type": one.type,
        "gateway": None,
        "note": one.note,
        "creditid": one.credit_id or None,
        "from_credit": bool(one.credit_id),
        "overpaymentid": None,
        "bulk_paymentid": None,
        "orderid": None,
        "transactionid": None,
        "transaction_uuid": None,
        "send_client_notification": False,
        "updated": eastern(one.updated_ms),
        "vis_state": one.vis_state,
    }


def _expense(company: Company, one: Document) -> Json:
    line = one.lines[0]
    return {
        "id": one.doc_id,
        "expenseid": one.doc_id,
        "accounting_systemid": company.account_id,
        "categoryid": line.category_id,
        "amount": money(one.total, one.currency),
        "date": one.day.isoformat(),
        "vendor": one.vendor,
        "notes": one.note,
        "clientid": one.party_id,
        "projectid": one.project_id,
        "modern_projectid": one.project_id or None,
        "staffid": 1,
        "invoiceid": None,
        "status": 1 if one.party_id else 0,
        "billable": bool(one.party_id),
        "is_cogs": company.categories[line.category_id].is_cogs,
        "markup_percent": "0",
        "taxName1": line.tax_name or None,
        "taxPercent1": line.tax_percent or None,
        "taxAmount1": money(line.tax, one.currency) if line.tax else None,
        "taxName2": None,
        "taxPercent2": None,
        "taxAmount2": None,
        "compounded_tax": False,
        "has_receipt": one.doc_id % 3 == 0,
        "bank_name": "Harbor Bank" if one.doc_id % 7 == 0 else "",
        "account_name": "",
        "accountid": None,
        "transactionid": None,
        "bill_matches": [],
        "potential_bill_payment": one.doc_id % 53 == 0,
        "isduplicate": one.doc_id % 41 == 0,
        "from_bulk_import": False,
        "background_jobid": None,
        "profileid": None,
        "updated": eastern(one.updated_ms),
        "version": eastern_version(one.updated_ms),
        "vis_state": one.vis_state,
    }


def _bill(company: Company, one: Document) -> Json:
    vendor, code = company.vendors[one.party_id], one.currency
    status = one.settlement
    return {
        "id": one.doc_id,
        "bill_number": one.number,
        "vendorid": one.party_id,
        "issue_date": one.day.isoformat(),
        "due_date": one.due_on.isoformat() if one.due_on else None,
        "due_offset_days": (one.due_on - one.day).days if one.due_on else 0,
        "currency_code": code,
        "language": "en",
        "status": status,
        "amount": money(one.net, code),
        "tax_amount": money(one.tax, code),
        "total_amount": money(one.total, code),
        "paid": money(one.paid, code),
        "outstanding": money(one.outstanding, code),
        "overall_category": company.categories[one.lines[0].category_id].name,
        "overall_description": one.lines[0].description,
        "attachment": None,
        "created_at": naive_utc(one.created_ms),
        "updated_at": naive_utc(one.updated_ms),
        "vis_state": one.vis_state,
        "lines": [_bill_line(company, one, place, line) for place, line in enumerate(one.lines, 1)],
        "bill_payments": [_bill_payment(company, paid) for paid in one.settled_by if paid.vis_state != DELETED],
        "vendor": {"vendorid": vendor.vendor_id, "vendor_name": vendor.name},
    }


def _bill_line(company: Company, one: Document, place: int, line: Line) -> Json:
    """The quantity is a number or a text, category a text or an object: both have been seen, so both are shown."""
    category = company.categories[line.category_id]
    as_object = one.doc_id % 2 == 0
    named = {"category": category.name, "categoryid": category.category_id, "parentid": category.parent_id or None}
    return {
        "list_index": place,
        "categoryid": line.category_id,
        "category": named if as_object else category.name,
        "description": line.description,
        "quantity": line.quantity if as_object else str(line.quantity),
        "unit_cost": money(line.amount, one.currency),
        "amount": money(line.amount, one.currency),
        "total_amount": money(line.amount + line.tax, one.currency),
        "tax_name1": line.tax_name or None,
        "tax_percent1": line.tax_percent or None,
        "tax_authorityid1": None,
        "tax_amount1": money(line.tax, one.currency) if line.tax else None,
        "tax_name2": None,
        "tax_percent2": None,
        "tax_authorityid2": None,
        "tax_amount2": None,
    }


def _bill_payment(_company: Company, one: Document) -> Json:
    return {
        "id": one.doc_id,
        "billid": one.target_id,
        "amount": money(one.total, one.currency),
        "paid_date": one.day.isoformat(),
        "payment_type": one.type,
        "note": one.note,
        "matched_with_expense": False,
        "vis_state": one.vis_state,
    }


def _other_income(_company: Company, one: Document) -> Json:
    line = one.lines[0]
    return {
        "incomeid": one.doc_id,
        "amount": money(one.total, one.currency),
        "category_name": one.type,
        "date": one.day.isoformat(),
        "note": one.note,
        "payment_type": "Cash",
        "source": "Walk-in",
        "taxes": [{"name": line.tax_name, "amount": line.tax_percent}] if line.tax else [],
        "created_at": eastern(one.created_ms),
        "updated_at": eastern(one.updated_ms),
        "vis_state": one.vis_state,
    }


def _credit_note(_company: Company, one: Document) -> Json:
    status = one.settlement
    return {
        "id": one.doc_id,
        "creditid": one.doc_id,
        "credit_number": one.number,
        "credit_type": one.type,
        "clientid": one.party_id,
        "create_date": one.day.isoformat(),
        "amount": money(one.total, one.currency),
        "paid": money(one.paid, one.currency),
        "currency_code": one.currency,
        "status": "applied" if status == "paid" else "created",
        "payment_status": status,
        "display_status": "applied" if status == "paid" else "created",
        "dispute_status": None,
        "updated_at": rfc3339(one.updated_ms),
        "vis_state": one.vis_state,
    }


_WRITERS: dict[str, Callable[[Company, Document], Json]] = {
    "invoices": _invoice,
    "payments": _payment,
    "expenses": _expense,
    "bills": _bill,
    "bill_payments": _bill_payment,
    "other_income": _other_income,
    "credit_notes": _credit_note,
}
