"""The gate before every accounting call: token, realm, limits, the realm's state; and the counters behind it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ml_connector_dagster.sandbox.quickbooks_online.answers import fault, unauthorized
from ml_connector_dagster.sandbox.quickbooks_online.cloud import QuickBooksCloud
from ml_connector_dagster.sandbox.quickbooks_online.company import Company
from ml_connector_dagster.sandbox.refusal import Refusal

_STATES = {
    "120": (403, "User removed from company", "AuthorizationFault"),
    "130": (403, "Wrong cluster", "AuthorizationFault"),
    "140": (403, "Company locked out", "AuthorizationFault"),
    "150": (403, "Company under maintenance", "AuthorizationFault"),
    "3100": (403, "message=ApplicationAuthorizationFailed; errorCode=003100; statusCode=403", "AuthorizationFault"),
    "5020": (403, "Permission Denied Error", "ValidationFault"),
    "6190": (403, "Invalid Company Status", "ValidationFault"),
}


@dataclass(frozen=True)
class Call:
    """One admitted call."""

    cloud: QuickBooksCloud
    request: Request
    body: bytes

    @property
    def company(self) -> Company:
        return self.cloud.company

    @property
    def now(self) -> datetime:
        return self.cloud.world.clock.now()

    def refuse(self, code: str, message: str, detail: str = "", **more: Any) -> Refusal:
        return fault(self.now, code, message, detail, **more)


Handler = Callable[[Call], Response]


def accounting(cloud: QuickBooksCloud, kind: Callable[[Request], str], handler: Handler) -> Callable[[Request], Any]:
    """Wrap a handler into an endpoint that admits, counts, and answers refusals."""

    async def endpoint(request: Request) -> Response:
        body = await request.body()
        with cloud.world.lock:
            cloud.calls[kind(request)] += 1
            try:
                _admit(cloud, request)
                return handler(Call(cloud, request, body))
            except Refusal as refusal:
                return refusal.response

    return endpoint


def _admit(cloud: QuickBooksCloud, request: Request) -> None:
    now = cloud.world.clock.now()
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    access = cloud.identity.access(token) if scheme.lower() == "bearer" else None
    if access is None:
        raise unauthorized(now, f"Token expired: {token[:6]}..." if token else "Missing token")
    if request.path_params.get("realm") != access.realm_id or not access.grant.accounting:
        raise realm_fault(now, "3100")
    cloud.limits.count()
    if cloud.refuses:
        raise realm_fault(now, cloud.refuses)


def realm_fault(now: datetime, code: str) -> Refusal:
    """The fault of a realm that does not answer; KeyError for a code that is none."""
    status, message, kind = _STATES[code]
    return fault(now, code, message, status=status, kind=kind)
