"""Consent page, token server and users/me: everything that belongs to the person and to no business."""

from typing import Any
from urllib.parse import parse_qsl, urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from ml_connector_dagster.sandbox.freshbooks import firm, oauth
from ml_connector_dagster.sandbox.freshbooks.access import Call, guarded
from ml_connector_dagster.sandbox.freshbooks.answers import answer
from ml_connector_dagster.sandbox.freshbooks.cloud import FreshBooksCloud
from ml_connector_dagster.sandbox.freshbooks.oauth import OAuthRefusal
from ml_connector_dagster.sandbox.freshbooks.stamps import zulu

_SORRY = "<html><body><h1>An error has occurred</h1><p>{error}</p></body></html>"
_FOREIGN_ACCOUNT_ID = "Zz91Ha"
_PERSON_ID = 14_660_312


def identity_routes(cloud: FreshBooksCloud) -> list[BaseRoute]:
    pages = _Pages(cloud)
    return [
        Route("/oauth/authorize", pages.authorize, methods=["GET"]),
        Route("/service/auth/oauth/authorize", pages.authorize, methods=["GET"]),
        Route("/auth/oauth/token", pages.token, methods=["POST"]),
        Route("/auth/oauth/revoke", pages.revoke, methods=["POST"]),
        Route("/.well-known/oauth-authorization-server", _metadata, methods=["GET"]),
        Route("/auth/api/v1/users/me", guarded(cloud, "identity", "profile", _me), methods=["GET"]),
    ]


class _Pages:
    def __init__(self, cloud: FreshBooksCloud) -> None:
        self._tokens = cloud.tokens

    async def authorize(self, request: Request) -> Response:
        """The demo person consents at once; a wrong client or redirect is shown and never sent on."""
        query = dict(request.query_params)
        if query.get("client_id") != oauth.CLIENT_ID:
            return Response(_SORRY.format(error="Client authentication failed."), 401, media_type="text/html")
        if query.get("redirect_uri") != oauth.REDIRECT_URI:
            error = "The redirect uri included is not valid."
            return Response(_SORRY.format(error=error), 401, media_type="text/html")
        state = {"state": query["state"]} if "state" in query else {}
        try:
            sent = {"code": self._tokens.consent(query)} | state
        except OAuthRefusal as refusal:
            sent = refusal.body | state
        return RedirectResponse(f"{oauth.REDIRECT_URI}?{urlencode(sent)}", 302)

    async def token(self, request: Request) -> Response:
        """Form or JSON; a stale Authorization header beside it is no matter."""
        try:
            return answer(self._tokens.token(await _body(request)))
        except OAuthRefusal as refusal:
            return answer(refusal.body, refusal.status)

    async def revoke(self, request: Request) -> Response:
        try:
            self._tokens.revoke(await _body(request))
        except OAuthRefusal as refusal:
            return answer(refusal.body, refusal.status)
        return answer({})


async def _body(request: Request) -> dict[str, str]:
    raw = await request.body()
    if "json" in request.headers.get("content-type", ""):
        try:
            return {str(name): str(value) for name, value in msgspec.json.decode(raw).items()}
        except (msgspec.DecodeError, AttributeError) as wrong:
            raise OAuthRefusal("invalid_request", "The body is no JSON object.") from wrong
    return dict(parse_qsl(raw.decode()))


async def _metadata(request: Request) -> Response:
    root = str(request.base_url).rstrip("/")
    paths = {name: f"{root}/service/auth/oauth/{name}" for name in ("authorize", "token", "revoke", "introspect")}
    return answer(
        {
            "issuer": root,
            "authorization_endpoint": paths["authorize"],
            "token_endpoint": paths["token"],
            "revocation_endpoint": paths["revoke"],
            "introspection_endpoint": paths["introspect"],
            "code_challenge_methods_supported": ["S256"],
        }
    )


def _me(call: Call) -> Response:
    """No result layer here. Two memberships; in a third account the person is merely somebody's client."""
    opened = call.company.by_name["Cash"].updated_ms
    person: dict[str, Any] = {
        "id": _PERSON_ID,
        "identity_id": _PERSON_ID,
        "identity_uuid": "0c9f7b52-1d0e-4a8e-9b1d-5f6a3c2e7d40",
        "first_name": "Rosa",
        "last_name": "Lindqvist",
        "email": "rosa@lanternloom.example",
        "language": "en",
        "created_at": zulu(opened),
        "setup_complete": True,
        "profile": {"timezone": "America/New_York", "time_format": 0, "is_email_confirmed": True},
        "permissions": {
            firm.ACCOUNT_ID: _permissions(call.cloud),
            firm.SIDE_ACCOUNT_ID: {"accounts_payable.access": False, "advanced_accounting.access": False},
        },
        "business_memberships": [
            _membership(901, "owner", firm.ACCOUNT_ID, firm.BUSINESS_ID, firm.BUSINESS_UUID, "Lantern & Loom LLC"),
            _membership(
                902,
                "manager",
                firm.SIDE_ACCOUNT_ID,
                firm.SIDE_BUSINESS_ID,
                firm.SIDE_BUSINESS_UUID,
                "Loom Side Projects",
            ),
        ],
        "roles": [
            {"id": 71, "role": "admin", "accountid": firm.ACCOUNT_ID, "systemid": 1, "userid": 1},
            {"id": 72, "role": "admin", "accountid": firm.SIDE_ACCOUNT_ID, "systemid": 2, "userid": 1},
            {"id": 73, "role": "client", "accountid": _FOREIGN_ACCOUNT_ID, "systemid": 3, "userid": 88_213},
        ],
        "groups": [],
        "subscription_statuses": {},
        "business_statuses": {},
    }
    return answer({"response": person})


def _permissions(cloud: FreshBooksCloud) -> dict[str, Any]:
    accounting = cloud.allows("accounting")
    return {
        "accounts_payable.access": cloud.allows("bills"),
        "advanced_accounting.access": accounting,
        "flexcoa_advanced_accounting.access": accounting,
        "manual_journal_entries_feature.access": accounting,
        "staff.limit": -1,
    }


def _membership(
    number: int, role: str, account_id: str, business_id: int, business_uuid: str, name: str
) -> dict[str, Any]:
    business = {
        "id": business_id,
        "business_uuid": business_uuid,
        "name": name,
        "account_id": account_id,
        "date_format": "mm/dd/yyyy",
        "timezone": "America/Chicago",
        "status": "active",
        "active": True,
        "advanced_accounting_enabled": account_id == firm.ACCOUNT_ID,
        "billing_country_code": "USA",
        "address": {"country": "United States"},
        "phone_number": {"id": number, "phone_number": "555-0100"},
        "business_clients": [],
    }
    return {
        "id": number,
        "role": role,
        "unacknowledged_change": False,
        "fasttrack_token": f"fasttrack-canary-{account_id}",
        "business": business,
    }
