"""QuickBooks' webhooks as pure functions: is it Intuit's, and what does it name. Nothing here is reached by a network yet.

A webhook carries ids and no figures, comes late, twice or out of order, and may name several companies: it is a hint to ask
the change feed, never a source. Two forms are read: the older ``eventNotifications`` and CloudEvents, which replaces it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ml_connector_dagster.errors import RecordRefused, RequestRejected
from ml_connector_dagster.sources.quickbooks_online.entities import DOCUMENT_OF, REFERENCES_OF
from ml_connector_dagster.sources.quickbooks_online.fields import moment

SIGNATURE_HEADER = "intuit-signature"
_TYPE = re.compile(r"qbo\.([a-z]+)\.([a-z]+)\.v\d+")
_WORDS = {word.lower(): word for word in (*DOCUMENT_OF, *REFERENCES_OF)}
_DONE = {
    "create": "created",
    "update": "updated",
    "delete": "deleted",
    "merge": "merged",
    "void": "voided",
    "emailed": "emailed",
}


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """One thing that happened in one company."""

    realm_id: str
    word: str
    """QuickBooks' word for the entity; lower case where it is none that is read."""
    record_id: str
    operation: str
    """created, updated, deleted, merged, voided, emailed."""
    happened_at: datetime
    """Aware UTC."""
    event_id: str = ""
    """By which a second delivery is known; empty in the older form, which has none."""
    merged_id: str = ""
    """The loser of a merge, where the event names it."""


def is_from_intuit(body: bytes, signature: str, verifier_token: str) -> bool:
    """Answer whether the raw body carries Intuit's signature; compared in constant time.

    Args:
        body: Exactly as received: a body decoded and written again has another signature.
        signature: The header ``intuit-signature``.
        verifier_token: Of the app; production and development have their own. An empty one verifies nothing.
    """
    if not verifier_token:
        return False
    wanted = base64.b64encode(hmac.new(verifier_token.encode(), body, hashlib.sha256).digest())
    return hmac.compare_digest(wanted, signature.strip().encode("utf-8", "replace"))


def events_in(body: bytes) -> list[WebhookEvent]:
    """Answer the events of a delivery, in either form.

    Raises:
        RequestRejected: It is none of the two forms, or an event names no company, record or time.
    """
    try:
        told = json.loads(body)
        if isinstance(told, list):
            return [_of_cloud_event(one) for one in told]
        if isinstance(told, dict) and "specversion" in told:
            return [_of_cloud_event(told)]
        return [event for one in told["eventNotifications"] for event in _of_notification(one)]
    except (ValueError, KeyError, TypeError, AttributeError, RecordRefused) as error:
        raise RequestRejected(
            f"A webhook of QuickBooks cannot be read ({type(error).__name__}).",
            "What it names is not known; the change feed still tells of every change.",
            "Report the form of the payload.",
        ) from None


def _of_notification(told: Mapping[str, Any]) -> Iterator[WebhookEvent]:
    realm = _named(told["realmId"])
    for one in told["dataChangeEvent"]["entities"]:
        name = str(one["name"])
        yield WebhookEvent(
            realm_id=realm,
            word=_WORDS.get(name.lower(), name.lower()),
            record_id=_named(one["id"]),
            operation=_DONE[str(one["operation"]).lower()],
            happened_at=moment(one["lastUpdated"]),
            merged_id=str(one.get("deletedId") or ""),
        )


def _of_cloud_event(told: Mapping[str, Any]) -> WebhookEvent:
    kind = _TYPE.fullmatch(told["type"])
    if kind is None:
        raise ValueError(told["type"])
    merged = told.get("data") or {}
    return WebhookEvent(
        realm_id=_named(told["intuitaccountid"]),
        word=_WORDS.get(kind.group(1), kind.group(1)),
        record_id=_named(told["intuitentityid"]),
        operation=kind.group(2),
        happened_at=moment(told["time"]),
        event_id=_named(told["id"]),
        merged_id=str(merged.get("deletedId") or ""),
    )


def _named(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(value)
    return value
