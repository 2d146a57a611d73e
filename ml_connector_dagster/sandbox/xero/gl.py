"""GET /Journals: the ledger itself, a hundred entries at a time, for apps of the Advanced tier."""

import uuid

from starlette.responses import Response

from ml_connector_dagster.sandbox.books.ledger import Entry, EntryLine
from ml_connector_dagster.sandbox.xero.access import Call
from ml_connector_dagster.sandbox.xero.answers import exception, not_found, records
from ml_connector_dagster.sandbox.xero.listing import modified_since
from ml_connector_dagster.sandbox.xero.notation import Json, day_stamp, number, stamp

_PAGE = 100
_NAMESPACE = uuid.UUID("8f0c5b52-6f0e-4a55-9a3a-0a4a7c5d3b10")


def journals(call: Call) -> Response:
    """Entries with a number above offset, oldest first; voids and edits appear as reversals."""
    offset = call.request.query_params.get("offset", "0")
    if not offset.isdigit():
        raise exception(16, "QueryParseException", f"'{offset}' is no journal number")
    since = modified_since(call.request)
    found = [
        entry
        for entry in call.tenant.ledger.entries
        if entry.number > int(offset) and (since is None or entry.created_ms // 1_000 >= since)
    ]
    shown = [_journal(call, entry, with_source=True) for entry in found[:_PAGE]]
    return records(call.request, call.now_ms, "Journals", shown)


def journal(call: Call) -> Response:
    """One entry by its id or number; it does not say where it came from."""
    wanted = call.request.path_params["record_id"].lower()
    for entry in call.tenant.ledger.entries:
        if wanted in {str(entry.number), _journal_id(call, entry)}:
            return records(call.request, call.now_ms, "Journals", [_journal(call, entry, with_source=False)])
    raise not_found()


def _journal_id(call: Call, entry: Entry) -> str:
    return str(uuid.uuid5(_NAMESPACE, f"{call.tenant.tenant_id}:{entry.number}"))


def _journal(call: Call, entry: Entry, *, with_source: bool) -> Json:
    journal_id = _journal_id(call, entry)
    shown: Json = {
        "JournalID": journal_id,
        "JournalDate": day_stamp(entry.posted_on),
        "JournalNumber": entry.number,
        "CreatedDateUTC": stamp(entry.created_ms),
        "JournalLines": [_line(call, journal_id, place, line) for place, line in enumerate(entry.lines) if line.amount],
    }
    if with_source and entry.shown:
        shown |= {"SourceID": entry.source_id, "SourceType": _source_type(entry.source_kind)}
    return shown


def _source_type(kind: str) -> str:
    return {"AROVERPAYMENTPAYMENT": "AROVERPAYMENT", "APOVERPAYMENTPAYMENT": "APOVERPAYMENT"}.get(kind, kind)


def _line(call: Call, journal_id: str, place: int, line: EntryLine) -> Json:
    account = call.tenant.company.accounts[line.account_id]
    wire = call.cloud.shelves(call.tenant).wire
    shown: Json = {
        "JournalLineID": str(uuid.uuid5(_NAMESPACE, f"{journal_id}:{place}")),
        "AccountID": account.account_id,
        "AccountType": account.kind,
        "AccountName": account.name,
        "Description": line.description,
        "NetAmount": number(line.amount),
        "GrossAmount": number(line.amount),
        "TaxAmount": 0,
        "TrackingCategories": wire.tracking(line.tracking, with_option_ids=True),
    }
    return shown | ({"AccountCode": account.code} if account.code else {})
