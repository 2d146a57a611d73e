"""Intuit's webhook sender: CloudEvents or the older notifications, signed, retried, doubled on purpose.

Nothing is sent by itself: a test says `deliver`, and gets told what each post was answered.
"""

import base64
import hashlib
import hmac
import http.client
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from ml_connector_dagster.sandbox.clock import Clock
from ml_connector_dagster.sandbox.quickbooks_online.company import REALM_ID
from ml_connector_dagster.sandbox.quickbooks_online.notation import cloud_event_time
from ml_connector_dagster.sandbox.quickbooks_online.records import NAME_ENTITIES, TXN_ENTITIES

TIMEOUT_SECONDS = 3
_OPERATIONS = {"created": "Create", "updated": "Update", "deleted": "Delete", "voided": "Void", "merged": "Merge"}
_SENT = frozenset({*TXN_ENTITIES, *NAME_ENTITIES})
_LIMIT = 100


@dataclass
class Webhooks:
    """One subscription: where to post, the verifier token, the form, the events not delivered yet."""

    clock: Clock
    url: str = ""
    token: str = ""
    form: str = "cloudevents"
    realm_id: str = REALM_ID
    _events: list[tuple[str, str, str, str, str]] = field(default_factory=list)

    def subscribe(self, url: str, token: str, form: str) -> None:
        """ValueError for a form that is neither cloudevents nor legacy."""
        if form not in {"cloudevents", "legacy"}:
            raise ValueError(f"{form} is neither cloudevents nor legacy.")
        self.url, self.token, self.form = url, token, form

    def note(self, entity: str, record_id: str, event: str, other: str) -> None:
        """Remember a change; without a subscription nothing is kept."""
        if self.url and entity in _SENT:
            self._events.append((entity, record_id, event, other, cloud_event_time(self.clock.now())))

    def deliver(self, *, times: int = 3) -> list[int]:
        """Post what is pending, up to 100 events a post and again on failure; times 0 posts everything twice."""
        answers: list[int] = []
        while self._events:
            events, self._events = self._events[:_LIMIT], self._events[_LIMIT:]
            body = self._body(events)
            answers.append(self._post(body))
            if times == 0:
                answers.append(self._post(body))
            tries = 1
            while answers[-1] != 200 and tries <= times:
                answers.append(self._post(body))
                tries += 1
            if answers[-1] != 200:
                self._events = events + self._events
                break
        return answers

    def sign(self, body: bytes) -> str:
        """The header intuit-signature: base64 of HMAC-SHA256 of the raw body with the verifier token."""
        return base64.b64encode(hmac.new(self.token.encode(), body, hashlib.sha256).digest()).decode()

    def _body(self, events: Sequence[tuple[str, str, str, str, str]]) -> bytes:
        shown = self._legacy(events) if self.form == "legacy" else self._cloud_events(events)
        return json.dumps(shown, separators=(",", ":")).encode()

    def _cloud_events(self, events: Sequence[tuple[str, str, str, str, str]]) -> list[dict[str, Any]]:
        return [
            {
                "specversion": "1.0",
                "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{entity}{record_id}{event}{at}")),
                "source": "intuit.dsnBgbseACLLRZNxo2dfc4evmEJdxde58xeeYcZliOU=",
                "type": f"qbo.{entity.lower()}.{event}.v1",
                "datacontenttype": "application/json",
                "time": at,
                "intuitentityid": record_id,
                "intuitaccountid": self.realm_id,
                "data": {"mergedid": other} if other else {},
            }
            for entity, record_id, event, other, at in events
        ]

    def _legacy(self, events: Sequence[tuple[str, str, str, str, str]]) -> dict[str, Any]:
        entities = [
            {"name": entity, "id": record_id, "operation": _OPERATIONS[event], "lastUpdated": f"{at[:23]}Z"}
            | ({"deletedId": other} if other else {})
            for entity, record_id, event, other, at in events
        ]
        return {"eventNotifications": [{"realmId": self.realm_id, "dataChangeEvent": {"entities": entities}}]}

    def _post(self, body: bytes) -> int:
        """The status, 0 where nobody answered in three seconds."""
        target = urlsplit(self.url)
        kind = "application/json" if self.form == "legacy" else "application/cloudevents-batch+json"
        headers = {"Content-Type": kind, "intuit-signature": self.sign(body), "intuit-t-id": str(uuid.uuid4())}
        connection = http.client.HTTPConnection(target.hostname or "", target.port or 80, timeout=TIMEOUT_SECONDS)
        try:
            connection.request("POST", target.path or "/", body, headers)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()
