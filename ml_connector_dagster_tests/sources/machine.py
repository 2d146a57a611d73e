"""The inbound process beside a test, and the machine of a company that calls it: one call is one session."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import uvicorn

from ml_connector_dagster.cli.demo_credentials import invite_machines
from ml_connector_dagster.connections.opening import Connector, OpenConnection
from ml_connector_dagster.flows.awaited import arrived, put_away, waiting
from ml_connector_dagster.inbound.app import create_app


@dataclass
class Machine:
    """The machine of one company, which calls when it is told to."""

    connection: OpenConnection
    route: str
    """Of the sandbox's control API."""
    password: str
    """Which it shows when it calls."""

    def calls(self) -> dict[str, Any]:
        """Let it call once; answers what the sandbox says of that session."""
        answer = httpx.post(f"{self.route}/cycle", json={}, timeout=300)
        assert answer.is_success, answer.text
        return dict(answer.json())

    def answers_all(self) -> None:
        """Let it call until nothing waits, or until a call brought nothing: whoever reads then is told why."""
        left = waiting(self.connection)
        while left:
            self.calls()
            before, left = left, waiting(self.connection)
            if before == left:
                return

    def forgets(self) -> None:
        """Put away every answer that has come, so that the next read asks anew."""
        for answer in arrived(self.connection):
            put_away(self.connection, answer, "read by a test")


@contextmanager
def machine_calling(connector: Connector, name: str) -> Iterator[Machine]:
    """Run the inbound process over the connector, in a thread, and let the company's machine call it."""
    opened = connector.connection(name)
    with _inbound(connector) as public_url:
        invitation = invite_machines(connector, public_url, None)[name]
        sandbox_url, system = connector.environment.sandbox_url, opened.source.system
        logins = httpx.get(f"{sandbox_url}/_control/logins", timeout=30).json()
        yield Machine(opened, f"{sandbox_url}/_control/{system}/{logins[system]['machine']}", invitation.password)


@contextmanager
def _inbound(connector: Connector) -> Iterator[str]:
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.bind(("127.0.0.1", 0))
    public_url = f"http://localhost:{bound.getsockname()[1]}"
    app = create_app(connector, public_url)
    server = uvicorn.Server(
        uvicorn.Config(app, lifespan="off", log_config=None, access_log=False, timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, name="inbound", daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.005)
    try:
        yield public_url
    finally:
        server.should_exit = server.force_exit = True
        thread.join(timeout=10)
        bound.close()
