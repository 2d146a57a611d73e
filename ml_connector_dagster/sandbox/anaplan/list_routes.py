"""Lists: metadata, items as JSON or CSV, transactional adds, updates and deletes, large reads."""

import csv
import io
from typing import Any

from starlette.responses import Response

from ml_connector_dagster.sandbox.anaplan.call import Call, Endpoint, Refused
from ml_connector_dagster.sandbox.anaplan.members import AnaplanList, Member

_ITEMS_PER_CALL = 100_000
_PREVIEW_ROWS = 1000
_PERMITTED_ITEMS = 999_999_999


def lists(call: Call) -> Response:
    return call.page("list", "lists", [entry.shown() for entry in call.model.lists.values()])


def one_list(call: Call) -> Response:
    found = _list(call)
    metadata: dict[str, Any] = {
        **found.shown(),
        "itemCount": len(found.items()),
        "permittedItems": _PERMITTED_ITEMS - len(found.items()),
        "numberedList": found.numbered,
        "productionData": found.production,
        "hasSelectiveAccess": False,
        "managedBy": "",
        "useTopLevelAsPageDefault": False,
        "workflowEnabled": False,
        "properties": [{"name": name, "format": kind} for name, kind in found.properties.items()],
    }
    if found.parent is not None:
        metadata["parent"] = found.parent.shown()
    if found.top is not None:
        metadata["topLevelItem"] = {"id": found.top.id, "name": found.top.name}
    return call.answer("list", metadata=metadata)


def items(call: Call) -> Response:
    """The items without the top-level one; includeAll adds properties and subsets. CSV by Accept."""
    found = _list(call)
    call.note("items_read", found.id)
    if "text/csv" in call.request.headers.get("accept", ""):
        return Response(_csv(found, found.items()), media_type="text/csv")
    full = call.query("includeAll") == "true"
    return call.answer("listItem", listItems=[_shown(found, item, full=full) for item in found.items()])


def preview(call: Call) -> Response:
    found = _list(call)
    return Response(_csv(found, found.items()[:_PREVIEW_ROWS]), media_type="text/csv")


def change_items(call: Call) -> Response:
    """POST ?action=add or ?action=delete."""
    found, action = _list(call), call.query("action")
    given = call.json().get("items", [])
    if action not in {"add", "delete"} or len(given) > _ITEMS_PER_CALL:
        raise Refused(400, "action is add or delete, with at most 100,000 items")
    if call.model.state == "PRODUCTION" and not found.production:
        raise Refused(425)
    changes = [(_added if action == "add" else _deleted)(call, found, entry) for entry in given]
    failures = _failures(changes)
    done = len(given) - len(failures)
    if action == "delete":
        return call.answer("listItem", deleted=done, failures=failures)
    return call.answer("listItem", added=done, ignored=len(failures), total=len(given), failures=failures)


def update_items(call: Call) -> Response:
    found = _list(call)
    given = call.json().get("items", [])
    failures = _failures([_updated(found, entry) for entry in given])
    done = len(given) - len(failures)
    return call.answer("listItem", updated=done, ignored=len(failures), total=len(given), failures=failures)


def start_read(call: Call) -> Response:
    found = _list(call)
    made = call.tenant.reads(call.model).start(found.id, _csv(found, found.items()))
    url = f"{call.request.url}/{made.id}"
    return call.answer("listReadRequest", listReadRequest=made.shown(url, made.created_at, "listId"))


def look_at_read(call: Call) -> Response:
    made = call.tenant.reads(call.model).get(call.params["list"], call.params["request"])
    if made is None:
        raise Refused(404)
    return call.answer("listReadRequest", listReadRequest=made.shown(str(call.request.url), call.now(), "listId"))


def read_page(call: Call) -> Response:
    made = call.tenant.reads(call.model).get(call.params["list"], call.params["request"])
    number = call.params["page"]
    if made is None or not number.isdigit() or int(number) >= len(made.pages):
        raise Refused(404)
    return Response(made.pages[int(number)], media_type="text/csv")


