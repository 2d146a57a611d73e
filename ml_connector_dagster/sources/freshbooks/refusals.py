"""What FreshBooks' refusals mean: six shapes of one thing, made into one, each named for the reader's next move.

Retry-After stands on every answer, good ones too, so it counts on 429 and 503 alone. A 401 is always worth one refresh, which
the transport makes; a 403 never is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from ml_connector_dagster.errors import (
    ConnectorError,
    CredentialRefused,
    QuotaExhausted,
    RequestRejected,
    TemporarilyRefused,
)
from ml_connector_dagster.sources.contract.source import Refusal

UNAUTHORISED, NOT_FOUND = "1003", "1012"
PATIENCE_SECONDS = 3600.0
"""A limit that opens later is a quota: nothing waits for it."""
_NO_WAIT_NAMED_SECONDS = 60.0
"""The window of the limit, for a 429 that does not say when it opens."""
_SHOWN = 300


class Fault(NamedTuple):
    """One error, whichever of the shapes it came in; unknown parts are empty."""

    code: str
    field: str
    object: str
    message: str

    @property
    def said(self) -> str:
        """The error on one line."""
        about = ".".join(part for part in (self.object, self.field) if part)
        text = f"{self.message} ({about})" if about else self.message
        return f"{self.code}: {text}" if self.code else text


def classify(answer: Refusal) -> ConnectorError | None:
    """Answer the error that a refusal means; None leaves it to the transport's general classes."""
    match answer.status:
        case 403:
            return _forbidden(answer)
        case 429:
            return _limited(answer)
        case status if 400 <= status < 500 and status not in (401, 408):
            return rejected(faults(answer.content), status)
        case _:
            return None


def refused_with_200(content: Any) -> ConnectorError | None:
    """Answer the error of a body that came with 200 and holds errors in place of records; None where it holds none."""
    found = list(_of_accounting(content))
    if not found:
        return None
    if found[0].code == UNAUTHORISED:
        return CredentialRefused(
            f"FreshBooks refused the call within an answer of 200: {found[0].said}.",
            "Nothing was read; it is not an empty list.",
            "Consent again with ml-connector connect, then run ml-connector check.",
            status=401,
        )
    return rejected(found, 404 if found[0].code == NOT_FOUND else 400)


def rejected(found: list[Fault], status: int) -> RequestRejected:
    """Answer a refusal that comes again with every repetition."""
    said = "; ".join(fault.said for fault in found) or "no reason given"
    return RequestRejected(
        f"FreshBooks answered {status}: {said[:_SHOWN]}.",
        "The same request fails again.",
        "Correct what the message names; if it names nothing of yours, run ml-connector check.",
        status=status,
        code=found[0].code if found else "",
    )


def faults(content: bytes) -> list[Fault]:
    """Answer every error of a body, in any of the shapes; one without code for a body that is none of them."""
    try:
        body = json.loads(content)
    except ValueError:
        return []
    for shape in (_of_accounting, _of_rpc, _of_ledger_accounts, _of_events, _of_oauth, _of_projects):
        found = list(shape(body))
        if found:
            return found
    return []


def _of_accounting(body: Any) -> Iterator[Fault]:
    """``{"response":{"errors":[{errno,field,message,object}]}}``; errors may be one object instead of a list."""
    errors = _inside(body, "response", "errors")
    for error in errors if isinstance(errors, list) else [errors] if isinstance(errors, dict) else []:
        yield Fault(_text(error, "errno"), _text(error, "field"), _text(error, "object"), _text(error, "message"))


def _of_rpc(body: Any) -> Iterator[Fault]:
    """``{"code":5,"message":…,"details":[{"reason":"1012","metadata":{…}}]}`` since version 2023-02-20; also events' BadRequest."""
    details = body.get("details") if isinstance(body, dict) and "code" in body else None
    for detail in details if isinstance(details, list) else []:
        if not isinstance(detail, dict):
            continue
        about = detail.get("metadata") or {}
        message = _text(about, "message") or _text(body, "message")
        violations = detail.get("fieldViolations")
        for violation in violations if isinstance(violations, list) else []:
            yield Fault("", _text(violation, "field"), "", _text(violation, "description"))
        if not violations:
            yield Fault(_text(detail, "reason"), _text(about, "field"), _text(about, "object"), message)
    if details == [] or (details is None and isinstance(body, dict) and "code" in body):
        yield Fault(_text(body, "code"), "", "", _text(body, "message"))


