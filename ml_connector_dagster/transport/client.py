"""The one HTTP client: time-outs, retry, limits, redaction and error classes for every vendor; alone imports httpx."""

from __future__ import annotations

import json
import logging
import os
import ssl
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from importlib.metadata import version
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx
import msgspec

from ml_connector_dagster.errors import ConnectorError, TemporarilyRefused
from ml_connector_dagster.transport.rate_limit import Gate, OpenGate
from ml_connector_dagster.transport.reading import ReadingTransport
from ml_connector_dagster.transport.redaction import logger, redact_url, shown
from ml_connector_dagster.transport.refusals import (
    no_answer,
    not_authorized,
    not_json,
    not_our_address,
    not_sent,
    outcome_unknown,
    pointed_elsewhere,
    refused_for_good,
    refused_for_now,
)
from ml_connector_dagster.transport.retry import RetryPolicy, retry_after_seconds

LOG = logger(__name__)
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
DIRECT = ("all://127.0.0.1", "all://localhost", "all://*")
"""Loopback in any case, and every address that the environment names no proxy for: the narrower pattern wins, then the first."""
CONNECTIONS_KEPT = 10
PAGE = "text/html"
NOTHING_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
REFUSED_FOR_NOW = frozenset({408, 425, 429})
_OF_PARENTS: list[object] = []
"""Connections of a process we were forked from; collecting them here would close them with a warning."""
ENCODER = msgspec.json.Encoder(decimal_format="number")

Params = Mapping[str, str | int | None]

for _chatty in ("httpx", "httpcore", "urllib3"):
    logging.getLogger(_chatty).setLevel(logging.WARNING)  # they log whole addresses and headers, secrets included


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
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        what = "a page for people" if kind == PAGE else ""
        text = shown(self.content) or "an empty body"
        return f"{self.status} to {self.url_shown}: {': '.join(part for part in (what, text) if part)}"

    def json(self) -> Any:
        """Decode the body; numbers with a fraction arrive as Decimal, never as float.

        Raises:
            TemporarilyRefused: The body is no JSON, or ends too early: a gateway's page, a connection cut short.
        """
        try:
            return json.loads(self.content, parse_float=Decimal)
        except ValueError as error:
            raise not_json(self.url_shown, self.said, self.status) from error


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


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds until a silent vendor is given up."""

    connect_seconds: float = 10.0
    read_seconds: float = 60.0
    write_seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    url: str
    headers: Mapping[str, str]
    content: bytes | None
    read_seconds: float
    repeatable: bool
    expected: Collection[int]

    @property
    def shown(self) -> str:
        return f"{self.method} {redact_url(self.url)}"


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
        self._clients: dict[bool, httpx.Client] = {}
        self._pid = os.getpid()

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
        body, kind = _body(json, form, content)
        request = _Request(
            method=method.upper(),
            url=_with_query(self._allowed(url), params or {}),
            headers={**self._headers, **kind, **(headers or {})},
            content=body,
            read_seconds=read_timeout_seconds or self._timeouts.read_seconds,
            repeatable=repeatable,
            expected=expected,
        )
        return self._until_answered(request)

    def close(self) -> None:
        """Give the connections back; the client may be used again afterwards."""
        own = self._own_clients()
        while own:
            own.popitem()[1].close()

    def _until_answered(self, request: _Request) -> Answer:
        attempt = 1
        while True:
            try:
                return self._authorized(request)
            except TemporarilyRefused as refused:
                if not request.repeatable or not self._retries.pause(attempt, refused):
                    raise
            attempt += 1

    def _authorized(self, request: _Request) -> Answer:
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

    def _once(self, request: _Request, granted: Mapping[str, str]) -> Answer:
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

    def _exchange(self, request: _Request, granted: Mapping[str, str]) -> Answer:
        began = time.monotonic()
        self.calls += 1
        try:
            response = self._client(fresh=not request.repeatable).request(
                request.method,
                request.url,
                headers={**request.headers, **granted},
                content=request.content,
                timeout=self._timeout(request),
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

    def _is_answer(self, request: _Request, answer: Answer) -> bool:
        """Answer whether it is to be handed out; a 401 is judged by ``_authorized``."""
        if answer.status in request.expected or answer.status == 304:
            return True
        return 200 <= answer.status < 300 and not _is_page(request, answer)

    def _refusal(self, request: _Request, answer: Answer) -> ConnectorError | None:
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
            wait, page = retry_after_seconds(answer.headers), _is_page(request, answer)
            return refused_for_now(self.vendor, answer.said, answer.status, wait, page=page)
        return outcome_unknown(self.vendor, request.shown, answer.said, answer.status)

    def _allowed(self, url: str) -> str:
        parts = urlsplit(url)
        is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
        if is_safe and (not self._origins or f"{parts.scheme}://{parts.netloc}" in self._origins):
            return url
        raise not_our_address(self.vendor, redact_url(url))

    def _timeout(self, request: _Request) -> httpx.Timeout:
        return httpx.Timeout(
            request.read_seconds,
            connect=self._timeouts.connect_seconds,
            write=self._timeouts.write_seconds,
            pool=self._timeouts.connect_seconds,
        )

    def _client(self, *, fresh: bool) -> httpx.Client:
        """Answer the client of this process; ``fresh`` keeps no connection that the vendor may just have closed."""
        own = self._own_clients()
        if fresh not in own:
            limits = httpx.Limits(max_connections=20, max_keepalive_connections=0 if fresh else CONNECTIONS_KEPT)
            direct: httpx.BaseTransport = httpx.HTTPTransport(limits=limits, verify=_certificates())
            if not fresh:
                direct = ReadingTransport(direct, _certificates(), keeps=CONNECTIONS_KEPT)
            own[fresh] = httpx.Client(
                verify=_certificates(), follow_redirects=False, limits=limits, mounts=dict.fromkeys(DIRECT, direct)
            )
        return own[fresh]

    def _own_clients(self) -> dict[bool, httpx.Client]:
        if self._pid != os.getpid():
            _OF_PARENTS.append(self._clients)
            self._clients, self._pid = {}, os.getpid()
        return self._clients


@cache
def user_agent() -> str:
    """Answer how the connector names itself, with its version."""
    return f"ml-connector-dagster/{version('ml-connector-dagster')}"


@cache
def _certificates() -> ssl.SSLContext:
    """Answer the one context all clients verify with: building it reads a few hundred certificates."""
    return httpx.create_ssl_context()


def _with_query(url: str, params: Params) -> str:
    given = {name: value for name, value in params.items() if value is not None}
    return str(httpx.URL(url).copy_merge_params(given)) if given else url


def _body(json: Any, form: Mapping[str, str] | None, content: bytes | None) -> tuple[bytes | None, dict[str, str]]:
    if json is not None:
        return ENCODER.encode(json), {"Content-Type": "application/json"}
    if form is not None:
        encoded = str(httpx.QueryParams(dict(form))).encode("ascii")
        return encoded, {"Content-Type": "application/x-www-form-urlencoded"}
    return content, {}


def _is_page(request: _Request, answer: Answer) -> bool:
    """A page for people where a program asked: a gateway's error, a log-in form, served with 200."""
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == PAGE and PAGE not in request.headers.get("Accept", "")
