"""Zoho's webhooks: is a delivery genuine, and which record does it speak of. Pure functions; the endpoint is not theirs.

A webhook is a hint that wakes the poll, never a figure. Zoho signs only where a secret was set: HMAC-SHA256 over all query and form
pairs, decoded and sorted by key, written ``key`` + ``value`` without anything between, followed by the raw body. The default
payload names no event, so the address (or a payload of our own) says entity and verb.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from ml_connector_dagster.sources.zoho_books.reading import text

SIGNATURE = "X-Zoho-Webhook-Signature"
Pairs = Iterable[tuple[str, str]]
ENTITIES: Mapping[str, tuple[str, str]] = {
    "invoice": ("invoices", "invoice_id"),
    "bill": ("bills", "bill_id"),
    "purchaseorder": ("purchase_orders", "purchaseorder_id"),
    "creditnote": ("credit_notes", "creditnote_id"),
    "vendor_credit": ("vendor_credits", "vendor_credit_id"),
    "expense": ("expenses", "expense_id"),
    "journal": ("journals", "journal_id"),
    "customerpayment": ("customer_payments", "payment_id"),
    "vendorpayment": ("vendor_payments", "payment_id"),
    "contact": ("customers", "contact_id"),
}
"""Zoho's word to our entity and the field of its id."""


class Wake(NamedTuple):
    """One record that something happened to."""

    entity: str
    record_id: str
    verb: str
    """add_edit or delete; empty where the delivery does not say."""
    stamp: str
    """``last_modified_time`` as written; empty where the delivery does not say."""


def signed_text(query: Pairs, form: Pairs, body: bytes) -> bytes:
    """Answer what Zoho signs; the pairs must be decoded, the body must be the bytes as they came."""
    joined = "".join(key + value for key, value in sorted([*query, *form]))
    return joined.encode() + body


def is_genuine(secret: str, signature: str, *, query: Pairs = (), form: Pairs = (), body: bytes = b"") -> bool:
    """Answer whether a delivery carries our secret's signature, hex or base64, compared in constant time."""
    expected = hmac.new(secret.encode(), signed_text(query, form, body), hashlib.sha256).digest()
    return any(hmac.compare_digest(expected, given) for given in _digests(signature.strip()))


def wakes(body: bytes, *, verb: str = "") -> tuple[Wake, ...]:
    """Answer the records of a payload: our own short form, or Zoho's whole record under its word.

    Args:
        body: JSON, verified before.
        verb: What the address said, where the payload says nothing.
    """
    try:
        payload: Any = json.loads(body)
    except ValueError:
        return ()
    if not isinstance(payload, dict):
        return ()
    short = ENTITIES.get(text(payload, "entity"))
    if short:
        found = Wake(short[0], text(payload, "id"), text(payload, "verb") or verb, text(payload, "lmt"))
        return (found,) if found.record_id else ()
    return tuple(
        Wake(entity, text(record, id_field), verb, text(record, "last_modified_time"))
        for word, (entity, id_field) in ENTITIES.items()
        if isinstance(record := payload.get(word), dict) and text(record, id_field)
    )


def _digests(signature: str) -> Iterator[bytes]:
    found: list[bytes] = []
    with suppress(ValueError):
        found.append(bytes.fromhex(signature))
    with suppress(ValueError):  # what is no base64 is a kind of it
        found.append(base64.b64decode(signature, validate=True))
    return iter(found)
