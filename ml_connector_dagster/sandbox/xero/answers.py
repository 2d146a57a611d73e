"""Every shape in which Xero answers: the envelope in JSON or XML, its errors, its plain texts."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from ml_connector_dagster.sandbox.refusal import Refusal

JSON = "application/json; charset=utf-8"
_SINGULAR = {
    "Addresses": "Address",
    "BankTransactions": "BankTransaction",
    "Currencies": "Currency",
    "Rows": "Row",
    "TaxRates": "TaxRate",
    "TrackingCategories": "TrackingCategory",
    "Tracking": "TrackingCategory",
}


def wants_json(request: Request) -> bool:
    """XML is the default: JSON comes only to who asks for it."""
    return "json" in request.headers.get("accept", "")


def collection(
    request: Request,
    now_ms: int,
    plural: str,
    encoded: Sequence[bytes],
    *,
    pagination: Mapping[str, int] | None = None,
) -> Response:
    """The envelope around records that are encoded already; Xero-Correlation-Id is the body's Id."""
    correlation = str(uuid.uuid4())
    head = (
        f'{{"Id":"{correlation}","Status":"OK","ProviderName":"ml-connector sandbox","DateTimeUTC":"/Date({now_ms})/",'
    )
    if pagination is not None:
        numbers = ",".join(f'"{name}":{value}' for name, value in pagination.items())
        head += f'"pagination":{{{numbers}}},'
    body = b"".join((head.encode(), f'"{plural}":['.encode(), b",".join(encoded), b"]}"))
    headers = {"Xero-Correlation-Id": correlation}
    if wants_json(request):
        return Response(body, media_type=JSON, headers=headers)
    return Response(_xml(msgspec.json.decode(body)), media_type="text/xml; charset=utf-8", headers=headers)


def records(request: Request, now_ms: int, plural: str, found: Sequence[Mapping[str, Any]]) -> Response:
    """The envelope around records that are not encoded yet."""
    return collection(request, now_ms, plural, [msgspec.json.encode(record) for record in found])


def problem(status: int, title: str, detail: str, *, headers: Mapping[str, str] | None = None) -> Refusal:
    """401 and 403 of the gateway: problem details, not the API's own error shape."""
    body: dict[str, Any] = {
        "Type": None,
        "Title": title,
        "Status": status,
        "Detail": detail,
        "Instance": str(uuid.uuid4()),
        "Extensions": {},
    }
    return Refusal(Response(msgspec.json.encode(body), status, dict(headers or {}), media_type="application/json"))


def exception(number: int, kind: str, message: str, elements: Sequence[Mapping[str, Any]] = ()) -> Refusal:
    """400 of the API itself."""
    body: dict[str, Any] = {"ErrorNumber": number, "Type": kind, "Message": message}
    if elements:
        body["Elements"] = list(elements)
    return Refusal(Response(msgspec.json.encode(body), 400, media_type=JSON))


def not_found() -> Refusal:
    """404 is text in an HTML coat: nobody may parse it as JSON."""
    return Refusal(Response("The resource you're looking for cannot be found", 404, media_type="text/html"))


def plain(status: int, text: str, headers: Mapping[str, str] | None = None) -> Refusal:
    return Refusal(Response(text, status, dict(headers or {}), media_type="text/plain"))


def _xml(body: Mapping[str, Any]) -> bytes:
    inner = "".join(_element(name, value) for name, value in body.items())
    return f'<Response xmlns:i="http://www.w3.org/2001/XMLSchema-instance">{inner}</Response>'.encode()


def _element(name: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping):
        inner = "".join(_element(key, entry) for key, entry in value.items())
    elif isinstance(value, list):
        single = _SINGULAR.get(name, name.removesuffix("s"))
        inner = "".join(_element(single, entry) for entry in value)
    else:
        inner = escape(str(value).lower() if isinstance(value, bool) else str(value))
    return f"<{name}>{inner}</{name}>"
