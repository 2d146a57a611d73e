"""Zoho's own OpenAPI set as judge of answers: types of every field it names, and names that it knows at all.

The set is wrong in places that the reference page measured on the wire (zoho_books.md 16): only those are forgiven, by rule.
"""

import json
from functools import cache
from typing import Any

import yaml
from jsonschema import Draft202012Validator, ValidationError

from ml_connector_dagster_tests.contract.specs import specs_folder
from ml_connector_dagster_tests.contract.zoho_openapi import REALITY_DIFFERS, Operation, operations

MOST_ROWS = 12
"""Rows of a list that are looked at: the others are of the same making."""
NUMBERS_AS_TEXT = frozenset(
    {
        "total",
        "balance",
        "shipping_charge",
        "tax_amount",
        "tax_percentage",
        "debit_amount",
        "credit_amount",
        "discount",
        "quantity",
    }
)
"""Amounts that the set calls text and the wire writes as numbers (zoho_books.md 14, 16)."""
EITHER = frozenset({"debit_amount", "credit_amount"})
"""Amounts that the wire writes as text or as numbers (zoho_books.md 11)."""
OTHER_TYPES = {
    "page_context": "a record on the wire, an array in the set (16)",
    "creditnotes": "an array on the wire, a record in the set (16)",
    "depth": "a number on the wire (16)",
    "is_child_present": "a boolean on the wire (16)",
    "payment_number": "text on the wire (16)",
    "fiscal_year_start_month": "a number, a number as text, or a month's name (3)",
    "line_items": "the set calls the lines of a vendor credit one record; those of all other documents are an array",
    "tax": "the set calls one tax an array; every other detail is a record",
    "taxes": "the set calls the taxes of an order texts; those of all other documents are records",
}
BEYOND = frozenset(
    [
        "adjustment_account_id",
        "applied_invoices",
        "apply_date",
        "auto_exchange_rate_enabled",
        "balance_due",
        "bcy_unused_amount",
        "created_by",
        "current_sub_status",
        "custom_field_hash",
        "customerpayments",
        "discount_total",
        "fcy_credit_amount",
        "fcy_debit_amount",
        "fiscal_year",
        "invoice_numbers",
        "invoice_source",
        "is_opening_balance",
        "is_po_marked_as_received",
        "is_scheduled_reversal",
        "issued_date",
        "last_modified_by",
        "line_item_category",
        "line_item_taxes",
        "lock_details",
        "offset_account_id",
        "order_status",
        "outstanding_payable_amount",
        "outstanding_payable_amount_bcy",
        "payment_status",
        "purchase_account_name",
        "quantity_billed",
        "quantity_cancelled",
        "quantity_marked_as_received",
        "quantity_yet_to_receive",
        "received_status",
        "reversal_date",
        "sales_rate",
        "tds_total",
    ]
)
"""Names on the wire that no schema of the set has (zoho_books.md 9, 11)."""


def answer_errors(method: str, path: str, status: int, text: str) -> list[str]:
    """Answer what is wrong with an answer; path is what follows /books/v3."""
    try:
        body = json.loads(text)
    except ValueError:
        return [f"{method} {path}: no JSON: {text[:60]!r}"]
    if not isinstance(body, dict) or not isinstance(body.get("code"), int) or not isinstance(body.get("message"), str):
        return [f"{method} {path}: no code and message: {text[:60]!r}"]
    if body["code"] or status >= 400:
        return [] if body["code"] else [f"{method} {path}: {status} with code 0"]
    operation = next((one for one in operations(path) if one.method == method and one.pattern.fullmatch(path)), None)
    if operation is None or not operation.answer or any(path.startswith(known) for known in REALITY_DIFFERS):
        return []
    wrong = [error for error in _validator(operation).iter_errors(_cut(body)) if not is_forgiven(error)]
    return [f"{method} {path}: {_place(error)}: {error.message[:120]}" for error in wrong]


def is_forgiven(error: ValidationError) -> bool:
    """Answer whether the page knows of it: empty texts, numbers and ids as the wire writes them, and the set's own slips."""
    if error.validator != "type":
        return False
    names = [part for part in error.absolute_path if isinstance(part, str)]
    name, found, wanted = names[-1] if names else "", error.instance, error.validator_value
    is_number = isinstance(found, int | float) and not isinstance(found, bool)
    return (
        found == ""
        or name in OTHER_TYPES
        or (is_number and wanted in ("integer", "number"))
        or (isinstance(found, str) and name.endswith("_id"))
        or (name in NUMBERS_AS_TEXT and is_number)
        or (name in EITHER and isinstance(found, str))
    )


def unknown_names(text: str) -> set[str]:
    """Answer the field names of an answer that neither the set nor the page has; custom fields have names of their own."""
    found: set[str] = set()

    def look(node: Any) -> None:
        for name, value in node.items() if isinstance(node, dict) else ():
            if not name.startswith("cf_"):
                found.add(name)
            look(value)
        for value in node if isinstance(node, list) else ():
            look(value)

    look(json.loads(text))
    return found - names_of_the_set() - BEYOND


@cache
def names_of_the_set() -> frozenset[str]:
    """Answer every property name in any schema of the set."""
    folder = specs_folder("zoho_books")
    assert folder is not None
    found: set[str] = set()

    def look(node: Any) -> None:
        if isinstance(node, dict):
            found.update(node["properties"] if isinstance(node.get("properties"), dict) else ())
            for value in node.values():
                look(value)
        for value in node if isinstance(node, list) else ():
            look(value)

    for file in sorted((folder / "openapi").glob("*.yml")):
        look(yaml.load(file.read_bytes(), Loader=yaml.CSafeLoader))
    return frozenset(found)


_VALIDATORS: dict[int, Draft202012Validator] = {}


def _validator(operation: Operation) -> Draft202012Validator:
    key = id(operation.answer)
    if key not in _VALIDATORS:
        _VALIDATORS[key] = Draft202012Validator({**operation.answer, "components": operation.components})
    return _VALIDATORS[key]


def _cut(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value[:MOST_ROWS] if isinstance(value, list) else value for name, value in body.items()}


def _place(error: ValidationError) -> str:
    return "/".join(map(str, error.absolute_path))
