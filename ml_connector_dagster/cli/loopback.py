"""Waits on loopback for the one redirect of a consent."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from ml_connector_dagster.errors import SettingWrong, TemporarilyRefused

PATH = "/connect/callback"
_PAGE = (
    "<!doctype html><meta charset=utf-8><title>ml-connector</title>"
    "<p>The answer has arrived. You may close this window and go back to the terminal.</p>"
)


@contextmanager
def listening(port: int) -> Iterator[tuple[str, Callable[[float], str]]]:
    """Listen on ``http://localhost:<port>/connect/callback``; answers that address and a function that waits.

    The function takes seconds and answers the redirect's path with its query. Other paths are answered with 404, and a
    second redirect is ignored: the state in it is single use.

    Raises:
        SettingWrong: The port is taken.
    """
    arrived: queue.Queue[str] = queue.Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            ours = urlsplit(self.path).path == PATH
            if ours:
                arrived.put(self.path)
            self._say(200 if ours else 404, _PAGE if ours else "")

        def _say(self, status: int, page: str) -> None:
            content = page.encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Referrer-Policy", "no-referrer")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Write no access log: the address holds the code."""

    server = _server(port, Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://localhost:{server.server_address[1]}{PATH}", lambda seconds: _wait(arrived, seconds)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _server(port: int, handler: type[BaseHTTPRequestHandler]) -> ThreadingHTTPServer:
    try:
        return ThreadingHTTPServer(("127.0.0.1", port), handler)
    except OSError as error:
        raise SettingWrong(
            f"Port {port} of this machine is taken ({error.strerror}).",
            "The vendor's redirect could not be received.",
            "Use --port with another one that is registered as redirect address, or --no-browser to paste it.",
        ) from error


def _wait(arrived: queue.Queue[str], seconds: float) -> str:
    try:
        return arrived.get(timeout=seconds)
    except queue.Empty:
        raise TemporarilyRefused(
            f"No redirect arrived within {seconds:g} seconds.",
            "Nobody has consented; what was there before stays as it is.",
            "Run ml-connector connect again; with --no-browser the address can be pasted.",
        ) from None
