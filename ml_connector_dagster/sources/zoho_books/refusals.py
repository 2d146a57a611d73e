"""What Zoho's refusals mean, by number alone: the texts follow the language of the organization.

Three codes come with HTTP 429 and are not the same: 44 is the minute, 45 the day, 1070 too many at once. A code other than 0
may also come with HTTP 200.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ml_connector_dagster.errors import ConnectorError, QuotaExhausted, RequestRejected, TemporarilyRefused
from ml_connector_dagster.sources.contract.source import Refusal

MINUTE, DAY, AT_ONCE = 44, 45, 1070
INTERNAL = 1000
GONE = 1002
NOT_AUTHORISED = (57, 14)
MINUTE_SECONDS = 60.0
"""Zoho names no time; in practice the block of a minute's limit lasts that long or a little longer."""
AT_ONCE_SECONDS = 3.0
_RETRIED = (INTERNAL, 43)
_DAY_SECONDS = 86_400
_OK = 200


def classify(answer: Refusal) -> ConnectorError | None:
    """Answer the error that an answer of Zoho means; None leaves it to the transport's general classes."""
    code, message = said(answer.content)
    if answer.status == 429:
        return _limited(code, answer.headers)
    if answer.status == 401 or answer.status >= 500 or code is None:
        return None
    return judged(code, message, answer.status, answer.headers)


def judged(code: int, message: str, status: int, headers: Mapping[str, str]) -> ConnectorError:
    """Answer the error that a code other than 0 means, whatever HTTP status it came with."""
    if code in (MINUTE, DAY, AT_ONCE):
        return _limited(code, headers)
    if code in _RETRIED:
        return TemporarilyRefused(
            f"Zoho Books answered {status} with code {code}.",
            "It had trouble of its own; nothing of the answer was used.",
            "Nothing to do: it is tried again by itself.",
            status=status,
            code=code,
        )
    return RequestRejected(
        f"Zoho Books answered {status} with code {code} ({message[:120] or 'no message'}).",
        "The same request fails again, and nothing of it was used; it is not an empty result.",
        "Look at what the message names: a plan without this module, a scope of the consent, the organization. "
        "Then run ml-connector check.",
        status=401 if code in NOT_AUTHORISED else 404 if code == GONE else status if status != _OK else 400,
        code=code,
    )


def said(content: bytes) -> tuple[int | None, str]:
    """Answer code and message of a body; None where it carries none."""
    try:
        body: Any = json.loads(content)
    except ValueError:
        return None, ""
    code = body.get("code") if isinstance(body, dict) else None
    if not str(code).lstrip("-").isdigit():
        return None, ""
    return int(str(code)), str(body.get("message") or "")


def _limited(code: int | None, headers: Mapping[str, str]) -> ConnectorError:
    lowered = {name.lower(): value for name, value in headers.items()}
    if code == DAY:
        return _day_spent(lowered)
    asked = _seconds(lowered.get("retry-after", ""))
    seconds = asked if asked is not None else AT_ONCE_SECONDS if code == AT_ONCE else MINUTE_SECONDS
    what = "too many requests at once" if code == AT_ONCE else "its calls of a minute are spent"
    return TemporarilyRefused(
        f"Zoho Books answered 429 with code {code}: {what}, for this organization and every program that reads it.",
        f"It asks for {seconds:.0f} seconds of patience; nothing was read.",
        "Nothing to do: it is tried again by itself.",
        status=429,
        code=code,
        retry_after_seconds=seconds,
    )


def _day_spent(headers: Mapping[str, str]) -> QuotaExhausted:
    seconds = _seconds(headers.get("x-rate-limit-reset", ""))
    opens_at = datetime.now(UTC) + timedelta(seconds=seconds if seconds is not None else _DAY_SECONDS)
    limit = headers.get("x-rate-limit-limit", "")
    return QuotaExhausted(
        f"Zoho Books' calls of today{f' ({limit})' if limit else ''} are spent for this organization.",
        f"Nothing more can be read until {opens_at:%Y-%m-%d %H:%M} UTC, midnight of the organization.",
        "Wait until then: the schedule resumes where it stopped. A higher plan of Zoho Books allows more calls a day.",
        status=429,
        code=DAY,
        opens_at=opens_at,
    )


def _seconds(written: str) -> float | None:
    try:
        return max(0.0, float(written))
    except ValueError:
        return None
