"""Start, look at, list and cancel tasks of imports, exports, processes and other actions; fetch their dumps."""

from typing import Any

from starlette.responses import JSONResponse, Response

from ml_connector_dagster.sandbox.anaplan.call import Call, Endpoint, Refused
from ml_connector_dagster.sandbox.anaplan.outcomes import Dump
from ml_connector_dagster.sandbox.anaplan.tasks import Task

KINDS = ("imports", "exports", "processes", "actions")
_DUMP_CHUNK_BYTES = 10 * 1024 * 1024


def start(call: Call) -> Response:
    """POST {"localeName": "en_US", "mappingParameters": […]}; 200 means accepted, no more.

    The id comes wrapped in `task`, as anaplan-sdk meets it live; a plan may ask for the documents' bare {"taskId"}.
    """
    kind, object_id = call.params["kind"], call.params["object"]
    if object_id not in _objects(call, kind) or object_id in call.user.denied:
        raise Refused(404)
    body = call.json()
    if not isinstance(body, dict) or body.get("localeName") != "en_US":
        raise Refused(400, "localeName is missing or not en_US")
    prompted = {entry["entityType"]: entry["entityName"] for entry in body.get("mappingParameters", [])}
    task = call.tasks.start(kind, object_id, call.user.email, prompted, **call.who())
    if task.plan.bare:
        return JSONResponse({"taskId": task.id})
    return call.answer("task", task={"taskId": task.id})


def listed(call: Call) -> Response:
    """All users' tasks; 200 and empty for a parent that does not exist and for a role without access."""
    tasks = call.tasks.listed(call.params["kind"], call.params["object"])
    if call.model.id in call.user.no_access:
        tasks = []
    if call.query("sort") == "-creationTime":
        tasks = tasks[::-1]
    now = call.now()
    return call.page("task", "tasks", [_brief(task, now) for task in tasks])


def look(call: Call) -> Response:
    task = _task(call)
    call.note("task_looked", task.object_id, task_id=task.id)
    return call.answer("task", task=task.shown(call.now()))


def cancel(call: Call) -> Response:
    task = _task(call)
    call.tasks.cancel(task, call.user.email)
    return call.answer("task", task=_brief(task, call.now()))


def dump(call: Call) -> Response:
    """Whole dump as text: 204 where the task left none, 404 where it is gone or another user's."""
    task = _task(call)
    if task.outcome is not None and task.outcome.dump_of(_dump_object(call)) is None:
        return Response(status_code=204)
    return Response(_dump(call).text(), media_type="text/plain")


def dump_chunks(call: Call) -> Response:
    count = len(_pieces(_dump(call)))
    return call.page("chunk", "chunks", [{"id": str(n), "name": f"Chunk {n}"} for n in range(count)])


def dump_chunk(call: Call) -> Response:
    pieces = _pieces(_dump(call))
    number = call.params["chunk"]
    if not number.isdigit() or int(number) >= len(pieces):
        raise Refused(404)
    call.note("dump_read", _dump_object(call), task_id=call.params["task"])
    return Response(pieces[int(number)], media_type="text/plain")


def _objects(call: Call, kind: str) -> dict[str, Any]:
    model = call.model
    found: dict[str, dict[str, Any]] = {
        "imports": dict(model.imports),
        "exports": dict(model.exports),
        "processes": dict(model.processes),
        "actions": dict(model.actions),
    }
    return found.get(kind, {})


def _task(call: Call) -> Task:
    task = call.tasks.get(call.params["kind"], call.params["object"], call.params["task"])
    if task is None:
        raise Refused(404)
    return task


def _brief(task: Task, now: float) -> dict[str, Any]:
    return {"taskId": task.id, "taskState": task.state(now), "creationTime": round(task.created_at * 1000)}


def _dump_object(call: Call) -> str:
    return call.params.get("nested", call.params["object"])


def _dump(call: Call) -> Dump:
    found = call.tasks.dump(_task(call), _dump_object(call), call.user.email)
    if found is None:
        raise Refused(404)
    return found


def _pieces(found: Dump) -> list[bytes]:
    text = found.text().encode(found.encoding)
    return [text[start : start + _DUMP_CHUNK_BYTES] for start in range(0, len(text), _DUMP_CHUNK_BYTES)]


_TASKS = "/{kind:action_kind}/{object}/tasks"
TASK_ENDPOINTS = [
    Endpoint("POST", _TASKS, start),
    Endpoint("GET", _TASKS, listed, ungated=True),
    Endpoint("GET", _TASKS + "/{task}", look),
    Endpoint("DELETE", _TASKS + "/{task}", cancel),
    Endpoint("GET", _TASKS + "/{task}/dump", dump),
    Endpoint("GET", _TASKS + "/{task}/dump/chunks", dump_chunks),
    Endpoint("GET", _TASKS + "/{task}/dump/chunks/{chunk}", dump_chunk),
    Endpoint("GET", _TASKS + "/{task}/dumps/{nested}", dump),
    Endpoint("GET", _TASKS + "/{task}/dumps/{nested}/chunks", dump_chunks),
    Endpoint("GET", _TASKS + "/{task}/dumps/{nested}/chunks/{chunk}", dump_chunk),
]
