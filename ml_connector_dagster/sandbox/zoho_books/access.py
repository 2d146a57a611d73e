"""The gate before every call of the API: token, organisation, scope, limits; and the headers that every answer carries."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ml_connector_dagster.sandbox.zoho_books.answers import Refusal, invalid, not_authorised
from ml_connector_dagster.sandbox.zoho_books.cloud import ZohoCloud
from ml_connector_dagster.sandbox.zoho_books.company import ORGANIZATION_ID, Company
from ml_connector_dagster.sandbox.zoho_books.scopes import allows

_SCHEME = "Zoho-oauthtoken"


@dataclass(frozen=True)
class Call:
    """One admitted call."""

    cloud: ZohoCloud
    request: Request
    body: bytes

    @property
    def company(self) -> Company:
        return self.cloud.company

    @property
    def query(self) -> dict[str, str]:
        return dict(self.request.query_params)


Handler = Callable[[Call], Response]


def guarded(cloud: ZohoCloud, location: str, module: str, handler: Handler, *, needs_organization: bool = True) -> Any:
    """Wrap a handler of one module into an endpoint that admits, counts, and answers refusals."""

    async def endpoint(request: Request) -> Response:
        try:
            response = await _admitted(cloud, location, module, handler, request, needs_organization)
        except Refusal as refusal:
            response = refusal.response(cloud.settings.language)
        for name, value in cloud.limits.headers().items():
            response.headers[name] = value
        return response

    return endpoint


async def _admitted(
    cloud: ZohoCloud,
    location: str,
    module: str,
    handler: Handler,
    request: Request,
    needs_organization: bool,  # noqa: FBT001 - passed on by the one caller above
) -> Response:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    access = cloud.accounts.access(location, token) if scheme == _SCHEME else None
    if access is None:
        raise not_authorised()
    if needs_organization:
        _check_organization(request)
    cloud.limits.admit()
    path = re.sub(r"\d{6,}", "{id}", request.url.path.partition("/books/v3")[2])
    cloud.calls[f"{request.method} {path}"] += 1
    with cloud.limits.flight():
        if cloud.settings.latency_seconds:
            await asyncio.sleep(cloud.settings.latency_seconds)
        if module in cloud.settings.forbidden or not (module == "" or allows(access.scopes, module, request.method)):
            raise not_authorised()
        failing = cloud.settings.failing_with_200.pop(path, None)
        if failing is not None:
            raise Refusal(200, failing, "Something went wrong")
        body = await request.body()
        with cloud.world.lock:
            return handler(Call(cloud, request, body))


def _check_organization(request: Request) -> None:
    """organization_id travels as a query parameter on every call, also on POST."""
    asked = request.query_params.get("organization_id", "")
    if not asked:
        raise invalid("organization_id")
    if asked != ORGANIZATION_ID:
        raise not_authorised()
