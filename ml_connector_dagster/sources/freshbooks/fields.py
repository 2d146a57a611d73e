"""How one field of a FreshBooks record is read: ids as text, money as Decimal, 0 and null as "no link"."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from functools import partial
from typing import Any

from ml_connector_dagster.errors import RecordRefused
from ml_connector_dagster.ledger.money import ZERO, amount

Record = Mapping[str, Any]
PLACES = Decimal("1E-10")
"""What a staged column holds; FreshBooks writes 26 places where it divided something."""
NO_TRACKING = "{}"
PROJECTS = "projects"
"""Our id of the one tracking category."""


untrusted = partial(RecordRefused.untrusted, "FreshBooks")
"""Answers the refusal of a record, with what was seen."""


def text(record: Record, name: str) -> str:
    """Answer a field as text; empty where it is null or missing."""
    value = record.get(name)
    return "" if value is None else str(value)


def record_id(record: Record, *names: str) -> str:
    """Answer a record's own id, under the first of the names it goes by.

    Raises:
        RecordRefused: It has none.
    """
    for name in names:
        if (value := link(record.get(name))) and not isinstance(record[name], dict | list):
            return value
    raise untrusted(f"A record carries none of {', '.join(names)}.")


def link(value: object) -> str:
    """Answer an id that points elsewhere as text; empty for null and for the 0 that means none."""
    return "" if value in (None, 0, "", "0") else str(value)


def is_deleted(record: Record) -> bool:
    """Answer whether a record was deleted; an archived one counts in the books.

    Raises:
        RecordRefused: The state is none of the three.
    """
    state = text(record, "vis_state") or "0"
    if state not in ("0", "1", "2"):
        raise untrusted(f"The vis_state {state!r} is not known.")
    return state == "1"


def money(record: Record, name: str) -> Decimal:
    """Answer the amount of a money field.

    Raises:
        RecordRefused: There is none, or it is no amount.
    """
    value = record.get(name)
    if not isinstance(value, dict) or value.get("amount") is None:
        raise untrusted(f"The record has no {name}, or it is no money: {value!r}.")
    return exact(value["amount"])


def optional_money(record: Record, name: str) -> Decimal:
    """Answer the amount of a money field, 0 where there is none."""
    value = record.get(name)
    return money(record, name) if isinstance(value, dict) and value.get("amount") not in (None, "") else ZERO


def exact(written: Any) -> Decimal:
    """Answer an amount, cut to ten places where more were written.

    Raises:
        RecordRefused: It is no amount.
    """
    found = amount(written)
    exponent = found.as_tuple().exponent
    return found.quantize(PLACES) if isinstance(exponent, int) and exponent < PLACES.as_tuple().exponent else found  # type: ignore[operator]


def currency_of(record: Record, *names: str) -> str:
    """Answer the currency of a record: its own field's, else that of its money fields.

    Raises:
        RecordRefused: Nothing names one.
    """
    found = text(record, "currency_code")
    for name in names:
        value = record.get(name)
        found = found or (text(value, "code") if isinstance(value, dict) else "")
    if not found:
        raise untrusted("The record names no currency.")
    return found


def project_tracking(project: object) -> str:
    """Answer the canonical JSON of a line's project."""
    found = link(project)
    return json.dumps({PROJECTS: found}, separators=(",", ":")) if found else NO_TRACKING
