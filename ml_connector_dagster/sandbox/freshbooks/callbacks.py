"""The webhook sender: verification, signed deliveries with ids alone, duplicates and a wrong order on demand.

Nothing is sent by itself: a test says deliver and gets told what each post was answered.
"""

import base64
import hashlib
import hmac
import http.client
import itertools
import json
import secrets
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from ml_connector_dagster.sandbox.clock import Clock
from ml_connector_dagster.sandbox.freshbooks.stamps import zulu

TIMEOUT_SECONDS = 10
_NOUNS = (
    *("bill", "bill_vendor", "category", "client", "credit_note", "estimate", "expense", "invoice", "item"),
    *("payment", "project", "recurring", "service", "tax", "time_entry"),
)
_MADE = (f"{noun}.{verb}" for noun in _NOUNS for verb in ("create", "update", "delete"))
EVENTS = frozenset([*_NOUNS, *_MADE, "invoice.sendByEmail", "estimate.sendByEmail"])
"""No event for bill payments and none for journals; the bare noun stands for all its verbs."""
_EVENT_NOUNS = {
    "bills": "bill",
    "credit_notes": "credit_note",
    "expenses": "expense",
    "invoices": "invoice",
    "payments": "payment",
}


@dataclass
class Callback:
    callback_id: int
    account_id: str
    event: str
    uri: str
    verifier: str
    updated_ms: int
    verified: bool = False

    def shown(self) -> dict[str, object]:
        return {
            "callbackid": self.callback_id,
            "id": self.callback_id,
            "event": self.event,
            "uri": self.uri,
            "verified": self.verified,
            "updated_at": zulu(self.updated_ms),
        }

    def wants(self, event: str) -> bool:
        return self.verified and self.event in {event, event.partition(".")[0]}


@dataclass
class Callbacks:
    """What is registered, and what waits to be sent."""

    clock: Clock
    registered: dict[int, Callback] = field(default_factory=dict)
    _pending: list[tuple[Callback, dict[str, str]]] = field(default_factory=list)
    _ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(2_001))

    def register(self, account_id: str, event: str, uri: str) -> Callback:
        """Keep a callback and prepare its verification."""
        made = Callback(next(self._ids), account_id, event, uri, secrets.token_urlsafe(24), self.clock.now_ms())
        self.registered[made.callback_id] = made
        self.send_verifier(made)
        return made

    def send_verifier(self, callback: Callback) -> None:
        """Prepare the verification, once more on resend."""
        form = _form("callback.verify", callback.callback_id, callback.account_id) | {"verifier": callback.verifier}
        self._pending.append((callback, form))

    def note(self, account_id: str, kind: str, record_id: int, verb: str) -> None:
        """Prepare an event for who listens; kinds without events are passed over."""
        if kind in _EVENT_NOUNS:
            self.announce(account_id, f"{_EVENT_NOUNS[kind]}.{verb}", record_id)

    def announce(self, account_id: str, event: str, record_id: int) -> None:
        """Prepare any event, even of a record that is not there yet: deliveries may overtake the commit."""
        form = _form(event, record_id, account_id)
        self._pending += [(one, form) for one in self.registered.values() if one.wants(event)]

    def deliver(self, *, twice: bool = False, backwards: bool = False) -> list[int]:
        """Send what waits; the answers in order of sending, 0 where nothing came back."""
        waiting, self._pending = self._pending, []
        if backwards:
            waiting.reverse()
        if twice:
            waiting = [one for pair in waiting for one in (pair, pair)]
        return [_post(callback, form) for callback, form in waiting]


def sign(verifier: str, form: dict[str, str]) -> str:
    """base64 of HMAC-SHA256 over the form as Python writes it in JSON, non-ASCII escaped."""
    return base64.b64encode(hmac.new(verifier.encode(), json.dumps(form).encode(), hashlib.sha256).digest()).decode()


def _form(event: str, record_id: int, account_id: str) -> dict[str, str]:
    ids = {"account_id": account_id, "business_id": "4718203", "identity_id": "14660312", "user_id": "1"}
    return {"name": event, "object_id": str(record_id)} | ids


def _post(callback: Callback, form: dict[str, str]) -> int:
    parts = urlsplit(callback.uri)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=TIMEOUT_SECONDS)
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-FreshBooks-Hmac-SHA256": sign(callback.verifier, form),
    }
    try:
        connection.request("POST", parts.path or "/", urlencode(form), headers)
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()
