"""Carries HTTP as .NET does: a GET to look at the certificate, a POST that waits for 100 Continue, 100 seconds of patience."""

import http.client
import select
import socket
import ssl
from collections.abc import Mapping
from typing import Protocol
from urllib.parse import urlsplit

from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.envelope import HttpAnswer

TIMEOUT_SECONDS = 100.0
"""SoapHttpClientProtocol's default for one call; of the Web Connector's own setting nothing is known."""
CONTINUE_SECONDS = 0.35
"""How long .NET waits for 100 Continue before it sends the body nevertheless."""


class CarrierFailed(Exception):  # noqa: N818 - said as it happens
    """No whole answer came: refused, cut, timed out, certificate not trusted."""


class Carrier(Protocol):
    """What the Web Connector needs of HTTP; a test may carry calls into a service of its own process."""

    def get(self, url: str) -> int:
        """Answer the status of a GET; CarrierFailed."""
        ...

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        """Answer what a POST was answered; CarrierFailed."""
        ...


class HttpCarrier:
    """Carries over a network; every call on a connection of its own, so that nothing is silently sent twice."""

    def __init__(self, *, timeout_seconds: float = TIMEOUT_SECONDS, trusted: str | None = None) -> None:
        self._timeout_seconds = timeout_seconds
        self._trusted = trusted
        """File of certificates to trust besides the system's."""

    def get(self, url: str) -> int:
        connection = self._connection(url)
        try:
            connection.request("GET", _target(url))
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException) as wrong:
            raise _failed(wrong) from wrong
        finally:
            connection.close()
        return answer.status

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        connection = self._connection(url)
        try:
            _send(connection, _target(url), headers, body)
            answer = connection.getresponse()
            media_type = (answer.getheader("Content-Type") or "").partition(";")[0].strip().lower()
            return HttpAnswer(answer.status, media_type, answer.read())
        except (OSError, http.client.HTTPException) as wrong:
            raise _failed(wrong) from wrong
        finally:
            connection.close()

    def _connection(self, url: str) -> http.client.HTTPConnection:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if parts.scheme == "https":
            context = ssl.create_default_context()
            if self._trusted is not None:
                context.load_verify_locations(self._trusted)
            return http.client.HTTPSConnection(host, parts.port, timeout=self._timeout_seconds, context=context)
        return http.client.HTTPConnection(host, parts.port, timeout=self._timeout_seconds)


def _target(url: str) -> str:
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _send(connection: http.client.HTTPConnection, target: str, headers: Mapping[str, str], body: bytes) -> None:
    """Send the head, wait for 100 Continue, send the body; where a final answer came already, the body stays here."""
    connection.putrequest("POST", target, skip_accept_encoding=True)
    for name, value in {**headers, "Content-Length": str(len(body))}.items():
        connection.putheader(name, value)
    connection.endheaders()
    if not _is_answered_already(connection.sock):
        connection.send(body)


def _is_answered_already(sock: socket.socket) -> bool:
    if isinstance(sock, ssl.SSLSocket):  # its bytes cannot be looked at without taking them
        return False
    readable, _, _ = select.select([sock], [], [], CONTINUE_SECONDS)
    if not readable:
        return False
    status_line = sock.recv(16, socket.MSG_PEEK)
    return status_line.startswith(b"HTTP/1.") and status_line[9:12] != b"100"


def _failed(wrong: Exception) -> CarrierFailed:
    return CarrierFailed(f"{type(wrong).__name__}: {wrong}")
