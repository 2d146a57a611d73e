"""The HTTP face of the identity service: discovery, authorize, token, revocation."""

import base64
import binascii
from urllib.parse import urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from ml_connector_dagster.sandbox.quickbooks_online.oauth import CLIENT_ID, REDIRECT_URI, SCOPES, Identity, OAuthRefusal

TOKEN_PATH = "/oauth2/v1/tokens/bearer"  # noqa: S105 - a path
REVOKE_PATH = "/v2/oauth2/tokens/revoke"
_SORRY = "<html><body><h1>Sorry, but Fennimore didn't connect</h1><p>{error}</p></body></html>"


def identity_routes(identity: Identity) -> list[BaseRoute]:
    """All routes that are not the accounting API."""
    pages = _Pages(identity)
    documents = [
        Route(f"/.well-known/{name}{slash}", pages.discovery, methods=["GET"])
        for name in ("openid_configuration", "openid_sandbox_configuration")
        for slash in ("", "/")
    ]
    return [
        *documents,
        Route("/connect/oauth2", pages.authorize, methods=["GET"]),
        Route(TOKEN_PATH, pages.token, methods=["POST"]),
        Route(REVOKE_PATH, pages.revoke, methods=["POST"]),
    ]


class _Pages:
    def __init__(self, identity: Identity) -> None:
        self._identity = identity

    async def discovery(self, request: Request) -> Response:
        base = f"{request.url.scheme}://{request.url.netloc}/quickbooks_online"
        return JSONResponse(
            {
                "issuer": f"{base}/op/v1",
                "authorization_endpoint": f"{base}/connect/oauth2",
                "token_endpoint": base + TOKEN_PATH,
                "userinfo_endpoint": f"{base}/v1/openid_connect/userinfo",
                "revocation_endpoint": base + REVOKE_PATH,
                "jwks_uri": f"{base}/op/v1/jwks",
                "response_types_supported": ["code"],
                "scopes_supported": sorted(SCOPES),
                "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            }
        )

    async def authorize(self, request: Request) -> Response:
        """The company's admin consents at once; a wrong client or redirect is shown, never sent on."""
        query = dict(request.query_params)
        if query.get("client_id") != CLIENT_ID:
            return Response(_SORRY.format(error="The client_id is unknown."), 400, media_type="text/html")
        if query.get("redirect_uri") != REDIRECT_URI:
            return Response(_SORRY.format(error="The redirect_uri is invalid."), 400, media_type="text/html")
        if query.get("response_type") != "code" or not query.get("state"):
            return Response(_SORRY.format(error="A parameter is missing."), 400, media_type="text/html")
        state = {"state": query["state"]}
        try:
            told = self._identity.consent(query) | state
        except OAuthRefusal as refusal:
            told = {"error": refusal.body["error"]} | state
        return RedirectResponse(f"{REDIRECT_URI}?{urlencode(told)}", 302)

    async def token(self, request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}
        asked = request.headers.get("x-include-refresh-token-hard-expires-in", "").lower() == "true"
        try:
            answer = self._identity.token(form, _basic(request), hard_expiry=asked)
        except OAuthRefusal as refusal:
            return JSONResponse(refusal.body, refusal.status)
        return JSONResponse(answer, headers={"Cache-Control": "no-cache, no-store"})

    async def revoke(self, request: Request) -> Response:
        try:
            token = msgspec.json.decode(await request.body()).get("token", "")
        except (msgspec.DecodeError, AttributeError):
            return JSONResponse({"error": "invalid_request"}, 400)
        try:
            self._identity.revoke(str(token), _basic(request))
        except OAuthRefusal as refusal:
            return JSONResponse(refusal.body, refusal.status)
        return Response("", 200)


def _basic(request: Request) -> tuple[str, str] | None:
    kind, _, encoded = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return client_id, secret
