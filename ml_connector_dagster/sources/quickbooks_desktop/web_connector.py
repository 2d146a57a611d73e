"""Where the customer's Web Connector calls: its SOAP methods and the support page, mounted by ``ml-connector serve``.

A plain GET must answer 200: the Web Connector verifies the certificate by one before its first call. Put a proxy with TLS
before it that passes bodies of ``MOST_BODY_BYTES``, does not redirect, and waits two minutes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from ml_connector_dagster.errors import ConnectorError, RequestRejected
from ml_connector_dagster.sources.quickbooks_desktop import soap
from ml_connector_dagster.sources.quickbooks_desktop.qwc import SOAP_PATH, SUPPORT_PATH
from ml_connector_dagster.sources.quickbooks_desktop.sessions import Sessions
from ml_connector_dagster.sources.quickbooks_desktop.soap import Called
from ml_connector_dagster.sources.quickbooks_desktop.support import SupportPage

if TYPE_CHECKING:
    from ml_connector_dagster.store.engine import Store

MOST_BODY_BYTES = 40 * 1024 * 1024
"""A larger answer is refused before it is read to its end; it counts as lost, and half as much is asked for."""
Result = str | int | Sequence[str]


def routes(store: Store) -> list[Route]:
    """Answer the routes of the Web Connectors of every company of a store."""
    sessions = Sessions(store)
    endpoint = Endpoint(sessions)
    return [
        Route(SOAP_PATH, endpoint.greet, methods=["GET", "HEAD"]),
        Route(SOAP_PATH, endpoint.call, methods=["POST"]),
        Route(SUPPORT_PATH, SupportPage(store, sessions).show, methods=["GET", "HEAD"]),
    ]


class Endpoint:
    """The SOAP endpoint."""

    def __init__(self, sessions: Sessions) -> None:
        """Take the sessions that its calls move."""
        self._sessions = sessions

    async def greet(self, request: Request) -> Response:
        """Answer 200: whoever asks sees that the address is right."""
        del request
        return PlainTextResponse("This address is for the QuickBooks Web Connector.\n")

    async def call(self, request: Request) -> Response:
        """Take one SOAP call; each is one transaction, and nobody else is called for it."""
        try:
            body = await _body(request)
        except RequestRejected as error:
            return _xml(soap.fault("Client", str(error)), error.status)
        status, answer = await run_in_threadpool(self.answer, body)
        return _xml(answer, status)

    def answer(self, body: bytes) -> tuple[int, bytes]:
        """Answer status and envelope for the bytes of a call: 400 for none of ours, 500 where we cannot answer now."""
        try:
            asked = soap.called(body)
            method = _METHODS.get(asked.method.lower())
            if method is None:
                return 400, soap.fault("Client", f"There is no method {asked.method!r} here.")
            return 200, soap.answered(asked.method, method(self._sessions, asked))
        except RequestRejected as error:
            return error.status or 400, soap.fault("Client", str(error))
        except ConnectorError as error:
            return 500, soap.fault("Server", str(error))


def _authenticate(sessions: Sessions, called: Called) -> Result:
    return sessions.authenticate(called.text("strUserName"), called.text("strPassword"))


def _send_request(sessions: Sessions, called: Called) -> Result:
    return sessions.send_request(
        called.text("ticket"),
        called.text("strHCPResponse"),
        called.text("strCompanyFileName"),
        called.text("qbXMLCountry"),
        (called.number("qbXMLMajorVers"), called.number("qbXMLMinorVers")),
    )


def _receive_response(sessions: Sessions, called: Called) -> Result:
    return sessions.receive_response(*(called.text(name) for name in ("ticket", "response", "hresult", "message")))


def _connection_error(sessions: Sessions, called: Called) -> Result:
    return sessions.connection_error(*(called.text(name) for name in ("ticket", "hresult", "message")))


def _last_error(sessions: Sessions, called: Called) -> Result:
    return sessions.last_error(called.text("ticket"))


def _close(sessions: Sessions, called: Called) -> Result:
    return sessions.close(called.text("ticket"))


def _server_version(sessions: Sessions, called: Called) -> Result:
    del sessions, called
    return f"ml-connector {version('ml-connector-dagster')}"


def _always(sessions: Sessions, called: Called, *, text: str) -> Result:
    del sessions, called
    return text


_METHODS: Mapping[str, Callable[[Sessions, Called], Result]] = {
    "serverversion": _server_version,
    "getserverversion": _server_version,
    "clientversion": partial(_always, text=""),
    "authenticate": _authenticate,
    "sendrequestxml": _send_request,
    "receiveresponsexml": _receive_response,
    "connectionerror": _connection_error,
    "getlasterror": _last_error,
    "closeconnection": _close,
    "getinteractiveurl": partial(_always, text=""),
    "interactiverejected": partial(_always, text="There is no interactive mode here."),
    "interactivedone": partial(_always, text="Done"),
}
"""By lower-case name. Every version of the Web Connector may go on: what counts is the qbXML of the QuickBooks behind it."""


async def _body(request: Request) -> bytes:
    """Read the body, and no more of it than is taken.

    Raises:
        RequestRejected: It is larger, or no XML; ``status`` is 413 or 415.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in ("text/xml", "application/soap+xml", "application/xml"):
        raise _refused(f"A body of type {kind!r} came; the Web Connector sends text/xml.", 415)
    declared = request.headers.get("content-length", "0")
    if declared.isascii() and declared.isdigit() and int(declared[:20]) > MOST_BODY_BYTES:
        raise _refused(f"A body of {declared[:20]} bytes came; {MOST_BODY_BYTES} are taken at most.", 413)
    parts = bytearray()
    async for part in request.stream():
        parts += part
        if len(parts) > MOST_BODY_BYTES:
            raise _refused(f"A body of more than {MOST_BODY_BYTES} bytes came.", 413)
    return bytes(parts)


def _refused(happened: str, status: int) -> RequestRejected:
    return RequestRejected(happened, "Nothing of it was kept.", "Less is asked for by itself next time.", status=status)


def _xml(body: bytes, status: int) -> Response:
    return Response(body, status, headers={"Cache-Control": "no-store"}, media_type="text/xml; charset=utf-8")
