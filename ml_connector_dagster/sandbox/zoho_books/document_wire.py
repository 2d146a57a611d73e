"""Documents with lines on the wire: list rows without line_items, details with them."""

from datetime import date

from ml_connector_dagster.sandbox.zoho_books import wire
from ml_connector_dagster.sandbox.zoho_books.answers import Json, number, shown_rate
from ml_connector_dagster.sandbox.zoho_books.company import Company
from ml_connector_dagster.sandbox.zoho_books.records import Doc
from ml_connector_dagster.sandbox.zoho_books.reference import CURRENCIES
from ml_connector_dagster.sandbox.zoho_books.status import order_status, shown_status


def row(company: Company, doc: Doc, today: date) -> Json:
    """A list row, by kind."""
    return wire.spoiled(doc, _ROWS[doc.kind](company, doc, today))


def full(company: Company, doc: Doc, today: date) -> Json:
    """A detail: the row and what only the detail has."""
    shown = _ROWS[doc.kind](company, doc, today) | _DETAILS[doc.kind](company, doc)
    return wire.spoiled(doc, shown)


def _invoice(company: Company, doc: Doc, today: date) -> Json:
    customer = wire.contact(company, doc.contact_id, "customer")
    return {
        "invoice_id": doc.doc_id,
        "invoice_number": doc.number,
        **customer,
        "company_name": customer["customer_name"],
        "status": shown_status(doc, today),
        "current_sub_status": shown_status(doc, today),
        "reference_number": doc.reference,
        "date": wire.day_text(doc.day),
        "due_date": wire.day_text(doc.due_on),
        "issued_date": "",
        "due_days": "",
        "total": number(doc.total),
        "balance": number(doc.balance),
        **wire.money(doc),
        **wire.stamps(doc),
        "updated_time": wire.stamp(doc.modified_ms),
        **wire.custom_row(doc.custom),
        "tags": [],
        "salesperson_id": "",
        "salesperson_name": "",
        "shipping_charge": number(doc.shipping),
        "adjustment": number(doc.adjustment),
        "write_off_amount": 0,
        "has_attachment": False,
        "is_emailed": False,
        "transaction_type": "renewal" if doc.reference else "",
        "invoice_source": "Client",
        **wire.location(doc),
    }


def _invoice_detail(company: Company, doc: Doc) -> Json:
    return {
        **wire.document_sums(doc),
        **wire.account(company, company.roles["receivable"]),
        "adjustment_account_id": company.roles["adjustment"],
        "payment_made": number(doc.settled - doc.credits),
        "credits_applied": number(doc.credits),
        "lock_details": {},
        "line_items": [
            wire.line_item(company, doc, line, place)
            | {
                "line_item_category": "line_item",
                "sales_rate": number(line.rate),
                "discount_account_id": "",
                "expense_id": "",
                "bill_id": "",
                "time_entry_ids": [],
            }
            for place, line in enumerate(doc.lines)
        ],
    }


def _bill(company: Company, doc: Doc, today: date) -> Json:
    return {
        "bill_id": doc.doc_id,
        "bill_number": doc.number,
        **wire.contact(company, doc.contact_id, "vendor"),
        "status": shown_status(doc, today),
        "current_sub_status": shown_status(doc, today),
        "date": wire.day_text(doc.day),
        "due_date": wire.day_text(doc.due_on),
        "due_days": "",
        "reference_number": doc.reference,
        **wire.money(doc),
        "price_precision": 2,
        "total": number(doc.total),
        "tds_total": 0,
        "balance": number(doc.balance),
        "balance_due": number(doc.balance),
        **wire.stamps(doc),
        "created_by": "Rosa Marlow",
        "last_modified_by": "Rosa Marlow",
        "is_opening_balance": "",
        "tags": [],
        "has_attachment": False,
    }


