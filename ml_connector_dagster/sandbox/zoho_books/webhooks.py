"""Zoho's webhook sender: a webhook fires only through a workflow rule; signed where it has a secret.

Nothing is sent by itself: a test says `deliver`, and gets told what each post was answered.
"""

import hashlib
import hmac
import http.client
import itertools
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from ml_connector_dagster.sandbox.zoho_books.answers import Json, Refusal, invalid, missing
from ml_connector_dagster.sandbox.zoho_books.records import Doc

ENTITIES = {
    "invoice": "invoice",
    "bill": "bill",
    "purchaseorder": "purchaseorder",
    "expense": "expense",
    "creditnote": "creditnote",
    "vendorcredit": "vendor_credit",
    "customerpayment": "customerpayment",
    "vendorpayment": "vendorpayment",
    "journal": "journal",
}
"""Kinds to the entity names that editpage lists."""
RULES = {"add": {"add"}, "edit": {"edit"}, "add_edit": {"add", "edit"}, "delete": {"delete"}}
SIGNATURE = "X-Zoho-Webhook-Signature"
TIMEOUT_SECONDS = 5
_SECRET = re.compile(r"[0-9A-Za-z]{12,50}")
_PLACEHOLDER = re.compile(r"\$\{([A-Za-z_]+)(?:\.([A-Za-z_]+))?\}")


def signature(secret: str, pairs: Iterable[tuple[str, str]], body: str) -> str:
    """HMAC-SHA256 in hex over all query and form pairs, sorted by key and run together, and then the raw body."""
    text = "".join(f"{key}{value}" for key, value in sorted(pairs)) + body
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


@dataclass
class Webhooks:
    """The webhooks and workflow rules of the organisation, what waits to be sent, and what was sent."""

    webhooks: dict[str, Json] = field(default_factory=dict)
    workflows: dict[str, Json] = field(default_factory=dict)
    histories: dict[str, Json] = field(default_factory=dict)
    _pending: list[tuple[str, str, Doc]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def save(self, body: Mapping[str, Any], webhook_id: str = "") -> Json:
        """Create a webhook, or change one; names are unique."""
        kept = self.webhooks.get(webhook_id, {}) | dict(body)
        name, secret = str(kept.get("webhook_name", "")), str(kept.get("secret", ""))
        if not name or len(name) > 50:
            raise invalid("webhook_name")
        if secret and not _SECRET.fullmatch(secret):
            raise invalid("secret")
        if kept.get("entity") not in ENTITIES.values() or not str(kept.get("url", "")).startswith("http"):
            raise invalid("entity" if kept.get("url") else "url")
        if any(one["webhook_name"] == name and key != webhook_id for key, one in self.webhooks.items()):
            raise Refusal(400, 107051, f"A webhook with the name {name} already exists.")
        webhook_id = webhook_id or self._new_id()
        self.webhooks[webhook_id] = kept | {"webhook_id": webhook_id, "method": kept.get("method", "POST")}
        return self.webhooks[webhook_id]

    def bind(self, body: Mapping[str, Any]) -> Json:
        """Create a workflow rule that sends a webhook."""
        if body.get("rule_type") not in RULES:
            raise invalid("rule_type")
        for action in body.get("instant_actions", []):
            if str(action.get("action_id")) not in self.webhooks:
                raise invalid("action_id")
        workflow_id = self._new_id()
        self.workflows[workflow_id] = dict(body) | {"workflow_id": workflow_id, "is_active": True}
        return self.workflows[workflow_id]

    def remove(self, shelf: dict[str, Json], record_id: str, word: str) -> None:
        if shelf.pop(record_id, None) is None:
            raise missing(word)

    def note(self, doc: Doc, verb: str) -> None:
        """Remember a change for every rule that looks for it."""
        for rule in self.workflows.values():
            if rule.get("entity") == ENTITIES.get(doc.kind) and verb in RULES[rule["rule_type"]]:
                ids = [str(action["action_id"]) for action in rule.get("instant_actions", [])]
                self._pending += [(webhook_id, verb, doc) for webhook_id in ids if webhook_id in self.webhooks]

    def deliver(self, records: Mapping[str, Json], *, drop: bool = False, twice: bool = False) -> list[int]:
        """Send what is pending; drop loses it on the way, twice sends each a second time. Answers the statuses."""
        pending, self._pending = self._pending, []
        answers = []
        for webhook_id, _verb, doc in pending:
            record = records.get(doc.doc_id) or {f"{doc.kind}_id": doc.doc_id}
            for _ in range(2 if twice else 1):
                answers.append(0 if drop else self._send(webhook_id, doc, record))
                self._record(webhook_id, doc, record, answers[-1])
        return answers

    def resend(self, history_id: str) -> int:
        """Send an old delivery once more."""
        if history_id not in self.histories:
            raise missing("History")
        history = self.histories[history_id]
        history["response_code"] = self._send(history["webhook_id"], history["_doc"], history["_record"])
        return int(history["response_code"])

    def shown_histories(self) -> list[Json]:
        return [
            {key: value for key, value in one.items() if not key.startswith("_")} for one in self.histories.values()
        ]

    def request(self, webhook_id: str, doc: Doc, record: Json) -> tuple[str, str, dict[str, str]]:
        """URL, body and headers of a delivery."""
        hook = self.webhooks[webhook_id]
        query = [(one["param_name"], one["param_value"]) for one in hook.get("query_parameters", [])]
        form = [(one["param_name"], _filled(one["param_value"], record)) for one in hook.get("form_data", [])]
        raw = hook.get("raw_data", "")
        entity = ENTITIES[doc.kind]
        default = json.dumps({entity: record}, separators=(",", ":"))
        body = "" if form else _filled(raw, record) if raw else default
        headers = {one["param_name"]: one["param_value"] for one in hook.get("headers", [])}
        headers["Content-Type"] = "application/x-www-form-urlencoded" if form else "application/json"
        if hook.get("secret"):
            headers[SIGNATURE] = signature(hook["secret"], [*query, *form], body)
        url = hook["url"] + (("&" if "?" in hook["url"] else "?") + urlencode(query) if query else "")
        return url, urlencode(form) if form else body, headers

    def _send(self, webhook_id: str, doc: Doc, record: Json) -> int:
        """The status, or 0 where nothing came back within five seconds."""
        url, body, headers = self.request(webhook_id, doc, record)
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=TIMEOUT_SECONDS)
        try:
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request(self.webhooks[webhook_id]["method"], path, body.encode(), headers)
            return connection.getresponse().status
        except OSError:
            return 0
        finally:
            connection.close()

    def _record(self, webhook_id: str, doc: Doc, record: Json, answer: int) -> None:
        history_id = self._new_id()
        self.histories[history_id] = {
            "history_id": history_id,
            "webhook_id": webhook_id,
            "entity": ENTITIES[doc.kind],
            "entity_id": doc.doc_id,
            "response_code": answer,
            "status": "success" if 200 <= answer < 300 else "failure",
            "_doc": doc,
            "_record": record,
        }

    def _new_id(self) -> str:
        return f"46000005{next(self._numbers):011d}"


def _filled(text: str, record: Json) -> str:
    """Put the record's fields in the place of ${INVOICE.INVOICE_ID}, and the whole of it for ${JSONString}."""

    def value(match: re.Match[str]) -> str:
        if match.group(1) == "JSONString":
            return json.dumps(record, separators=(",", ":"))
        return str(record.get((match.group(2) or "").lower(), ""))

    return _PLACEHOLDER.sub(value, text)
