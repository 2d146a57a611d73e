"""Change data capture: 30 days, 1,000 objects over all entities and no token, deleted stubs last in each entity."""

from collections.abc import Iterator
from typing import Any

from starlette.responses import Response

from ml_connector_dagster.sandbox.quickbooks_online.access import Call
from ml_connector_dagster.sandbox.quickbooks_online.answers import answer
from ml_connector_dagster.sandbox.quickbooks_online.notation import epoch, stamp
from ml_connector_dagster.sandbox.quickbooks_online.reading import records, render
from ml_connector_dagster.sandbox.quickbooks_online.records import NAME_ENTITIES, TXN_ENTITIES

Json = dict[str, Any]
LOOK_BACK_SECONDS = 30 * 86_400
_TRACKED = {name.lower(): name for name in (*TXN_ENTITIES, *NAME_ENTITIES)}


def cdc(call: Call) -> Response:
    """GET ?entities=Invoice,Bill&changedSince=…: what changed since, whole objects, cut at the limit without a word."""
    asked = call.request.query_params
    entities = [_tracked(call, name) for name in asked.get("entities", "").split(",") if name.strip()]
    if not entities:
        raise call.refuse("2020", "Required parameter entities is missing in the request")
    since = _since(call, asked.get("changedSince", ""))
    left, found = call.cloud.cdc_objects, []
    for entity in dict.fromkeys(entities):
        changed = list(_changed(call, entity, since))[:left]
        left -= len(changed)
        found.append(_shown(entity, changed))
    # an entity without changes is an empty object at no position that one may count on
    found.sort(key=lambda entry: not entry)
    return answer(call.request, call.now, {"CDCResponse": [{"QueryResponse": found}]})


def _tracked(call: Call, name: str) -> str:
    entity = _TRACKED.get(name.strip().lower())
    if entity is None:
        raise call.refuse("4001", "Invalid query", f"{name} is not supported by change data capture.")
    return entity


def _since(call: Call, text: str) -> float:
    try:
        since = epoch(text)
    except ValueError:
        raise call.refuse("4001", "Invalid query", f"changedSince {text} is no date.") from None
    earliest = call.now.timestamp() - LOOK_BACK_SECONDS
    if since < earliest and not call.cloud.cdc_cuts:
        raise call.refuse("4001", "Invalid query", "changedSince lies more than 30 days back.")
    return max(since, earliest)


def _changed(call: Call, entity: str, since: float) -> Iterator[Json]:
    live = [record for record in records(call, entity) if record.updated_at >= since]
    live.sort(key=lambda record: record.updated_at)
    yield from map(render(call), live)
    deleted = call.company.written.deleted.items()
    stubs = sorted((at, record_id) for record_id, (kind, at) in deleted if kind == entity and at >= since)
    for at, record_id in stubs:
        yield {"domain": "QBO", "status": "Deleted", "Id": record_id, "MetaData": {"LastUpdatedTime": stamp(at)}}


def _shown(entity: str, changed: list[Json]) -> Json:
    if not changed:
        return {}
    shown: Json = {entity: changed}
    if all("status" in entry for entry in changed):
        return shown
    return shown | {"startPosition": 1, "maxResults": len(changed), "totalCount": len(changed)}
