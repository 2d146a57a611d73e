"""httpx's clients, as every vendor is spoken to: verified, within time-outs, through a proxy where the environment names one."""

from __future__ import annotations

import logging
import os
import ssl
from dataclasses import dataclass
from functools import cache

import httpx

from ml_connector_dagster.transport.reading import ReadingTransport

DIRECT = ("all://127.0.0.1", "all://localhost", "all://*")
"""Loopback in any case, and every address that the environment names no proxy for: the narrower pattern wins, then the first."""
CONNECTIONS_KEPT = 10
_OF_PARENTS: list[object] = []
"""Clients of a process we were forked from; collecting them here would close their connections with a warning."""

for _chatty in ("httpx", "httpcore", "urllib3"):
    logging.getLogger(_chatty).setLevel(logging.WARNING)  # they log whole addresses and headers, secrets included


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds until a silent vendor is given up."""

    connect_seconds: float = 10.0
    read_seconds: float = 60.0
    write_seconds: float = 60.0

    def of(self, read_seconds: float) -> httpx.Timeout:
        """Answer them in httpx's form, for a request with a read time-out of its own."""
        return httpx.Timeout(
            read_seconds, connect=self.connect_seconds, write=self.write_seconds, pool=self.connect_seconds
        )


class HttpxClients:
    """The two clients of a vendor, of this process alone: one keeps connections, one does not."""

    def __init__(self) -> None:
        """Open nothing yet."""
        self._clients: dict[bool, httpx.Client] = {}
        self._pid = os.getpid()

    def client(self, *, fresh: bool) -> httpx.Client:
        """Answer the client of this process; ``fresh`` keeps no connection that the vendor may just have closed."""
        own = self._own()
        if fresh not in own:
            limits = httpx.Limits(max_connections=20, max_keepalive_connections=0 if fresh else CONNECTIONS_KEPT)
            direct: httpx.BaseTransport = httpx.HTTPTransport(limits=limits, verify=_certificates())
            if not fresh:
                direct = ReadingTransport(direct, _certificates(), keeps=CONNECTIONS_KEPT)
            own[fresh] = httpx.Client(
                verify=_certificates(), follow_redirects=False, limits=limits, mounts=dict.fromkeys(DIRECT, direct)
            )
        return own[fresh]

    def close(self) -> None:
        """Give the connections back; ``client`` opens others."""
        own = self._own()
        while own:
            own.popitem()[1].close()

    def _own(self) -> dict[bool, httpx.Client]:
        if self._pid != os.getpid():
            _OF_PARENTS.append(self._clients)
            self._clients, self._pid = {}, os.getpid()
        return self._clients


@cache
def _certificates() -> ssl.SSLContext:
    """Answer the one context all clients verify with: building it reads a few hundred certificates."""
    return httpx.create_ssl_context()
