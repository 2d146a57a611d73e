"""How each list is written on the wire: keys, ids and known fields, from the reference page §4 and §9."""

from __future__ import annotations

from collections.abc import Mapping

from ml_connector_dagster.sources.freshbooks.decode import Shape


def _words(*lines: str) -> frozenset[str]:
    return frozenset(" ".join(lines).split())


SHAPES: Mapping[str, Shape] = {
    "ledger_accounts": Shape(
        "data",
        ("uuid",),
        "",
        _words(
            "uuid name number description type sub_type system_account_name parent_account sub_accounts auto_created",
            "state updated_at category_id jea_id jesa_id created_at account_uuid currency_code",
        ),
    ),
    "customers": Shape("clients", ("id", "userid"), "client"),
    "vendors": Shape("bill_vendors", ("vendorid", "id"), "bill_vendor"),
    "tracking": Shape("projects", ("id",), "project"),
    "invoices": Shape("invoices", ("id", "invoiceid"), "invoice"),
    "payments": Shape("payments", ("id", "logid"), "payment"),
    "expenses": Shape("expenses", ("id", "expenseid"), "expense"),
    "bills": Shape(
        "bills",
        ("id",),
        "bill",
        _words(
            "id bill_number vendorid issue_date due_date due_offset_days currency_code language status amount tax_amount",
            "total_amount paid outstanding overall_category overall_description attachment created_at updated_at vis_state",
            "lines bill_payments vendor",
        ),
    ),
    "bill_payments": Shape(
        "bill_payments",
        ("id",),
        "bill_payment",
        _words("id billid amount paid_date payment_type note vis_state matched_with_expense"),
    ),
    "credit_notes": Shape("credit_notes", ("creditid", "id"), "credit_note"),
    "other_income": Shape(
        "other_income",
        ("incomeid", "id"),
        "other_income",
        _words(
            "incomeid id amount category_name date note payment_type source taxes created_at updated_at vis_state userid sourceid"
        ),
    ),
    "journal_entries": Shape(
        "journal_entry_details",
        ("detailid", "id"),
        "",
        _words(
            "id detailid account sub_account debit credit balance description detail_type name user_entered_date entry",
            "accounting_systemid created_at updated_at",
        ),
    ),
}
"""Entity to the shape of its list. Clients, invoices, payments, expenses, projects and vendors carry too many fields that
nobody needs to count the new ones."""
