"""FreshBooks' three envelopes, opened: records as they are written, and where the page stands.

Keys are taken from the vendor's table, never pluralised: other income's list key has no s. An answer of 200 may hold errors.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

from ml_connector_dagster.errors import RecordRefused, RequestRejected, TemporarilyRefused
from ml_connector_dagster.sources.contract.answers import RefusedRecord
from ml_connector_dagster.sources.freshbooks import fields, refusals

_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Shape:
    """How one list of FreshBooks is written."""

    key: str
    ids: tuple[str, ...]
    """Names of a record's own id, the first that is there counts."""
    single: str = ""
    """Key of a single record; empty where it cannot be asked for alone."""
    known: frozenset[str] = frozenset()
    """Fields that are known; others are counted as drift."""


@dataclass
class Decoded:
    """One page."""

    shape: Shape
    records: list[Any]
    pages: int | None = None
    total: int | None = None
    content: bytes = field(default=b"", repr=False)

    @cached_property
    def ids(self) -> frozenset[str]:
        """Every record's id; one without counts by its content, so that it is not met twice either."""
        return frozenset(id_of(self.shape, record) or content_of(record) for record in self.records)

    @property
    def unknown_fields(self) -> dict[str, int]:
        """Fields of the page's records that nobody knows, counted."""
        found = Counter(
            f"{self.shape.key}.{name}"
            for record in self.records
            if isinstance(record, dict)
            for name in record.keys() - self.shape.known
        )
        return dict(found) if self.shape.known else {}


def decode_page(shape: Shape, content: bytes) -> Decoded:
    """Open one answer of a list, whichever envelope it came in.

    Raises:
        TemporarilyRefused: It is no JSON (a gateway's page) or was cut short.
        RequestRejected: It is JSON without the records that it should hold.
        CredentialRefused: It holds an error of the credential.
    """
    body = json_of(content)
    error = refusals.refused_with_200(body)
    if error is not None:
        raise error
    holder = _result(body)
    records = holder.get(shape.key) if isinstance(holder, dict) else None
    if not isinstance(records, list):
        raise _unknown_shape(shape.key)
    about = holder.get("meta") if isinstance(holder.get("meta"), dict) else holder
    return Decoded(shape, records, _count(about, "pages"), _count(about, "total"), content)


def decode_single(shape: Shape, content: bytes) -> Decoded:
    """Open the answer of one record; a credit note's comes under the plural key.

    Raises:
        ConnectorError: As ``decode_page``.
    """
    body = json_of(content)
    error = refusals.refused_with_200(body)
    if error is not None:
        raise error
    holder = _result(body)
    found = next((holder[key] for key in (shape.single, shape.key) if isinstance(holder.get(key), dict)), None)
    if found is None:
        raise _unknown_shape(shape.single)
    return Decoded(shape, [found], content=content)


def json_of(content: bytes) -> Any:
    """Answer the body; fractions arrive as Decimal, never as float.

    Raises:
        TemporarilyRefused: It is no JSON, or ends too early.
    """
    try:
        return json.loads(content, parse_float=Decimal)
    except ValueError:
        raise TemporarilyRefused(
            "FreshBooks answered with something that is no JSON, or with an answer cut short: "
            f"{content[:_SHOWN].decode('utf-8', 'replace')!r}.",
            "Nothing of it was used.",
            "It is tried again by itself; if it stays, something between here and FreshBooks answers in its place.",
        ) from None


def id_of(shape: Shape, record: Any) -> str:
    """Answer a record's own id; empty where it has none."""
    if not isinstance(record, dict):
        return ""
    try:
        return fields.record_id(record, *shape.ids)
    except RecordRefused:
        return ""


def refuse(shape: Shape, record: Any, reason: str) -> RefusedRecord:
    """Answer the refusal of one record, with the record as JSON for whoever looks into it."""
    return RefusedRecord(id_of(shape, record) or "without id", reason, content_of(record).encode())


def content_of(record: Any) -> str:
    """Answer a record as JSON, keys sorted."""
    return json.dumps(record, default=str, sort_keys=True)


def _result(body: Any) -> Mapping[str, Any]:
    response = body.get("response") if isinstance(body, dict) else None
    found = response.get("result") if isinstance(response, dict) else body
    return found if isinstance(found, dict) else {}


def _count(holder: Any, name: str) -> int | None:
    value = holder.get(name)
    return value if isinstance(value, int) else None


def _unknown_shape(key: str) -> RequestRejected:
    return RequestRejected(
        f"FreshBooks answered without {key!r}.",
        "Nothing can be said about these records; they are not an empty list.",
        "Run ml-connector check; if it holds, report the answer.",
        key=key,
    )