def delete_read(call: Call) -> Response:
    response = look_at_read(call)
    call.tenant.reads(call.model).delete(call.params["request"])
    return response


def _list(call: Call) -> AnaplanList:
    found = call.model.lists.get(call.params["list"])
    if found is None:
        raise Refused(404)
    return found


def _shown(found: AnaplanList, item: Member, *, full: bool) -> dict[str, Any]:
    shown: dict[str, Any] = dict(item.shown())
    if item.parent is not None:
        shown |= {"parent": item.parent.name, "parentId": item.parent.id}
    if found.parent is not None:
        shown |= {"listId": found.parent.id, "listName": found.parent.name}
    if full:
        shown |= {"properties": dict(item.properties), "subsets": dict(item.subsets)}
    return shown


def _csv(found: AnaplanList, members: list[Member]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["Item Id", "Item Name", "Parent", "Code", *found.properties])
    for member in members:
        parent = member.parent.name if member.parent is not None else ""
        values = [member.properties.get(name, "") for name in found.properties]
        writer.writerow([member.id, member.name, parent, member.code, *values])
    return out.getvalue()


def _failures(changes: list[str]) -> list[dict[str, Any]]:
    return [
        {"requestIndex": number, "failureType": failure, "failureMessageDetails": failure.replace("_", " ").lower()}
        for number, failure in enumerate(changes)
        if failure
    ]


def _added(_call: Call, found: AnaplanList, entry: dict[str, Any]) -> str:
    name, code = entry.get("name") or entry.get("code", ""), entry.get("code", "")
    if not name:
        return "INCOMPLETE_DATA"
    if found.by_name(name) is not None or (code and found.by_code(code) is not None):
        return "DUPLICATE"
    parent = found.find_parent(entry["parent"]) if entry.get("parent") else None
    if entry.get("parent") and parent is None:
        return "INCORRECT_FORMAT"
    member = found.create(name, code, parent)
    member.properties.update(entry.get("properties", {}))
    member.subsets.update(entry.get("subsets", {}))
    return ""


def _updated(found: AnaplanList, entry: dict[str, Any]) -> str:
    member = _identified(found, entry)
    if member is None:
        return "NOT_FOUND"
    if "code" in entry and not entry["code"] and member.code:
        return "INCOMPLETE_DATA"
    member.properties.update(entry.get("properties", {}))
    member.subsets.update(entry.get("subsets", {}))
    return ""


def _deleted(call: Call, found: AnaplanList, entry: dict[str, Any]) -> str:
    member = _identified(found, entry)
    if member is None or ("id" in entry and "code" in entry):
        return "NOT_FOUND" if member is None else "INCORRECT_FORMAT"
    found.remove(member)
    for module in call.model.modules.values():
        module.forget(member)
    return ""


def _identified(found: AnaplanList, entry: dict[str, Any]) -> Member | None:
    if "id" in entry:
        return found.by_id(entry["id"])
    return found.by_code(entry["code"]) if entry.get("code") else found.by_name(entry.get("name", ""))


_ITEMS = "/lists/{list}/items"
_READS = "/lists/{list}/readRequests"
LIST_ENDPOINTS = [
    Endpoint("GET", "/lists", lists),
    Endpoint("GET", "/lists/{list}", one_list),
    Endpoint("GET", _ITEMS, items, waits=True),
    Endpoint("POST", _ITEMS, change_items, waits=True, heavy=True),
    Endpoint("PUT", _ITEMS, update_items, waits=True, heavy=True),
    Endpoint("GET", "/lists/{list}/preview", preview, waits=True),
    Endpoint("POST", _READS, start_read, waits=True),
    Endpoint("GET", _READS + "/{request}", look_at_read),
    Endpoint("DELETE", _READS + "/{request}", delete_read),
    Endpoint("GET", _READS + "/{request}/pages/{page}", read_page),
]
