"""What a vendor answered over HTTP."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from ml_connector_dagster.transport.redaction import shown
from ml_connector_dagster.transport.refusals import not_json

PAGE = "text/html"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the vendor answered."""

    status: int
    headers: Mapping[str, str]
    """Any case finds a name."""
    content: bytes = field(repr=False)
    url_shown: str
    """The address, secrets masked: for messages."""

    @property
    def said(self) -> str:
        """Status, address and the beginning of the body on one line, secrets masked: for messages."""
        what = "a page for people" if self.is_page else ""
        text = shown(self.content) or "an empty body"
        return f"{self.status} to {self.url_shown}: {': '.join(part for part in (what, text) if part)}"

    @property
    def is_page(self) -> bool:
        """True of a page for people: a gateway's error, a log-in form, served even with 200."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower() == PAGE

    def json(self) -> Any:
        """Decode the body; numbers with a fraction arrive as Decimal, never as float.

        Raises:
            TemporarilyRefused: The body is no JSON, or ends too early: a gateway's page, a connection cut short.
        """
        try:
            return json.loads(self.content, parse_float=Decimal)
        except ValueError as error:
            raise not_json(self.url_shown, self.said, self.status) from error
