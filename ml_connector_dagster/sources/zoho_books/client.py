"""Calls to one Zoho Books organization: single answers, pages, and the traps between them.

Every call carries ``organization_id``. Zoho ignores parameters that it does not know, so each filter is applied once more to what
came. By default lists run from the newest to the oldest, and a record entered meanwhile shifts every page: where Zoho lets
us, they are asked for from the oldest on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ml_connector_dagster.errors import CredentialRefused, RequestRejected, TemporarilyRefused
from ml_connector_dagster.sources.contract.session import CompanySession
from ml_connector_dagster.sources.zoho_books.entities import PAGE_SIZE
from ml_connector_dagster.sources.zoho_books.reading import decoded, records_under, text
from ml_connector_dagster.sources.zoho_books.refusals import judged, said

if TYPE_CHECKING:
    from ml_connector_dagster.transport.answer import Answer

MAX_PASSES = 3
"""How often a list that moved while it was paged is read again."""
OLDEST_FIRST = (("sort_column", "created_time"), ("sort_order", "A"))
KEYS: Mapping[str, tuple[str, ...]] = {
    "vendorcredits": ("vendorcredits", "vendor_credits"),
    "customerpayments": ("customerpayments", "customer_payments"),
    "reportingtags": ("reporting_tags", "reportingtags"),
    "chartofaccounts/transactions": ("transactions",),
}
"""Path to the keys its records may stand under, where that is not the path itself."""
IDS: Mapping[str, str] = {
    "invoices": "invoice_id",
    "bills": "bill_id",
    "creditnotes": "creditnote_id",
    "vendorcredits": "vendor_credit_id",
    "customerpayments": "payment_id",
    "vendorpayments": "payment_id",
    "expenses": "expense_id",
    "journals": "journal_id",
    "purchaseorders": "purchaseorder_id",
    "contacts": "contact_id",
    "items": "item_id",
    "chartofaccounts": "account_id",
    "projects": "project_id",
    "locations": "location_id",
    "reportingtags": "tag_id",
    "organizations": "organization_id",
}
DETAILS: Mapping[str, tuple[str, ...]] = {
    "invoices": ("invoice",),
    "bills": ("bill",),
    "creditnotes": ("creditnote",),
    "vendorcredits": ("vendor_credit", "vendorcredit"),
    "expenses": ("expense",),
    "journals": ("journal",),
    "purchaseorders": ("purchaseorder", "purchase_order"),
    "customerpayments": ("payment", "customerpayment"),
    "vendorpayments": ("vendorpayment", "vendor_payment"),
}
SCOPES: Mapping[str, str] = {
    "organizations": "settings",
    "items": "settings",
    "locations": "settings",
    "reportingtags": "settings",
    "contacts": "contacts",
    "projects": "projects",
    "invoices": "invoices",
    "bills": "bills",
    "creditnotes": "creditnotes",
    "vendorcredits": "debitnotes",
    "customerpayments": "customerpayments",
    "vendorpayments": "vendorpayments",
    "expenses": "expenses",
    "purchaseorders": "purchaseorders",
    "journals": "accountants",
    "chartofaccounts": "accountants",
    "reports": "reports",
}
"""First part of a path to the module of the scope that it needs."""
_UNAUTHORISED = 401


@dataclass(frozen=True, slots=True)
class Listing:
    """One list to read: where, how narrowed, and whether it is asked for in pages."""

    path: str
    params: tuple[tuple[str, str], ...] = ()
    is_paged: bool = True
    """False for lists that answer everything at once; a further page is asked for where they say that there is one."""


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer, as bytes and as records."""

    content: bytes
    records: list[dict[str, Any]]
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def has_more(self) -> bool:
        """Whether Zoho says that another page follows."""
        context = self.body.get("page_context")
        if isinstance(context, list):  # the published schema writes a list, the wire a record
            context = context[0] if context else {}
        return isinstance(context, dict) and context.get("has_more_page") in (True, "true")


