"""Every shape in which QuickBooks answers: envelopes in JSON or XML, and its four kinds of fault."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from ml_connector_dagster.sandbox.quickbooks_online.notation import server_time
from ml_connector_dagster.sandbox.refusal import Refusal

Json = dict[str, Any]
_ENCODER = msgspec.json.Encoder(decimal_format="number")
_JSON = "application/json;charset=UTF-8"
_FINANCE = "http://schema.intuit.com/finance/v3"


def wants_json(request: Request) -> bool:
    """XML is the default: JSON comes only to who asks for it."""
    return "json" in request.headers.get("accept", "")


def answer(request: Request, now: datetime, body: Json) -> Response:
    """A success; the envelope ends with the server's clock."""
    whole = body | {"time": server_time(now)}
    if wants_json(request):
        return _with_tid(Response(_ENCODER.encode(whole), media_type=_JSON))
    inner = "".join(_element(name, value) for name, value in whole.items())
    text = f'<?xml version="1.0" encoding="UTF-8"?><IntuitResponse xmlns="{_FINANCE}">{inner}</IntuitResponse>'
    return _with_tid(Response(text, media_type="application/xml"))


def report(body: Json) -> Response:
    """A report has no envelope: its header tells the time."""
    return _with_tid(Response(_ENCODER.encode(body), media_type=_JSON))


def fault_body(code: str, message: str, detail: str, kind: str = "ValidationFault") -> Json:
    """The Fault of the API itself; it can also stand inside an answer with status 200."""
    return {"Fault": {"Error": [{"Message": message, "Detail": detail, "code": code, "element": ""}], "type": kind}}


def fault(
    now: datetime, code: str, message: str, detail: str = "", *, status: int = 400, kind: str = "ValidationFault"
) -> Refusal:
    body = fault_body(code, message, detail or message, kind) | {"time": server_time(now)}
    return Refusal(_with_tid(Response(_ENCODER.encode(body), status, media_type=_JSON)))


def unauthorized(now: datetime, detail: str) -> Refusal:
    """401 writes fault in small letters, among empty properties, with the time in epoch milliseconds."""
    error = {
        "message": "message=AuthenticationFailed; errorCode=003200; statusCode=401",
        "detail": detail,
        "code": "3200",
        "element": None,
    }
    body: Json = {
        "warnings": None,
        "intuitObject": None,
        "fault": {"error": [error], "type": "AUTHENTICATION"},
        "report": None,
        "queryResponse": None,
        "batchItemResponse": [],
        "attachableResponse": [],
        "syncErrorResponse": None,
        "requestId": None,
        "time": round(now.timestamp() * 1000),
        "status": None,
        "cdcresponse": [],
    }
    return Refusal(_with_tid(Response(_ENCODER.encode(body), 401, media_type=_JSON)))


def gateway(now: datetime, status: int, code: str, message: str, detail: str) -> Refusal:
    """The gateway answers XML, whatever was asked for, and no Retry-After."""
    text = (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><IntuitResponse xmlns="{_FINANCE}" '
        f'time="{server_time(now)}"><Fault type="SERVICE"><Error code="{code}"><Message>{escape(message)}</Message>'
        f"<Detail>{escape(detail)}</Detail></Error></Fault></IntuitResponse>"
    )
    return Refusal(_with_tid(Response(text, status, media_type="application/xml")))


def throttled(now: datetime, detail: str = "The request limit was reached.  Try again later") -> Refusal:
    return gateway(now, 429, "3001", "message=ThrottleExceeded; errorCode=003001; statusCode=429", detail)


def _with_tid(response: Response) -> Response:
    response.headers["intuit_tid"] = f"1-{uuid.uuid4().hex[:8]}-{uuid.uuid4().hex[:24]}"
    response.headers["qbo-version"] = "1949.122"
    return response


def _element(name: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return "".join(_element(name, entry) for entry in value)
    if isinstance(value, Mapping):
        inner = "".join(_element(key, entry) for key, entry in value.items())
    else:
        inner = escape(str(value).lower() if isinstance(value, bool) else str(value))
    return f"<{name}>{inner}</{name}>"
