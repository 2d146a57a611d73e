"""What every reading of a Xero record needs: what the record does not say itself, and how distrust is said."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from operator import itemgetter
from typing import Any

import msgspec

from ml_connector_dagster.errors import RecordRefused
from ml_connector_dagster.ledger.version_hash import version_hash
from ml_connector_dagster.sources.xero import wire

RATE_PLACES = Decimal("1E-10")
NO_TRACKING = "{}"
ONE = Decimal(1)
MONEY_STATUS = {"AUTHORISED": True, "DELETED": False, "VOIDED": False}
"""Status of money that moved, to whether it posts."""
_VALUES = msgspec.json.Decoder(list[wire.LineTracking] | None)
LineParts = tuple[str, str, str, Decimal, Decimal, str]
"""(line_id, account, description, net, recoverable tax, tracking)."""
_FIGURES = itemgetter(0, 1, 3, 4, 5)
"""Takes from a line what the books see, which is all but its description."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a record does not say itself: the company's currency, its tracking options, and its tax rates."""

    base_currency: str
    options: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """(category id, option name) to option id, archived options included."""
    not_recoverable: Mapping[str, Decimal] = field(default_factory=dict)
    """Tax type to the share of its tax that stays in cost; only those with a share."""
    tracking_texts: dict[bytes, str] = field(default_factory=dict)
    """Remembered results, since a few combinations stand on nearly all lines."""

    def tracking(self, written: msgspec.Raw) -> str:
        """Answer the canonical JSON of a line's tracking, given Xero's own text of it.

        Raises:
            RecordRefused: An option is in no category that Xero answered, or the text is no list of options.
        """
        key = bytes(written)
        try:
            return self.tracking_texts[key]
        except KeyError:
            text = self.tracking_texts[key] = self._canonical(key)
            return text

    def _canonical(self, written: bytes) -> str:
        try:
            values = _VALUES.decode(written) or []
        except msgspec.ValidationError as error:
            raise untrusted(f"The tracking of a line cannot be read: {error}.") from None
        chosen = {one.tracking_category_id.lower(): self._option_id(one) for one in values}
        return json.dumps(chosen, sort_keys=True, separators=(",", ":"))

    def _option_id(self, value: wire.LineTracking) -> str:
        if value.tracking_option_id:
            return value.tracking_option_id.lower()
        found = self.options.get((value.tracking_category_id.lower(), value.option))
        if found is None:
            raise RecordRefused(
                f"The tracking option {value.option!r} of {value.name!r} is in no category that Xero answers.",
                "Its line cannot be given a member.",
                "Restore the option in Xero, or choose another on the line; then read the period again.",
            )
        return found


def base_rate(rate: Decimal | None, currency: str, base_currency: str) -> Decimal:
    """Answer the document's rate; missing and 0 mean base currency, where the rate is 1.

    Raises:
        RecordRefused: A document in another currency has no rate: no figure of it can be converted.
    """
    if currency == base_currency:
        return ONE
    if not rate or rate < 0:
        raise untrusted(f"A document in {currency} carries the rate {rate}; the company's currency is {base_currency}.")
    return rate.quantize(RATE_PLACES)


def known(words: Mapping[str, Any], word: str, what: str) -> Any:
    """Answer what a vendor's word means.

    Raises:
        RecordRefused: The word is not known here; nothing is guessed.
    """
    try:
        return words[word]
    except KeyError:
        raise untrusted(f"The {what} {word!r} is not known.") from None


untrusted = partial(RecordRefused.untrusted, "Xero")
"""Answers the refusal of a record, with what was seen."""


def fingerprint(lines: Iterable[LineParts], *header: object) -> str:
    """Answer the hash of what the books see: a payment received, a due date or a description moves none of it."""
    return version_hash(header, *map(_FIGURES, lines))
