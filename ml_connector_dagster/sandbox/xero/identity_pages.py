"""The HTTP face of the identity service: authorize, token, revocation, connections."""

import base64
import binascii
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from ml_connector_dagster.sandbox.books.scribe import PROFILES_BY_KEY
from ml_connector_dagster.sandbox.refusal import Refusal
from ml_connector_dagster.sandbox.xero.access import bearer
from ml_connector_dagster.sandbox.xero.answers import not_found
from ml_connector_dagster.sandbox.xero.cloud import XeroCloud
from ml_connector_dagster.sandbox.xero.oauth import Access, OAuthRefusal

_REDIRECT = re.compile(r"http://localhost(:\d+)?/connect/callback")
_SORRY = "<html><body><h1>Sorry, something went wrong</h1><p>Error: {error}</p></body></html>"


def identity_routes(cloud: XeroCloud) -> list[BaseRoute]:
    """All routes that are not the accounting API. Paths in both spellings: Xero's documents and its SDK differ."""
    pages = _Pages(cloud)
    connections = [
        Route(path, _refusing(pages.connections), methods=["GET"]) for path in ("/connections", "/Connections")
    ]
    removal = [
        Route(path, _refusing(pages.disconnect), methods=["DELETE"])
        for path in ("/connections/{connection_id}", "/Connections/{connection_id}")
    ]
    return [
        Route("/identity/connect/authorize", pages.authorize, methods=["GET"]),
        Route("/connect/token", pages.token, methods=["POST"]),
        Route("/connect/revocation", pages.revoke, methods=["POST"]),
        *connections,
        *removal,
    ]


class _Pages:
    def __init__(self, cloud: XeroCloud) -> None:
        self._cloud = cloud

    async def authorize(self, request: Request) -> Response:
        """The demo user consents at once; a wrong client or redirect is shown to the user, never sent on."""
        query = dict(request.query_params)
        redirect = query.get("redirect_uri", "")
        if self._cloud.identity.app(query.get("client_id", "")) is None:
            return Response(_SORRY.format(error="unauthorized_client"), 400, media_type="text/html")
        if not _REDIRECT.fullmatch(redirect):
            return Response(_SORRY.format(error="Invalid redirect_uri"), 400, media_type="text/html")
        state = {"state": query["state"]} if "state" in query else {}
        try:
            answer = {"code": self._cloud.identity.consent(query), "scope": query.get("scope", "")} | state
        except OAuthRefusal as refusal:
            answer = {"error": refusal.error, "error_description": f"The request was refused: {refusal.error}"} | state
        return RedirectResponse(f"{redirect}?{urlencode(answer)}", 302)

    async def token(self, request: Request) -> Response:
        form, basic = await _form(request)
        try:
            return JSONResponse(self._cloud.identity.token(form, basic), headers={"Cache-Control": "no-store"})
        except OAuthRefusal as refusal:
            return JSONResponse({"error": refusal.error}, refusal.status)

    async def revoke(self, request: Request) -> Response:
        form, basic = await _form(request)
        try:
            self._cloud.identity.revoke(form, basic)
        except OAuthRefusal as refusal:
            return JSONResponse({"error": refusal.error}, refusal.status)
        return Response("", 200)

    def connections(self, request: Request, access: Access) -> Response:
        """The organisations of this grant; plain ISO stamps without a zone."""
        wanted = request.query_params.get("authEventId", "")
        names = {profile.tenant_id: profile.name for profile in PROFILES_BY_KEY.values()}
        shown = [
            {
                "id": connection.connection_id,
                "authEventId": connection.auth_event_id,
                "tenantId": tenant_id,
                "tenantType": "ORGANISATION",
                "tenantName": names[tenant_id],
                "createdDateUtc": connection.created_at,
                "updatedDateUtc": connection.updated_at,
            }
            for tenant_id, connection in access.grant.connections.items()
            if wanted in {"", connection.auth_event_id}
        ]
        return Response(msgspec.json.encode(shown), media_type="application/json")

    def disconnect(self, request: Request, access: Access) -> Response:
        if not self._cloud.identity.disconnect(access.grant, request.path_params["connection_id"]):
            raise not_found()
        return Response(status_code=204)

    def admit(self, request: Request) -> Access:
        access = bearer(self._cloud, request)
        self._cloud.calls[f"{request.method} connections"] += 1
        self._cloud.limits.count_app(access.grant.app.client_id)
        return access


def _refusing(page: Callable[[Request, Access], Response]) -> Callable[[Request], Any]:
    pages: _Pages = page.__self__  # type: ignore[attr-defined]

    async def endpoint(request: Request) -> Response:
        try:
            return page(request, pages.admit(request))
        except Refusal as refusal:
            return refusal.response

    return endpoint


async def _form(request: Request) -> tuple[dict[str, str], tuple[str, str] | None]:
    form = {name: str(value) for name, value in (await request.form()).items()}
    kind, _, encoded = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return form, None
    try:
        client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return form, ("", "")
    return form, (client_id, secret)