class ZohoApi:
    """Reads of one organization; the transport holds token, limits and retry."""

    def __init__(self, session: CompanySession) -> None:
        """Keep the session; no call is made."""
        self._session = session

    def get(self, path: str, params: Mapping[str, str] | None = None) -> tuple[Answer, dict[str, Any]]:
        """Answer one GET below the API's base, for this organization: the answer and its body.

        Raises:
            CredentialRefused: Zoho refuses the token, or the consent lacks the scope.
            RequestRejected: A code other than 0; ``status`` 404 where the record is gone.
            TemporarilyRefused: Twice something that is no JSON.
        """
        asked = {"organization_id": self._session.company_id, **(params or {})}
        url = f"{self._session.api_url}/{path}"
        try:
            answer = self._session.http.get(url, params=asked)
            try:
                body = decoded(answer.content, path)
            except TemporarilyRefused:  # cut short on the way: the same call again, once
                answer = self._session.http.get(url, params=asked)
                body = decoded(answer.content, path)
            if body.get("code") not in (0, "0", None):
                code, message = said(answer.content)
                raise judged(code or -1, message, answer.status, answer.headers)
        except (CredentialRefused, RequestRejected) as refused:
            if isinstance(refused, RequestRejected) and refused.status != _UNAUTHORISED:
                raise
            raise _not_allowed(path, refused) from refused
        return answer, body

    def page(self, listing: Listing, page: int = 1) -> Answered:
        """Answer one page of a list."""
        paging = {"page": str(page), "per_page": str(PAGE_SIZE)} if listing.is_paged else {}
        if page > 1:
            paging["page"] = str(page)
        answer, body = self.get(listing.path, {**dict(listing.params), **paging})
        records = records_under(body, KEYS.get(listing.path, (listing.path,)), listing.path)
        return Answered(answer.content, records, body, answer.headers)

    def one(self, path: str, record_id: str) -> tuple[bytes, dict[str, Any]]:
        """Answer a record by its id, as bytes and as a record.

        Raises:
            RequestRejected: With ``status`` 404 where it was deleted.
        """
        answer, body = self.get(f"{path}/{record_id}")
        return answer.content, detail_in(path, body)

    def pages(self, listing: Listing) -> Iterator[Answered]:
        """Yield a list page by page, each record once, although the list may move while it is paged.

        A record that leaves the list meanwhile lets another slip over a page's edge unseen, and Zoho counts no list: so every
        page but the last is asked for once more, and where one has changed the list is read again.

        Raises:
            TemporarilyRefused: The list moved each time.
        """
        seen: set[str] = set()
        for _ in range(MAX_PASSES):
            read: list[list[str]] = []
            for answered in self.once(listing):
                fresh = [one for one in answered.records if _identity(listing, one) not in seen]
                seen.update(_identity(listing, one) for one in fresh)
                if fresh or not read:
                    yield Answered(answered.content, fresh, answered.body, answered.headers)
                read.append([_identity(listing, one) for one in answered.records])
            if self._stood_still(listing, read[:-1]):
                return
        raise TemporarilyRefused(
            f"Zoho's list of {listing.path} moved each of {MAX_PASSES} times it was read.",
            "A record may be missing, so nothing of it was published.",
            "It is tried again by itself; choose a quieter hour for the schedule if it stays.",
            path=listing.path,
        )

    def once(self, listing: Listing) -> Iterator[Answered]:
        """Yield a list page by page as it comes: enough to count it."""
        before: list[dict[str, Any]] = []
        page = 1
        while True:
            answered = self.page(listing, page)
            if page > 1 and answered.records and _same(listing, before, answered.records):
                raise _circle(listing.path, page)
            yield answered
            if not answered.has_more or not answered.records:
                return
            before, page = answered.records, page + 1

    def _stood_still(self, listing: Listing, pages: list[list[str]]) -> bool:
        return all(
            found == [_identity(listing, one) for one in self.page(listing, number).records]
            for number, found in enumerate(pages, 1)
        )


def detail_in(path: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Answer the record of a detail call.

    Raises:
        RequestRejected: There is none.
    """
    for key in DETAILS[path]:
        found = body.get(key)
        if isinstance(found, dict):
            return found
    raise RequestRejected(
        f"Zoho Books answered a record of {path} without {' or '.join(map(repr, DETAILS[path]))}.",
        "Its lines are not known.",
        "Run ml-connector check; if it holds, report the answer.",
        path=path,
    )


def id_of(path: str, record: Mapping[str, Any]) -> str:
    """Answer the stable id of a listed record; empty where it has none."""
    return text(record, IDS[path])


def _identity(listing: Listing, record: Mapping[str, Any]) -> str:
    return id_of(listing.path, record) if listing.path in IDS else repr(record)


def _same(listing: Listing, one: list[dict[str, Any]], other: list[dict[str, Any]]) -> bool:
    return [_identity(listing, record) for record in one] == [_identity(listing, record) for record in other]


def _not_allowed(path: str, refused: CredentialRefused | RequestRejected) -> CredentialRefused:
    scope = f"ZohoBooks.{SCOPES.get(path.partition('/')[0], 'settings')}.READ"
    return CredentialRefused(
        f"Zoho Books answers that this consent may not read {path}: {refused.happened}",
        f"The consent ended, it lacks the scope {scope}, or it does not reach this organization. It is not an empty result.",
        "Let a user with access to the organization consent again with ml-connector connect, all scopes included; "
        "then run ml-connector check.",
        status=_UNAUTHORISED,
        path=path,
    )


def _circle(path: str, page: int) -> RequestRejected:
    return RequestRejected(
        f"Zoho Books answered page {page} of {path} with the records of the page before.",
        "The list would never end, so reading stopped and nothing was published.",
        "Report it with the endpoint's name: it must be read without a page number.",
        path=path,
    )