def _of_ledger_accounts(body: Any) -> Iterator[Fault]:
    """``{"errors":{"message":…,"status":400,"details":[{"reason":…,"metadata":{"message","field"}}]}}``."""
    errors = body.get("errors") if isinstance(body, dict) else None
    if not isinstance(errors, dict):
        return
    details = errors.get("details")
    for detail in details if isinstance(details, list) else []:
        about = detail.get("metadata") or {}
        yield Fault("", _text(about, "field"), "", _text(about, "message") or _text(detail, "reason"))
    if not details:
        yield Fault(_text(errors, "status"), "", "", _text(errors, "message"))


def _of_events(body: Any) -> Iterator[Fault]:
    """``{"errno":422,"message":…,"details":["event: Value error, …"]}``."""
    if isinstance(body, dict) and "errno" in body and "message" in body:
        details = [str(detail) for detail in body.get("details") or () if not isinstance(detail, dict)]
        yield Fault(_text(body, "errno"), "", "", " ".join([_text(body, "message"), *details]))


def _of_oauth(body: Any) -> Iterator[Fault]:
    """``{"error":"invalid_grant","error_description":…}``."""
    if isinstance(body, dict) and isinstance(body.get("error"), str) and "error_description" in body:
        yield Fault(body["error"], "", "", _text(body, "error_description"))


def _of_projects(body: Any) -> Iterator[Fault]:
    """``{"errno":2001,"error":{"title":"field required"}}``, ``{"error":"…"}`` or ``{"message":"…"}``."""
    if not isinstance(body, dict):
        return
    error = body.get("error")
    if isinstance(error, dict):
        for field, message in error.items():
            yield Fault(_text(body, "errno"), str(field), "", str(message))
    elif isinstance(error, str) or isinstance(body.get("message"), str):
        yield Fault(_text(body, "errno"), "", "", str(error or body["message"]))


def _forbidden(answer: Refusal) -> ConnectorError:
    said = "; ".join(fault.said for fault in faults(answer.content)) or "no reason given"
    lacks_scope = "scope" in said.lower()
    said = (
        said if len(said) <= _SHOWN else f"{said[: _SHOWN // 2]} … {said[-_SHOWN // 2 :]}"
    )  # what is needed stands last
    return CredentialRefused(
        f"FreshBooks answered 403: {said}.",
        "This consent, the person's role or the company's plan does not allow it; it is not an empty result.",
        "Tick the scope on the app in FreshBooks' developer portal, then consent again with ml-connector connect."
        if lacks_scope
        else "Let an owner or administrator consent with ml-connector connect, or move to a plan that has it.",
        status=403,
        lacks_scope=lacks_scope,
    )


def _limited(answer: Refusal) -> ConnectorError:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    written = headers.get("retry-after", "").strip()
    seconds = float(written) if written.replace(".", "", 1).isdigit() else _NO_WAIT_NAMED_SECONDS
    if seconds > PATIENCE_SECONDS:
        opens_at = datetime.now(UTC) + timedelta(seconds=seconds)
        return QuotaExhausted(
            "FreshBooks answers no calls of this account for now.",
            f"Nothing more can be read until {opens_at:%Y-%m-%d %H:%M} UTC.",
            "Wait until then: the schedule resumes by itself.",
            opens_at=opens_at,
            status=429,
        )
    return TemporarilyRefused(
        "FreshBooks' limit of calls a minute is reached.",
        "The same call passes once the limit opens.",
        "Nothing: it is tried again by itself.",
        retry_after_seconds=seconds,
        status=429,
    )


def _inside(body: Any, *names: str) -> Any:
    for name in names:
        body = body.get(name) if isinstance(body, dict) else None
    return body


def _text(holder: Any, name: str) -> str:
    value = holder.get(name) if isinstance(holder, dict) else None
    return "" if value is None else str(value)
