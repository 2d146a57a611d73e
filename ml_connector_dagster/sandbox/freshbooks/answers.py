"""Every shape in which FreshBooks refuses: it depends on the family of the path and on X-API-VERSION."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

DEFAULT_VERSION = "2023-02-20"
"""What a request without X-API-VERSION is answered with; a lower one gets the old error bodies."""
_RPC_CODES = {400: 3, 401: 16, 403: 7, 404: 5, 409: 6, 422: 3, 429: 8, 500: 13, 503: 14}
_INFO = "type.googleapis.com/google.rpc.ErrorInfo"
_BAD_REQUEST = "type.googleapis.com/google.rpc.BadRequest"


@dataclass(eq=False)
class Refusal(Exception):  # noqa: N818 - a refusal is an answer here
    """What is wrong, before any family has given it a shape. errno is FreshBooks' own number."""

    status: int
    errno: int
    message: str
    field: str = ""
    object: str = ""
    value: str = ""


def version_of(request: Request) -> str:
    return request.headers.get("x-api-version") or DEFAULT_VERSION


def answer(body: Any, status: int = 200, *, media_type: str = "application/json") -> Response:
    return Response(msgspec.json.encode(body), status, media_type=media_type)


def result(body: Mapping[str, Any], status: int = 200) -> Response:
    """The accounting envelope."""
    return answer({"response": {"result": body}}, status)


def refused(refusal: Refusal, family: str, version: str, *, as_object_with_200: bool = False) -> Response:
    """The refusal in the shape of its family."""
    if family == "accounting" and version < DEFAULT_VERSION and as_object_with_200:
        return answer({"response": {"errors": _old(refusal)}})
    return answer(_SHAPES[family](refusal, version), refusal.status)


def _accounting(refusal: Refusal, version: str) -> Any:
    if version < DEFAULT_VERSION:
        return {"response": {"errors": [_old(refusal)]}}
    return _rpc(refusal)


def _old(refusal: Refusal) -> dict[str, Any]:
    return {
        "errno": refusal.errno,
        "field": refusal.field,
        "message": refusal.message,
        "object": refusal.object,
        "value": refusal.value,
    }


def _rpc(refusal: Refusal) -> dict[str, Any]:
    metadata = {"object": refusal.object, "message": refusal.message, "value": refusal.value, "field": refusal.field}
    detail = {
        "@type": _INFO,
        "reason": str(refusal.errno),
        "domain": "accounting.api.freshbooks.com",
        "metadata": metadata,
    }
    return {
        "code": _RPC_CODES[refusal.status],
        "message": f"Request failed with status_code: {refusal.status}",
        "details": [detail],
    }


def _ledger(refusal: Refusal, _version: str) -> Any:
    field = f"{refusal.field}: " if refusal.field else ""
    detail = {
        "reason": f"{field}{refusal.message}",
        "metadata": {"message": refusal.message, "field": refusal.field},
    }
    message = f"Request failed with status code {refusal.status}"
    return {"errors": {"message": message, "status": refusal.status, "details": [detail]}}


def _project(refusal: Refusal, _version: str) -> Any:
    if refusal.status == 404:
        return {"error": "Requested resource could not be found."}
    if refusal.status in {401, 403}:
        return {"message": refusal.message}
    return {"errno": refusal.errno, "error": {"title": refusal.message}}


def _events(refusal: Refusal, version: str) -> Any:
    if refusal.status != 422:
        return _accounting(refusal, version)
    said = "The request was well-formed but was unable to be followed due to semantic errors."
    if version < DEFAULT_VERSION:
        return {"errno": 422, "message": said, "details": [f"{refusal.field}: Value error, {refusal.message}"]}
    violation = {"field": refusal.field, "description": refusal.message}
    return {"code": 3, "message": said, "details": [{"@type": _BAD_REQUEST, "fieldViolations": [violation]}]}


def _identity(refusal: Refusal, _version: str) -> Any:
    kind = "unauthenticated" if refusal.status == 401 else "insufficient_scope"
    return {"error": kind, "error_description": refusal.message}


_SHAPES = {
    "accounting": _accounting,
    "ledger": _ledger,
    "project": _project,
    "events": _events,
    "identity": _identity,
}
