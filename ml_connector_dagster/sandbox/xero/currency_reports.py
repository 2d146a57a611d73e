"""Reports that show foreign currency: the bank summary from the ledger, aged receivables and payables from open documents.

Columns as an organisation with several currencies sees them: the bank summary has a column for what conversion alone moved,
aged reports show what is due in the document's currency and, at the rate of the report's day, in the company's own.
"""

from collections.abc import Mapping
from datetime import date

from starlette.responses import Response

from ml_connector_dagster.sandbox.books.cents import text, to_base
from ml_connector_dagster.sandbox.books.records import Account, Document
from ml_connector_dagster.sandbox.books.scribe import month_end
from ml_connector_dagster.sandbox.xero.access import Call
from ml_connector_dagster.sandbox.xero.answers import exception
from ml_connector_dagster.sandbox.xero.notation import Json
from ml_connector_dagster.sandbox.xero.report_shape import asked_day, cells, english, header, report
from ml_connector_dagster.sandbox.xero.revaluation import FX_REVALUATION, PAYABLE_SIGNS, RECEIVABLE_SIGNS, open_on
from ml_connector_dagster.sandbox.xero.tenant import Tenant

_CREDITS = frozenset(kind for signs in (RECEIVABLE_SIGNS, PAYABLE_SIGNS) for kind in signs) - {"ACCREC", "ACCPAY"}


def bank_summary(call: Call) -> Response:
    """GET /Reports/BankSummary: each bank account's opening, received, spent, conversion gain and closing, in base currency."""
    tenant, today = call.tenant, call.cloud.world.clock.today()
    first = asked_day(call, "fromDate", today.replace(day=1))
    last = asked_day(call, "toDate", month_end(first))
    rows: list[Json] = []
    totals = [0, 0, 0, 0, 0]
    for account in tenant.company.accounts.values():
        if account.kind == "BANK":
            figures = _bank_figures(tenant, account, first, last)
            totals = [one + other for one, other in zip(totals, figures, strict=True)]
            rows.append(_bank_row(account, figures))
    rows.append({"RowType": "SummaryRow", "Cells": cells("Total", [text(figure) for figure in totals])})
    titles = ("Bank Accounts", "Opening Balance", "Cash Received", "Cash Spent", "FX Gain", "Closing Balance")
    section: Json = {"RowType": "Section", "Title": "", "Rows": rows}
    span = f"From {english(first)} to {english(last)}"
    return report(call, "BankSummary", "Bank Summary", span, [header(*titles), section])


def aged_receivables(call: Call) -> Response:
    """GET /Reports/AgedReceivablesByContact: what a customer owed when a day ended, document by document."""
    return _aged(call, "AgedReceivablesByContact", "Aged Receivables By Contact", RECEIVABLE_SIGNS)


def aged_payables(call: Call) -> Response:
    """GET /Reports/AgedPayablesByContact: what was owed to a vendor when a day ended, document by document."""
    return _aged(call, "AgedPayablesByContact", "Aged Payables By Contact", PAYABLE_SIGNS)


def _bank_figures(tenant: Tenant, account: Account, first: date, last: date) -> list[int]:
    opening = received = spent = revalued = 0
    for entry in tenant.ledger.all_standing():
        for line in entry.lines:
            if line.account_id != account.account_id or entry.posted_on > last:
                continue
            if entry.posted_on < first:
                opening += line.amount
            elif entry.source_kind == FX_REVALUATION:
                revalued += line.amount
            elif line.amount > 0:
                received += line.amount
            else:
                spent -= line.amount
    return [opening, received, spent, revalued, opening + received - spent + revalued]


def _bank_row(account: Account, figures: list[int]) -> Json:
    """The name's cell says accountID; those of money received and spent say account, others say nothing."""
    points = {"Attributes": [{"Value": account.account_id, "Id": "account"}]}
    name = {"Value": account.name, "Attributes": [{"Value": account.account_id, "Id": "accountID"}]}
    values: list[Json] = [{"Value": text(figure)} for figure in figures]
    values[1] |= points
    values[2] |= points
    return {"RowType": "Row", "Cells": [name, *values]}


def _aged(call: Call, kind: str, title: str, signs: Mapping[str, int]) -> Response:
    tenant = call.tenant
    contact_id = call.request.query_params.get("contactId", "").lower()
    if contact_id not in tenant.company.contacts:
        raise exception(10, "ValidationException", "A valid contactId is required for this report")
    day = asked_day(call, "date", month_end(call.cloud.world.clock.today()))
    rows = [
        _aged_row(tenant, document, day)
        for document in tenant.company.documents.values()
        if document.contact_id == contact_id and document.type in signs and open_on(document, day)
    ]
    titles = ("Date", "Number", "Due Date", "", "Currency", "Total", "Paid", "Credited", "Due", "Due Local")
    section: Json = {"RowType": "Section", "Title": "", "Rows": rows}
    return report(call, kind, title, f"As at {english(day)}", [header(*titles), section])


def _aged_row(tenant: Tenant, document: Document, day: date) -> Json:
    """A credit is shown with a minus; every cell points at the document."""
    sign = -1 if document.type in _CREDITS else 1
    paid = sum(entry.amount for entry in document.payments if entry.status == "AUTHORISED" and entry.day <= day)
    due = open_on(document, day)
    local = to_base(due, tenant.rate(document.currency, day))
    figures = (document.total, paid, document.total - paid - due, due, local)
    due_on = f"{document.due_on}T00:00:00" if document.due_on else ""
    values = (f"{document.day}T00:00:00", document.number, due_on, "", document.currency)
    points = [{"Value": document.doc_id, "Id": "invoiceID"}]
    texts = (*values, *(text(sign * figure) for figure in figures))
    return {"RowType": "Row", "Cells": [{"Value": value, "Attributes": points} for value in texts]}
