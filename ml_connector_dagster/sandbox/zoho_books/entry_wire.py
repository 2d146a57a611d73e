"""Journals, expenses, payments and currency adjustments on the wire."""

from datetime import date

from ml_connector_dagster.sandbox.zoho_books import wire
from ml_connector_dagster.sandbox.zoho_books.answers import Json, number, shown_rate
from ml_connector_dagster.sandbox.zoho_books.company import Company
from ml_connector_dagster.sandbox.zoho_books.records import Doc
from ml_connector_dagster.sandbox.zoho_books.reference import CURRENCIES


def row(company: Company, doc: Doc, _today: date) -> Json:
    """A list row, by kind."""
    return wire.spoiled(doc, _ROWS[doc.kind](company, doc))


def full(company: Company, doc: Doc, _today: date) -> Json:
    """A detail: the row and what only the detail has."""
    return wire.spoiled(doc, _ROWS[doc.kind](company, doc) | _DETAILS[doc.kind](company, doc))


def _journal(_company: Company, doc: Doc) -> Json:
    return {
        "journal_id": doc.doc_id,
        "journal_date": wire.day_text(doc.day),
        "entry_number": doc.number,
        "reference_number": doc.reference,
        "currency_id": CURRENCIES[doc.currency],
        "status": doc.status,
        "journal_type": doc.journal_type,
        "entity_type": "journal",
        "notes": doc.notes,
        "total": number(doc.total),
        "bcy_total": number(doc.base(doc.total)),
        "tags": [],
        "last_modified_time": wire.stamp(doc.modified_ms),
        "created_by_id": "4600000400000000001",
    }


def _journal_detail(company: Company, doc: Doc) -> Json:
    return {
        **wire.money(doc),
        "created_time": wire.stamp(doc.created_ms),
        "line_item_total": number(doc.total),
        "is_scheduled_reversal": False,
        "reversal_date": "",
        "fiscal_year": str(doc.day.year),
        "custom_fields": "" if doc.number.endswith("7") else [],
        "line_items": [
            {
                "line_id": line.line_id,
                **wire.account(company, line.account_id),
                **wire.contact(company, line.contact_id, "customer"),
                "description": line.description,
                "debit_or_credit": "debit" if line.is_debit else "credit",
                "amount": number(line.amount),
                "bcy_amount": number(doc.base(line.amount)),
                "tax_id": "",
                "tax_name": "",
                "tax_percentage": "",
                "project_id": line.project_id,
                "tags": wire.tags(line.tags),
            }
            for line in doc.lines
        ],
    }


def _expense(company: Company, doc: Doc) -> Json:
    paid_through = company.accounts[doc.account_id].name if doc.account_id in company.accounts else ""
    first = company.accounts.get(doc.lines[0].account_id)
    without_tax = sum(doc.nets())
    return {
        "expense_id": doc.doc_id,
        "date": wire.day_text(doc.day),
        "account_name": "Itemized" if len(doc.lines) > 1 else first.name if first else "",
        "paid_through_account_name": paid_through,
        "description": doc.lines[0].description,
        "currency_id": CURRENCIES[doc.currency],
        "currency_code": doc.currency,
        "total": number(doc.total),
        "total_without_tax": number(without_tax),
        "bcy_total": number(doc.base(doc.total)),
        "bcy_total_without_tax": number(doc.base(without_tax)),
        "exchange_rate": shown_rate(doc.rate),
        "is_billable": doc.is_billable,
        "reference_number": doc.reference,
        **wire.contact(company, doc.contact_id, "customer"),
        "vendor_id": "",
        "vendor_name": "",
        "status": doc.status,
        "is_personal": False,
        "expense_type": "non_mileage",
        **wire.stamps(doc),
        "tags": [],
    }


def _expense_detail(company: Company, doc: Doc) -> Json:
    single = doc.lines[0] if len(doc.lines) == 1 else None
    return {
        **(wire.account(company, single.account_id) if single else {"account_id": "", "account_name": ""}),
        **wire.account(company, doc.account_id, "paid_through_account"),
        "sub_total": number(sum(doc.nets())),
        "tax_amount": number(doc.tax_total),
        "is_inclusive_tax": doc.is_inclusive,
        "project_id": "",
        "employee_id": "",
        "line_items": [
            {
                "line_item_id": line.line_id,
                **wire.account(company, line.account_id),
                "description": line.description,
                "tax_id": line.tax_id,
                "tax_amount": number(line.tax),
                "item_total": number(line.amount),
                "amount": number(line.amount),
                "tags": wire.tags(line.tags),
            }
            for line in doc.lines
        ],
    }


