"""The sandbox and a Dagster of its own on loopback, for ``demo`` and ``ui``: started, watched, and stopped by process id."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from ml_connector_dagster.errors import SettingWrong, TemporarilyRefused

PROJECT = Path(__file__).parents[2]
SECONDS_TO_START = 240.0
"""Twelve are enough on a quiet machine; on a busy one Dagster's five processes wait for one another."""
SECONDS_TO_STOP = 20.0
SECONDS_UNTIL_ENDED_AGAIN = 3


@dataclass(frozen=True, slots=True)
class LocalStack:
    """Where the started servers answer."""

    home: Path
    sandbox_url: str
    dagster_url: str
    serve_url: str
    """Where the inbound process answers, inside ``serve_running``."""


@contextmanager
def local_stack(
    home: Path, *, dagster_port: int | None = None, sandbox_port: int | None = None
) -> Iterator[LocalStack]:
    """Start the sandbox, prepare a fresh home, hand it over; everything started is stopped at the end.

    The sandbox forgets everything when it stops, so the home that belongs to it starts empty too. Use ``dagster_running``
    and ``serve_running`` inside, once the credentials are there.
    """
    home = home.absolute()
    _fresh(home)
    sandbox_port, dagster_port = sandbox_port or free_port(), dagster_port or free_port()
    stack = LocalStack(
        home,
        f"http://127.0.0.1:{sandbox_port}",
        f"http://127.0.0.1:{dagster_port}",
        f"http://localhost:{free_port()}",
    )
    os.environ.update(environment_of(stack))
    with ExitStack() as running:
        running.enter_context(_ending_in_order())
        command = [sys.executable, "-m", "ml_connector_dagster.cli", "sandbox", "--port", str(sandbox_port)]
        running.enter_context(_running("sandbox", command, home / "sandbox.log", sandbox_port))
        yield stack


@contextmanager
def dagster_running(stack: LocalStack) -> Iterator[None]:
    """Run webserver, daemon and code server on the stack's home, headless."""
    port = int(stack.dagster_url.rsplit(":", 1)[1])
    command = [sys.executable, "-m", "dagster", "dev", "-w", "workspace.yaml", "-h", "127.0.0.1", "-p", str(port)]
    with _running("Dagster", command, stack.home / "dagster.log", port):
        yield


@contextmanager
def serve_running(stack: LocalStack) -> Iterator[None]:
    """Run the inbound process, which machines call; its home must be prepared, as it needs the vault's key."""
    port = int(stack.serve_url.rsplit(":", 1)[1])
    command = [sys.executable, "-m", "ml_connector_dagster.cli", "serve", "--port", str(port)]
    with _running("serve", command, stack.home / "serve.log", port):
        yield


def environment_of(stack: LocalStack) -> dict[str, str]:
    """Answer the variables under which a shell sees this stack."""
    return {
        "ML_CONNECTOR_HOME": str(stack.home),
        "ML_CONNECTOR_SANDBOX_URL": stack.sandbox_url,
        "DAGSTER_HOME": str(stack.home / "dagster"),
        "DAGSTER_DISABLE_TELEMETRY": "1",
        # A launch waits for the run's process to come up; past this Dagster drops the run, which a busy machine would suffer.
        "DAGSTER_GRPC_TIMEOUT_SECONDS": "300",
    }


def free_port() -> int:
    """Answer a loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _fresh(home: Path) -> None:
    shutil.rmtree(home, ignore_errors=True)
    (home / "dagster").mkdir(parents=True)
    instance = PROJECT / "dagster.yaml"
    if not instance.exists():
        raise SettingWrong(
            f"{instance} does not exist.",
            "Dagster has no instance settings.",
            "Run this from a checkout of the project.",
        )
    shutil.copy(instance, home / "dagster" / "dagster.yaml")


@contextmanager
def _running(name: str, command: list[str], log: Path, port: int) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 (our own interpreter and module)
            command, cwd=PROJECT, stdout=output, stderr=subprocess.STDOUT, start_new_session=True, env=_inherited()
        )
    try:
        _wait_for(name, process, port, log)
        yield
    finally:
        signal.alarm(0)  # the end has come through: nothing may cut the stopping short
        _stop(process)


@contextmanager
def _ending_in_order() -> Iterator[None]:
    """Let SIGTERM unwind this process as Ctrl-C does, so that what was started is stopped too.

    Ctrl-C itself is taken back where a shell's ``&`` had it ignored. Off the main thread nothing can be set, nor needs be.
    An exit that strikes inside a callback of the interpreter (a finalizer, an import hook) is lost there, so it comes again.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)}
    for number in (signal.SIGTERM, signal.SIGALRM):
        signal.signal(number, _end)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.alarm(0)
        for number, handler in before.items():
            signal.signal(number, handler)


def _end(*_: object) -> None:
    signal.alarm(SECONDS_UNTIL_ENDED_AGAIN)
    sys.exit(128 + signal.SIGTERM)


def _inherited() -> Mapping[str, str]:
    return dict(os.environ)


def _wait_for(name: str, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise TemporarilyRefused(
        f"{name} did not start within {SECONDS_TO_START:.0f} seconds.",
        "Nothing was loaded.",
        f"Read {log}; its last lines: {log.read_text(errors='replace')[-1500:]}",
    )


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the process and all it started: it leads a session of its own, so its group is exactly that.

    Whatever interrupts the waiting (an impatient second Ctrl-C), the group does not outlive this.
    """
    try:
        for signal_number in (signal.SIGINT, signal.SIGTERM):
            if process.poll() is not None:
                break
            os.killpg(process.pid, signal_number)
            with suppress(subprocess.TimeoutExpired):
                process.wait(SECONDS_TO_STOP)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
