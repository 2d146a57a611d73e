"""Addresses of the authentication service and of OAuth."""

import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from ml_connector_dagster.sandbox.anaplan.logins import LoginRefused, Token
from ml_connector_dagster.sandbox.anaplan.oauth import OAuthRefused
from ml_connector_dagster.sandbox.anaplan.tenant import Tenant

VALIDATION_URL = "https://auth.anaplan.com/token/validate"
_Answer = Callable[[Request], Awaitable[Response]]


def auth_routes(tenant: Tenant) -> list[BaseRoute]:
    """Everything beside /2/0."""
    return [
        Route("/token/authenticate", _guarded(tenant, _authenticate), methods=["POST"]),
        Route("/token/refresh", _guarded(tenant, _refresh), methods=["POST"]),
        Route("/token/validate", _guarded(tenant, _validate), methods=["GET"]),
        Route("/token/logout", _guarded(tenant, _logout), methods=["POST"]),
        Route("/auth/prelogin", _prelogin, methods=["GET"]),
        Route("/auth/authorize", _guarded(tenant, _authorize), methods=["GET"]),
        Route("/oauth/device/code", _guarded(tenant, _device), methods=["POST"]),
        Route("/oauth/token", _guarded(tenant, _oauth_token), methods=["POST"]),
        Route("/activate", _guarded(tenant, _activate), methods=["GET"]),
    ]


def _guarded(tenant: Tenant, handler: Callable[[Tenant, Request], Awaitable[Response]]) -> _Answer:
    """Writes refusals in the shape of the service that refused."""

    async def answer(request: Request) -> Response:
        try:
            return await handler(tenant, request)
        except LoginRefused as refused:
            body = {"status": refused.code, "statusMessage": str(refused)}
            return JSONResponse(body, status_code=refused.status)
        except OAuthRefused as refused:
            return JSONResponse(refused.shown(), status_code=refused.status)

    return answer


async def _authenticate(tenant: Tenant, request: Request) -> Response:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme == "Basic":
        return _login(tenant.logins.by_password(value), 201, "Login successful")
    if scheme == "CACertificate":
        return _login(tenant.logins.by_certificate(value, await _body(request)), 201, "Login successful")
    raise LoginRefused(400, "FAILURE_BAD_HEADER", "Invalid header. Verify the header.")


async def _refresh(tenant: Tenant, request: Request) -> Response:
    token = tenant.logins.refresh(_token_value(request))
    if token is None:
        raise LoginRefused(401, "FAILURE_BAD_CREDENTIAL", "The token has expired or was logged out.")
    return _login(token, 200, "Token refreshed")


async def _validate(tenant: Tenant, request: Request) -> Response:
    token = tenant.logins.valid(_token_value(request))
    if token is None:
        raise LoginRefused(401, "FAILURE_BAD_CREDENTIAL", "The token has expired or was logged out.")
    user = {"userGuid": token.user.guid, "userId": token.user.email, "customerGuid": tenant.customer_guid}
    info = {"tokenId": token.token_id, "expiresAt": round(token.expires_at * 1000)}
    body = {"meta": _meta(), "status": "SUCCESS", "statusMessage": "Token validated", "tokenInfo": info}
    return JSONResponse({**body, "userInfo": user})


async def _logout(tenant: Tenant, request: Request) -> Response:
    if not tenant.logins.logout(_token_value(request)):
        raise LoginRefused(401, "FAILURE_BAD_CREDENTIAL", "The token has expired or was logged out.")
    return Response(status_code=204)


async def _prelogin(_request: Request) -> Response:
    return HTMLResponse("<html><body><h1>Log in</h1></body></html>")


async def _authorize(tenant: Tenant, request: Request) -> Response:
    """The demo user consents at once; the browser is sent back with code and state."""
    query = dict(request.query_params)
    code = tenant.oauth.authorize(query)
    answer = {"code": code, **({"state": query["state"]} if "state" in query else {})}
    return RedirectResponse(f"{query['redirect_uri']}?{urlencode(answer)}", status_code=302)


async def _device(tenant: Tenant, request: Request) -> Response:
    base_url = str(request.url).partition("/oauth/")[0]
    return JSONResponse(tenant.oauth.start_device(await _body(request), base_url))


async def _oauth_token(tenant: Tenant, request: Request) -> Response:
    return JSONResponse(tenant.oauth.token(await _body(request)))


async def _activate(tenant: Tenant, request: Request) -> Response:
    """The page a person opens for a device: with a code it approves (the demo user), or denies with deny=1."""
    code = request.query_params.get("user_code", "")
    found = tenant.oauth.answer_device(code, approve=request.query_params.get("deny") != "1")
    text = "The device may now connect." if found else "Enter the code that your device shows."
    return HTMLResponse(f"<html><body><p>{text}</p></body></html>")


def _login(token: Token, status: int, message: str) -> Response:
    info = {
        "tokenId": token.token_id,
        "tokenValue": token.value,
        "expiresAt": round(token.expires_at * 1000),
        "refreshTokenId": token.refresh_id,
    }
    body = {"meta": _meta(), "status": "SUCCESS", "statusMessage": message, "tokenInfo": info}
    return JSONResponse(body, status_code=status)


def _token_value(request: Request) -> str:
    """Only AnaplanAuthToken is taken here; Bearer is a bad header."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme != "AnaplanAuthToken":
        raise LoginRefused(400, "FAILURE_BAD_HEADER", "Invalid header. Verify the header.")
    return value


async def _body(request: Request) -> dict[str, str]:
    """JSON, the documented form, or a form body, which works too."""
    raw = await request.body()
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return {key: str(value) for key, value in (await request.form()).items()}
    try:
        body: Any = json.loads(raw or b"{}")
    except ValueError as wrong:
        raise LoginRefused(400, "FAILURE_BAD_HEADER", "The body is not JSON.") from wrong
    return body if isinstance(body, dict) else {}


def _meta() -> dict[str, str]:
    return {"validationUrl": VALIDATION_URL}
