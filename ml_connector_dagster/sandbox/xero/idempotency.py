"""Xero's idempotency keys: six minutes, by app; the same request is answered from memory, another one refused."""

import hashlib
from dataclasses import dataclass

from starlette.responses import Response

from ml_connector_dagster.sandbox.clock import Clock
from ml_connector_dagster.sandbox.xero.answers import exception

LIFE_SECONDS = 360
KEY_LENGTH = 128


@dataclass(frozen=True)
class _Kept:
    fingerprint: str
    response: Response
    at: float


class IdempotencyCache:
    """Answers kept by (app, key), good ones and errors alike."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: dict[tuple[str, str], _Kept] = {}

    def find(self, app: str, key: str, request: tuple[str, str, bytes]) -> Response | None:
        """The answer to a repeated request; None for a new key; Refusal where the key or its use is wrong."""
        if len(key) > KEY_LENGTH:
            raise exception(10, "ValidationException", f"Idempotency Key is longer than {KEY_LENGTH} characters")
        kept = self._kept.get((app, key))
        if kept is None or self._clock.now().timestamp() > kept.at + LIFE_SECONDS:
            return None
        if kept.fingerprint != _fingerprint(request):
            raise exception(10, "ValidationException", "Idempotency Key is used with a different request")
        return kept.response

    def keep(self, app: str, key: str, request: tuple[str, str, bytes], response: Response) -> None:
        """Remember how a request was answered."""
        moment = self._clock.now().timestamp()
        self._kept[(app, key)] = _Kept(_fingerprint(request), response, moment)


def _fingerprint(request: tuple[str, str, bytes]) -> str:
    method, url, body = request
    return hashlib.sha256(f"{method} {url}\n".encode() + body).hexdigest()
