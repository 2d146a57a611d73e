"""The consent pages: each browser gets a secret of its own, and only it can finish what it began."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from ml_connector_dagster.connections.consent import Consents
from ml_connector_dagster.connections.credentials import Credentials
from ml_connector_dagster.connections.opening import Connector
from ml_connector_dagster.errors import ConnectorError, RequestRejected, TemporarilyRefused
from ml_connector_dagster.inbound import pages

CALLBACK = "/connect/callback"
COOKIE = "mlc_session"


@dataclass(frozen=True, slots=True)
class ConsentPages:
    """The routes below ``/connect``."""

    connector: Connector
    public_url: str
    """What browsers and vendors call this app, without a trailing slash; the redirect address is exactly below it."""

    def routes(self) -> list[Route]:
        """Answer the routes; the exact ones come before the one with a name in it."""
        return [
            Route("/connect", self.overview),
            Route(CALLBACK, self.callback),
            Route("/connect/paste", self.paste, methods=["POST"]),
            Route("/connect/{name}", self.begin, methods=["POST"]),
        ]

    async def overview(self, request: Request) -> Response:
        """Show the credentials; gives the browser its session."""
        session = request.cookies.get(COOKIE) or secrets.token_urlsafe(32)
        credentials = await run_in_threadpool(Credentials(self.connector.store).all)
        answer = pages.overview([one for one in credentials if one.kind == "oauth"], _token(session))
        secure = urlsplit(self.public_url).scheme == "https"
        answer.set_cookie(COOKIE, session, max_age=3600, httponly=True, samesite="lax", secure=secure, path="/connect")
        return answer

    async def begin(self, request: Request) -> Response:
        """Send the browser to the vendor."""
        session, form = await _posted(request)
        name = request.path_params["name"]
        refused = _forged(session, form)
        if refused is not None:
            return refused

        def begin() -> Response:
            began = Consents(self.connector).begin(name, redirect_uri=self.public_url + CALLBACK, session=session)
            return RedirectResponse(began.authorize_url, 303, headers=pages.HEADERS)

        return await run_in_threadpool(_shown, begin)

    async def callback(self, request: Request) -> Response:
        """Take the vendor's redirect."""
        session = request.cookies.get(COOKIE, "")
        return await run_in_threadpool(_shown, lambda: self._finish(str(request.url), session))

    async def paste(self, request: Request) -> Response:
        """Take a redirect address that a person pasted."""
        session, form = await _posted(request)
        refused = _forged(session, form)
        if refused is not None:
            return refused
        return await run_in_threadpool(_shown, lambda: self._finish(form.get("address", "").strip(), session))

    def _finish(self, address: str, session: str) -> Response:
        consented = Consents(self.connector).finish(address, session=session)
        return pages.connected(consented.credential, consented.companies)


def _token(session: str) -> str:
    """Answer the form token of a session: another site's form cannot know it."""
    return hmac.new(session.encode(), b"form", "sha256").hexdigest()


async def _posted(request: Request) -> tuple[str, dict[str, str]]:
    form = await request.form(max_files=0, max_fields=10)
    return request.cookies.get(COOKIE, ""), {key: str(value) for key, value in form.items()}


def _forged(session: str, form: dict[str, str]) -> Response | None:
    if session and hmac.compare_digest(_token(session), form.get("token", "")):
        return None
    error = RequestRejected(
        "The form does not belong to this browser's session.",
        "Another site may have sent it, or the cookie is gone; nothing was done.",
        "Open /connect again and press the button there.",
        status=403,
    )
    return pages.failed(error, 403)


def _shown(work: Callable[[], Response]) -> Response:
    try:
        return work()
    except TemporarilyRefused as error:
        return pages.failed(error, 503)
    except ConnectorError as error:
        return pages.failed(error, 400)
