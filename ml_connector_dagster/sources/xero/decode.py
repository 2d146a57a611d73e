"""Xero's pages to typed records: fast where a page is as known, record by record where it is not.

The fast way decodes a page in one go and forbids unknown fields. One surprising record would fail the whole page, so a page
that fails is read again generically: unknown fields are counted and dropped, and a record that still does not fit is refused alone.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache, cached_property
from typing import Any, get_args, get_type_hints

import msgspec

from ml_connector_dagster.errors import RequestRejected, TemporarilyRefused
from ml_connector_dagster.sources.contract.answers import RefusedRecord
from ml_connector_dagster.sources.xero import wire, wire_reference
from ml_connector_dagster.sources.xero.wire import Pagination

RECORD_SHAPES: dict[str, tuple[str, Any]] = {
    "Accounts": ("Accounts", wire_reference.Account),
    "Contacts": ("Contacts", wire_reference.Contact),
    "TrackingCategories": ("TrackingCategories", wire_reference.TrackingCategory),
    "Invoices": ("Invoices", wire.Invoice),
    "CreditNotes": ("CreditNotes", wire.CreditNote),
    "Payments": ("Payments", wire.Payment),
    "Prepayments": ("Prepayments", wire.Prepayment),
    "Overpayments": ("Overpayments", wire.Overpayment),
    "BankTransactions": ("BankTransactions", wire.BankTransaction),
    "BankTransfers": ("BankTransfers", wire.BankTransfer),
    "ManualJournals": ("ManualJournals", wire.ManualJournal),
    "TaxRates": ("TaxRates", wire_reference.TaxRate),
    "Organisation": ("Organisations", wire_reference.Organisation),
}
"""Endpoint to the key of its records in the envelope and their shape."""
_SHOWN = 200
_ENCODER = msgspec.json.Encoder(decimal_format="number")


@dataclass
class Decoded:
    """One answer: typed records, those that do not fit, and where the page stands."""

    records: list[Any]
    refused: list[RefusedRecord] = field(default_factory=list)
    unknown_fields: dict[str, int] = field(default_factory=dict)
    pagination: Pagination | None = None
    server_time: str = ""
    """``DateTimeUTC`` of the envelope, as Xero writes it."""

    @cached_property
    def ids(self) -> frozenset[str]:
        """Every record id of the answer, refused ones included; asked for once the answer is whole."""
        return frozenset([one.record_id for one in (*self.records, *self.refused) if one.record_id])


def decode_page(endpoint: str, content: bytes) -> Decoded:
    """Read one answer of an endpoint.

    Raises:
        TemporarilyRefused: The answer is no JSON (HTML of a gateway, XML) or was cut short.
        RequestRejected: The answer is JSON without the records it should hold.
    """
    try:
        envelope = _decoder(endpoint).decode(content)
    except msgspec.ValidationError:
        return _record_by_record(endpoint, content)
    except msgspec.DecodeError:
        raise _no_json(endpoint, content) from None
    return Decoded(envelope.records, pagination=envelope.pagination, server_time=envelope.server_time)


@cache
def _decoder(endpoint: str) -> msgspec.json.Decoder[Any]:
    plural, shape = RECORD_SHAPES[endpoint]
    envelope = msgspec.defstruct(
        f"{plural}Envelope",
        [
            ("records", list[shape], msgspec.field(name=plural)),  # type: ignore[valid-type]
            ("pagination", Pagination | None, None),
            ("server_time", str, msgspec.field(default="", name="DateTimeUTC")),
        ],
    )
    return msgspec.json.Decoder(envelope)


def _record_by_record(endpoint: str, content: bytes) -> Decoded:
    plural, shape = RECORD_SHAPES[endpoint]
    envelope = json.loads(content, parse_float=Decimal)
    if not isinstance(envelope, dict) or not isinstance(envelope.get(plural), list):
        raise RequestRejected(
            f"Xero answered GET {endpoint} without {plural!r}.",
            "Nothing can be said about these records; they are not an empty list.",
            "Run ml-connector check; if it holds, report the answer.",
            endpoint=endpoint,
        )
    unknown: Counter[str] = Counter()
    page = Decoded([], server_time=str(envelope.get("DateTimeUTC") or ""))
    if envelope.get("pagination"):
        page.pagination = msgspec.convert(envelope["pagination"], Pagination)
    for raw in envelope[plural]:
        try:
            page.records.append(_shaped(_known_only(raw, shape, unknown), shape))
        except msgspec.ValidationError as error:
            page.refused.append(refuse(_id_of(raw, shape), str(error), raw))
    page.unknown_fields = dict(unknown)
    return page


def _shaped(known: Any, shape: Any) -> Any:
    """Read a record from its text, since some fields are kept as text."""
    return msgspec.json.decode(_ENCODER.encode(known), type=shape)


def refuse(record_id: str, reason: str, raw: object) -> RefusedRecord:
    """Answer the refusal of one record, with the record as JSON for whoever looks into it."""
    return RefusedRecord(record_id, reason, msgspec.json.encode(raw))


def _known_only(value: Any, shape: Any, unknown: Counter[str]) -> Any:
    """Drop what has no type here: nulls, fields nobody reads, and unknown fields, which are counted."""
    if not isinstance(value, dict):
        return value
    fields = _fields(shape)
    unknown.update(f"{shape.__name__}.{name}" for name in value if name not in fields and _counts_unknown(shape))
    kept = {}
    for name, one in value.items():
        nested, is_read = fields.get(name, (None, False))
        if is_read and one is not None:
            many = isinstance(one, list) and nested is not None
            kept[name] = [_known_only(each, nested, unknown) for each in one] if many else _nested(one, nested, unknown)
    return kept


def _nested(value: Any, shape: Any, unknown: Counter[str]) -> Any:
    return value if shape is None else _known_only(value, shape, unknown)


@cache
def _fields(shape: Any) -> dict[str, tuple[Any, bool]]:
    """Answer each field as Xero spells it: the shape of what stands inside, and whether anything reads it."""
    hints = get_type_hints(shape)
    return {
        one.encode_name: (_shape_inside(hints[one.name]), one.default is not wire.LEFT)
        for one in msgspec.structs.fields(shape)
    }


def _shape_inside(hint: Any) -> Any:
    for candidate in (hint, *get_args(hint)):
        if isinstance(candidate, type) and issubclass(candidate, msgspec.Struct):
            return candidate
    return None


def _counts_unknown(shape: Any) -> bool:
    return bool(shape.__struct_config__.forbid_unknown_fields)


def _id_of(raw: Any, shape: Any) -> str:
    named = {one.name: one.encode_name for one in msgspec.structs.fields(shape)}
    identifier = raw.get(named.get("record_id", "")) if isinstance(raw, dict) else None
    return identifier if isinstance(identifier, str) else ""


def _no_json(endpoint: str, content: bytes) -> TemporarilyRefused:
    shown = content[:_SHOWN].decode("utf-8", "replace")
    return TemporarilyRefused(
        f"Xero answered GET {endpoint} with something that is no JSON, or with an answer cut short: {shown!r}.",
        "Nothing of it was used.",
        "It is tried again by itself; if it stays, something between here and Xero answers in its place.",
        endpoint=endpoint,
    )
