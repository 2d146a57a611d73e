"""What is sent to a vendor over HTTP: address, body and how its answer is to be judged."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec

from ml_connector_dagster.transport.answer import PAGE
from ml_connector_dagster.transport.redaction import redact_url

ENCODER = msgspec.json.Encoder(decimal_format="number")

Params = Mapping[str, str | int | None]


@dataclass(frozen=True, slots=True)
class Request:
    """One request, as often as it is sent."""

    method: str
    url: str
    headers: Mapping[str, str]
    content: bytes | None
    read_seconds: float
    repeatable: bool
    """False where a second copy would do harm."""
    expected: Collection[int]
    """Statuses besides 2xx that are an answer and no error."""

    @property
    def shown(self) -> str:
        """Method and address, secrets masked: for messages."""
        return f"{self.method} {redact_url(self.url)}"

    @property
    def wants_page(self) -> bool:
        """True where a page for people is what was asked for."""
        return PAGE in self.headers.get("Accept", "")


def with_query(url: str, params: Params) -> str:
    """Answer the address with these query fields besides its own; None leaves one out."""
    given = {name: value for name, value in params.items() if value is not None}
    return str(httpx.URL(url).copy_merge_params(given)) if given else url


def body_of(json: Any, form: Mapping[str, str] | None, content: bytes | None) -> tuple[bytes | None, dict[str, str]]:
    """Answer the bytes of the one body that is given, and the header that names their type."""
    if json is not None:
        return ENCODER.encode(json), {"Content-Type": "application/json"}
    if form is not None:
        encoded = str(httpx.QueryParams(dict(form))).encode("ascii")
        return encoded, {"Content-Type": "application/x-www-form-urlencoded"}
    return content, {}
