"""A vendor's token endpoint on loopback that rotates, tolerates or kills, and may lose an answer."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

from ml_connector_dagster.transport.grant_policy import GrantPolicy


@dataclass
class FakeGrant:
    """One user's grant at one vendor.

    ``grace``: a superseded refresh token still works. ``kill``: showing one ends the whole grant. ``fixed``: never rotates.
    """

    behaviour: str = "grace"
    expires_in: int = 1800
    script: list[str] = field(default_factory=list)
    """What happens to each POST in turn: answer, lose (handled, no answer), drop (not handled), busy, page, client,
    or a status and a body such as ``400 {}``."""
    base_url: str = ""
    posts: int = 0
    issued: int = 0
    alive: bool = True
    refresh: str = "refresh-0"
    superseded: set[str] = field(default_factory=set)
    access: set[str] = field(default_factory=set)
    revoked: list[str] = field(default_factory=list)
    revoked_as: list[str] = field(default_factory=list)
    """The content type of each revocation; empty for one in the query."""
    authorizations: list[str] = field(default_factory=list)
    content_types: list[str] = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def policy(self, **changes: object) -> GrantPolicy:
        """Where it lives and how it says it behaves."""
        values: dict[str, object] = {
            "vendor": "xero",
            "authorize_url": f"{self.base_url}/authorize",
            "token_url": f"{self.base_url}/token",
            "revoke_url": f"{self.base_url}/revoke",
            "scopes": ("offline_access", "accounting.read"),
            "single_use_refresh": True,
            "old_token_grace_seconds": 1800 if self.behaviour == "grace" else 0,
            "uses_pkce": True,
        }
        return GrantPolicy(**{**values, **changes})  # type: ignore[arg-type]

    def consent(self) -> str:
        """A person consents anew: the raw token answer; older tokens are dead."""
        with self.lock:
            self.alive = True
            self.superseded, self.access = set(), set()
            self.refresh = f"refresh-of-a-new-grant-{self.issued}"
            return self._grant()

    def accepts(self, access_token: str) -> bool:
        """Whether the vendor's API would take it."""
        return self.alive and access_token in self.access

    def answer(self, form: dict[str, str]) -> tuple[int, str]:
        """Handle one token request."""
        with self.lock:
            self.asked.append(form)
            if form.get("grant_type") == "authorization_code":
                return 200, self._grant()
            shown = form.get("refresh_token", "")
            if not self.alive or (shown != self.refresh and not self._old(shown)):
                return 400, json.dumps({"error": "invalid_grant"})
            return 200, self._grant()

    def _old(self, shown: str) -> bool:
        if self.behaviour == "kill" and shown in self.superseded:
            self.alive = False
        return self.behaviour == "grace" and shown in self.superseded

    def _grant(self) -> str:
        self.issued += 1
        if self.behaviour != "fixed":
            self.superseded.add(self.refresh)
            self.refresh = f"refresh-{self.issued}"
        self.access.add(f"access-{self.issued}")
        body = {"access_token": f"access-{self.issued}", "expires_in": self.expires_in, "token_type": "Bearer"}
        return json.dumps(body | {"refresh_token": self.refresh})


@contextmanager
def serving(grant: FakeGrant) -> Iterator[FakeGrant]:
    """Serve it on a free port of loopback while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.0"

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", "0"))
            body = self.rfile.read(length).decode()
            kind = self.headers.get("Content-Type", "")
            form = (
                json.loads(body) if kind == "application/json" else {key: one[0] for key, one in parse_qs(body).items()}
            )
            path, _, query = self.path.partition("?")
            if path == "/revoke":
                grant.revoked.append(form.get("token") or parse_qs(query)["token"][0])
                grant.revoked_as.append(kind if body else "")
                return self._say(200, "")
            with grant.lock:
                grant.posts += 1
                plan = grant.script.pop(0) if grant.script else "answer"
            grant.authorizations.append(self.headers.get("Authorization", ""))
            grant.content_types.append(kind)
            if plan[:3].isdigit():
                return self._say(int(plan[:3]), plan[4:])
            if plan in ("busy", "client", "page"):
                refused = {
                    "busy": (503, "busy"),
                    "client": (401, '{"error":"invalid_client"}'),
                    "page": (200, "<html>"),
                }
                return self._say(*refused[plan])
            if plan == "drop":
                return None
            status, body = grant.answer(form)
            return None if plan == "lose" else self._say(status, body)

        def _say(self, status: int, body: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    grant.base_url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield grant
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
