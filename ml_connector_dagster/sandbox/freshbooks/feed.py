"""journal_entry_details: one row for each leg of what counts in the books, in every currency mixed."""

from datetime import date
from typing import Any

from ml_connector_dagster.sandbox.books.ledger import Entry, EntryLine
from ml_connector_dagster.sandbox.freshbooks.company import Company
from ml_connector_dagster.sandbox.freshbooks.list_wire import place_of
from ml_connector_dagster.sandbox.freshbooks.records import Document
from ml_connector_dagster.sandbox.freshbooks.stamps import money

Json = dict[str, Any]
Row = tuple[Entry, EntryLine, str]
_NAMES = {
    "invoices": "Invoice {number}",
    "payments": "Payment",
    "expenses": "Expense",
    "bills": "Bill {number}",
    "bill_payments": "Bill Payment",
    "other_income": "Other Income",
    "credit_notes": "Credit {number}",
    "journals": "{number}",
}


def rows(company: Company, first: date, last: date) -> list[Row]:
    """The shown legs between two days, newest first; computed once for all pages of a span."""
    asked = (company.version, first, last)
    if company.remembered[0] != asked:
        company.remembered = (asked, _rows(company, first, last))
    return company.remembered[1]


def _rows(company: Company, first: date, last: date) -> list[Row]:
    found = [
        (entry, line, currency)
        for currency in company.books
        for entry in company.standing(currency, first, last)
        if entry.shown and not company.documents[int(entry.source_id)].hidden
        for line in entry.lines
    ]
    return sorted(found, key=lambda row: (row[0].posted_on, int(row[1].line_id)), reverse=True)


def shown(company: Company, row: Row) -> Json:
    entry, line, currency = row
    top, posted, sub_id = place_of(company, line.account_id)
    document = company.documents[int(entry.source_id)]
    detail_id = int(line.line_id)
    sub = {
        "sub_accountid": sub_id,
        "account_sub_name": posted.name,
        "account_sub_number": posted.number,
        "parentid": top.legacy_id,
    }
    record: Json = {
        "id": detail_id,
        "detailid": detail_id,
        "accounting_systemid": company.account_id,
        "account": {
            "accountid": top.legacy_id,
            "account_name": top.name,
            "account_number": top.number,
            "account_type": top.type,
        },
        "sub_account": sub if sub_id else None,
        "debit": money(line.amount, currency) if line.amount > 0 else None,
        "credit": money(-line.amount, currency) if line.amount < 0 else None,
        "balance": money(line.amount, currency),
        "description": line.description or None,
        "detail_type": line.tracking[0],
        "name": _NAMES[document.kind].format(number=document.number or "").strip(),
        "user_entered_date": entry.posted_on.isoformat(),
        "entry": _links(document, int(entry.lines[0].line_id) - 1, line.tracking[1]),
    }
    return record | company.damaged_details.get(detail_id, {})


def _links(document: Document, entry_id: int, category: str) -> Json:
    """What the entry points at. There is no billid and no vendorid: bills show only their category."""
    of = {"invoices": "invoiceid", "payments": "paymentid", "expenses": "expenseid", "other_income": "incomeid"}
    links: Json = dict.fromkeys(("clientid", "creditid", "expenseid", "incomeid", "invoiceid", "paymentid"))
    links |= {"entryid": entry_id, "categoryid": int(category) if category else None}
    if document.kind in of:
        links[of[document.kind]] = document.doc_id
    if document.kind == "payments":
        links["invoiceid"], links["creditid"] = document.target_id, document.credit_id or None
    if document.kind == "credit_notes":
        links["creditid"] = document.doc_id
    if document.kind in {"invoices", "payments", "credit_notes", "expenses"}:
        links["clientid"] = document.party_id or None
    return links
