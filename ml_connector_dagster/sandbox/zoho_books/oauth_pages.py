"""The HTTP face of Zoho Accounts, one per data centre: the consent page, tokens, revocation, the list of hosts."""

import re
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from ml_connector_dagster.sandbox.zoho_books.oauth import CLIENT_ID, Accounts, OAuthRefusal
from ml_connector_dagster.sandbox.zoho_books.places import PLACES

_REDIRECT = re.compile(r"http://localhost(:\d+)?/connect/callback")
_SORRY = "<html><body><h1>An error has occurred</h1><p>{error}</p></body></html>"


def oauth_routes(accounts: Accounts, location: str) -> list[BaseRoute]:
    """The routes of one data centre's accounts host."""
    return [
        Route("/oauth/v2/auth", _authorize(accounts), methods=["GET"]),
        Route("/oauth/v2/token", _token(accounts, location), methods=["POST"]),
        Route("/oauth/v2/token/revoke", _revoke(accounts, location), methods=["POST"]),
        Route("/oauth/serverinfo", _server_info, methods=["GET"]),
    ]


def _authorize(accounts: Accounts) -> Any:
    async def authorize(request: Request) -> Response:
        """The demo user consents at once, at the own data centre, wherever the consent began."""
        query = dict(request.query_params)
        redirect = query.get("redirect_uri", "")
        if query.get("client_id") != CLIENT_ID:
            return Response(_SORRY.format(error="Invalid Client ID"), 400, media_type="text/html")
        if not _REDIRECT.fullmatch(redirect):
            return Response(_SORRY.format(error="Invalid Redirect Uri"), 400, media_type="text/html")
        state = {"state": query["state"]} if "state" in query else {}
        try:
            place = PLACES[accounts.location]
            code = accounts.consent(query)
            answer = state | {"code": code, "location": place.location, "accounts-server": place.accounts_server}
        except OAuthRefusal as refusal:
            answer = state | {"error": refusal.error}
        return RedirectResponse(f"{redirect}?{urlencode(answer)}", 302)

    return authorize


def _token(accounts: Accounts, location: str) -> Any:
    async def token(request: Request) -> Response:
        """Errors are a key of the body, nearly always with 200."""
        try:
            return JSONResponse(accounts.token(location, await _form(request)))
        except OAuthRefusal as refusal:
            body = {"error": refusal.error}
            if refusal.description:
                body |= {"error_description": refusal.description, "status": "failure"}
            return JSONResponse(body, refusal.status)

    return token


def _revoke(accounts: Accounts, location: str) -> Any:
    async def revoke(request: Request) -> Response:
        accounts.revoke(location, (await _form(request)).get("token", ""))
        return JSONResponse({"status": "success"})

    return revoke


async def _server_info(_request: Request) -> Response:
    """Cn is on its own and is not told of."""
    hosts = {place.location: place.accounts_server for place in PLACES.values() if place.location != "cn"}
    return JSONResponse({"result": "success", "locations": hosts})


async def _form(request: Request) -> dict[str, str]:
    """Form fields and query parameters together: Zoho's own examples show both."""
    form = {name: str(value) for name, value in (await request.form()).items()}
    return dict(request.query_params) | form