def _customer_payment(company: Company, doc: Doc) -> Json:
    numbers = [company.docs[one.doc_id].number for one in doc.applied]
    return {
        "payment_id": doc.doc_id,
        "payment_number": doc.number,
        "invoice_numbers": ", ".join(numbers),
        "date": wire.day_text(doc.day),
        "payment_mode": "Bank Transfer",
        "amount": number(doc.amount),
        "bcy_amount": number(doc.base(doc.amount)),
        "unused_amount": number(doc.unused),
        "bcy_unused_amount": number(doc.base(doc.unused)),
        **wire.account(company, doc.account_id),
        **wire.contact(company, doc.contact_id, "customer"),
        "reference_number": doc.reference,
        "payment_status": doc.status,
        "applied_invoices": [{"invoice_id": one.doc_id, "amount_applied": number(one.amount)} for one in doc.applied],
        **wire.stamps(doc),
    }


def _customer_payment_detail(company: Company, doc: Doc) -> Json:
    return {
        **wire.money(doc),
        "bank_charges": number(doc.charges),
        "invoices": [
            {
                "invoice_id": one.doc_id,
                "invoice_number": company.docs[one.doc_id].number,
                "amount_applied": number(one.amount),
                "discount_amount": 0,
                "tax_amount_withheld": 0,
                "apply_date": wire.day_text(doc.day),
                "date": wire.day_text(company.docs[one.doc_id].day),
                "total": number(company.docs[one.doc_id].total),
                "balance": number(company.docs[one.doc_id].balance),
            }
            for one in doc.applied
        ],
    }


def _vendor_payment(company: Company, doc: Doc) -> Json:
    numbers = [company.docs[one.doc_id].number for one in doc.applied]
    return {
        "payment_id": doc.doc_id,
        "payment_number": doc.number,
        **wire.contact(company, doc.contact_id, "vendor"),
        "bill_numbers": ", ".join(numbers),
        "date": wire.day_text(doc.day),
        "payment_mode": "Bank Transfer",
        "amount": number(doc.amount),
        "bcy_amount": number(doc.base(doc.amount)),
        "balance": number(doc.unused),
        "bcy_balance": number(doc.base(doc.unused)),
        **wire.money(doc),
        **wire.account(company, doc.account_id, "paid_through_account"),
        "reference_number": doc.reference,
        "status": doc.status,
        "last_modified_time": wire.stamp(doc.modified_ms),
    }


def _vendor_payment_detail(company: Company, doc: Doc) -> Json:
    return {
        **wire.account(company, company.roles["payable"], "offset_account"),
        "created_time": wire.stamp(doc.created_ms),
        "bills": [
            {
                "bill_id": one.doc_id,
                "bill_number": company.docs[one.doc_id].number,
                "amount_applied": number(one.amount),
                "total": number(company.docs[one.doc_id].total),
                "balance": number(company.docs[one.doc_id].balance),
                "date": wire.day_text(company.docs[one.doc_id].day),
            }
            for one in doc.applied
        ],
    }


def _adjustment(company: Company, doc: Doc) -> Json:
    gained = -next(leg.amount for leg in doc.legs if leg.account_id == company.roles["exchange"])
    return {
        "base_currency_adjustment_id": doc.doc_id,
        "adjustment_date": wire.day_text(doc.day),
        "exchange_rate": shown_rate(doc.rate),
        "currency_id": CURRENCIES[doc.currency],
        "currency_code": doc.currency,
        "notes": doc.notes,
        "gain_or_loss": number(gained),
        "last_modified_time": wire.stamp(doc.modified_ms),
    }


def _adjustment_detail(company: Company, doc: Doc) -> Json:
    return {
        "accounts": [
            {**wire.account(company, leg.account_id), "gain_or_loss": number(leg.amount)}
            for leg in doc.legs
            if leg.account_id != company.roles["exchange"]
        ]
    }


_ROWS = {
    "journal": _journal,
    "expense": _expense,
    "customerpayment": _customer_payment,
    "vendorpayment": _vendor_payment,
    "base_currency_adjustment": _adjustment,
}
_DETAILS = {
    "journal": _journal_detail,
    "expense": _expense_detail,
    "customerpayment": _customer_payment_detail,
    "vendorpayment": _vendor_payment_detail,
    "base_currency_adjustment": _adjustment_detail,
}