def _bill_detail(company: Company, doc: Doc) -> Json:
    order = company.docs.get(doc.order_id)
    orders = [{"purchaseorder_id": order.doc_id, "purchaseorder_number": order.number}] if order else []
    return {
        **wire.document_sums(doc),
        **wire.location(doc),
        "payment_made": number(doc.settled - doc.credits),
        "vendor_credits_applied": number(doc.credits),
        "purchaseorders": orders,
        "purchaseorder_ids": [one["purchaseorder_id"] for one in orders],
        "is_item_level_tax_calc": True,
        "line_items": [
            wire.line_item(company, doc, line, place)
            | {
                "is_billable": False,
                "customer_id": "",
                "purchaseorder_id": doc.order_id if line.source_line_id else "",
                "purchaseorder_item_id": line.source_line_id,
                "invoice_id": "",
            }
            for place, line in enumerate(doc.lines)
        ],
    }


def _order(company: Company, doc: Doc, _today: date) -> Json:
    status, billed = order_status(doc)
    still = sum(line.quantity - line.billed - line.cancelled for line in doc.lines)
    return {
        "purchaseorder_id": doc.doc_id,
        "purchaseorder_number": doc.number,
        **wire.contact(company, doc.contact_id, "vendor"),
        "status": status,
        "order_status": "closed" if status in {"closed", "billed"} else status,
        "billed_status": billed,
        "received_status": "",
        "current_sub_status": status,
        "reference_number": doc.reference,
        "date": wire.day_text(doc.day),
        "delivery_date": wire.day_text(doc.due_on),
        "expected_delivery_date": "",
        "currency_id": CURRENCIES[doc.currency],
        "currency_code": doc.currency,
        "total": number(doc.total),
        **wire.stamps(doc),
        "quantity_yet_to_receive": still,
        "is_po_marked_as_received": False,
        **wire.custom_row(doc.custom),
        "tags": [],
    }


def _order_detail(company: Company, doc: Doc) -> Json:
    return {
        **wire.document_sums(doc),
        **wire.location(doc),
        "exchange_rate": shown_rate(doc.rate),
        "line_items": [
            wire.line_item(company, doc, line, place)
            | {
                "quantity_billed": line.billed,
                "quantity_cancelled": line.cancelled,
                "quantity_marked_as_received": 0,
            }
            for place, line in enumerate(doc.lines)
        ],
    }


def _credit_note(company: Company, doc: Doc, today: date) -> Json:
    return {
        "creditnote_id": doc.doc_id,
        "creditnote_number": doc.number,
        "status": shown_status(doc, today),
        "reference_number": doc.reference,
        "date": wire.day_text(doc.day),
        "total": number(doc.total),
        "balance": number(doc.balance),
        **wire.contact(company, doc.contact_id, "customer"),
        **wire.money(doc),
        "applied_invoices": [],
        **wire.stamps(doc),
        **wire.location(doc),
        "tags": [],
        "is_emailed": False,
    }


def _vendor_credit(company: Company, doc: Doc, today: date) -> Json:
    return {
        "vendor_credit_id": doc.doc_id,
        "vendor_credit_number": doc.number,
        "status": shown_status(doc, today),
        "reference_number": doc.reference,
        "date": wire.day_text(doc.day),
        "total": number(doc.total),
        "balance": number(doc.balance),
        **wire.contact(company, doc.contact_id, "vendor"),
        **wire.money(doc),
        **wire.stamps(doc),
        "tags": [],
        "has_attachment": False,
    }


def _with_lines(company: Company, doc: Doc) -> Json:
    return {
        **wire.document_sums(doc),
        "line_items": [wire.line_item(company, doc, line, place) for place, line in enumerate(doc.lines)],
    }


_ROWS = {
    "invoice": _invoice,
    "bill": _bill,
    "purchaseorder": _order,
    "creditnote": _credit_note,
    "vendorcredit": _vendor_credit,
}
_DETAILS = {
    "invoice": _invoice_detail,
    "bill": _bill_detail,
    "purchaseorder": _order_detail,
    "creditnote": _with_lines,
    "vendorcredit": _with_lines,
}
