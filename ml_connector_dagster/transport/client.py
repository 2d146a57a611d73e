"""The one HTTP client, for every vendor: from a request to its answer, or to the error that the answer means."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from functools import cache
from importlib.metadata import version
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx

from ml_connector_dagster.errors import ConnectorError, TemporarilyRefused
from ml_connector_dagster.transport.answer import Answer
from ml_connector_dagster.transport.httpx_clients import HttpxClients, Timeouts
from ml_connector_dagster.transport.rate_limit import Gate, OpenGate, Quota
from ml_connector_dagster.transport.redaction import logger, redact_url
from ml_connector_dagster.transport.refusals import (
    no_answer,
    not_authorized,
    not_our_address,
    not_sent,
    outcome_unknown,
    pointed_elsewhere,
    refused_for_good,
    refused_for_now,
)
from ml_connector_dagster.transport.request import Params, Request, body_of, with_query
from ml_connector_dagster.transport.retry import RetryPolicy, retry_after_seconds

LOG = logger(__name__)
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
NOTHING_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
REFUSED_FOR_NOW = frozenset({408, 425, 429})


class Authorizer(Protocol):
    """Says who is asking."""

    def headers(self, refused: str | None) -> Mapping[str, str]:
        """Answer the headers that authorize a request, fresh ones where needed.

        Args:
            refused: None before a request; after a 401 the Authorization value that was refused, so that another
                process's newer token is used before a new one is asked for.
        """


class Classify(Protocol):
    """Names a vendor's own refusals."""

    def __call__(self, answer: Answer, /) -> ConnectorError | None:
        """Answer the error an answer that is no success means; None for the general classes."""


