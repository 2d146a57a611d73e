"""Writes: refused with 405 unless the control API allows them; then deletes and voids as quickbooks_online.md 9 says."""

from typing import Any

import msgspec
from starlette.responses import Response

from ml_connector_dagster.sandbox.quickbooks_online.access import Call
from ml_connector_dagster.sandbox.quickbooks_online.answers import answer, fault_body
from ml_connector_dagster.sandbox.quickbooks_online.reading import find, render
from ml_connector_dagster.sandbox.quickbooks_online.records import TXN_ENTITIES, Txn

_BY_PATH = {name.lower(): name for name in TXN_ENTITIES}
_VOIDED_BY_UPDATE = frozenset({"Payment", "SalesReceipt", "BillPayment"})


def write(call: Call) -> Response:
    """POST {entity}?operation=delete, ?operation=void, or ?operation=update&include=void."""
    entity = _BY_PATH.get(call.request.path_params["entity"])
    if entity is None or not call.cloud.writes:
        raise call.refuse("500", "Unsupported Operation", "Operation is not supported.", status=405)
    query, txn = call.request.query_params, _written_to(call, entity)
    operation = query.get("operation", "")
    try:
        if operation == "delete":
            call.company.delete(txn)
            gone = {"status": "Deleted", "domain": "QBO", "Id": txn.txn_id}
            return answer(call.request, call.now, {entity: gone})
        if operation == "void":
            return _void(call, txn)
        if operation == "update" and query.get("include") == "void" and entity in _VOIDED_BY_UPDATE:
            call.company.void(txn)
            return answer(call.request, call.now, {entity: render(call)(txn)})
    except ValueError as wrong:
        raise call.refuse("6000", "A business validation error has occurred", str(wrong)) from None
    raise call.refuse("500", "Unsupported Operation", f"Operation {operation} is not supported.")


def _void(call: Call, txn: Txn) -> Response:
    """An invoice is voided; a bill gets 200 with a fault inside, a journal entry 200 with nothing, the others 400."""
    if txn.entity == "Invoice":
        call.company.void(txn)
        return answer(call.request, call.now, {"Invoice": render(call)(txn)})
    if txn.entity == "Bill":
        body = fault_body("10000", "An application error has occurred", "System Failure Error", "SystemFault")
        return answer(call.request, call.now, body)
    if txn.entity == "JournalEntry":
        return answer(call.request, call.now, {"BatchItemResponse": []})
    raise call.refuse("500", "Unsupported Operation", "Operation void is not supported.")


def _written_to(call: Call, entity: str) -> Txn:
    try:
        body: dict[str, Any] = msgspec.json.decode(call.body)
        txn, sync = find(call, entity, str(body["Id"])), str(body["SyncToken"])
    except (msgspec.DecodeError, KeyError, TypeError):
        raise call.refuse("2020", "Required param missing, need to supply the required value for the API") from None
    if not isinstance(txn, Txn):
        raise call.refuse("610", "Object Not Found")
    if sync != str(txn.sync):
        raise call.refuse("5010", "Stale Object Error")
    return txn
