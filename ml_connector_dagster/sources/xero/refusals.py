"""What Xero's refusals mean: each names the reader's next move.

Two answers look alike and are not: a 401 because the token expired (a refresh mends it, the transport does that) and a 401
``AuthorizationUnsuccessful`` (no refresh ever mends it). A 429 for the minute is patience, a 429 for the day is not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from ml_connector_dagster.errors import (
    ConnectorError,
    CredentialRefused,
    QuotaExhausted,
    RequestRejected,
    TemporarilyRefused,
)
from ml_connector_dagster.sources.contract.source import Refusal

_SHOWN = 200
_UNNAMED_LIMIT_SECONDS = 2.0


def classify(answer: Refusal) -> ConnectorError | None:
    """Answer the error that a refusal of Xero means; None leaves it to the transport's general classes."""
    match answer.status:
        case 401:
            return _unauthorised(answer)
        case 403:
            return _forbidden(answer)
        case 429:
            return _limited(answer)
        case 400:
            return _bad_request(answer)
        case _:
            return None


def _unauthorised(answer: Refusal) -> ConnectorError | None:
    if "AuthorizationUnsuccessful" not in _text(answer):
        return None
    return CredentialRefused(
        f"Xero answered 401 AuthorizationUnsuccessful to {answer.url_shown}.",
        "Somebody disconnected the organisation, or the consent lacks a scope or tier for this; nothing was read, and figures "
        "in Anaplan stay as they were.",
        "Consent again with ml-connector connect, then run ml-connector check.",
        status=401,
    )


def _forbidden(answer: Refusal) -> ConnectorError:
    return CredentialRefused(
        f"Xero answered 403 to {answer.url_shown}: {_shown(answer)}.",
        "This consent may not read it: the wrong organisation, a missing scope, or a user without the reporting role. "
        "It is not an empty result; figures in Anaplan stay as they were.",
        "Let a user with the Adviser role, or Standard with reports, consent with ml-connector connect.",
        status=403,
    )


def _limited(answer: Refusal) -> ConnectorError:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    seconds = _retry_after(headers)
    if headers.get("x-rate-limit-problem", "").lower().startswith(("day", "dai")):
        opens_at = datetime.now(UTC) + timedelta(seconds=seconds if seconds is not None else 86_400)
        return QuotaExhausted(
            "Xero's calls for today are spent for this organisation.",
            f"Nothing more can be read until {opens_at:%Y-%m-%d %H:%M} UTC.",
            "Wait until then: the schedule resumes by itself. A higher Xero tier allows more calls a day.",
            opens_at=opens_at,
            status=429,
        )
    return TemporarilyRefused(
        f"Xero's limit per {headers.get('x-rate-limit-problem') or 'minute'} is reached.",
        "The same call passes once the limit opens.",
        "Nothing: it is tried again by itself.",
        retry_after_seconds=seconds if seconds is not None else _UNNAMED_LIMIT_SECONDS,
        status=429,
    )


def _bad_request(answer: Refusal) -> ConnectorError | None:
    text = _text(answer)
    if "HighVolumeException" in text or "not filtering" in text:
        return RequestRejected(
            "Xero refuses the request because the organisation holds too many records for its filter.",
            "Nothing was read.",
            "Report it: the filter must use an optimised field of the endpoint.",
            status=400,
        )
    messages = validation_messages(text)
    if not messages:
        return None
    return RequestRejected(
        f"Xero answered 400: {'; '.join(messages)[:_SHOWN]}.",
        "The same request fails again.",
        "Correct what the message names.",
        status=400,
    )


def validation_messages(text: str) -> list[str]:
    """Answer every message of a validation answer, those of nested elements included, in order and once each."""
    try:
        body = json.loads(text)
    except ValueError:
        return []
    found: list[str] = []
    _collect(body, found)
    return list(dict.fromkeys(found))


def _collect(value: object, found: list[str]) -> None:
    if isinstance(value, list):
        for element in value:
            _collect(element, found)
    elif isinstance(value, dict):
        message = value.get("Message") or value.get("Description")
        if isinstance(message, str) and not ({"Elements", "ErrorNumber"} & value.keys() and value.get("Elements")):
            found.append(message)
        for name in ("Elements", "ValidationErrors", "Warnings"):
            _collect(value.get(name), found)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    written = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d+(\.\d+)?", written):
        return float(written)
    try:
        return max(0.0, (parsedate_to_datetime(written) - datetime.now(UTC)).total_seconds()) if written else None
    except ValueError:
        return None


def _text(answer: Refusal) -> str:
    return answer.content.decode("utf-8", "replace")


def _shown(answer: Refusal) -> str:
    text = _text(answer)
    try:
        detail = json.loads(text).get("Detail")
    except (ValueError, AttributeError):
        detail = None
    return (detail or re.sub(r"<[^>]*>|\s+", " ", text)).strip()[:_SHOWN] or "no reason given"