class VendorHttp:
    """A client for one vendor: every request is limited, authorized, timed, retried where harmless, and judged."""

    def __init__(
        self,
        vendor: str,
        *,
        authorize: Authorizer | None = None,
        gate: Gate | None = None,
        retry: RetryPolicy | None = None,
        headers: Mapping[str, str] | None = None,
        timeouts: Timeouts | None = None,
        classify: Classify | Callable[[Any], ConnectorError | None] | None = None,
        origins: Collection[str] = (),
    ) -> None:
        """Open nothing yet.

        Args:
            vendor: Its name, for messages.
            authorize: Who is asking; None sends no credentials (token endpoints).
            gate: Limits and slots; None for an address that nobody counts.
            retry: Patience; its budget is spent over the life of this client.
            headers: Sent with every request.
            timeouts: Seconds until a silent vendor is given up.
            classify: The vendor's own refusals, asked before the general classes.
            origins: ``https://host`` this client may speak to; an address out of an answer never leads elsewhere.
                Empty for any.
        """
        self.vendor = vendor
        self.calls = 0
        """Requests sent so far, repeats included: what a pull is metered by."""
        self._authorize = authorize
        self._gate = gate or OpenGate()
        self._policy = retry or RetryPolicy()
        self._retries = self._policy.begin()
        self._headers = {"Accept": "application/json", "User-Agent": user_agent(), **(headers or {})}
        self._timeouts = timeouts or Timeouts()
        self._classify = classify
        self._origins = frozenset(origin.rstrip("/") for origin in origins)
        self._clients = HttpxClients()

    def get(
        self,
        url: str,
        *,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
        read_timeout_seconds: float | None = None,
        expected: Collection[int] = (),
    ) -> Answer:
        """Read an address; asked again where the vendor is busy, ill or silent.

        Args:
            url: Absolute.
            params: Query fields; None leaves one out.
            headers: Besides the client's own.
            read_timeout_seconds: Instead of the client's.
            expected: Statuses besides 2xx that are an answer and no error.

        Raises:
            CredentialRefused: 401 twice, the second time with fresh credentials.
            RequestRejected: Another 4xx, or a redirect.
            TemporarilyRefused: Busy, ill, silent or HTML, after every retry.
            QuotaExhausted: A day's quota is spent.
        """
        return self.send(
            "GET",
            url,
            params=params,
            headers=headers,
            read_timeout_seconds=read_timeout_seconds,
            expected=expected,
            repeatable=True,
        )

    def send(
        self,
        method: str,
        url: str,
        *,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        content: bytes | None = None,
        read_timeout_seconds: float | None = None,
        expected: Collection[int] = (),
        repeatable: bool,
    ) -> Answer:
        """Send a request with at most one body: ``json`` (Decimal becomes a plain number), ``form`` or ``content``.

        Args:
            method: GET, POST, PUT, DELETE …
            url: Absolute.
            params: Query fields; None leaves one out.
            headers: Besides the client's own.
            json: Body as JSON.
            form: Body as form fields.
            content: Body as bytes; name its type in ``headers``.
            read_timeout_seconds: Instead of the client's.
            expected: Statuses besides 2xx that are an answer and no error.
            repeatable: False where a second copy would do harm (start a task, post a journal, use a single-use token):
                then it is sent once, over a fresh connection, and every lost or unclear answer is OutcomeUnknown.

        Raises:
            OutcomeUnknown: Not repeatable, and it may have taken effect: no answer, a cut answer, 5xx.
            TemporarilyRefused: It did not take effect (no connection, 429), or a repeatable one failed after every retry.
            CredentialRefused: 401 twice, the second time with fresh credentials.
            RequestRejected: Another 4xx, or a redirect.
            QuotaExhausted: A day's quota is spent.
        """
        body, kind = body_of(json, form, content)
        request = Request(
            method=method.upper(),
            url=with_query(self._allowed(url), params or {}),
            headers={**self._headers, **kind, **(headers or {})},
            content=body,
            read_seconds=read_timeout_seconds or self._timeouts.read_seconds,
            repeatable=repeatable,
            expected=expected,
        )
        return self._until_answered(request)

    def quota(self) -> Quota | None:
        """Answer how many calls a day the vendor allows us and what is left of them; None where it counts no day."""
        return self._gate.quota()

    def close(self) -> None:
        """Give the connections back; the client may be used again afterwards."""
        self._clients.close()

    def _until_answered(self, request: Request) -> Answer:
        attempt = 1
        while True:
            try:
                return self._authorized(request)
            except TemporarilyRefused as refused:
                if not request.repeatable or not self._retries.pause(attempt, refused):
                    raise
            attempt += 1

    def _authorized(self, request: Request) -> Answer:
        """Send with credentials; once more with fresh ones where the vendor refuses them before doing anything."""
        granted = self._authorize.headers(None) if self._authorize else {}
        answer = self._once(request, granted)
        if answer.status != 401 or 401 in request.expected:
            return answer
        if self._authorize:
            granted = self._authorize.headers(granted.get("Authorization", ""))
            answer = self._once(request, granted)
        if answer.status == 401:
            raise not_authorized(self.vendor, answer.said, request.shown, renewed=self._authorize is not None)
        return answer

    def _once(self, request: Request, granted: Mapping[str, str]) -> Answer:
        with self._gate.before(request.method):
            answer = self._exchange(request, granted)
        refused = None if self._is_answer(request, answer) else self._refusal(request, answer)
        self._learn(answer, refused)
        if refused is not None:
            raise refused
        return answer

    def _learn(self, answer: Answer, refused: ConnectorError | None) -> None:
        try:
            self._gate.learn(answer.headers, refused)
        except TemporarilyRefused as error:  # the database is away: a hint is lost, the answer in hand must not be
            LOG.warning("limits not updated", vendor=self.vendor, why=error.happened)

    def _exchange(self, request: Request, granted: Mapping[str, str]) -> Answer:
        began = time.monotonic()
        self.calls += 1
        try:
            response = self._clients.client(fresh=not request.repeatable).request(
                request.method,
                request.url,
                headers={**request.headers, **granted},
                content=request.content,
                timeout=self._timeouts.of(request.read_seconds),
            )
        except NOTHING_SENT as error:
            raise not_sent(self.vendor, request.shown, error) from error
        except (httpx.TransportError, httpx.DecodingError) as error:
            if request.repeatable:
                raise no_answer(self.vendor, request.shown, error) from error
            raise outcome_unknown(self.vendor, request.shown, f"{type(error).__name__}: {error}") from error
        LOG.debug("answered", vendor=self.vendor, request=request.shown, status=response.status_code,
                  seconds=round(time.monotonic() - began, 3))  # fmt: skip
        response.stream = httpx.ByteStream(
            b""
        )  # httpx's points back at the response: its body would await the collector
        return Answer(response.status_code, response.headers, response.content, request.shown)

    def _is_answer(self, request: Request, answer: Answer) -> bool:
        """Answer whether it is to be handed out; a 401 is judged by ``_authorized``."""
        if answer.status in request.expected or answer.status == 304:
            return True
        return 200 <= answer.status < 300 and not _is_unwanted_page(request, answer)

    def _refusal(self, request: Request, answer: Answer) -> ConnectorError | None:
        """Answer what a refusal means; None for a 401, which ``_authorized`` judges."""
        named = self._classify(answer) if self._classify and answer.status >= 400 else None
        if named is not None or answer.status == 401:
            return named
        if 300 <= answer.status < 400:
            return pointed_elsewhere(
                self.vendor, answer.said, answer.status, redact_url(answer.headers.get("location", ""))
            )
        if answer.status < 500 and answer.status not in REFUSED_FOR_NOW and answer.status >= 400:
            return refused_for_good(self.vendor, answer.said, answer.status)
        if request.repeatable or answer.status in REFUSED_FOR_NOW:
            wait, page = retry_after_seconds(answer.headers), _is_unwanted_page(request, answer)
            return refused_for_now(self.vendor, answer.said, answer.status, wait, page=page)
        return outcome_unknown(self.vendor, request.shown, answer.said, answer.status)

    def _allowed(self, url: str) -> str:
        parts = urlsplit(url)
        is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
        if is_safe and (not self._origins or f"{parts.scheme}://{parts.netloc}" in self._origins):
            return url
        raise not_our_address(self.vendor, redact_url(url))


@cache
def user_agent() -> str:
    """Answer how the connector names itself, with its version."""
    return f"ml-connector-dagster/{version('ml-connector-dagster')}"


def _is_unwanted_page(request: Request, answer: Answer) -> bool:
    return answer.is_page and not request.wants_page
