"""Files: upload in chunks, read back, delete; all on the calling user's private copy."""

from typing import Any

from starlette.responses import Response

from ml_connector_dagster.sandbox.anaplan.call import Call, Endpoint, Refused
from ml_connector_dagster.sandbox.anaplan.definitions import FileDefinition
from ml_connector_dagster.sandbox.anaplan.files import ChunkRefused, PrivateFile

_GZIP = "application/x-gzip"
_BINARY = "application/octet-stream"


def files(call: Call) -> Response:
    return call.page("file", "files", [_shown(call, entry) for entry in call.model.file_definitions.values()])


def open_file(call: Call) -> Response:
    """POST {"chunkCount": n}: the old content is gone from here on."""
    definition = _definition(call)
    body = call.json()
    count = body.get("chunkCount")
    if not isinstance(count, int) or isinstance(count, bool):
        raise Refused(400, "chunkCount is missing")
    try:
        call.model.files.open(definition.id, call.user.email, count)
    except ChunkRefused as refused:
        raise Refused(400, str(refused)) from refused
    call.note("file_opened", definition.id, note=str(count))
    return call.answer("file", file=_shown(call, definition))


def put_chunk(call: Call) -> Response:
    """Keep one chunk; gzip is undone under application/x-gzip only; under octet-stream the bytes stay what they are."""
    definition = _definition(call)
    kind = _content_type(call)
    if kind not in {_GZIP, _BINARY}:
        raise Refused(415)
    number = call.params["chunk"]
    if not number.isdigit():
        raise Refused(404)
    try:
        call.model.files.put_chunk(definition.id, call.user.email, int(number), call.body, gzipped=kind == _GZIP)
    except ChunkRefused as refused:
        raise Refused(400, str(refused)) from refused
    call.note("chunk", definition.id, note=number)
    return Response(status_code=204)


def complete_file(call: Call) -> Response:
    """Ends an upload that was opened with chunkCount -1."""
    definition = _definition(call)
    file = _own(call, definition)
    call.json()
    file.complete = True
    file.declared = file.chunk_count
    call.note("file_completed", definition.id)
    return call.answer("file", file=_shown(call, definition))


def put_file(call: Call) -> Response:
    """The whole file at once; no gzip here."""
    definition = _definition(call)
    if _content_type(call) != _BINARY:
        raise Refused(415)
    call.model.files.write(definition.id, call.user.email, call.body)
    call.note("file_opened", definition.id, note="whole")
    return Response(status_code=204)


def chunks(call: Call) -> Response:
    """The declared chunks, whether or not they came."""
    file = call.model.files.get(_definition(call).id, call.user.email)
    count = file.chunk_count if file is not None else 0
    return call.page("chunk", "chunks", [{"id": str(n), "name": f"Chunk {n}"} for n in range(count)])


def one_chunk(call: Call) -> Response:
    file = _own(call, _definition(call))
    number = call.params["chunk"]
    if not number.isdigit() or int(number) not in file.chunks:
        raise Refused(404)
    return Response(file.chunks[int(number)], media_type=_BINARY)


def whole_file(call: Call) -> Response:
    file = _own(call, _definition(call))
    if not file.chunks:
        raise Refused(404)
    return Response(file.content(), media_type=_BINARY)


def delete_file(call: Call) -> Response:
    if not call.model.files.delete(_definition(call).id, call.user.email):
        raise Refused(404)
    return Response(status_code=204)


def _definition(call: Call) -> FileDefinition:
    found = call.model.file_definitions.get(call.params["file"])
    if found is None:
        raise Refused(404)
    return found


def _own(call: Call, definition: FileDefinition) -> PrivateFile:
    """The caller's private file; expired or never written is 404."""
    file = call.model.files.get(definition.id, call.user.email)
    if file is None:
        raise Refused(404)
    return file


def _content_type(call: Call) -> str:
    return call.request.headers.get("content-type", "").partition(";")[0].strip()


def _shown(call: Call, definition: FileDefinition) -> dict[str, Any]:
    file = call.model.files.get(definition.id, call.user.email)
    count = file.chunk_count if file is not None else (1 if definition.default is not None else 0)
    return definition.shown(count)


FILE_ENDPOINTS = [
    Endpoint("GET", "/files", files),
    Endpoint("POST", "/files/{file}", open_file),
    Endpoint("PUT", "/files/{file}", put_file),
    Endpoint("GET", "/files/{file}", whole_file),
    Endpoint("DELETE", "/files/{file}", delete_file),
    Endpoint("POST", "/files/{file}/complete", complete_file),
    Endpoint("GET", "/files/{file}/chunks", chunks),
    Endpoint("PUT", "/files/{file}/chunks/{chunk}", put_chunk, heavy=True),
    Endpoint("GET", "/files/{file}/chunks/{chunk}", one_chunk),
]
