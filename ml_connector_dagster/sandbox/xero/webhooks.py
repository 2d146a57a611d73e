"""Xero's webhook sender: signed deliveries, an intent to receive with good and bad signatures, retries, duplicates.

Nothing is sent by itself: a test says `deliver`, and gets told what each post was answered.
"""

import base64
import hashlib
import hmac
import http.client
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 5
_CATEGORIES = {
    "Invoices": "INVOICE",
    "CreditNotes": "CREDITNOTE",
    "Prepayments": "PREPAYMENT",
    "Overpayments": "OVERPAYMENT",
    "Contacts": "CONTACT",
}
_SINCE_AUGUST_2026 = {"PREPAYMENT", "OVERPAYMENT"}


@dataclass
class Webhooks:
    """One subscription: where to post, the signing key, the events not delivered yet."""

    url: str = ""
    key: str = ""
    enabled: bool = False
    _events: list[dict[str, Any]] = field(default_factory=list)
    _sequence: int = 0

    def subscribe(self, url: str, key: str) -> list[int]:
        """Run the intent to receive: good and bad signatures; enabled only where all are answered right."""
        self.url, self.key = url, key
        body = (
            b'{"events":[],"firstEventSequence": 0,"lastEventSequence": 0, "entropy": "'
            + secrets.token_hex(10).upper().encode()
            + b'"}'
        )
        good = self.sign(body)
        swapped = "A" if good[3] != "A" else "B"
        signatures = (good, f"{good[:3]}{swapped}{good[4:]}", good, base64.b64encode(b"nonsense").decode())
        answers = [self._post(body, signature) for signature in signatures]
        self.enabled = [200 <= answer < 300 for answer in answers] == [True, False, True, False] and set(
            answers[1::2]
        ) == {401}
        return answers

    def note(self, tenant_id: str, kind: str, record_id: str, *, created: bool, type_: str, status: str) -> None:
        """Remember a change; deletes and voids are updates, and kinds without webhooks are passed over."""
        category = _CATEGORIES.get(kind)
        if category is None or not self.enabled:
            return
        now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3]
        event: dict[str, Any] = {
            "resourceUrl": f"https://api.xero.com/api.xro/2.0/{kind}/{record_id}",
            "resourceId": record_id,
            "tenantId": tenant_id,
            "tenantType": "ORGANISATION",
            "eventCategory": category,
            "eventType": "CREATE" if created else "UPDATE",
            "eventDateUtc": now,
        }
        if category not in {"INVOICE", "CONTACT"}:
            event["data"] = {"Type": type_, "Status": status}
        if category in _SINCE_AUGUST_2026:
            event["data"]["UpdatedDateUTCString"] = f"{now}Z"
        self._events.append(event)

    def deliver(self, *, times: int = 1) -> list[int]:
        """Post what is pending, each batch up to times more on failure; times 0 posts a duplicate on purpose."""
        if not self._events:
            return []
        events, self._events = self._events, []
        body = self._body(events)
        answers = [self._post(body, self.sign(body))]
        if times == 0:
            return [*answers, self._post(body, self.sign(body))]
        while not 200 <= answers[-1] < 300 and len(answers) <= times:
            answers.append(self._post(body, self.sign(body)))
        if not 200 <= answers[-1] < 300:
            self._events = events + self._events
            self._sequence -= len(events)
        return answers

    def sign(self, body: bytes) -> str:
        """The header x-xero-signature: base64 of HMAC-SHA256 with the key as text."""
        return base64.b64encode(hmac.new(self.key.encode(), body, hashlib.sha256).digest()).decode()

    def _body(self, events: Sequence[dict[str, Any]]) -> bytes:
        first = self._sequence + 1
        self._sequence += len(events)
        shown = {
            "events": list(events),
            "firstEventSequence": first,
            "lastEventSequence": self._sequence,
            "entropy": secrets.token_hex(10).upper(),
        }
        return json.dumps(shown).encode()

    def _post(self, body: bytes, signature: str) -> int:
        """The status, or 0 where nothing came back within five seconds."""
        parts = urlsplit(self.url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=TIMEOUT_SECONDS)
        try:
            headers = {"Content-Type": "application/json", "x-xero-signature": signature}
            connection.request("POST", parts.path or "/", body, headers)
            return connection.getresponse().status
        except OSError:
            return 0
        finally:
            connection.close()
