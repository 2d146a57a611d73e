"""A vendor's client without a network: answers from a function, judges refusals as the transport does, counts calls."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import httpx

from ml_connector_dagster.errors import RequestRejected, TemporarilyRefused
from ml_connector_dagster.transport.answer import Answer


@dataclass(frozen=True)
class Asked:
    """One request as it was made."""

    url: str
    params: Mapping[str, str]
    headers: Mapping[str, str]

    @property
    def path(self) -> str:
        return httpx.URL(self.url).path


@dataclass(frozen=True)
class Told:
    """One answer to give."""

    body: object = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


class FakeHttp:
    """Stands where ``VendorHttp`` stands."""

    def __init__(self, answer: Callable[[Asked], Told], classify=None):
        self._answer = answer
        self._classify = classify
        self.asked: list[Asked] = []
        self.closed = False

    @property
    def calls(self) -> int:
        return len(self.asked)

    def get(self, url, *, params=None, headers=None, read_timeout_seconds=None, expected=()):
        self.asked.append(Asked(url, dict(params or {}), dict(headers or {})))
        told = self._answer(self.asked[-1])
        answer = Answer(told.status, httpx.Headers(dict(told.headers)), told.content, url)
        if 200 <= told.status < 300:
            return answer
        named = self._classify(answer) if self._classify else None
        raise named or _general(answer)

    def close(self):
        self.closed = True


def _general(answer):
    kind = TemporarilyRefused if answer.status >= 500 or answer.status in (408, 429) else RequestRejected
    return kind(f"The vendor answered {answer.status}.", "Nothing was read.", "Look at it.", status=answer.status)
