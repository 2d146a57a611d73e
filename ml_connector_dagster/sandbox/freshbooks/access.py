"""The gate before every call: token, limits, membership, plan, scope; and the counters behind it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ml_connector_dagster.sandbox.freshbooks import firm
from ml_connector_dagster.sandbox.freshbooks.answers import Refusal, refused, version_of
from ml_connector_dagster.sandbox.freshbooks.cloud import FreshBooksCloud
from ml_connector_dagster.sandbox.freshbooks.company import Company
from ml_connector_dagster.sandbox.freshbooks.oauth import Access
from ml_connector_dagster.sandbox.freshbooks.scopes import scope_for

_BY_PATH = {
    "account_id": {firm.ACCOUNT_ID: firm.ACCOUNT_ID, firm.SIDE_ACCOUNT_ID: firm.SIDE_ACCOUNT_ID},
    "business_id": {str(firm.BUSINESS_ID): firm.ACCOUNT_ID, str(firm.SIDE_BUSINESS_ID): firm.SIDE_ACCOUNT_ID},
    "business_uuid": {firm.BUSINESS_UUID: firm.ACCOUNT_ID, firm.SIDE_BUSINESS_UUID: firm.SIDE_ACCOUNT_ID},
}
"""Each of a business's three ids, to its account_id."""
_ACCOUNTING = frozenset({"journal_entry_accounts", "journal_entry_details", "double_entry_reports"})
_BILLS = frozenset({"bills", "bill_payments", "bill_vendors"})


@dataclass(frozen=True)
class Call:
    """One admitted call."""

    cloud: FreshBooksCloud
    company: Company
    request: Request
    body: bytes
    access: Access


Handler = Callable[[Call], Response]


def guarded(cloud: FreshBooksCloud, family: str, resource: str, handler: Handler) -> Callable[[Request], Any]:
    """Wrap a handler of one resource into an endpoint that admits, counts, and answers refusals in the family's shape."""

    async def endpoint(request: Request) -> Response:
        headers: dict[str, str] = {}
        body = await request.body()
        with cloud.world.lock:
            try:
                cloud.calls[f"{request.method} {resource}"] += 1
                access = bearer(cloud, request)
                kind = "writes" if request.method == "POST" and family == "accounting" else "reads"
                passes, headers = cloud.limits.count(kind)
                _refuse_unless(passes)
                company = _company(cloud, request)
                _admit(cloud, access, resource, writing=request.method != "GET" and family != "events")
                response = handler(Call(cloud, company, request, body, access))
            except Refusal as refusal:
                version = version_of(request)
                response = refused(refusal, family, version, as_object_with_200=cloud.errors_with_200)
        headers["x-api-version"] = version_of(request)
        for name, value in headers.items():
            response.headers[name] = value
        return response

    return endpoint


def bearer(cloud: FreshBooksCloud, request: Request) -> Access:
    """What the bearer token stands for; a Refusal with 401 where it is missing, unknown, expired or revoked."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    found = cloud.tokens.access(token) if kind.lower() == "bearer" else None
    if found is None:
        raise Refusal(401, 1003, "This action requires authentication to continue.")
    return found


def require(cloud: FreshBooksCloud, access: Access, scope: str) -> None:
    """Refuse a token without the scope, naming what it has and what it needs."""
    held = access.grant.scopes - cloud.withheld
    if scope not in held:
        raise Refusal(
            403, 1003, f"Insufficient scope. Token has scopes: [{', '.join(sorted(held))}]. Needed scopes: [{scope}]."
        )


def _refuse_unless(passes: bool) -> None:  # noqa: FBT001 - the answer of Limits.count
    if not passes:
        raise Refusal(429, 429, "Too many requests. Please slow down.")


def _company(cloud: FreshBooksCloud, request: Request) -> Company:
    """The business of the id in the path; the identity's own pages belong to none and get the first."""
    for name, known in _BY_PATH.items():
        if name in request.path_params:
            account_id = known.get(request.path_params[name])
            if account_id is None:
                raise Refusal(403, 1003, "You are not authorized to access this business.", name)
            return cloud.company(account_id)
    return cloud.agency


def _admit(cloud: FreshBooksCloud, access: Access, resource: str, *, writing: bool) -> None:
    if resource in _ACCOUNTING and not cloud.allows("accounting"):
        raise Refusal(403, 1003, "This feature requires a plan with advanced accounting.")
    if resource in _BILLS and not cloud.allows("bills"):
        raise Refusal(403, 1003, "This feature requires a plan with accounts payable.")
    if resource == "callbacks":
        return
    opened_by = "reports" if resource == "double_entry_reports" else resource
    if writing and scope_for(opened_by, writing=True) not in access.grant.scopes:
        raise Refusal(403, 1038, "Write access denied.")
    if not writing:
        require(cloud, access, scope_for(opened_by, writing=False))
