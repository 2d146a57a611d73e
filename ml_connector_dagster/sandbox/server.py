"""Runs the sandbox: beside a test in a thread, or for a person in the foreground. Loopback only."""

import gc
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import uvicorn
from starlette.types import ASGIApp

from ml_connector_dagster.sandbox.app import create_app
from ml_connector_dagster.sandbox.world import World

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Running:
    """A sandbox that answers: where, and the world behind it (a test may look into it directly)."""

    base_url: str
    world: World


@contextmanager
def running(world: World | None = None, *, port: int = 0) -> Iterator[Running]:
    """Run a sandbox in a thread while the block lasts; port 0 takes a free one."""
    world = world or World.new()
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind((LOOPBACK, port))
    server = uvicorn.Server(_config(create_app(world)))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, name="sandbox", daemon=True)
    thread.start()
    try:
        _wait_until_started(server, thread)
        yield Running(f"http://{LOOPBACK}:{bound.getsockname()[1]}", world)
    finally:
        server.should_exit = server.force_exit = True
        thread.join(timeout=10)
        bound.close()


def serve(world: World, port: int) -> None:
    """Answer in the foreground until interrupted.

    The cycle collector is told to wait longer: large views make many small tuples and no cycles, and it took a third
    of their time.
    """
    gc.set_threshold(200_000, 50, 50)
    with suppress(KeyboardInterrupt):  # uvicorn raises it again after it has ended in order
        uvicorn.Server(_config(create_app(world), port=port)).run()


def _config(app: ASGIApp, port: int = 0) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=LOOPBACK,
        port=port,
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=1,
        backlog=512,
    )


def _wait_until_started(server: uvicorn.Server, thread: threading.Thread) -> None:
    deadline = time.monotonic() + 20
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise RuntimeError("The sandbox did not start.")
        time.sleep(0.002)
