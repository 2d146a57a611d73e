"""A vendor on loopback that plays a script, byte by byte: real sockets, so that lost and cut answers are real."""

from __future__ import annotations

import json
import socket
import threading
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Asked:
    """One request as it came over the wire."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    connection: int


@dataclass(frozen=True)
class Say:
    """Answer so; ``promised`` bytes more than are sent make a cut answer."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    promised: int = 0

    def wire(self) -> bytes:
        headers = {"content-type": "application/json", **self.headers}
        lines = [f"HTTP/1.1 {self.status} Said", f"content-length: {len(self.body) + self.promised}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode() + self.body


@dataclass(frozen=True)
class Drop:
    """Read the request whole, then close without a word."""


@dataclass(frozen=True)
class Silence:
    """Read the request whole, then say nothing until the client gives up."""


def say(value: object, status: int = 200, **headers: str) -> Say:
    """Answer JSON; header names with underscores for hyphens."""
    return Say(status, json.dumps(value).encode(), {name.replace("_", "-"): text for name, text in headers.items()})


class VendorServer:
    """Plays its script request by request; an empty script answers 200 with {}."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.script: deque[Say | Drop | Silence] = deque()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = [self._listener]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    @property
    def url(self) -> str:
        host, port = self._listener.getsockname()
        return f"http://{host}:{port}"

    def plays(self, *script: Say | Drop | Silence) -> None:
        self.script.extend(script)

    def close(self) -> None:
        for one in self._open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        number = 0
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            number += 1
            self._open.append(client)
            thread = threading.Thread(target=self._serve, args=(client, number), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, client: socket.socket, number: int) -> None:
        stream = client.makefile("rb")
        try:
            while (asked := _read(stream, number)) is not None:
                self.asked.append(asked)
                played = self.script.popleft() if self.script else Say()
                if isinstance(played, Silence):
                    stream.read(1)
                if not isinstance(played, Say):
                    return
                client.sendall(played.wire())
                if played.promised:
                    return
        except OSError:
            return
        finally:
            stream.close()
            with suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
            client.close()


def _read(stream, number: int) -> Asked | None:
    first = stream.readline()
    if not first:
        return None
    method, path, _ = first.decode().split(" ", 2)
    headers = {}
    while (line := stream.readline().decode().strip()) != "":
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    return Asked(method, path, headers, stream.read(int(headers.get("content-length", "0"))), number)
