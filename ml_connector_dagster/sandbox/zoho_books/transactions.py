"""Account transactions: every posting of one account, whatever made it; the feed that actuals are read from.

Debit and credit are in base currency, fcy_ in the record's own; the other side is an empty text. One document gives one
row an account, unless the rows are told not to collapse. Opening balances and adjustments carry no transaction_id.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from ml_connector_dagster.sandbox.books.ledger import EntryLine
from ml_connector_dagster.sandbox.zoho_books.answers import Json, number
from ml_connector_dagster.sandbox.zoho_books.company import Company, Posting
from ml_connector_dagster.sandbox.zoho_books.records import Doc
from ml_connector_dagster.sandbox.zoho_books.reference import CURRENCIES

TYPES = {
    "invoice": "invoice",
    "bill": "bills",
    "creditnote": "credit_notes",
    "vendorcredit": "vendor_credits",
    "journal": "journal",
    "expense": "expense",
    "customerpayment": "customer_payment",
    "vendorpayment": "vendor_payment",
}
_WITHOUT_ID = frozenset({"opening_balance", "base_currency_adjustment"})
_MEASURES = {
    ".less_than": lambda amount, asked: amount < asked,
    ".less_equals": lambda amount, asked: amount <= asked,
    ".greater_than": lambda amount, asked: amount > asked,
    ".greater_equals": lambda amount, asked: amount >= asked,
}


def rows(company: Company, account_id: str, query: Mapping[str, str], *, collapse: bool) -> list[Json]:
    """The rows of one account that the dotted filters let through, newest first."""
    kept = [posting for posting in company.postings_of(account_id) if _within(posting[0].posted_on, query)]
    found = [row for posting in reversed(kept) for row in posting_rows(company, account_id, posting, collapse=collapse)]
    kind = query.get("transaction_type", "")
    return [row for row in found if kind in {"", row["transaction_type"]} and _measured(row, query)]


def posting_rows(company: Company, account_id: str, posting: Posting, *, collapse: bool) -> Iterator[Json]:
    """The rows of one entry on one account; legs that cancel out leave none."""
    entry, legs = posting
    doc = company.docs[entry.source_id]
    groups: Sequence[Sequence[EntryLine]] = [legs] if collapse else [[leg] for leg in legs]
    for group in groups:
        amount = sum(leg.amount for leg in group)
        if amount:
            foreign = sum(leg.document_amount for leg in group)
            yield _row(company, doc, account_id, entry.posted_on, amount, foreign)


def transaction_type(doc: Doc) -> str:
    return doc.transaction_type or TYPES[doc.kind]


def _row(company: Company, doc: Doc, account_id: str, day: date, amount: int, foreign: int) -> Json:
    is_debit = amount > 0
    party = company.contacts.get(doc.contact_id)
    has_id = doc.kind not in _WITHOUT_ID
    row: Json = {
        "categorized_transaction_id": "" if doc.kind == "opening_balance" else doc.doc_id,
        "transaction_type": transaction_type(doc),
        "transaction_date": day.isoformat(),
        "account_id": account_id,
        "customer_id": doc.contact_id,
        "payee": party.name if party else "",
        "description": doc.notes,
        "entry_number": doc.number,
        "currency_id": CURRENCIES[doc.currency],
        "currency_code": doc.currency,
        "debit_or_credit": "debit" if is_debit else "credit",
        "offset_account_name": _offset(company, doc, account_id),
        "reference_number": doc.reference,
        "reconcile_status": "",
        "debit_amount": number(amount) if is_debit else "",
        "credit_amount": "" if is_debit else _drifting(-amount),
        "fcy_debit_amount": number(abs(foreign)) if is_debit else "",
        "fcy_credit_amount": "" if is_debit else number(abs(foreign)),
    }
    if has_id:
        row["transaction_id"] = doc.doc_id
    return row | doc.damaged_feed if doc.damaged_account in {"", account_id} else row


def _drifting(cents: int) -> Any:
    """Now a number and now a text: 25.0, "25.50"."""
    return f"{cents // 100}.{cents % 100:02d}" if cents % 7 == 0 else number(cents)


def _offset(company: Company, doc: Doc, account_id: str) -> str:
    """The other account where there is only one."""
    entries = company.ledger.standing(doc.doc_id)
    others = {line.account_id for line in entries[0].lines} - {account_id} if entries else set()
    return company.accounts[others.pop()].name if len(others) == 1 else ""


def _within(day: date, query: Mapping[str, str]) -> bool:
    shown = day.isoformat()
    exact, first, last = query.get("date", ""), query.get("date.start", ""), query.get("date.end", "")
    before, after = query.get("date.before", ""), query.get("date.after", "")
    return (
        (not exact or shown == exact)
        and (not first or shown >= first)
        and (not last or shown <= last)
        and (not before or shown < before)
        and (not after or shown > after)
    )


def _measured(row: Json, query: Mapping[str, str]) -> bool:
    asked = {name: query[f"amount{name}"] for name in _MEASURES if query.get(f"amount{name}")}
    if not asked:
        return True
    shown = Decimal(str(row["debit_amount"] or row["credit_amount"]))
    return all(_MEASURES[name](shown, Decimal(value)) for name, value in asked.items())
