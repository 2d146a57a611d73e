"""What QuickBooks' refusals mean: each names the reader's next move.

A 401 with code 3200 is an expired token: the transport refreshes once and asks again. A 401 or 403 with code 3100 is the wrong
app or environment: no refresh mends it. A 429 carries no Retry-After: 60 seconds are waited. A month's quota of reads is told
from a minute's by its message alone; QuickBooks documents no code for it, so a 429 that outlasts every wait ends the run too.
"""

from __future__ import annotations

from datetime import UTC, datetime

from ml_connector_dagster.errors import (
    ConnectorError,
    CredentialRefused,
    QuotaExhausted,
    RequestRejected,
    TemporarilyRefused,
)
from ml_connector_dagster.sources.contract.source import Refusal
from ml_connector_dagster.sources.quickbooks_online.faults import Fault, fault_in

LIMIT_WAIT_SECONDS = 60.0
GONE = "610"
_UNKNOWN = Fault("", "no reason given")
_OF_APP = {"3100"}
_EXPIRED = {"3200", "3201", "3202"}
_OF_USER = {"100", "110", "120", "5020"}
_OF_COMPANY = {
    "130": "the company lies in another cluster",
    "140": "the company is locked out",
    "150": "the company is under maintenance",
    "6190": "the company's subscription has lapsed",
}
_OF_SERVER = {"6002", "10000"}
_QUOTA_WORDS = ("quota", "monthly", "coreplus", "allotment")


def classify(answer: Refusal) -> ConnectorError | None:
    """Answer the error that a refusal means; None leaves it to the transport's general classes."""
    fault = fault_in(answer.content)
    if answer.status == 429:
        return _limited(fault or _UNKNOWN)
    if answer.status == 401:
        return None if fault is None or fault.code in _EXPIRED or not fault.code else error_of(fault, 401)
    if answer.status == 403 and (fault is None or fault.code not in _OF_COMPANY):
        return _not_allowed(fault or _UNKNOWN, 403)
    return error_of(fault, answer.status) if fault is not None else None


def error_of(fault: Fault, status: int) -> ConnectorError:
    """Answer the error that a fault means, whatever status it came with."""
    said = f"QuickBooks answered {status} with code {fault.code or 'none'}: {fault.says}."
    if fault.code == "3001":
        return _limited(fault)
    if fault.code in _OF_APP | _OF_USER | _EXPIRED:
        return _not_allowed(fault, status)
    if fault.code in _OF_COMPANY:
        return RequestRejected(
            said,
            f"Nothing can be read today: {_OF_COMPANY[fault.code]}.",
            "Sign in to QuickBooks and see to the company; the schedule tries again.",
            status=status,
            code=fault.code,
        )
    if fault.code in _OF_SERVER or fault.kind == "SystemFault" or status >= 500:
        return TemporarilyRefused(
            said,
            "QuickBooks is ill; nothing was read.",
            "Nothing: it is tried again by itself.",
            status=status,
            code=fault.code,
        )
    return RequestRejected(
        said,
        "The same request fails again; it is no empty answer.",
        "Run ml-connector check; if it holds, report the message.",
        status=status,
        code=fault.code,
    )


def _not_allowed(fault: Fault, status: int) -> CredentialRefused:
    return CredentialRefused(
        f"QuickBooks answered {status} with code {fault.code or 'none'}: {fault.says}.",
        "This consent may not read it: another app's or environment's keys, a user who was removed, or one without the role. "
        "It is not an empty result.",
        "Let a company administrator consent with ml-connector connect, with the app's production keys for real books.",
        status=status,
        code=fault.code,
    )


def _limited(fault: Fault) -> ConnectorError:
    if any(word in fault.says.lower() for word in _QUOTA_WORDS):
        opens_at = next_month(datetime.now(UTC))
        return QuotaExhausted(
            f"QuickBooks' reads of this month are spent for the app: {fault.says}.",
            f"Nothing more can be read before {opens_at:%Y-%m-%d} UTC.",
            "Wait until then: the schedule resumes by itself. A higher tier of the Intuit App Partner Program allows more.",
            opens_at=opens_at,
            status=429,
        )
    return TemporarilyRefused(
        f"QuickBooks' limit of calls is reached: {fault.says}.",
        "It opens within a minute; where it stays shut, the app's reads of the month may be spent.",
        "Nothing: it is tried again by itself. Where it stays, look at the app's usage in the Intuit developer portal.",
        retry_after_seconds=LIMIT_WAIT_SECONDS,
        status=429,
    )


def next_month(now: datetime) -> datetime:
    """Answer the first moment of the next month, UTC."""
    year, month = divmod(now.year * 12 + now.month, 12)
    return datetime(year, month + 1, 1, tzinfo=UTC)
