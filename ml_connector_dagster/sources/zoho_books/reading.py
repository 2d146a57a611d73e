"""How Zoho's JSON is read: numbers are ints, decimals or texts, and what is empty is written ``""`` instead of null."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any

from ml_connector_dagster.errors import RecordRefused, RequestRejected, TemporarilyRefused
from ml_connector_dagster.ledger.money import ZERO, amount, cents
from ml_connector_dagster.sources.contract.answers import RefusedRecord

Record = Mapping[str, Any]
NO_TRACKING = "{}"
ONE = Decimal(1)
CHOSEN = ("dropdown", "lookup", "autocomplete")
"""Types of custom fields whose values come from a list."""
_SHOWN = 200
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def decoded(content: bytes, path: str) -> dict[str, Any]:
    """Answer the body; decimals never pass through a float.

    Raises:
        TemporarilyRefused: It is no JSON object: a gateway's page, an answer cut short.
    """
    try:
        body = json.loads(content, parse_float=Decimal)
    except ValueError:
        body = None
    if isinstance(body, dict):
        return body
    shown = content[:_SHOWN].decode("utf-8", "replace")
    raise TemporarilyRefused(
        f"Zoho Books answered GET {path} with something that is no JSON, or with an answer cut short: {shown!r}.",
        "Nothing of it was used.",
        "It is tried again by itself; if it stays, something between here and Zoho answers in its place.",
        path=path,
    )


def records_under(body: Mapping[str, Any], keys: Iterable[str], path: str) -> list[dict[str, Any]]:
    """Answer the list under the first key that is there.

    Raises:
        RequestRejected: There is none of them: that is not an empty list.
    """
    for key in keys:
        found = body.get(key)
        if isinstance(found, list):
            return [one for one in found if isinstance(one, dict)]
    raise RequestRejected(
        f"Zoho Books answered GET {path} without {' or '.join(map(repr, keys))}.",
        "Nothing can be said about these records; they are not an empty list.",
        "Run ml-connector check; if it holds, report the answer.",
        path=path,
    )


def text(record: Record, name: str) -> str:
    """Answer a field as text; empty where there is none. Ids come as texts of 18 or 19 digits and stay texts."""
    value = record.get(name)
    return "" if value is None or value == "" else str(value)


def need(record: Record, name: str) -> str:
    """Answer a field that a record cannot be without.

    Raises:
        RecordRefused: It is empty.
    """
    found = text(record, name)
    if not found:
        raise untrusted(f"The field {name!r} is empty.")
    return found


def money(record: Record, name: str) -> Decimal:
    """Answer an amount; 0 where Zoho writes nothing.

    Raises:
        RecordRefused: It is no number.
    """
    value = record.get(name)
    return ZERO if value is None or value == "" else amount(value)


def flag(record: Record, name: str) -> bool:
    """Answer a yes or no; the empty text is no."""
    return record.get(name) in (True, "true", "True")


def parts(record: Record, name: str) -> list[dict[str, Any]]:
    """Answer the records inside a record; the empty text is none."""
    found = record.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def day(record: Record, name: str) -> date:
    """Answer a business date.

    Raises:
        RecordRefused: It is none.
    """
    return _day(need(record, name))


def optional_day(record: Record, name: str) -> date | None:
    """Answer a business date, or None where Zoho wrote none."""
    written = text(record, name)
    return _day(written) if written else None


@lru_cache(maxsize=4096)
def _day(written: str) -> date:
    try:
        found = date.fromisoformat(written)
    except ValueError:
        found = None
    if found is None or not _DAY.fullmatch(written):
        raise untrusted(f"{written!r} is no date that Zoho writes.")
    return found


@lru_cache(maxsize=8192)
def moment(written: str) -> datetime:
    """Answer the aware UTC time of a stamp: it carries the organization's offset, which moves with daylight saving.

    Raises:
        RecordRefused: It is no time, or has no offset.
    """
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        raise untrusted(f"{written!r} is no time that Zoho writes.") from None
    if found.tzinfo is None:
        raise untrusted(f"The time {written!r} has no offset.")
    return found.astimezone(UTC)


def modified_at(record: Record) -> datetime | None:
    """Answer when a record was changed last; None where its list says nothing of it."""
    written = text(record, "last_modified_time")
    return moment(written) if written else None


def rate_of(*records: Record) -> Decimal | None:
    """Answer the exchange rate of the first record that carries one; base = document amount × rate."""
    found = next((money(record, "exchange_rate") for record in records if text(record, "exchange_rate")), None)
    if found is not None and found < 0:
        raise untrusted(f"The exchange rate {found} is below 0.")
    return found.quantize(Decimal("1E-10")) if found else None


def in_base(value: Decimal, rate: Decimal) -> Decimal:
    """Convert to base currency, half-up to the cent."""
    return cents(value * rate)


def known(words: Mapping[str, Any], word: str, what: str) -> Any:
    """Answer what a vendor's word means.

    Raises:
        RecordRefused: The word is not known here; nothing is guessed.
    """
    try:
        return words[word.casefold()]
    except KeyError:
        raise untrusted(f"The {what} {word!r} is not known.") from None


def tracking(*levels: Record, location: str = "", project: str = "") -> str:
    """Answer the canonical JSON of custom fields, reporting tags (those of a later level win), location and project."""
    chosen = {name: value for level in levels for name, _, value in choices(level)}
    chosen |= {
        text(tag, "tag_id"): text(tag, "tag_option_id")
        for level in levels
        for tag in parts(level, "tags")
        if text(tag, "tag_option_id")
    }
    chosen |= {name: one for name, one in (("location", location), ("project", project)) if one}
    return json.dumps(chosen, sort_keys=True, separators=(",", ":")) if chosen else NO_TRACKING


def choices(record: Record) -> list[tuple[str, str, str]]:
    """Answer (api_name, label, value) of the custom fields in which one of a list was chosen; others are no dimension."""
    return [
        (text(one, "api_name"), text(one, "label"), text(one, "value"))
        for one in parts(record, "custom_fields")
        if text(one, "data_type") in CHOSEN and text(one, "api_name") and text(one, "value")
    ]


untrusted = partial(RecordRefused.untrusted, "Zoho Books")
"""Answers the refusal of a record, with what was seen."""


def refuse(record_id: str, reason: str, raw: object) -> RefusedRecord:
    """Answer the refusal of one record, with the record as JSON for whoever looks into it."""
    return RefusedRecord(record_id, reason, json.dumps(raw, default=str).encode())
