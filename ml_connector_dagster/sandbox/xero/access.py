"""The gate before every accounting call: token, limits, organisation, scope, tier; and the call counters behind it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ml_connector_dagster.sandbox.refusal import Refusal
from ml_connector_dagster.sandbox.xero.answers import plain, problem
from ml_connector_dagster.sandbox.xero.cloud import XeroCloud
from ml_connector_dagster.sandbox.xero.oauth import Access
from ml_connector_dagster.sandbox.xero.scopes import allows
from ml_connector_dagster.sandbox.xero.tenant import Tenant

_NO_REPORTING = "You are not permitted to access this resource without the reporting role or higher privileges"
_NEEDS_REPORTING = ("Reports/", "ManualJournals", "Journals")


@dataclass(frozen=True)
class Call:
    """One admitted accounting call."""

    cloud: XeroCloud
    tenant: Tenant
    request: Request
    app: str
    body: bytes

    @property
    def now_ms(self) -> int:
        return self.cloud.world.clock.now_ms()


Handler = Callable[[Call], Response]


def accounting(cloud: XeroCloud, resource: str, handler: Handler) -> Callable[[Request], Any]:
    """Wrap a handler of one resource into an endpoint that admits, counts, and answers refusals."""

    async def endpoint(request: Request) -> Response:
        headers: dict[str, str] = {}
        try:
            access = bearer(cloud, request)
            app, tenant_id = access.grant.app.client_id, _tenant_id(access, request)
            cloud.calls[f"{request.method} {resource} {tenant_id}"] += 1
            headers = cloud.limits.count(app, tenant_id)
            with cloud.limits.flight(app, tenant_id):
                if cloud.latency_seconds:
                    await asyncio.sleep(cloud.latency_seconds)
                _admit(cloud, access, tenant_id, resource, request.method)
                body = await request.body()
                with cloud.world.lock:
                    call = Call(cloud, cloud.tenant(tenant_id), request, app, body)
                    response = handler(call)
        except Refusal as refusal:
            response = refusal.response
        for name, value in headers.items():  # an answer from the idempotency cache too tells what is left now
            response.headers[name] = value
        return response

    return endpoint


def bearer(cloud: XeroCloud, request: Request) -> Access:
    """What the bearer token stands for; Refusal with 401 where it is missing, unknown, expired or revoked."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    access = cloud.identity.access(token) if kind.lower() == "bearer" else None
    if access is None:
        raise problem(401, "Unauthorized", "AuthenticationUnsuccessful")
    if cloud.world.clock.now().timestamp() >= access.expires_at:
        ended = datetime.fromtimestamp(access.expires_at, UTC)
        raise problem(401, "Unauthorized", f"TokenExpired: token expired at {ended:%m/%d/%Y %H:%M:%S}")
    if access.grant.revoked:
        raise problem(401, "Unauthorized", "AuthorizationUnsuccessful")
    return access


def _tenant_id(access: Access, request: Request) -> str:
    """The organisation asked for; a custom connection has only one and names none."""
    header = request.headers.get("xero-tenant-id", "").lower()
    if not header and access.grant.app.kind == "custom":
        header = next(iter(access.grant.connections), "")
    if header not in access.grant.connections:
        raise problem(403, "Forbidden", "AuthenticationUnsuccessful")
    return header


def _admit(cloud: XeroCloud, access: Access, tenant_id: str, resource: str, method: str) -> None:
    if cloud.organisation_offline:
        raise plain(503, "The organisation is offline", {"Retry-After": "30"})
    if not allows(access.scopes, resource, writing=method != "GET"):
        raise problem(
            401,
            "Unauthorized",
            "AuthorizationUnsuccessful",
            headers={"WWW-Authenticate": 'Bearer error="insufficient_scope"'},
        )
    if resource == "Journals" and cloud.tier != "advanced":
        raise problem(401, "Unauthorized", "AuthorizationUnsuccessful")
    if not cloud.user_may_report and resource.startswith(_NEEDS_REPORTING):
        raise plain(403, _NO_REPORTING)
    assert tenant_id
