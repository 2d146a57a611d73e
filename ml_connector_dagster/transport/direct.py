"""How requests go out where no proxy stands between: the standard library's HTTP under httpx's client.

A page of a vendor has some two million bytes. httpx's own transport moves them five times before they can be decoded; here the
body is read from the socket into the one object that is decoded. Proxies are left to httpx's own transport.
"""

from __future__ import annotations

import http.client
import select
import ssl
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

Origin = tuple[str, str, int | None]
"""Scheme, host and port."""


class DirectTransport(httpx.BaseTransport):
    """Keeps its connections open for the next request, or closes each; any thread may use it."""

    def __init__(self, certificates: ssl.SSLContext, *, keeps: bool) -> None:
        """Open nothing yet.

        Args:
            certificates: What servers are verified with.
            keeps: False opens a connection for each request and closes it afterwards.
        """
        self._certificates, self._keeps = certificates, keeps
        self._idle: dict[Origin, list[http.client.HTTPConnection]] = defaultdict(list)
        self._lock = threading.Lock()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer with the whole body.

        Raises:
            httpx.ConnectError: No connection came about, so nothing was sent (``ConnectTimeout`` where it took too long).
            httpx.TransportError: It was lost later: whether the request took effect is not known.
        """
        origin = (request.url.scheme, request.url.host, request.url.port)
        connection = self._idle_one(origin) or self._connected(origin, request)
        try:
            with _lost(request):
                answer, body = _exchanged(connection, request)
        except BaseException:
            connection.close()
            raise
        if self._keeps and not answer.will_close:
            with self._lock:
                self._idle[origin].append(connection)
        else:
            connection.close()
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.getheaders()]
        return httpx.Response(answer.status, headers=headers, content=body)

    def close(self) -> None:
        """Close what is kept open."""
        with self._lock:
            for connections in self._idle.values():
                while connections:
                    connections.pop().close()

    def _idle_one(self, origin: Origin) -> http.client.HTTPConnection | None:
        """Answer a connection that is open still; one that can be read has been closed by the other side."""
        while True:
            with self._lock:
                if not self._idle[origin]:
                    return None
                connection = self._idle[origin].pop()
            if not _can_be_read(connection):
                return connection
            connection.close()

    def _connected(self, origin: Origin, request: httpx.Request) -> http.client.HTTPConnection:
        scheme, host, port = origin
        seconds = request.extensions["timeout"]["connect"]
        if scheme == "https":
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                host, port, timeout=seconds, context=self._certificates
            )
        else:
            connection = http.client.HTTPConnection(host, port, timeout=seconds)
        try:
            connection.connect()
        except OSError as error:
            connection.close()
            kind = httpx.ConnectTimeout if isinstance(error, TimeoutError) else httpx.ConnectError
            raise kind(str(error) or type(error).__name__, request=request) from error
        return connection


def _can_be_read(connection: http.client.HTTPConnection) -> bool:
    poll = select.poll()
    poll.register(connection.sock, select.POLLIN)
    return bool(poll.poll(0))


def _exchanged(
    connection: http.client.HTTPConnection, request: httpx.Request
) -> tuple[http.client.HTTPResponse, bytes]:
    timeouts = request.extensions["timeout"]
    connection.sock.settimeout(timeouts["write"])
    target = request.url.raw_path.decode("ascii")
    connection.request(request.method, target, body=request.read() or None, headers=dict(request.headers.items()))
    connection.sock.settimeout(timeouts["read"])
    answer = connection.getresponse()
    return answer, answer.read()


@contextmanager
def _lost(request: httpx.Request) -> Iterator[None]:
    """Say in httpx's words that an exchange was lost under way."""
    try:
        yield
    except TimeoutError as error:
        raise httpx.ReadTimeout("the other side was silent for too long", request=request) from error
    except (http.client.HTTPException, ValueError) as error:  # a header that is none is a ValueError
        raise httpx.RemoteProtocolError(str(error) or type(error).__name__, request=request) from error
    except OSError as error:
        raise httpx.ReadError(str(error) or type(error).__name__, request=request) from error
